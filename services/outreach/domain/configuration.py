"""What is configured: the policy and the creditors in force, and those to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.outreach.domain.policy import Policy, PolicyError
from shared.configuration import GRACE_DAYS_MAX, Configuration, Published
from shared.core import Party
from shared.events.billing import ConfigPublished

ACTED_ON: Final = ("policy", "creditors")
"""The kinds of configuration that matter here, so far."""
_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Creditor:
    """Whose receivables they are: the name in letters, and the zone of the business dates.

    `grace_days` is None where the policy's hold.
    """

    name: str
    time_zone: str = "UTC"
    grace_days: int | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds at one moment; `seen` grows whenever anything is published."""

    policy: Policy
    creditors: Mapping[str, Creditor]
    seen: int = 0
    changes_at: datetime | None = None

    def creditor(self, creditor_id: str) -> Creditor:
        """One creditor; one of whom nothing is known keeps its books in UTC."""
        return self.creditors.get(creditor_id) or _unknown(creditor_id)


@lru_cache(maxsize=1024)
def _unknown(creditor_id: str) -> Creditor:
    return Creditor(name=creditor_id)


@dataclass(slots=True)
class _Lately:
    """What held when it was last asked for, and what that rests on."""

    policies: list[Published] | None
    creditors: list[Published] | None
    since: datetime
    in_force: InForce

    def holds(
        self, policies: Configuration | None, creditors: Configuration | None, at: datetime
    ) -> bool:
        """Whether that is the answer at `at` too (a list is never changed, but replaced)."""
        return (
            self.policies is (None if policies is None else policies.published)
            and self.creditors is (None if creditors is None else creditors.published)
            and self.since <= at
            and (self.in_force.changes_at is None or at < self.in_force.changes_at)
        )


class Configured:
    """What holds at a moment, by a partition's own documents, in parsed form.

    It is asked for with every event and every decision, and is nearly always what it was before.
    """

    def __init__(self, policy: Policy) -> None:
        """`policy` holds until one is published."""
        self._policy = policy
        self._unpublished = InForce(policy, {})
        self._parsed: dict[tuple[int, int, datetime | None], InForce] = {}
        self._lately: _Lately | None = None

    def at(self, shared: Party, at: datetime) -> InForce:
        """What holds at `at` for the parties of a partition."""
        policies = shared.find(Configuration, "policy")
        creditors = shared.find(Configuration, "creditors")
        if policies is None and creditors is None:
            return self._unpublished
        if self._lately is not None and self._lately.holds(policies, creditors, at):
            return self._lately.in_force
        found = [each for each in (policies, creditors) if each is not None]
        starts = [one.starts_at for each in found for one in each.published]
        self._lately = _Lately(
            policies=None if policies is None else policies.published,
            creditors=None if creditors is None else creditors.published,
            since=max((start for start in starts if start <= at), default=_EVER),
            in_force=self._derive(found, at),
        )
        return self._lately.in_force

    def _derive(self, found: Sequence[Configuration], at: datetime) -> InForce:
        begun = {each.kind: each.in_force(at) for each in found}
        starts = [start for each in found if (start := each.next_start(at)) is not None]
        policy, owners = begun.get("policy"), begun.get("creditors")
        seen = sum(each.highest for each in found) + sum(e.number for e in begun.values() if e)
        key = (
            -1 if policy is None else policy.number,
            -1 if owners is None else owners.number,
            min(starts, default=None),
        )
        in_force = self._parsed.get(key)
        if in_force is None or in_force.seen != seen + len(found):
            in_force = self._parsed[key] = InForce(
                policy=self._policy if policy is None else Policy.from_document(policy.document),
                creditors={} if owners is None else creditors_of(owners.document),
                seen=seen + len(found),
                changes_at=min(starts, default=None),
            )
        return in_force


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
    """What outreach needs of each creditor; what other services need of them is left alone."""
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
    grace_days = told.get("grace_days")
    if grace_days is not None and not (
        type(grace_days) is int and 0 <= grace_days <= GRACE_DAYS_MAX
    ):
        raise PolicyError(f"creditors.{creditor_id}.grace_days: 0 to {GRACE_DAYS_MAX} are expected")
    return Creditor(name=str(name), time_zone=time_zone, grace_days=grace_days)
