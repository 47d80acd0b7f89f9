"""The reading of ticks: most records of a quiet day, and a copy of each is on every partition.

What a tick says is decoded once. As our own services send it on, its copies differ in nothing but
their sequence and when they were recorded, and those stand at the end of the headers.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from shared import envelope
from shared.core import Event, Refusal
from shared.events.base import Fact
from shared.line.size import Headers, exceeds
from shared.line.wiring import TICK

TICK_HEADER: Final = ("ce_type", TICK.encode())
_NUMBER: Final = re.compile(rb"0*[1-9][0-9]{0,15}")
_BYTES_MAX: Final = 2_000
"""A larger tick is not remembered: a stranger may send many."""
_TICKS_MAX: Final = 2_000
"""Where years are worked off, a partition is rarely more ticks ahead of another; 7 MB."""
_KNOWN: Final[dict[bytes | None, tuple[Event, bytes | None, Headers, bool]]] = {}
"""Ticks that were read lately, by their values, with all else that they were read from."""


def read(
    accepted: Mapping[str, type[Fact]],
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    foreign: bool,
) -> tuple[Event, int] | None:
    """The tick of a record and its sequence; None if it is to be read as any other event is."""
    if TICK not in accepted:
        return None
    told, number, recorded_at = headers, 0, None
    if not foreign:
        parted = _parted(headers)
        if parted is None:
            return None
        told, number, recorded_at = parted
    known = _KNOWN.get(value)
    if known is None or known[1:] != (key, told, foreign):
        event = _decoded(key, value, headers, foreign=foreign)
        if event is None or event.recorded_at != recorded_at:
            return None
        if not exceeds(_BYTES_MAX, key, value, headers):
            if len(_KNOWN) >= _TICKS_MAX:
                del _KNOWN[next(iter(_KNOWN))]
            _KNOWN[value] = (event, key, told, foreign)
        return event, number
    event = known[0]
    if event.recorded_at != recorded_at:
        event = replace(event, recorded_at=recorded_at)
    return event, number


def _parted(headers: Headers) -> tuple[Headers, int, datetime | None] | None:
    """What a tick's copies have alike, its sequence, and when it was recorded; None: not ours."""
    parted = envelope.parted(headers)
    if parted is None or not _NUMBER.fullmatch(parted[1]):
        return None
    alike, sequence, told = parted
    recorded_at = envelope.moment(told.decode(errors="replace")) if told else None
    return None if told and recorded_at is None else (alike, int(sequence), recorded_at)


def _decoded(
    key: bytes | None, value: bytes | None, headers: Headers, *, foreign: bool
) -> Event | None:
    """The tick that a record tells; None if there is anything wrong with it."""
    decoded = envelope.decode(headers, value, key)
    if isinstance(decoded, Refusal):
        return None
    event = envelope.event(decoded, foreign=foreign)
    return None if isinstance(event, Refusal) or event.type != TICK else event
