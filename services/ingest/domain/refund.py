"""Refunds: money that went back to the payer. Nothing reopens unless the refund says so.

What of a refund was not held when it came is taken later, from what comes to be held: so cash that
comes after its refund, or is told off an item after it, is not there twice.
"""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Literal

from msgspec import field
from typing_extensions import override

from services.ingest.domain import written
from services.ingest.domain.allocation import Application
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import key_of
from services.ingest.domain.ledger import Ledger, in_records
from services.ingest.domain.payment import Payment
from services.ingest.domain.reversal import ask_for_applied
from services.ingest.domain.waiting import wait
from shared.core import Compact, Piece, Refusal
from shared.events import ledger as facts
from shared.events.billing import PaymentRefunded
from shared.money import minor, text


class Taken(Piece):
    """What a refund took out of a payment's cash, or a credit note's credit; minor units."""

    kind: Literal["payment", "credit"]
    name: str
    amount: int


class Refund(Compact):
    """That a refund was booked. `left` of it, in minor units, was not held (yet)."""

    prefix: ClassVar[str] = "refund"
    account_id: str
    refund_id: str
    digest: str
    left: int = 0
    currency: str = ""
    refunded_on: date = date.min
    payment_id: str = ""
    credit_note_id: str = ""
    """Whose money it was, if that was said: it comes out of no other."""
    taken: list[Taken] = field(default_factory=list)
    """What of it was held, and of what."""
    reopened: list[Application] = field(default_factory=list)
    """What of it came out of items, as the refund said."""
    undone: str = ""
    """The digest of the event that took it back."""

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.refund_id)

    @property
    @override
    def settled(self) -> bool:
        return self.left == 0


