"""Contact hours: when a channel may be used, in every place where the debtor may be.

Windows are half-open wall-clock intervals of local days. A moment is allowed only if it lies inside
the window in all of the zones: 12 CFR 1006.6(b)(1) and its commentary ask for that where the
debtor's place is not certain. An edge that a change of the clocks makes ambiguous, or leaves out,
is taken so that the window is the shorter one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from typing_extensions import override

from services.outreach.domain.days import day_of, zone

DAY_MINUTES: Final = 24 * 60
_ROUNDS_MAX: Final = 64
"""Each round moves by half a day or so: zones whose windows have not met after a month never do."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` to `closes`, in minutes of the local day, on `weekdays` (Monday is 0)."""

    opens: int
    closes: int
    weekdays: frozenset[int]

    @override
    def __hash__(self) -> int:
        """Without the days of the week: the few windows of a policy differ by their hours."""
        return self.opens * DAY_MINUTES + self.closes


def shut(
    window: Window, at: datetime, zones: Sequence[str]
) -> Literal["", "quiet_hours", "non_business_day"]:
    """Why the window is closed at `at` in one of the zones, or "" where it is open in all."""
    closed: Literal["", "quiet_hours"] = ""
    for name in zones:
        day = day_of(at, name)
        if day.weekday() not in window.weekdays:
            return "non_business_day"
        opens, closes = _edges(window, day, name)
        if not opens <= at < closes:
            closed = "quiet_hours"
    return closed


def opening(window: Window, at: datetime, zones: Sequence[str]) -> datetime | None:
    """The first moment from `at` on that all zones allow; None if there is none."""
    moment = at
    for _ in range(_ROUNDS_MAX):
        start = moment
        for name in zones:
            found = _opening_in(window, moment, name)
            if found is None:
                return None
            moment = found
        if moment == start:
            return moment
    return None


def opening_on(window: Window, day: date, zones: Sequence[str]) -> datetime:
    """When the contact day begins: the window's opening on `day` in the last of the zones.

    Weekdays do not matter here: that a day is none for contacts is for the decision to say.
    """
    return max(_edges(window, day, name)[0] for name in zones)


def closing(window: Window, at: datetime, zones: Sequence[str]) -> datetime:
    """The first moment after `at` that some zone does not allow (`at` itself is allowed)."""
    return min(_closing_in(window, at, name) for name in zones)


def _opening_in(window: Window, at: datetime, name: str) -> datetime | None:
    first = day_of(at, name)
    for ahead in range(9):
        day = first + timedelta(days=ahead)
        if day.weekday() in window.weekdays:
            opens, closes = _edges(window, day, name)
            if opens < closes and at < closes:
                return max(at, opens)
    return None


def _closing_in(window: Window, at: datetime, name: str) -> datetime:
    day = day_of(at, name)
    _, closes = _edges(window, day, name)
    if window.closes == DAY_MINUTES and window.opens == 0:
        day += timedelta(days=1)
        if day.weekday() in window.weekdays:
            return _edges(window, day, name)[1]
    return closes


@lru_cache(maxsize=16_384)
def _edges(window: Window, day: date, name: str) -> tuple[datetime, datetime]:
    return (
        max(_moment(day, window.opens, name, fold) for fold in (0, 1)),
        min(_moment(day, window.closes, name, fold) for fold in (0, 1)),
    )


def _moment(day: date, minute: int, name: str, fold: int) -> datetime:
    if minute == DAY_MINUTES:
        day, minute = day + timedelta(days=1), 0
    hour, minute = divmod(minute, 60)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone(name), fold=fold)
    return local.astimezone(UTC)
