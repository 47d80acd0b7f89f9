"""Reversals: money that was booked and never came, and reversals that were taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from typing_extensions import override

from services.ingest.domain.allocation import Application, Share, Told, collect
from services.ingest.domain.invoice import Invoice, key_of
from services.ingest.domain.ledger import Ledger, ask_for, held, in_records
from services.ingest.domain.payment import Payment, resume
from services.ingest.domain.waiting import wait
from shared.core import Document, Refusal
from shared.events import ledger as facts
from shared.events.billing import PaymentReinstated, PaymentReversed
from shared.money import MoneyError, minor, share, text

Booked = dict[str, list[tuple[int, facts.Entry]]]
"""Entries by currency, each with its part of the amount that the fact tells."""


@dataclass(slots=True)
class Reversal(Document):
    """What one reversal took back: `undone` of the items, `unapplied` of the cash held."""

    prefix: ClassVar[str] = "reversal"
    account_id: str
    reversal_id: str
    payment_id: str
    digest: str
    reason: str
    unapplied: int = 0
    undone: list[Application] = field(default_factory=list)
    reinstated: str = ""
    """The digest of the event that took it back."""

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.reversal_id)

    @property
    @override
    def settled(self) -> bool:
        return True

    @property
    def total(self) -> int:
        """All of it, in the payment's currency."""
        return self.unapplied + sum(done.cash for done in self.undone)


def ask_for_applied(ledger: Ledger, applied: Sequence[Application | Told]) -> None:
    """Have the invoices at hand that a payment or credit went (or goes) to; settled ones too."""
    account_id = ledger.account.account_id
    ask_for(ledger.party, [(Invoice, key_of(account_id, done.invoice_id)) for done in applied])


