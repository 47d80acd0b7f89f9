"""Reversals: money that was booked and never came, and reversals that were taken back."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from msgspec import field
from typing_extensions import override

from services.ingest.domain import written
from services.ingest.domain.allocation import Application, Share, Told, collect, taken_from
from services.ingest.domain.invoice import Invoice, key_of
from services.ingest.domain.ledger import Ledger, ask_for, in_records
from services.ingest.domain.payment import NEVER_TOLD, Payment, Sent
from services.ingest.domain.receipt import resume
from services.ingest.domain.transit import printable, send
from services.ingest.domain.waiting import wait
from shared.core import Compact, Refusal
from shared.events import ledger as facts
from shared.events.billing import PaymentReinstated, PaymentReversed
from shared.money import MoneyError, minor, text

Booked = dict[str, list[tuple[int, facts.Entry]]]
"""Entries by currency, each with its part of the amount that the fact tells."""


class Reversal(Compact):
    """What one reversal took back: `undone` of items, `unapplied` of what was held, `sent` of both.

    The last is what other accounts had got of the payment.
    """

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
    sent: list[Sent] = field(default_factory=list)
    """What had gone to other accounts, and is taken back there."""
    version: int = NEVER_TOLD
    """Which allocation of the payment was in force."""

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
        taken = sum(done.cash for done in self.undone) + sum(one.amount for one in self.sent)
        return self.unapplied + taken


def ask_for_applied(ledger: Ledger, applied: Sequence[Application | Told]) -> None:
    """Have the invoices at hand that a payment or credit went (or goes) to; settled ones too."""
    account_id = ledger.account.account_id
    ask_for(ledger.party, [(Invoice, key_of(account_id, done.invoice_id)) for done in applied])


def reverse(ledger: Ledger, told: PaymentReversed) -> Refusal | None:
    """Take a payment back, all of it or `amount`: first what is held, then the latest items.

    An amount in another currency is no part that could be told from the whole: then all of it is.
    Items reopen with the due date they have; the deductions on an item come back with the last
    of its cash, and what the cash had recovered is written off again. No more is taken back than
    is there.
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
        asked = payment.amount
        if told.amount is not None and told.currency in (None, payment.currency):
            asked = minor(told.amount, payment.currency)
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
        version=payment.version,
    )
    booked: Booked = {}
    if reversal.unapplied:
        payment.unapplied -= reversal.unapplied
        on = max(told.reversed_on, payment.held_on)
        entry = ledger.hold("unapplied_cash", payment, -reversal.unapplied, on)
        booked[payment.currency] = [(reversal.unapplied, entry)]
    left = asked - reversal.unapplied
    whole = left >= sum(done.cash for done in payment.applied)
    while payment.applied and (left or whole):
        done = _take_back(payment, left)
        left -= done.cash
        reversal.undone.append(done)
        reopen(ledger, done, told.reversed_on, booked)
    _follow(ledger, payment, reversal, left, told)
    payment.reversed += reversal.total
    ledger.party.keep(payment)
    ledger.party.keep(reversal)
    ledger.came.append(("reversal", reversal.reversal_id))
    ledger.sweep = True
    _tell(ledger, reversal, booked, told.reversed_on)
    return None


def _follow(
    ledger: Ledger, payment: Payment, reversal: Reversal, left: int, told: PaymentReversed
) -> None:
    """Take back where it is now what of a payment went to other accounts, the latest first."""
    for one in reversed(payment.sent):
        amount = min(left, one.amount)
        if amount:
            one.amount -= amount
            left -= amount
            reversal.sent.append(Sent(one.account_id, one.payment_id, amount))
    payment.sent = [one for one in payment.sent if one.amount]
    for number, one in enumerate(reversal.sent):
        name = _name_there(reversal, number)
        back = PaymentReversed(
            account_id=one.account_id,
            reversal_id=name,
            payment_id=one.payment_id,
            amount=text(one.amount, payment.currency),
            reversed_on=told.reversed_on,
            reason=told.reason,
        )
        send(ledger, back, one.account_id, name)


def _name_there(reversal: Reversal, number: int) -> str:
    """What a reversal is called on another account; the first by its own name."""
    return printable(f"{reversal.reversal_id}:{number}" if number else reversal.reversal_id)


def _take_back(payment: Payment, cash: int) -> Application:
    """Take up to this much cash out of the payment's latest application: what was taken."""
    last = payment.applied[-1]
    return payment.applied.pop() if cash >= last.cash else taken_from(last, cash)


def reopen(ledger: Ledger, done: Application, since: date, booked: Booked) -> None:
    """Book what cash did for an item back, not before `since`; the entries go to `booked`."""
    invoice = ledger.invoice(done.invoice_id)
    item = invoice.item(done.item_id) if invoice is not None else None
    if invoice is None or item is None:
        raise LookupError(f"cash was applied to item {done.item_id!r}, which is not there")
    on, late = max(since, done.on), done.days_late
    entries = booked.setdefault(invoice.currency, [])
    if done.deducted:
        back = ledger.post(invoice, item, "deduction_reversed", done.deducted, on, days_late=late)
        entries.append((0, back))
    if done.amount:
        back = ledger.post(invoice, item, "reversed", done.amount, on, days_late=late)
        entries.append((done.amount, back))
    if done.recovered:
        entries.append((0, ledger.post(invoice, item, "written_off", -done.recovered, on)))


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
        again = payment.version == reversal.version  # else it is told anew where the cash goes
        given = _collect_again(ledger, payment, done, told, booked) if again else 0
        unapplied += done.cash - given
    if unapplied:
        on = max(told.reinstated_on, payment.received_on)
        entry = ledger.hold("unapplied_cash", payment, unapplied, on)
        booked.setdefault(payment.currency, []).append((unapplied, entry))
        payment.held_on = max(payment.held_on, on)
    for number, one in enumerate(reversal.sent):
        payment.sent.append(one)
        again_there = PaymentReinstated(
            account_id=one.account_id,
            reversal_id=_name_there(reversal, number),
            reinstated_on=told.reinstated_on,
        )
        send(ledger, again_there, one.account_id, reversal.reversal_id)
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
    """Apply what was undone once more: the cash that found its item; the rest has a claim on it."""
    invoice = ledger.invoice(done.invoice_id)
    item = invoice.item(done.item_id) if invoice is not None else None
    if invoice is None or item is None:
        raise LookupError(f"cash was applied to item {done.item_id!r}, which is not there")
    wanted = Share(done.amount, done.cash, done.deducted)
    room = 0 if invoice.void else item.open + min(done.recovered, item.given_up)
    given = wanted.at_most(room, done.cash)
    if given.amount < done.amount and not payment.by_rule:
        rest = Share(done.amount - given.amount, done.cash - given.cash)
        payment.waiting.append(Told.rest(done, rest, invoice.currency, payment.currency))
    if not given.amount and not given.deducted:
        return 0
    on = max(told.reinstated_on, item.free_from(given.amount + given.deducted))
    again, entries = collect(ledger, invoice, item, given, on)
    payment.applied.append(again)
    booked.setdefault(invoice.currency, []).extend(entries)
    return given.cash


def _tell(ledger: Ledger, reversal: Reversal, booked: Booked, on: date) -> None:
    for currency, entries in booked.items():
        for amount, portion in in_records(entries):
            fact = written.PaymentReversed(
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
