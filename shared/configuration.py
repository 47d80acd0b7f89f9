"""What is configured by event: of each kind, what is in force, and what is to come."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from shared.core import Document
from shared.events.billing import ConfigPublished

GRACE_DAYS_MAX: Final = 36_500
"""Days of grace, at most: a hundred years, so that dates stay dates."""


@dataclass(slots=True)
class Published:
    """One configuration as it was published."""

    number: int
    starts_at: datetime
    document: dict[str, Any]


@dataclass(slots=True)
class Configuration(Document):
    """All of one kind that is in force or to come, by number."""

    prefix: ClassVar[str] = "config"

    kind: str
    published: list[Published] = field(default_factory=list)

    @property
    @override
    def key(self) -> str:
        """The kind."""
        return self.kind

    @property
    def highest(self) -> int:
        """The highest number seen."""
        found = 0
        for each in self.published:
            found = max(found, each.number)
        return found

    def in_force(self, at: datetime) -> Published | None:
        """The one with the highest number of those whose time has come."""
        found = None  # asked for at every event: a plain loop costs a third of `max`
        for each in self.published:
            if each.starts_at <= at and (found is None or each.number > found.number):
                found = each
        return found

    def next_start(self, at: datetime) -> datetime | None:
        """When the next one takes effect."""
        found = None
        for each in self.published:
            if each.starts_at > at and (found is None or each.starts_at < found):
                found = each.starts_at
        return found

    def is_stale(self, told: ConfigPublished) -> bool:
        """Whether its number is not the highest so far: then it changes nothing."""
        return bool(self.published) and told.number <= self.highest

    def take(self, told: ConfigPublished, *, now: datetime) -> None:
        """Add what was found usable; what it replaces at `now` is forgotten."""
        in_force = self.in_force(now)
        rest = [each for each in self.published if each is in_force or each.starts_at > now]
        self.published = [*rest, Published(told.number, told.from_, told.document)]
