"""When a day's figures are complete: every topic and partition has passed the end of the day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from services.kpi.domain.creditors import day_in

Watermarks = Mapping[tuple[str, int], datetime | None]
"""The latest tick of each topic and partition; None where there was none yet."""


def is_complete(day: date, watermarks: Watermarks, *, time_zone: str) -> bool:
    """Whether all that a creditor's day brings is counted: none that is expected may be missing."""
    through = complete_through(watermarks, time_zone=time_zone)
    return through is not None and through >= day


def complete_through(watermarks: Watermarks, *, time_zone: str) -> date | None:
    """The last complete day in the creditor's time zone; None while there is none."""
    days: list[date] = []
    for moment in watermarks.values():
        if moment is None:
            return None
        days.append(day_in(time_zone, moment))
    first = min(days, default=None)
    return first - timedelta(days=1) if first is not None and first > date.min else None
