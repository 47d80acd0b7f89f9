"""Closing the book after an event: what it settled and reopened as a whole, and the next wake."""

from datetime import date
from typing import Any, Final, Literal, TypeVar

from services.ingest.domain import small_balance, standing, tally, written
from services.ingest.domain.account import Account, Head
from services.ingest.domain.aging import CURRENT, later, past_due_days, start_of
from services.ingest.domain.invoice import Invoice, Item, Posting
from services.ingest.domain.ledger import Ledger, Touch
from shared.events import ledger as facts
from shared.money import text

S = TypeVar("S", bound=facts.ItemState)

SETTLED_BY: Final[
    dict[facts.EntryKind, Literal["cash", "credit", "write_off", "void", "deduction"]]
] = {
    "collected": "cash",
    "deducted": "deduction",
    "credited": "credit",
    "adjusted": "credit",
    "written_off": "write_off",
    "voided": "void",
    "moved": "void",
}
"""What the entry that brought an item to zero settled it by."""
REOPENED_BY: Final[
    dict[
        facts.EntryKind,
        Literal["reversed", "credit_voided", "reinstated", "refunded", "amended"],
    ]
] = {
    "reversed": "reversed",
    "deduction_reversed": "reversed",
    "credit_voided": "credit_voided",
    "reinstated": "reinstated",
    "reopened": "refunded",
}


def state(kind: type[S], account: Account, invoice: Invoice, item: Item, **more: Any) -> S:  # noqa: ANN401 - the fields that `kind` adds
    """A fact of this kind about an item as it now stands."""
    return kind(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        item_id=item.item_id,
        invoice_id=invoice.invoice_id,
        currency=invoice.currency,
        amount=text(item.amount, invoice.currency),
        open_amount=text(item.open, invoice.currency),
        issued_on=invoice.issued_on,
        due_on=item.due_on,
        **more,
    )


def first_wake(item: Item) -> date | None:
    """The day on which an item that is not overdue falls overdue."""
    day = later(item.due_on, 1)
    return None if day is None else max(day, item.aged_from)


def close(ledger: Ledger) -> None:
    """Tell what was settled and reopened since the book was opened; note the earliest wake."""
    first: date | None = None
    small = ledger.creditor.small_minor
    for touch in ledger.touched.values():
        item = touch.item
        if item.open and touch.invoice.void:
            _void_again(ledger, touch)
        if item.open and (small or item.small):
            small_balance.clear(ledger, touch)
        if item.open == 0:
            if touch.before != 0 and touch.fell is not None:
                _settle(ledger, touch, touch.fell)
        elif touch.before == 0 and touch.rose is not None:
            _reopen(ledger, touch, touch.rose)
        if item.open and item.wakes_on is not None and (first is None or item.wakes_on < first):
            first = item.wakes_on
    standing.follow(ledger)
    tally.follow(ledger)
    if first is not None:
        wake_by(ledger, first)


def wake_by(ledger: Ledger, day: date) -> None:
    """Have the party woken not later than at the start of `day`."""
    head = ledger.party.find(Head) or Head()
    wake = start_of(day, ledger.creditor.time_zone)
    if head.wake is None or wake < head.wake:
        head.wake = wake
        ledger.party.keep(head)


def _void_again(ledger: Ledger, touch: Touch) -> None:
    """What came to be open on a void invoice is void too."""
    invoice, item = touch.invoice, touch.item
    on = item.free_from(item.open)
    entry = ledger.post(invoice, item, "voided", -item.open, on)
    fact = written.InvoiceAdjusted(
        account_id=ledger.account.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=invoice.currency,
        entries=(entry,),
        kind="voided",
        item_id=item.item_id,
        invoice_id=invoice.invoice_id,
        effective_on=on,
    )
    ledger.emit(fact, invoice.invoice_id, item.item_id)


def _settle(ledger: Ledger, touch: Touch, last: Posting) -> None:
    invoice, item = touch.invoice, touch.item
    item.settled_on = last.on
    item.settled_by = SETTLED_BY[last.kind]
    item.was_overdue = item.overdue
    fact = state(
        written.InvoiceSettled,
        ledger.account,
        invoice,
        item,
        by=SETTLED_BY[last.kind],
        settled_on=last.on,
        days_late=past_due_days(item.due_on, last.on),
        was_overdue=item.overdue,
    )
    ledger.emit(fact, invoice.invoice_id, item.item_id)


def _reopen(ledger: Ledger, touch: Touch, last: Posting) -> None:
    invoice, item = touch.invoice, touch.item
    item.overdue = False
    item.bucket = CURRENT
    item.aged_from = last.on
    item.wakes_on = first_wake(item)
    fact = state(
        written.InvoiceReopened,
        ledger.account,
        invoice,
        item,
        reason=REOPENED_BY.get(last.kind, "amended"),
        reopened_on=last.on,
        first_overdue_on=item.first_overdue_on,
        settled_on=item.settled_on,
        settled_by=item.settled_by,
        was_overdue=item.was_overdue,
    )
    ledger.emit(fact, invoice.invoice_id, item.item_id)
