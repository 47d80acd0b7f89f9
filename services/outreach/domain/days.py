"""Days of a creditor's calendar, and the moments at which they begin."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

NEVER = date(9990, 1, 1)
"""Days from here on never come: nothing is scheduled for them."""
_FIRST = date(1900, 1, 1)


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name."""
    return ZoneInfo(name)


@lru_cache(maxsize=8192)
def day_of(moment: datetime, zone_name: str) -> date:
    """The day of the calendar on which `moment` is, in a time zone."""
    try:
        return moment.astimezone(zone(zone_name)).date()
    except OverflowError:
        return moment.date()


@lru_cache(maxsize=8192)
def start_of(day: date, zone_name: str) -> datetime:
    """The moment at which `day` begins in a time zone (of days before 1900, that of 1900)."""
    day = max(day, _FIRST)
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)


def later(day: date, days: int) -> date:
    """`day` plus `days` (which may be negative), at most `NEVER`."""
    if day >= NEVER:
        return NEVER
    try:
        moved = day + timedelta(days=days)
    except OverflowError:
        return NEVER if days > 0 else date.min
    if moved > NEVER:  # asked for at every look at every step: `min` costs a third more
        return NEVER
    return moved
