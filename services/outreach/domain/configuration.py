"""What is configured: the policy and the creditors in force, and those to come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from typing_extensions import override

from services.outreach.domain.policy import Policy, PolicyError
from shared.core import Document, Party
from shared.events.billing import ConfigPublished

ACTED_ON: Final = ("policy", "creditors")
"""The kinds of configuration that matter here, so far."""


@dataclass(frozen=True, slots=True)
class Creditor:
    """Whose receivables they are: the name in letters, and the zone of the business dates."""

    name: str
    time_zone: str = "UTC"


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


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds at one moment; `seen` grows whenever anything is published."""

    policy: Policy
    creditors: Mapping[str, Creditor]
    seen: int = 0
    changes_at: datetime | None = None

    def creditor(self, creditor_id: str) -> Creditor:
        """One creditor; one of whom nothing is known keeps its books in UTC."""
        return self.creditors.get(creditor_id) or Creditor(name=creditor_id)


def publish(shared: Party, told: ConfigPublished, *, now: datetime) -> bool:
    """Take a configuration, unless its number is not the highest so far; whether it was taken.

    What it replaces at `now` is forgotten. Raises `PolicyError` if it cannot be used; then the one
    in force stays.
    """
    if told.kind not in ACTED_ON:
        return False
    found = shared.find(Configuration, told.kind) or Configuration(told.kind)
    if found.published and told.number <= found.highest:
        return False
    if told.kind == "policy":
        Policy.from_document(told.document)
    else:
        creditors_of(told.document)
    in_force = found.in_force(now)
    rest = [e for e in found.published if e is in_force or e.starts_at > now]
    found.published = [*rest, Published(told.number, told.from_, told.document)]
    shared.keep(found)
    return True


def creditors_of(document: Mapping[str, Any]) -> dict[str, Creditor]:
    """Name and time zone of each creditor; what other services need of them is left alone."""
    told = document.get("creditors", document)
    if not isinstance(told, Mapping):
        raise PolicyError("creditors: a mapping of creditor ids is expected")
    return {str(name): _creditor(str(name), each) for name, each in told.items()}


def _creditor(creditor_id: str, told: object) -> Creditor:
    if not isinstance(told, Mapping):
        raise PolicyError(f"creditors.{creditor_id}: a mapping is expected")
    name, time_zone = told.get("name", creditor_id), told.get("time_zone", "UTC")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, TypeError, ValueError):
        raise PolicyError(
            f"creditors.{creditor_id}.time_zone: an IANA time zone is expected"
        ) from None
    return Creditor(name=str(name), time_zone=time_zone)
