"""Records as they arrive: decoded without ever raising, or made into dead letters."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct

from shared import envelope
from shared.core import Event, Refusal
from shared.line.ports import Record
from shared.line.size import Headers, exceeds
from shared.line.ticks import TICK_HEADER, read
from shared.line.wiring import Wiring
from shared.topics import MESSAGE_BYTES_MAX

BROADCAST: Final = "arrears-broadcast"
"""Header that marks one partition's copy of what concerns all."""
FOLLOWS: Final = "arrears-party"
"""Header of a record that was sent on to an account's new party: how often, and to whom.

It is the record's last one.
"""
ADDED_BYTES_MAX: Final = 16_384
"""More than is ever added to a record from outside as it goes on, and to no more than it had."""
FOREIGN_BYTES_MAX: Final = MESSAGE_BYTES_MAX - ADDED_BYTES_MAX
"""The largest record that a door takes, in bytes."""
_HOPS_DIGITS: Final = 9
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_IN_SEQUENCE: Final = Refusal("unreadable", "a record without a sequence", "ce_sequence")


class Arrival(Struct, gc=False):
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
    party: str = ""
    """Whose it is, if it was sent on to an account's new party: the binding may be an old one."""
    hops: int = 0
    """How often it was sent on."""


@lru_cache(maxsize=256)  # a batch has one timestamp for all its records
def stamp_of(timestamp_ms: int) -> datetime | None:
    """A broker's record timestamp as a moment; None where it has none."""
    return None if timestamp_ms < 0 else EPOCH + timedelta(milliseconds=timestamp_ms)


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
    accepted = wiring.accepted[topic]
    if (
        len(headers) > envelope.TYPE_AT
        and headers[envelope.TYPE_AT] == TICK_HEADER
        and (tick := read(accepted, key=key, value=value, headers=headers, foreign=wiring.door))
    ):
        arrival.event, arrival.sequence = tick
        return arrival
    if not wiring.door and (told := envelope.internal(headers, value, key, accepted)):
        arrival.event, arrival.sequence = told
        return arrival
    if wiring.door and value and len(value) > FOREIGN_BYTES_MAX:
        why = f"{len(value)} bytes; at most {FOREIGN_BYTES_MAX} are taken"
        arrival.refusal = Refusal("oversize", why)
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
        accepted=accepted,
        foreign=wiring.door,
        recorded_at=stamp if wiring.door else None,
    )
    if isinstance(event, Refusal):
        arrival.refusal = event
    else:
        arrival.event = event
        arrival.copy = event.type in wiring.broadcasts and any(n == BROADCAST for n, _ in headers)
        if wiring.door and headers and headers[-1][0] == FOLLOWS:
            often, _, party = (headers[-1][1] or b"").decode(errors="replace").partition(" ")
            if often.isdecimal() and len(often) < _HOPS_DIGITS:
                arrival.party, arrival.hops = party, int(often)
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
    if exceeds(MESSAGE_BYTES_MAX, key, content, headers):
        omitted = f"{len(content or b'')} bytes; they are where topic, partition and offset say"
        key, content = None, None
        headers = [*added, ("__dlq.errors.omitted", omitted.encode())]
    return Record(
        topic=wiring.dead_letters, partition=partition, key=key, value=content, headers=headers
    )