def refund(ledger: Ledger, told: PaymentRefunded) -> Refusal | None:
    """Book a refund: out of what is held, then out of the invoices that it says reopen.

    Without a payment or credit note it comes out of the account's cash, then its credit, oldest
    first. What was neither held nor reopens is told, and moves its entry once it is held.
    """
    known = ledger.find(Refund, told.refund_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this refund came before with other content", "refund_id")
    sources = _sources(ledger, told)
    if sources is None:
        kind, own = ("payment", "payment_id") if told.payment_id else ("credit", "credit_note_id")
        needed = str(getattr(told, own))
        wait(ledger, told, kind=kind, needed=needed, on=told.refunded_on)
        return None
    if told.reopens and not told.payment_id and not told.credit_note_id:
        why = "a refund that reopens invoices says which payment or credit note it gives back"
        return Refusal("invalid", why, "payment_id")
    for source in sources:
        if source.currency != told.currency:
            return Refusal("invalid", f"the money came in {source.currency}", "currency")
        if told.reopens:
            ask_for_applied(ledger, source.applied)
    _give_back(ledger, told, sources)
    return None


def _sources(ledger: Ledger, told: PaymentRefunded) -> Sequence[Payment | CreditNote] | None:
    """What the money comes out of; None while the payment or credit note has not come."""
    if told.payment_id is not None:
        payment = ledger.find(Payment, told.payment_id)
        return None if payment is None else [payment]
    if told.credit_note_id is not None:
        note = ledger.find(CreditNote, told.credit_note_id)
        return None if note is None else [note]
    return _held_on(ledger, told.currency)


def _held_on(ledger: Ledger, currency: str) -> list[Payment | CreditNote]:
    account_id = ledger.account.account_id
    payments = [p for p in ledger.party.all(Payment) if p.account_id == account_id]
    notes = [n for n in ledger.party.all(CreditNote) if n.account_id == account_id]
    sources: list[Payment | CreditNote] = [
        *sorted(payments, key=lambda p: (p.received_on, p.payment_id)),
        *sorted(notes, key=lambda n: (n.credited_on, n.credit_note_id)),
    ]
    return [source for source in sources if source.unapplied and source.currency == currency]


def _give_back(
    ledger: Ledger, told: PaymentRefunded, sources: Sequence[Payment | CreditNote]
) -> None:
    refund = Refund(
        account_id=told.account_id,
        refund_id=told.refund_id,
        digest=ledger.digest,
        left=minor(told.amount, told.currency),
        currency=told.currency,
        refunded_on=told.refunded_on,
        payment_id=told.payment_id or "",
        credit_note_id=told.credit_note_id or "",
    )
    booked: list[tuple[int, facts.Entry]] = []
    for source in sources:
        if taken := min(refund.left, source.unapplied):
            booked.append((taken, _take(ledger, refund, source, taken)))
        for name in told.reopens:
            reopened = _reopen(ledger, refund, source, name)
            booked += reopened
            source.refunded += sum(piece for piece, _ in reopened)
        ledger.party.keep(source)
    left = refund.left
    ledger.party.keep(refund)
    ledger.came.append(("refund", told.refund_id))
    ledger.sweep = bool(told.reopens)
    for part, portion in in_records(booked) if booked else [(0, ())]:
        # What had not been held and reopens nothing is told with the first of the facts.
        tell(ledger, refund, portion, amount=part + left, on=refund.refunded_on)
        left = 0


def tell(
    ledger: Ledger,
    refund: Refund,
    entries: tuple[facts.Entry, ...],
    *,
    amount: int,
    on: date,
    undone: bool = False,
) -> None:
    """Tell an amount of a refund, in minor units, with what it did; or that it was `undone`."""
    fact = written.PaymentRefunded(
        account_id=ledger.account.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=refund.currency,
        entries=entries,
        refund_id=refund.refund_id,
        payment_id=refund.payment_id,
        credit_note_id=refund.credit_note_id,
        amount=text(amount, refund.currency),
        refunded_on=on,
        undone=undone,
    )
    ledger.emit(fact, refund.refund_id)


def take_back(ledger: Ledger) -> None:
    """Take what refunds still lack out of what has come to be held, the oldest refund first.

    Where it was not said whose money went back, only what had come by then can have been it.
    """
    account_id = ledger.account.account_id
    owed = [one for one in ledger.party.all(Refund) if one.left and one.account_id == account_id]
    for refund in sorted(owed, key=lambda one: (one.refunded_on, one.refund_id)):
        booked: list[tuple[int, facts.Entry]] = []
        for source in _held_on(ledger, refund.currency):
            taken = min(refund.left, source.unapplied) if _may_be_of(refund, source) else 0
            if taken:
                booked.append((taken, _take(ledger, refund, source, taken)))
                ledger.party.keep(source)
        for _, portion in in_records(booked) if booked else ():
            ledger.party.keep(refund)
            # Its amount was told with the refund itself.
            tell(ledger, refund, portion, amount=0, on=refund.refunded_on)


def _may_be_of(refund: Refund, source: Payment | CreditNote) -> bool:
    if refund.payment_id or refund.credit_note_id:
        if isinstance(source, Payment):
            return source.payment_id == refund.payment_id
        return source.credit_note_id == refund.credit_note_id
    came_on = source.received_on if isinstance(source, Payment) else source.credited_on
    return came_on <= refund.refunded_on


def _take(ledger: Ledger, refund: Refund, source: Payment | CreditNote, amount: int) -> facts.Entry:
    """Take an amount of a refund out of what is held: the entry."""
    entry = _out_of(ledger, source, amount, refund.refunded_on)
    source.unapplied -= amount
    source.refunded += amount
    refund.left -= amount
    if isinstance(source, Payment):
        refund.taken.append(Taken("payment", source.payment_id, amount))
    else:
        refund.taken.append(Taken("credit", source.credit_note_id, amount))
    return entry


def _out_of(ledger: Ledger, source: Payment | CreditNote, amount: int, on: date) -> facts.Entry:
    if isinstance(source, Payment):
        return ledger.hold("unapplied_cash", source, -amount, max(on, source.held_on))
    since = max(on, source.held_on, source.credited_on)
    return ledger.hold("unapplied_credit", source, -amount, since)


def _reopen(
    ledger: Ledger,
    refund: Refund,
    source: Payment | CreditNote,
    invoice_id: str,
) -> list[tuple[int, facts.Entry]]:
    """Take what is left of a refund back out of one invoice, its latest application first."""
    invoice = ledger.invoice(invoice_id)
    if invoice is None or invoice.currency != source.currency:
        return []
    booked: list[tuple[int, facts.Entry]] = []
    for done in reversed(source.applied):
        item = invoice.item(done.item_id)
        amount = min(refund.left, done.cash)
        if done.invoice_id != invoice_id or item is None or not amount:
            continue
        done.cash -= amount
        done.amount -= amount
        done.recovered = min(done.recovered, done.amount)
        refund.left -= amount
        on = max(refund.refunded_on, done.on)
        refund.reopened.append(
            Application(invoice_id, done.item_id, amount, amount, on, done.days_late)
        )
        booked.append((amount, ledger.post(invoice, item, "reopened", amount, on)))
    return booked
