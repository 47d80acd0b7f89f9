"""Payments: money that came, what it paid, and what of it is held on the account."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

from typing_extensions import override

from services.ingest.domain.allocation import (
    Application,
    Share,
    Told,
    collect,
    open_items,
)
from services.ingest.domain.invoice import SEPARATOR, Invoice, Item
from services.ingest.domain.ledger import Ledger, held, in_records
from shared.core import Document, Refusal
from shared.events import ledger as facts
from shared.events.billing import PaymentReceived
from shared.money import MoneyError, minor, text


@dataclass(slots=True)
class Payment(Document):
    """One payment, in minor units: amount = applied cash + unapplied + reversed + refunded.

    `waiting` are allocations whose invoice has not come. With `by_rule` nobody said what it is
    for, and what is unapplied goes to whatever is open, by the creditor's rule. (What was refunded
    without having been held is in no sum: nothing reopened, so it is still applied.) `held_on` is
    the last day on which cash came to be held: what is held is applied on that day or later.
    """

    prefix: ClassVar[str] = "payment"
    account_id: str
    payment_id: str
    digest: str
    currency: str
    amount: int
    received_on: date
    unapplied: int
    by_rule: bool
    method: str = ""
    held_on: date = date.min
    reversed: int = 0
    refunded: int = 0
    applied: list[Application] = field(default_factory=list)
    waiting: list[Told] = field(default_factory=list)

    @property
    @override
    def key(self) -> str:
        return f"{self.account_id}{SEPARATOR}{self.payment_id}"

    @property
    @override
    def settled(self) -> bool:
        return self.unapplied == 0


@dataclass(slots=True)
class _Use:
    """A piece of a payment for an item."""

    invoice: Invoice
    item: Item
    share: Share


def receive(ledger: Ledger, told: PaymentReceived) -> Refusal | None:
    """Book a payment: as told, else oldest due first; what finds no item is held."""
    known = ledger.find(Payment, told.payment_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this payment came before with other content", "payment_id")
    amount = minor(told.amount, told.currency)
    payment = Payment(
        account_id=told.account_id,
        payment_id=told.payment_id,
        digest=ledger.digest,
        currency=told.currency,
        amount=amount,
        received_on=told.received_on,
        unapplied=amount,
        by_rule=not told.allocations,
        held_on=told.received_on,
        method=told.method or "",
    )
    parts = [Told.of(part) for part in told.allocations or ()]
    for number, part in enumerate(parts):
        invoice = ledger.invoice(part.invoice_id)
        if invoice is not None and (part.deductions or invoice.currency != payment.currency):
            try:
                part.priced(invoice.currency, payment.currency)
            except MoneyError as fault:
                same = invoice.currency == payment.currency or part.payment_amount
                name = "amount" if same else "payment_amount"
                return Refusal("invalid", str(fault), f"allocations.{number}.{name}")
    payment.waiting = parts
    ledger.party.keep(payment)
    if payment.by_rule:
        _by_rule(ledger, payment, open_items(ledger, payment.currency), origin="received")
    else:
        _as_told(ledger, payment, origin="received")
    _hold(ledger, payment, told.reference or "")
    ledger.came.append(("payment", payment.payment_id))
    return None


def meet(ledger: Ledger, invoice: Invoice) -> bool:
    """An invoice came (or came back): cash that was told to be for it goes to it.

    Says whether any cash was held, for this invoice or not.
    """
    payments = _held(ledger)
    for payment in payments:
        if any(part.invoice_id == invoice.invoice_id for part in payment.waiting):
            _as_told(ledger, payment, origin="unapplied", only=invoice)
    return bool(payments)


def resume(ledger: Ledger, payment: Payment) -> None:
    """Cash came back to a payment: what it was told to be for and did not get, it gets now."""
    _as_told(ledger, payment, origin="unapplied")


def sweep(ledger: Ledger) -> None:
    """Put cash to work that nobody said the purpose of, oldest payment first."""
    open_by_currency: dict[str, list[tuple[Invoice, Item]]] = {}
    for payment in _held(ledger):
        if payment.by_rule:
            if payment.currency not in open_by_currency:
                open_by_currency[payment.currency] = open_items(ledger, payment.currency)
            _by_rule(ledger, payment, open_by_currency[payment.currency], origin="unapplied")


def _held(ledger: Ledger) -> list[Payment]:
    account_id = ledger.account.account_id
    return sorted(
        (
            payment
            for payment in ledger.party.all(Payment)
            if payment.unapplied and payment.account_id == account_id
        ),
        key=lambda payment: (payment.received_on, payment.payment_id),
    )


def _by_rule(
    ledger: Ledger,
    payment: Payment,
    items: list[tuple[Invoice, Item]],
    *,
    origin: Literal["received", "unapplied"],
) -> None:
    if ledger.creditor.allocation == "never":
        return
    uses: list[_Use] = []
    left = payment.unapplied
    for invoice, item in items:
        if not left:
            break
        if item.open:
            used = min(left, item.open)
            uses.append(_Use(invoice, item, Share(used, used)))
            left -= used
    _apply(ledger, payment, uses, origin=origin)


def _as_told(
    ledger: Ledger,
    payment: Payment,
    *,
    origin: Literal["received", "unapplied"],
    only: Invoice | None = None,
) -> None:
    """Apply the allocations (those to `only`) whose invoice is here; the others go on waiting."""
    uses: list[_Use] = []
    waiting: list[Told] = []
    planned: dict[tuple[str, str], int] = {}
    left = payment.unapplied
    for part in payment.waiting:
        if only is not None and part.invoice_id != only.invoice_id:
            waiting.append(part)
            continue
        invoice = only or ledger.invoice(part.invoice_id)
        targets = list(_targets(invoice, part)) if invoice is not None else []
        if invoice is None or not targets:
            waiting.append(part)
            continue
        try:
            rest = part.priced(invoice.currency, payment.currency)
        except MoneyError:
            continue  # told before the invoice's currency was known: the cash stays unapplied
        for item in targets:
            name = (invoice.invoice_id, item.item_id)
            open_ = item.open - planned.get(name, 0)
            share = rest.at_most(open_, left)
            if share.amount or share.deducted:
                uses.append(_Use(invoice, item, share))
                planned[name] = planned.get(name, 0) + share.amount + share.deducted
                left -= share.cash
                rest = Share(
                    rest.amount - share.amount,
                    rest.cash - share.cash,
                    rest.deducted - share.deducted,
                )
        if rest.amount and not left:
            waiting.append(part.left(rest, invoice.currency, payment.currency))
    payment.waiting = waiting
    ledger.party.keep(payment)
    _apply(ledger, payment, uses, origin=origin)


def _targets(invoice: Invoice, part: Told) -> Iterator[Item]:
    """The items that an allocation is for; none while the invoice is void or the item unknown."""
    if invoice.void:
        return
    if not part.item_id:
        yield from invoice.oldest_first()
    elif (item := invoice.item(part.item_id)) is not None:
        yield item


def _apply(
    ledger: Ledger,
    payment: Payment,
    uses: list[_Use],
    *,
    origin: Literal["received", "unapplied"],
) -> None:
    """Book the uses, and tell them: one fact for each currency of the items."""
    if not uses:
        return
    told: dict[str, list[tuple[int, facts.Entry]]] = {}
    for use in uses:
        came_on = payment.received_on if origin == "received" else payment.held_on
        on = max(came_on, use.item.free_from(use.share.amount + use.share.deducted))
        done, entries = collect(ledger, use.invoice, use.item, use.share, on)
        payment.applied.append(done)
        payment.unapplied -= done.cash
        told.setdefault(use.invoice.currency, []).extend(entries)
        if origin == "unapplied" and done.cash:
            cash_out = held("unapplied_cash", -done.cash, payment.currency, on)
            told.setdefault(payment.currency, []).append((0, cash_out))
    ledger.party.keep(payment)
    for currency, booked in told.items():
        for amount, portion in in_records(booked):
            fact = facts.PaymentApplied(
                account_id=payment.account_id,
                creditor_id=ledger.account.creditor_id,
                currency=currency,
                entries=portion,
                payment_id=payment.payment_id,
                origin=origin,
                amount=text(amount, currency),
                received_on=payment.received_on,
                method=payment.method,
            )
            ledger.emit(fact, payment.payment_id, currency)


def _hold(ledger: Ledger, payment: Payment, reference: str) -> None:
    if not payment.unapplied:
        return
    fact = facts.PaymentUnapplied(
        account_id=payment.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=payment.currency,
        entries=(held("unapplied_cash", payment.unapplied, payment.currency, payment.received_on),),
        payment_id=payment.payment_id,
        amount=text(payment.unapplied, payment.currency),
        received_on=payment.received_on,
        reference=reference,
    )
    ledger.emit(fact, payment.payment_id)
