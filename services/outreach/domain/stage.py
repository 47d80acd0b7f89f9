"""The stage of an account: what billing systems may read of where it stands."""

from datetime import date
from typing import Final

from services.outreach.domain.account import Account, Anchor, Stage, StageName
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import delinquent_days, spans_of
from shared.events.outreach import AccountStatusChanged, HoldReason

_NONE: Final[frozenset[HoldReason]] = frozenset()


def tell_stage(docket: Docket, account: Account) -> None:
    """Say where the account stands, if that is news (not while its anchor is in doubt)."""
    if account.stale:
        return
    day = docket.today(account)
    reasons = account.held_for(day) if account.holds else _NONE
    stage = _stage_name(docket, account, day, reasons)
    step = account.last_step if account.case else ""
    promise_on = _promise_on(account) if account.promises else None
    block, legal = "block" in reasons, "legal" in reasons
    last = account.stage
    if (  # compared field by field: it is seldom news, and asked for after nearly everything
        last.stage == stage
        and last.step == step
        and last.promise_on == promise_on
        and last.block == block
        and last.legal == legal
    ):
        return
    account.stage = Stage(stage, step, promise_on, block, legal)
    fact = AccountStatusChanged(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        stage=stage,
        step=step,
        promise_on=promise_on,
        block=block,
        legal=legal,
    )
    docket.tell(account, fact, entity="stage")


def _promise_on(account: Account) -> date | None:
    return min((p.due_on for p in account.promises if p.state == "open"), default=None)


def _stage_name(
    docket: Docket, account: Account, day: date, reasons: frozenset[HoldReason]
) -> StageName:
    if not account.owes:
        return "current" if account.stage.stage in ("current", "pre_due") else "settled"
    if "legal" in reasons:
        return "legal"
    if "promise" in reasons:
        return "promised"
    anchor = account.anchor
    if reasons or (anchor is not None and anchor.held_by):
        return "on_hold"
    return "current" if anchor is None else _age(docket, account, anchor, day)


def _age(docket: Docket, account: Account, anchor: Anchor, day: date) -> StageName:
    if day <= anchor.due_on:
        first = docket.policy.first_offset_days
        return "pre_due" if first and day >= later(anchor.due_on, first) else "current"
    item = docket.item(account, anchor.item_id) if account.holds else None
    spans = spans_of(account.holds, item) if item is not None else []
    grace_days = docket.grace_days(account)
    days = delinquent_days(spans, anchor.due_on, day, grace_days=grace_days)
    return "delinquent" if days else "in_grace"
