"""How old a receivable is: past due days, the buckets they fall into, and when a day begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

CURRENT: Final = "current"
"""The bucket of what is not past due: past_due_days <= 0."""


def past_due_days(due_on: date, day: date) -> int:
    """Whole days from the due date to `day`: 0 on the due date, below 0 before it."""
    return (day - due_on).days


def later(day: date, days: int) -> date | None:
    """The date `days` after `day`; None where the calendar ends before."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return None


@lru_cache(maxsize=65_536)
def start_of(day: date, zone: str) -> datetime:
    """The instant at which `day` begins in an IANA zone, in UTC."""
    try:
        return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time.min, UTC)


@lru_cache(maxsize=4_096)
def day_of(moment: datetime, zone: str) -> date:
    """The date that an instant falls on in an IANA zone."""
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        return moment.date()


class BucketsInvalid(ValueError):
    """Aging buckets that leave a gap, overlap or do not end; the text names the label."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Aging buckets beyond `CURRENT`: `starts[i]` is the first past due day of `labels[i]`."""

    labels: tuple[str, ...]
    starts: tuple[int, ...]

    def label(self, days: int) -> str:
        """The bucket of this many past due days."""
        found = CURRENT
        for start, label in zip(self.starts, self.labels, strict=True):
            if days < start:
                break
            found = label
        return found

    def next_on(self, due_on: date, after: date) -> date | None:
        """The first day later than `after` on which an item due on `due_on` changes bucket."""
        days = past_due_days(due_on, after)
        for start in self.starts:
            if start > days:
                return later(due_on, start)
        return None


@lru_cache(maxsize=256)
def buckets(labels: tuple[str, ...]) -> Buckets:
    """Buckets from labels such as ``("1-30", "31-60", "61+")``.

    They begin with day 1, each begins the day after the one before, and the last is open. Raises
    `BucketsInvalid` otherwise.
    """
    starts: list[int] = []
    due = 1
    for number, label in enumerate(labels, start=1):
        first, last = _bounds(label)
        if first != due:
            fault = "overlaps the one before" if first < due else "leaves a gap before it"
            raise BucketsInvalid(f"bucket {label!r} {fault}: day {due} comes next")
        if (last is None) != (number == len(labels)):
            raise BucketsInvalid(f"bucket {label!r}: the last one, and no other, is open")
        if last is not None:
            if last < first:
                raise BucketsInvalid(f"bucket {label!r} ends before it begins")
            due = last + 1
        starts.append(first)
    if not starts:
        raise BucketsInvalid("there is no bucket")
    return Buckets(labels=labels, starts=tuple(starts))


def _bounds(label: str) -> tuple[int, int | None]:
    first, dash, last = label.removesuffix("+").partition("-")
    numbers: Iterable[str] = (first, last) if dash else (first,)
    if bool(dash) == label.endswith("+") or not all(n.isdecimal() and len(n) < 7 for n in numbers):  # noqa: PLR2004 - days beyond any calendar
        raise BucketsInvalid(f"bucket {label!r} is neither like '1-30' nor like '121+'")
    return int(first), int(last) if dash else None
