"""The stage of an account: what billing systems may read of where it stands."""

from datetime import date

from services.outreach.domain.account import Account, Anchor, Stage, StageName
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import delinquent_days, spans_of
from shared.events.outreach import AccountStatusChanged, HoldReason


def tell_stage(docket: Docket, account: Account) -> None:
    """Say where the account stands, if that is news (not while its anchor is in doubt)."""
    if account.stale:
        return
    now = _stage(docket, account)
    if now == account.stage:
        return
    account.stage = now
    docket.tell(
        account,
        AccountStatusChanged(
            account_id=account.account_id,
            creditor_id=account.creditor_id,
            stage=now.stage,
            step=now.step,
            promise_on=now.promise_on,
            block=now.block,
            legal=now.legal,
        ),
        entity="stage",
    )


def _stage(docket: Docket, account: Account) -> Stage:
    day = docket.today(account)
    reasons = {hold.reason for hold in account.running(day)} if account.holds else set()
    open_promises = [p.due_on for p in account.promises if p.state == "open"]
    return Stage(
        stage=_stage_name(docket, account, day, reasons),
        step=account.last_step if account.case else "",
        promise_on=min(open_promises, default=None),
        block="block" in reasons,
        legal="legal" in reasons,
    )


def _stage_name(docket: Docket, account: Account, day: date, reasons: set[HoldReason]) -> StageName:
    if not account.open_items:
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
        begun = day >= later(anchor.due_on, docket.policy.first_offset_days)
        return "pre_due" if begun and docket.policy.first_offset_days else "current"
    item = docket.item(account, anchor.item_id)
    spans = spans_of(account.holds, item) if item is not None and account.holds else []
    grace_days = docket.grace_days(account)
    days = delinquent_days(spans, anchor.due_on, day, grace_days=grace_days)
    return "delinquent" if days else "in_grace"