def reverse(ledger: Ledger, told: PaymentReversed) -> Refusal | None:
    """Take a payment back, all of it or `amount`: first what is held, then the latest items.

    Items reopen with the due date they have; the deductions on an item come back with the last
    of its cash. No more is taken back than is there.
    """
    known = ledger.find(Reversal, told.reversal_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this reversal came before with other content", "reversal_id")
    payment = ledger.find(Payment, told.payment_id)
    if payment is None:
        wait(ledger, told, kind="payment", needed=told.payment_id, on=told.reversed_on)
        return None
    try:
        asked = payment.amount if told.amount is None else minor(told.amount, payment.currency)
    except MoneyError as fault:
        return Refusal("invalid", str(fault), "amount")
    ask_for_applied(ledger, [*payment.applied, *payment.waiting])
    reversal = Reversal(
        account_id=told.account_id,
        reversal_id=told.reversal_id,
        payment_id=told.payment_id,
        digest=ledger.digest,
        reason=told.reason,
        unapplied=min(asked, payment.unapplied),
    )
    booked: Booked = {}
    if reversal.unapplied:
        payment.unapplied -= reversal.unapplied
        on = max(told.reversed_on, payment.held_on)
        entry = held("unapplied_cash", -reversal.unapplied, payment.currency, on)
        booked[payment.currency] = [(reversal.unapplied, entry)]
    left = asked - reversal.unapplied
    whole = left >= sum(done.cash for done in payment.applied)
    while payment.applied and (left or whole):
        done = _take_back(payment, left)
        left -= done.cash
        reversal.undone.append(done)
        _reopen(ledger, done, told, booked)
    payment.reversed += reversal.total
    ledger.party.keep(payment)
    ledger.party.keep(reversal)
    ledger.came.append(("reversal", reversal.reversal_id))
    ledger.sweep = True
    _tell(ledger, reversal, booked, told.reversed_on)
    return None


def _take_back(payment: Payment, cash: int) -> Application:
    """Take up to this much cash out of the payment's latest application: what was taken."""
    last = payment.applied[-1]
    if cash >= last.cash:
        return payment.applied.pop()
    amount = share(last.amount, cash, last.cash)
    last.cash -= cash
    last.amount -= amount
    return Application(
        invoice_id=last.invoice_id,
        item_id=last.item_id,
        amount=amount,
        cash=cash,
        on=last.on,
        days_late=last.days_late,
    )


def _reopen(ledger: Ledger, done: Application, told: PaymentReversed, booked: Booked) -> None:
    invoice = ledger.invoice(done.invoice_id)
    item = invoice.item(done.item_id) if invoice is not None else None
    if invoice is None or item is None:
        raise LookupError(f"payment {told.payment_id!r} was applied to an item that is not there")
    on, late = max(told.reversed_on, done.on), done.days_late
    entries = booked.setdefault(invoice.currency, [])
    if done.deducted:
        back = ledger.post(invoice, item, "deduction_reversed", done.deducted, on, days_late=late)
        entries.append((0, back))
    if done.amount:
        back = ledger.post(invoice, item, "reversed", done.amount, on, days_late=late)
        entries.append((done.amount, back))


def reinstate(ledger: Ledger, told: PaymentReinstated) -> Refusal | None:
    """Take a reversal back: its cash goes to the same items, as far as they are still open."""
    reversal = ledger.find(Reversal, told.reversal_id)
    if reversal is None:
        wait(ledger, told, kind="reversal", needed=told.reversal_id, on=told.reinstated_on)
        return None
    if reversal.reinstated:
        if reversal.reinstated == ledger.digest:
            return None
        return Refusal("conflict", "this reversal was taken back otherwise", "reversal_id")
    payment = ledger.find(Payment, reversal.payment_id)
    if payment is None:
        raise LookupError(f"reversal {reversal.reversal_id!r} has no payment")
    ask_for_applied(ledger, [*reversal.undone, *payment.waiting])
    booked: Booked = {}
    unapplied = reversal.unapplied
    for done in reversed(reversal.undone):
        unapplied += done.cash - _collect_again(ledger, payment, done, told, booked)
    if unapplied:
        on = max(told.reinstated_on, payment.received_on)
        entry = held("unapplied_cash", unapplied, payment.currency, on)
        booked.setdefault(payment.currency, []).append((unapplied, entry))
        payment.held_on = max(payment.held_on, on)
    payment.unapplied += unapplied
    payment.reversed -= reversal.total
    reversal.reinstated = ledger.digest
    ledger.party.keep(payment)
    ledger.party.keep(reversal)
    ledger.sweep = True
    _tell(ledger, reversal, booked, told.reinstated_on)
    if payment.unapplied and payment.waiting:
        resume(ledger, payment)
    return None


def _collect_again(
    ledger: Ledger, payment: Payment, done: Application, told: PaymentReinstated, booked: Booked
) -> int:
    """Apply what was undone once more: the cash that found its item."""
    invoice = ledger.invoice(done.invoice_id)
    item = invoice.item(done.item_id) if invoice is not None else None
    if invoice is None or item is None or invoice.void or not item.open:
        return 0
    wanted = Share(done.amount, done.cash, done.deducted)
    given = wanted.at_most(item.open, done.cash)
    on = max(told.reinstated_on, item.free_from(given.amount + given.deducted))
    again, entries = collect(ledger, invoice, item, given, on)
    payment.applied.append(again)
    booked.setdefault(invoice.currency, []).extend(entries)
    return given.cash


def _tell(ledger: Ledger, reversal: Reversal, booked: Booked, on: date) -> None:
    for currency, entries in booked.items():
        for amount, portion in in_records(entries):
            fact = facts.PaymentReversed(
                account_id=reversal.account_id,
                creditor_id=ledger.account.creditor_id,
                currency=currency,
                entries=portion,
                reversal_id=reversal.reversal_id,
                payment_id=reversal.payment_id,
                amount=text(amount, currency),
                reason=reversal.reason,
                reversed_on=on,
                reinstated=bool(reversal.reinstated),
            )
            ledger.emit(fact, reversal.reversal_id, currency)
