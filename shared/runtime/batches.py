"""Records grouped and built into Kafka's record batches, and how large they may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka.producer.message_accumulator import BatchBuilder

from shared.line.ports import Record
from shared.line.size import size_of
from shared.topics import MESSAGE_BYTES_MAX

BATCH_BYTES: Final = 512 * 1024
"""A record batch takes no more records from here on; a single record may be larger."""


_CERTAIN_BYTES: Final = MESSAGE_BYTES_MAX // 2
"""With a value up to here a record fits."""


class RecordTooLargeError(ValueError):
    """A record that no topic would take. Nothing of the publication was sent."""


@dataclass(slots=True)
class Stretch:
    """What one publication has for one partition; the first `sent` are acknowledged."""

    topic: str
    partition: int
    records: list[Record] = field(default_factory=list)
    sent: int = 0


def refuse_large(records: Sequence[Record]) -> None:
    """Raise `RecordTooLargeError` if one record is larger than any topic takes.

    What Arrears writes has few and short headers: they count where the value leaves it in doubt.
    """
    for record in records:
        value = record.value
        if value and len(value) > _CERTAIN_BYTES:
            size = size_of(record.key, value, record.headers)
            if size > MESSAGE_BYTES_MAX:
                raise RecordTooLargeError(
                    f"{size} bytes for {record.topic}; at most {MESSAGE_BYTES_MAX}"
                )


def by_partition(records: Sequence[Record]) -> list[Stretch]:
    """Group records by topic and partition, in their order."""
    found: dict[tuple[str, int], Stretch] = {}
    for record in records:
        spot = (record.topic, record.partition)
        stretch = found.get(spot)
        if stretch is None:
            stretch = found[spot] = Stretch(*spot)
        stretch.records.append(record)
    return list(found.values())


def fill(batch: BatchBuilder, records: Sequence[Record], first: int) -> int:
    """Append records from `first` on until the batch is full; how many went in, at least one."""
    for count, record in enumerate(records[first:]):
        added = batch.append(
            timestamp=None,
            key=record.key,
            value=record.value,
            headers=list(record.headers),  # aiokafka's C code takes nothing but a list
        )
        if added is None:
            return count
    return len(records) - first
