"""What each fact of the ledger says of an account's behaviour: one function per type of fact."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.owed import units
from shared.events.ledger import (
    AccountChanged,
    DisputeOpened,
    DisputeResolved,
    InvoiceAdjusted,
    InvoiceBucketChanged,
    InvoiceOpened,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
    ItemState,
    Moved,
    PaymentApplied,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from shared.money import minor

PAID: Final = ("cash", "deduction")
"""How an item is settled that tells how the account pays."""
LOST: Final = ("rejected", "withdrawn")
"""How a dispute ends in which the objection did not stand."""


def _changed(behaviour: Behaviour, fact: AccountChanged) -> None:
    """Take from the account what features and segments may see, and nothing else."""
    told = fact.account
    behaviour.customer_since = told.customer_since
    behaviour.tags = list(told.tags or ())
    behaviour.limit, behaviour.limit_currency = None, ""
    if told.credit_limit is not None and told.currency is not None:
        behaviour.limit_currency = told.currency
        behaviour.limit = minor(told.credit_limit, told.currency)


def _opened(behaviour: Behaviour, fact: InvoiceOpened) -> None:
    behaviour.book(fact.entries, fact.currency)
    amount = units(fact.amount, fact.currency)
    behaviour.invoice(amount, fact.currency, fact.issued_on, fact.due_on)


def _moved(behaviour: Behaviour, fact: Moved) -> None:
    behaviour.book(fact.entries, fact.currency)


def _applied(behaviour: Behaviour, fact: PaymentApplied) -> None:
    behaviour.book(fact.entries, fact.currency)
    behaviour.payments += 1
    for entry in fact.entries:
        if entry.kind == "collected" and entry.open_amount.strip("0."):
            behaviour.partial += 1
            break
    _came(behaviour, fact.received_on)


def _held(behaviour: Behaviour, fact: PaymentUnapplied) -> None:
    behaviour.book(fact.entries, fact.currency)
    _came(behaviour, fact.received_on)


def _came(behaviour: Behaviour, received_on: date) -> None:
    if behaviour.paid_on is None or received_on > behaviour.paid_on:
        behaviour.paid_on = received_on


def _reversed(behaviour: Behaviour, fact: PaymentReversed) -> None:
    behaviour.book(fact.entries, fact.currency)
    behaviour.reversals += -1 if fact.reinstated else 1


def _overdue(behaviour: Behaviour, fact: InvoiceOverdue) -> None:
    behaviour.day_came(_day_of(fact, fact.past_due_days))
    if fact.item_id in behaviour.again:
        behaviour.again.remove(fact.item_id)
    else:
        behaviour.turned_out(late=True)


def _bucket_changed(behaviour: Behaviour, fact: InvoiceBucketChanged) -> None:
    behaviour.day_came(_day_of(fact, fact.past_due_days))


def _settled(behaviour: Behaviour, fact: InvoiceSettled) -> None:
    if fact.item_id in behaviour.again:
        behaviour.again.remove(fact.item_id)
    if fact.by not in PAID:
        return
    amount = units(fact.amount, fact.currency)
    behaviour.was_paid(max(0, fact.days_late), amount, fact.currency)
    if not fact.was_overdue:
        behaviour.turned_out(late=fact.days_late > 0)
    elif fact.days_late <= 0:
        behaviour.was_in_time_after_all()


def _reopened(behaviour: Behaviour, fact: InvoiceReopened) -> None:
    """Undo what the settlement had told: a payment that never came was neither late nor in time."""
    if fact.first_overdue_on is not None and fact.item_id not in behaviour.again:
        behaviour.again.append(fact.item_id)
    if fact.settled_on is None or fact.settled_by not in PAID:
        return
    days_late = (fact.settled_on - fact.due_on).days
    amount = units(fact.amount, fact.currency)
    behaviour.paying_undone(max(0, days_late), amount, fact.currency)
    if not fact.was_overdue:
        behaviour.outcome_undone(late=days_late > 0)


def _dispute_opened(behaviour: Behaviour, fact: DisputeOpened) -> None:
    behaviour.objected(fact.dispute_id)


def _dispute_resolved(behaviour: Behaviour, fact: DisputeResolved) -> None:
    behaviour.objection_ended(fact.dispute_id, lost=fact.outcome in LOST and not fact.moved)


def _day_of(fact: ItemState, past_due_days: int) -> date:
    """The business day that the ledger was at when it said so."""
    return fact.due_on + timedelta(days=past_due_days)


BOOKINGS: Final[Mapping[str, Callable[[Behaviour, Any], None]]] = {
    AccountChanged.type: _changed,
    InvoiceOpened.type: _opened,
    InvoiceAdjusted.type: _moved,
    InvoiceOverdue.type: _overdue,
    InvoiceBucketChanged.type: _bucket_changed,
    InvoiceSettled.type: _settled,
    InvoiceReopened.type: _reopened,
    PaymentApplied.type: _applied,
    PaymentUnapplied.type: _held,
    PaymentRefunded.type: _moved,
    PaymentReversed.type: _reversed,
    DisputeOpened.type: _dispute_opened,
    DisputeResolved.type: _dispute_resolved,
}
"""By type; what else is on the line says nothing of how an account pays."""
CASH: Final = frozenset({PaymentApplied.type, PaymentUnapplied.type, PaymentReversed.type})
"""What brings cash, or says that it never came."""


def _closes_or_reopens(fact: Moved) -> bool:
    for entry in fact.entries:
        closed = entry.kind == "collected" and not entry.open_amount.strip("0.")
        if closed or (entry.kind == "reversed" and entry.open_amount == entry.amount):
            return True
    return False


HALF_TOLD: Final[Mapping[str, Callable[[Any], bool]]] = {
    PaymentApplied.type: _closes_or_reopens,
    PaymentReversed.type: _closes_or_reopens,
}
"""By type, whether it is told in two facts: cash closed an item here, or its reversal reopened one.

Then `invoice.settled` or `invoice.reopened` follows, and the score waits for that.
"""
