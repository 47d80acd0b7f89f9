"""What is configured: the policy and the creditors in force, and those to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.outreach.domain.policy import Policy, PolicyError
from shared.configuration import Configuration
from shared.core import Party
from shared.events.billing import ConfigPublished

ACTED_ON: Final = ("policy", "creditors")
"""The kinds of configuration that matter here, so far."""


@dataclass(frozen=True, slots=True)
class Creditor:
    """Whose receivables they are: the name in letters, and the zone of the business dates."""

    name: str
    time_zone: str = "UTC"


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
    if found.is_stale(told):
        return False
    if told.kind == "policy":
        Policy.from_document(told.document)
    else:
        creditors_of(told.document)
    found.take(told, now=now)
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
