"""Placing, releasing and ending holds, with what follows for tasks and the anchor."""

from datetime import date
from typing import Any, Final

from services.outreach.domain.account import Account
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import Hold
from services.outreach.domain.withdraw import withdraw
from shared.events.outreach import HoldExpired, HoldPlaced, HoldReason, HoldReleased

_ENDED_MAX: Final = 50
"""Holds that ended are kept, this many, because their days go on counting as held."""
_PASSING: Final[frozenset[HoldReason]] = frozenset({"autopay", "dispute", "promise"})
"""Holds that come and go with what is billed: an account has ever more of them."""
_SPENT_MAX: Final = 5
"""Passing holds that ended and held nothing of what is open are kept, this many: what they held may
yet reopen, and they may be spoken of again."""


def find_hold(account: Account, hold_id: str) -> Hold | None:
    """A hold of the account, ended ones included."""
    return next((hold for hold in account.holds if hold.hold_id == hold_id), None)


def place(
    docket: Docket,
    account: Account,
    hold_id: str,
    reason: HoldReason,
    *,
    starts_on: date,
    ends_on: date | None = None,
    item_ids: tuple[str, ...] = (),
    invoice_ids: tuple[str, ...] = (),
    amount_minor: int | None = None,
    currency: str = "",
) -> None:
    """Begin a hold, perhaps in the past or yet to come; both days are included."""
    until = None if ends_on is None else later(ends_on, 1)
    hold = Hold(
        hold_id,
        reason,
        starts_on,
        begins_at=docket.start(account, starts_on),
        until=until,
        ends_at=None if until is None else docket.start(account, until),
        item_ids=list(item_ids),
        invoice_ids=list(invoice_ids),
        amount_minor=amount_minor,
        currency=currency,
    )
    _forget_spent(docket, account)
    account.holds.append(hold)
    docket.tell(account, HoldPlaced(**fields(account, hold)), entity=hold_id)
    if hold.begins_at <= docket.now:
        begin(docket, account, hold)
    if hold.ends_at is not None and hold.ends_at <= docket.now:
        expire(docket, account, hold)
    _changed(docket, account)


def _forget_spent(docket: Docket, account: Account) -> None:
    """Keep no more holds that ended than may still count: all are written with each change."""
    ended = [each for each in account.holds if each.ended]
    if len(ended) <= _SPENT_MAX:
        return
    items = docket.items(account)
    spent = [
        each
        for each in ended
        if each.reason in _PASSING and not any(each.counts_for(item) for item in items)
    ]
    gone = {id(each) for each in (*ended[:-_ENDED_MAX], *spent[:-_SPENT_MAX])}
    account.holds = [each for each in account.holds if id(each) not in gone]


def begin(docket: Docket, account: Account, hold: Hold) -> None:
    """A hold's first day has come: a task about what it holds is withdrawn."""
    hold.begun = True
    past = hold.ends_at is not None and hold.ends_at <= docket.now
    if account.task is not None and not past and _touches(docket, account, hold):
        withdraw(docket, account, f"hold_{hold.reason}")
    _changed(docket, account)


def expire(docket: Docket, account: Account, hold: Hold) -> None:
    """A hold's last day passed."""
    hold.ended = True
    docket.tell(account, HoldExpired(**fields(account, hold)), entity=hold.hold_id)
    _changed(docket, account)


def release_hold(docket: Docket, account: Account, hold: Hold, day: date) -> None:
    """End a hold early: `day` is worked again (a hold never ends before it starts)."""
    if hold.ended:
        return
    day = max(day, hold.starts_on)
    if hold.until is None or day < hold.until:
        hold.until = day
        hold.ends_at = docket.start(account, day)
    never_began = day == hold.starts_on
    hold.begun = hold.begun or never_began
    hold.ended = never_began or (hold.ends_at is not None and hold.ends_at <= docket.now)
    if hold.ended:
        docket.tell(account, HoldReleased(**fields(account, hold)), entity=hold.hold_id)
    _changed(docket, account)


def fields(account: Account, hold: Hold) -> dict[str, Any]:
    """What every fact about a hold says."""
    return {
        "account_id": account.account_id,
        "creditor_id": account.creditor_id,
        "hold_id": hold.hold_id,
        "reason": hold.reason,
        "starts_on": hold.starts_on,
        "ends_on": hold.ends_on,
        "item_ids": tuple(hold.item_ids),
        "invoice_ids": tuple(hold.invoice_ids),
    }


def _touches(docket: Docket, account: Account, hold: Hold) -> bool:
    """Whether the open task speaks of what is held (invoices are looked for, items known)."""
    task = account.task
    if task is None or hold.blanket or not hold.item_ids:
        return task is not None
    items = (docket.item(account, item_id) for item_id in hold.item_ids)
    return any(item is not None and task.covers(item) for item in items)


def _changed(docket: Docket, account: Account) -> None:
    account.book()
    account.forget_anchor(docket.soon)
    docket.party.keep(account)
