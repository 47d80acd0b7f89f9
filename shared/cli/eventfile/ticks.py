"""The clock's events, for a line that is replayed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from shared.cli.eventfile.line import Line, stamp
from shared.events.clock import ClockTicked

TICK_SOURCE: Final = "arrears:replay"
TICK_TYPE: Final = ClockTicked.type
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def with_ticks(
    events: Iterable[Line],
    *,
    every: timedelta,
    start: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Line]:
    """The events with the clock's ticks between them: the one at T after all with `time` <= T.

    Ticks are at `start`, `start` + `every` … up to `until`, whole steps only. Without `start`, they
    begin at the first whole multiple of `every` (counted from 1970, UTC) that is not before the
    first event; without `until`, they end at the first boundary that is not before the last event.
    Events after `until` are left out: the line ends with the knowledge of that moment.
    """
    if every <= timedelta(0):
        raise ValueError("ticks need a time of more than nothing between them")
    stream = iter(events)
    first = next(stream, None)
    if start is None:
        if first is None:
            return
        start = _EPOCH + -((_EPOCH - first.time) // every) * every
    at = start
    for line in chain(() if first is None else (first,), stream):
        if until is not None and line.time > until:
            break
        while at < line.time and (until is None or at <= until):
            yield tick(at)
            at += every
        yield line
    if until is None:
        yield tick(at)
        return
    while at <= until:
        yield tick(at)
        at += every


def tick(at: datetime) -> Line:
    """The clock's event for one moment; its id follows from the moment alone."""
    moment = stamp(at)
    event = {
        "specversion": "1.0",
        "id": f"tick-{moment}",
        "source": TICK_SOURCE,
        "type": TICK_TYPE,
        "time": moment,
        "datacontenttype": "application/json",
        "data": {"at": moment},
    }
    return Line(time=at, event=event)
