"""What the ledger says, folded into items: what is open, what is overdue, and what follows."""

from collections.abc import Collection
from datetime import date
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.agenda import replan
from services.outreach.domain.anchor import consider
from services.outreach.domain.cases import settle_case
from services.outreach.domain.docket import Docket
from services.outreach.domain.history import bring
from services.outreach.domain.item import Item
from services.outreach.domain.promises import receive
from services.outreach.domain.stage import tell_stage
from services.outreach.domain.withdraw import withdraw
from shared.events.ledger import (
    RECEIVABLE_KINDS,
    Entry,
    InvoiceAdjusted,
    InvoiceOpened,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
    ItemState,
    Moved,
)
from shared.money import minor

_SMALL_BALANCE: Final = "small_balance"
"""The ledger's reason for a write-off of what was not worth collecting."""


def opened(docket: Docket, account: Account, told: InvoiceOpened) -> None:
    """An item is owed."""
    item = docket.item(account, told.item_id) or Item(
        told.account_id, told.item_id, told.due_on, told.currency
    )
    item.invoice_id, item.number, item.pay_url = told.invoice_id, told.number, told.pay_url
    docket.party.keep(item)
    if told.opening:
        bring(docket, account, item, told)
    changed = revalue(docket, account, item, minor(told.open_amount, told.currency))
    if told.first_overdue_on is not None:
        set_overdue(docket, account, item, on=True)
    _follow(docket, account, replans=changed)


def overdue(docket: Docket, account: Account, told: InvoiceOverdue) -> None:
    """The day after an item's due date began."""
    item = _item_of(docket, account, told)
    set_overdue(docket, account, item, on=True)
    _follow(docket, account, replans=True)


def reopened(docket: Docket, account: Account, told: InvoiceReopened) -> None:
    """A settled item is open again, with its original due date."""
    item = _item_of(docket, account, told)
    set_overdue(docket, account, item, on=told.first_overdue_on is not None)
    _follow(docket, account, replans=True)


def settled(docket: Docket, account: Account, told: InvoiceSettled) -> None:
    """Nothing is open on an item: mostly what its entries said already."""
    item = docket.item(account, told.item_id)
    if item is not None and item.open_minor > 0:
        changed = revalue(docket, account, item, 0)
        _follow(docket, account, replans=changed, written_off=told.by == "write_off")


def moved(docket: Docket, account: Account, told: Moved) -> None:
    """Money, or its absence: the last entry of each item says what is then open on it."""
    task = account.task
    before = dict(task.remaining) if task is not None else {}
    changed = False
    last = {entry.item_id: entry for entry in told.entries if entry.kind in RECEIVABLE_KINDS}
    for entry in last.values():
        changed |= _post(docket, account, told.currency, entry)
    if isinstance(told, InvoiceAdjusted) and told.kind == "amended" and told.item_id:
        changed |= _amend(docket, account, told)
    if account.promises:
        receive(docket, account, told)
    if task is not None and account.task is task and task.remaining != before:
        paid = not any(owed > 0 for owed in task.remaining.values())
        withdraw(docket, account, "paid" if paid else "changed")
        changed = True
    _follow(docket, account, replans=changed, written_off=_gave_up(told, last.values()))


def revalue(docket: Docket, account: Account, item: Item, open_minor: int) -> bool:
    """Set what is open on an item; whether the anchor may be another one now."""
    before, item.open_minor = item.open_minor, open_minor
    if open_minor == before:
        return False
    docket.party.keep(item)
    if open_minor > 0:
        account.owes = True
    else:
        docket.own(account, item)
    change = (open_minor > 0) - (before > 0)
    if item.overdue and change:
        account.overdue_items += change
        docket.party.keep(account)
    task = account.task
    if task is not None and before > 0 and task.covers(item):
        task.remaining[item.currency] += open_minor - before
        docket.party.keep(account)
    if open_minor > before:
        return consider(docket, account, item)
    anchor = account.anchor
    limit = docket.policy.tolerance_minor.get(item.currency, 0)
    if anchor is not None and anchor.item_id == item.item_id and (
        account.holds or open_minor <= limit
    ):  # fmt: skip
        account.stale = True
        docket.party.keep(account)
        return True
    return False


def set_overdue(docket: Docket, account: Account, item: Item, *, on: bool) -> None:
    """Note whether an item counts as overdue."""
    if item.overdue != on:
        item.overdue = on
        docket.party.keep(item)
        if item.open_minor > 0:
            account.overdue_items += 1 if on else -1
            docket.party.keep(account)


def _item_of(docket: Docket, account: Account, told: ItemState) -> Item:
    item = docket.item(account, told.item_id) or Item(
        told.account_id, told.item_id, told.due_on, told.currency, told.invoice_id
    )
    _due(docket, account, item, told.due_on)
    revalue(docket, account, item, minor(told.open_amount, told.currency))
    return docket.party.keep(item)


def _post(docket: Docket, account: Account, currency: str, entry: Entry) -> bool:
    item = docket.item(account, entry.item_id)
    if item is None:
        if entry.due_on is None or not entry.open_amount:
            return False
        item = Item(account.account_id, entry.item_id, entry.due_on, currency, entry.invoice_id)
    moved = entry.due_on is not None and _due(docket, account, item, entry.due_on)
    if not entry.open_amount:
        return moved
    return revalue(docket, account, item, minor(entry.open_amount, currency)) or moved


def _gave_up(told: Moved, entries: Collection[Entry]) -> bool:
    """Whether items were written off, and not just the cents that money left of them."""
    if not any(entry.kind == "written_off" for entry in entries):
        return False
    return not (isinstance(told, InvoiceAdjusted) and told.reason == _SMALL_BALANCE)


def _amend(docket: Docket, account: Account, told: InvoiceAdjusted) -> bool:
    item = docket.item(account, told.item_id)
    if item is None or told.due_on is None:
        return False
    return _due(docket, account, item, told.due_on)


def _due(docket: Docket, account: Account, item: Item, due_on: date) -> bool:
    """Move an item's due date: its steps count from the new one; ahead, it is overdue no more."""
    if item.due_on == due_on:
        return False
    if account.task is not None and item.open_minor > 0 and account.task.covers(item):
        withdraw(docket, account, "changed")
    item.due_on = due_on
    docket.party.keep(item)
    if due_on >= docket.today(account):
        set_overdue(docket, account, item, on=False)
    account.stale = True
    docket.party.keep(account)
    return True


def _follow(docket: Docket, account: Account, *, replans: bool, written_off: bool = False) -> None:
    """What any change of balances leads to: the case, the next look, the stage.

    One more item behind the anchor changes nothing here: such an account is not written.
    """
    stage, look_at, stale = account.stage, account.look_at, account.stale
    if not docket.owes(account):
        account.owes, account.anchor, account.stale = False, None, False
    settle_case(docket, account, written_off=written_off)
    if not replans and account.anchor is not None:
        return
    replan(docket, account)
    tell_stage(docket, account)
    was_said = account.stage is stage and account.look_at == look_at and account.stale == stale
    if not was_said or account.anchor is None:
        docket.party.keep(account)
