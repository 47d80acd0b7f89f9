"""The decision record: enough to answer, years later, why somebody was contacted or was not."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from services.outreach.domain.account import Account
from services.outreach.domain.days import zone
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import delinquent_days, spans_of
from services.outreach.domain.item import Item
from shared.events.outreach import Decision, Money


def decision(
    docket: Docket,
    account: Account,
    item: Item,
    step: str,
    *,
    collectable: tuple[Money, ...] = (),
    rules: tuple[str, ...],
    zones: tuple[str, ...],
    day: date,
    at: datetime,
    earliest: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Decision:
    """What was known at `at` about the step of an anchor, and which rules spoke."""
    spans = spans_of(account.holds, item) if account.holds else []
    grace_days = docket.grace_days(account)
    return Decision(
        policy=docket.policy.name,
        policy_version=docket.policy.version,
        step=step,
        anchor_item_id=item.item_id,
        anchor_due_on=item.due_on,
        delinquent_days=delinquent_days(spans, item.due_on, day, grace_days=grace_days),
        past_due_days=(day - item.due_on).days,
        collectable=collectable,
        rules=rules,
        score_band=account.band,
        decided_at=at,
        local_times=_local_times(at, zones),
        earliest=earliest,
        facts={"priority": account.priority, "p_pay": account.p_pay, **(facts or {})},
    )


@lru_cache(maxsize=1024)
def _local_times(at: datetime, zones: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{at.astimezone(zone(name)).isoformat()} {name}" for name in zones)
