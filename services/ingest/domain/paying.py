"""Putting cash to items: as told, or by the creditor's rule."""

from msgspec import Struct

from services.ingest.domain import written
from services.ingest.domain.allocation import Share, Told, collect
from services.ingest.domain.allocation_rule import Found, spread
from services.ingest.domain.invoice import Invoice, Item, key_of
from services.ingest.domain.ledger import Ledger, in_records
from services.ingest.domain.payment import Origin, Payment
from shared.events import ledger as facts
from shared.money import MoneyError, text


class _Use(Struct):
    """A piece of a payment for an item."""

    invoice: Invoice
    item: Item
    share: Share


def by_rule(
    ledger: Ledger,
    payment: Payment,
    items: list[Found],
    *,
    origin: Origin,
) -> None:
    """Apply what is unapplied to ordered items, by the creditor's rule."""
    uses = [
        _Use(invoice, item, Share(amount, amount))
        for invoice, item, amount in spread(ledger, payment.unapplied, items)
    ]
    _apply(ledger, payment, uses, origin=origin)


def as_told(
    ledger: Ledger,
    payment: Payment,
    *,
    origin: Origin,
    only: Invoice | None = None,
    only_open: bool = False,
) -> None:
    """Apply the allocations (those to `only`) whose invoice is here; the others go on waiting.

    So does what of one found no room on its item: it has the next claim if the item opens again.
    """
    uses: list[_Use] = []
    waiting: list[Told] = []
    planned: dict[tuple[str, str], int] = {}
    left = payment.unapplied
    for part in payment.waiting:
        if only is not None and part.invoice_id != only.invoice_id:
            waiting.append(part)
            continue
        invoice = only or _invoice(ledger, part.invoice_id, at_hand=only_open)
        targets = list(_targets(invoice, part)) if invoice is not None else []
        if invoice is None or not targets:
            waiting.append(part)
            continue
        try:
            rest = part.priced(invoice.currency, payment.currency)
        except MoneyError:
            continue  # told before the invoice's currency was known: the cash stays unapplied
        for item, extra in targets:
            name = (invoice.invoice_id, item.item_id)
            open_ = max(0, item.open + extra - planned.get(name, 0))
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
        if rest.amount:
            waiting.append(part.left(rest, invoice.currency, payment.currency))
    if not uses and waiting == payment.waiting:
        return
    payment.waiting = waiting
    ledger.party.keep(payment)
    _apply(ledger, payment, uses, origin=origin)


def _invoice(ledger: Ledger, invoice_id: str, *, at_hand: bool) -> Invoice | None:
    """An invoice; with `at_hand` only if that needs no look into the store."""
    if at_hand:
        return ledger.party.find(Invoice, key_of(ledger.account.account_id, invoice_id))
    return ledger.invoice(invoice_id)


def _targets(invoice: Invoice, part: Told) -> list[tuple[Item, int]]:
    """The items that an allocation is for, and what beyond the open may be put on each.

    None while the invoice is void or the item unknown. What is open comes first; then money for
    what had been written off takes the write-off back.
    """
    if invoice.void:
        return []
    items = invoice.oldest_first()
    if part.item_id:
        item = invoice.item(part.item_id)
        items = [] if item is None else [item]
    # Most items have a single entry: then nothing of them was written off.
    entered = [item for item in items if len(item.postings) > 1]
    given_up = [(item, amount) for item in entered if (amount := item.given_up) > 0]
    return [*((item, 0) for item in items), *given_up]


def _apply(
    ledger: Ledger,
    payment: Payment,
    uses: list[_Use],
    *,
    origin: Origin,
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
            cash_out = ledger.hold("unapplied_cash", payment, -done.cash, on)
            told.setdefault(payment.currency, []).append((0, cash_out))
    ledger.party.keep(payment)
    for currency, booked in told.items():
        for amount, portion in in_records(booked):
            fact = written.PaymentApplied(
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
