"""Which topic and partition an event of a file goes to, as a binary-mode record."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.events import BROADCAST, input_topic
from shared.events.clock import ClockTicked
from shared.line.arrivals import BROADCAST as BROADCAST_COPY
from shared.line.ports import Record
from shared.topics import BILLING_EVENTS, partition_of

_CONTENT_TYPE: Final = ("content-type", b"application/json")


def records_of(event: Mapping[str, Any], *, partitions: int) -> Iterator[Record]:
    """The record of a structured CloudEvent; of a tick or a broadcast, one for each partition.

    A broadcast could go to one partition alone, and ingest would copy it to the others; but behind
    a history that is sent as fast as it is taken, those copies would come too late in their lines.
    """
    headers: list[tuple[str, bytes | None]] = [
        _CONTENT_TYPE,
        *(
            (f"ce_{name}", str(value).encode())
            for name, value in event.items()
            if name not in _DATA
        ),
    ]
    value = json.dumps(event.get("data"), ensure_ascii=False, separators=(",", ":")).encode()
    if event["type"] == ClockTicked.type or event["type"] in BROADCAST:
        if event["type"] in BROADCAST:
            headers.append((BROADCAST_COPY, b"1"))
        for partition in range(partitions):
            yield Record(BILLING_EVENTS, partition, None, value, headers)
        return
    key = str(event.get("partitionkey") or event.get("subject") or event["id"]).encode()
    yield Record(input_topic(event["type"]), partition_of(key, partitions), key, value, headers)


_DATA: Final = frozenset({"data", "data_base64", "datacontenttype"})
