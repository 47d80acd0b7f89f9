"""The creditors' calendars: which day it is for them, and where their aging buckets end."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from shared.core import Document
from shared.events.billing import ConfigPublished

BUCKET_ENDS: Final = (30, 60, 90, 120)
"""The last days past due of each aging bucket but the oldest, unless a creditor has others."""


@dataclass(slots=True)
class Creditor:
    """What figures need of one creditor's configuration."""

    time_zone: str = "UTC"
    bucket_ends: tuple[int, ...] = BUCKET_ENDS


DEFAULT: Final = Creditor()


@dataclass(slots=True)
class Edition:
    """A configuration that waits for the first tick at or after its moment."""

    number: int
    from_: datetime
    creditors: dict[str, Creditor]


@dataclass(slots=True)
class Creditors(Document):
    """The creditors as the line has them, one document for each partition."""

    prefix: ClassVar[str] = "creditors"

    number: int = -1
    in_force: dict[str, Creditor] = field(default_factory=dict)
    coming: list[Edition] = field(default_factory=list)

    def announce(self, config: ConfigPublished) -> bool:
        """Take a configuration for later; false if it is not newer than all that were seen."""
        seen = self.coming[-1].number if self.coming else self.number
        if config.number <= seen:
            return False
        self.coming.append(Edition(config.number, config.from_, _read(config.document)))
        return True

    def come_into_force(self, at: datetime) -> bool:
        """At a tick, put the newest into force whose moment has come; true if there is one."""
        for place in range(len(self.coming) - 1, -1, -1):
            if self.coming[place].from_ <= at:
                self.number = self.coming[place].number
                self.in_force = self.coming[place].creditors
                del self.coming[: place + 1]
                return True
        return False


@lru_cache(maxsize=4_096)
def day_in(zone: str, moment: datetime) -> date:
    """The day of the calendar that an instant falls on in a time zone."""
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:  # the last hours of the year 9999, the first of the year 1
        return moment.date()


def _read(document: dict[str, Any]) -> dict[str, Creditor]:
    """Creditors by id; ingest has checked the document before it went down the line."""
    return {
        creditor_id: Creditor(
            time_zone=told.get("time_zone", DEFAULT.time_zone),
            bucket_ends=_ends(told["buckets"]) if "buckets" in told else BUCKET_ENDS,
        )
        for creditor_id, told in document.get("creditors", {}).items()
    }


def _ends(buckets: list[str]) -> tuple[int, ...]:
    """The ends of buckets named like 1-30, 31-60, 61+."""
    return tuple(int(bucket.partition("-")[2]) for bucket in buckets[:-1])
