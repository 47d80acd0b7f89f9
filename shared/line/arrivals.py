"""Records as they arrive: decoded without ever raising, or made into dead letters."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared import envelope
from shared.core import Event, Refusal
from shared.line.ports import Record
from shared.line.wiring import Wiring
from shared.topics import MESSAGE_BYTES_MAX

Headers = Sequence[tuple[str, bytes | None]]
BROADCAST: Final = "arrears-broadcast"
"""Header that marks one partition's copy of what concerns all."""
ADDED_BYTES_MAX: Final = 16_384
"""More than is ever added to a record from outside as it goes on, and to no more than it had."""
FOREIGN_BYTES_MAX: Final = MESSAGE_BYTES_MAX - ADDED_BYTES_MAX
"""The largest record that a door takes, in bytes."""
_RECORD_BYTES, _HEADER_BYTES = 100, 10
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_IN_SEQUENCE: Final = Refusal("unreadable", "a record without a sequence", "ce_sequence")


@dataclass(slots=True)
class Arrival:
    """One record of an input topic, with what it says: an event, or why it cannot be taken."""

    topic: str
    offset: int
    stamp: datetime | None
    """When the broker appended it (None where there is no broker)."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    event: Event | None = None
    refusal: Refusal | None = None
    sequence: int = 0
    copy: bool = False
    """Whether it is one partition's copy of a broadcast."""


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """An upper bound of the bytes that a record takes in Kafka, alone in its batch."""
    size = _RECORD_BYTES + len(key or b"") + len(value or b"")
    for name, content in headers:
        size += _HEADER_BYTES + (len(name) if name.isascii() else len(name.encode()))
        if content:
            size += len(content)
    return size


def stamp_of(timestamp_ms: int) -> datetime | None:
    """A broker's record timestamp as a moment; None where it has none."""
    return None if timestamp_ms < 0 else _EPOCH + timedelta(milliseconds=timestamp_ms)


def arrive(
    wiring: Wiring,
    *,
    topic: str,
    offset: int,
    stamp: datetime | None,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
) -> Arrival:
    """Decode one record; whatever is wrong with it becomes its `refusal`."""
    arrival = Arrival(topic, offset, stamp, key, value, headers)
    if wiring.door and (size := size_of(key, value, headers)) > FOREIGN_BYTES_MAX:
        arrival.refusal = Refusal(
            "oversize", f"{size} bytes; at most {FOREIGN_BYTES_MAX} are taken"
        )
        return arrival
    decoded = envelope.decode(headers, value, key)
    if isinstance(decoded, Refusal):
        arrival.refusal = decoded
        return arrival
    if not wiring.door:
        if not decoded.sequence:
            arrival.refusal = _NOT_IN_SEQUENCE
            return arrival
        arrival.sequence = decoded.sequence
    event = envelope.event(
        decoded,
        accepted=wiring.accepted[topic],
        foreign=wiring.door,
        recorded_at=stamp if wiring.door else None,
    )
    if isinstance(event, Refusal):
        arrival.refusal = event
    else:
        arrival.event = event
        arrival.copy = event.type in wiring.broadcasts and any(n == BROADCAST for n, _ in headers)
    return arrival


def dead_letter(wiring: Wiring, partition: int, arrival: Arrival, refusal: Refusal) -> Record:
    """The record for the dead-letter topic: bytes and headers untouched, reasons in added headers.

    A record so large that it takes no more headers is only named by where it lies. Header names
    follow `__dlq.errors.*` of KIP-1191. The fingerprint groups letters of one cause.
    """
    kind = arrival.event.type if arrival.event else ""
    fingerprint = hashlib.sha256(f"{refusal.reason}|{refusal.field}|{kind}".encode()).hexdigest()
    failed_at = arrival.stamp.isoformat() if arrival.stamp else ""
    reasons = {
        "topic": arrival.topic,
        "partition": str(partition),
        "offset": str(arrival.offset),
        "group": wiring.service,
        "message": refusal.detail[:1000],
        "reason": refusal.reason,
        "field": refusal.field[:400],
        "stage": "decode" if arrival.event is None else "fold",
        "appended-at": failed_at,
        "fingerprint": fingerprint[:16],
    }
    added: list[tuple[str, bytes | None]] = [
        (f"__dlq.errors.{name}", value.encode(errors="replace")) for name, value in reasons.items()
    ]
    key, content, headers = arrival.key, arrival.value, [*arrival.headers, *added]
    if size_of(key, content, headers) > MESSAGE_BYTES_MAX:
        omitted = f"{len(content or b'')} bytes; they are where topic, partition and offset say"
        key, content = None, None
        headers = [*added, ("__dlq.errors.omitted", omitted.encode())]
    return Record(
        topic=wiring.dead_letters, partition=partition, key=key, value=content, headers=headers
    )
