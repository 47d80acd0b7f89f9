"""Money in: a payment comes, cash is held, and held cash is put to work."""

from collections.abc import Sequence
from datetime import date

from services.ingest.domain import written
from services.ingest.domain.allocation import Told
from services.ingest.domain.allocation_rule import Found, open_items
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.paying import as_told, by_rule
from services.ingest.domain.payment import NEVER_TOLD, Payment
from shared.core import Refusal
from shared.events import ledger as facts
from shared.events.billing import PaymentReceived
from shared.money import MoneyError, minor


def receive(ledger: Ledger, told: PaymentReceived) -> Refusal | None:
    """Book a payment: as told, else oldest due first; what finds no item is held."""
    name = told.part_of or told.payment_id
    known = ledger.find(Payment, name)
    if known is not None and told.part_of is not None:
        return _receive_more(ledger, known, told)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this payment came before with other content", "payment_id")
    amount = minor(told.amount, told.currency)
    payment = Payment(
        account_id=told.account_id,
        payment_id=name,
        digest=ledger.digest,
        currency=told.currency,
        amount=amount,
        received_on=told.received_on,
        unapplied=amount,
        by_rule=not told.allocations,
        held_on=told.received_on,
        method=told.method or "",
        parts={told.payment_id: ledger.digest} if told.part_of else {},
    )
    parts = _own_parts(told)
    if (refusal := unpriced(ledger, parts, payment.currency)) is not None:
        return refusal
    payment.waiting = parts
    ledger.party.keep(payment)
    if payment.by_rule:
        by_rule(ledger, payment, open_items(ledger, payment.currency), origin="received")
    else:
        as_told(ledger, payment, origin="received")
    if payment.unapplied:
        tell_held(ledger, payment, payment.unapplied, told.received_on, told.reference or "")
    ledger.came.append(("payment", payment.payment_id))
    return None


def _own_parts(told: PaymentReceived) -> list[Told]:
    """What a payment is told to be for on its own account."""
    return [
        Told.of(part)
        for part in told.allocations or ()
        if part.account_id in (None, told.account_id)
    ]


def _receive_more(ledger: Ledger, payment: Payment, told: PaymentReceived) -> Refusal | None:
    """Book one more part of a payment: it is one payment, of which there is more now."""
    before = payment.parts.get(told.payment_id)
    if before is not None or not payment.parts:
        if before == ledger.digest:
            return None
        return Refusal("conflict", "this payment came before with other content", "payment_id")
    if told.currency != payment.currency:
        return Refusal("invalid", f"the payment is in {payment.currency}", "currency")
    parts = _own_parts(told)
    if (refusal := unpriced(ledger, parts, payment.currency)) is not None:
        return refusal
    amount = minor(told.amount, told.currency)
    payment.parts[told.payment_id] = ledger.digest
    payment.amount += amount
    payment.unapplied += amount
    payment.held_on = max(payment.held_on, told.received_on)
    payment.by_rule = payment.by_rule and not told.allocations
    if payment.version == NEVER_TOLD:
        payment.waiting = [*payment.waiting, *parts]
    ledger.party.keep(payment)
    tell_held(ledger, payment, amount, payment.held_on, told.reference or "")
    resume(ledger, payment)
    ledger.sweep = True
    return None


def unpriced(ledger: Ledger, parts: Sequence[Told], currency: str) -> Refusal | None:
    """Why amounts of allocations do not fit the invoices that are here, if they do not."""
    for number, part in enumerate(parts):
        invoice = ledger.invoice(part.invoice_id)
        more = part.deductions or part.payment_amount
        if invoice is not None and (more or invoice.currency != currency):
            try:
                part.priced(invoice.currency, currency)
            except MoneyError as fault:
                same = invoice.currency == currency or part.payment_amount
                name = "amount" if same else "payment_amount"
                return Refusal("invalid", str(fault), f"allocations.{number}.{name}")
    return None


def meet(ledger: Ledger, invoice: Invoice) -> bool:
    """An invoice came (or came back): cash that was told to be for it goes to it.

    Says whether any cash was held, for this invoice or not.
    """
    payments = _held(ledger)
    for payment in payments:
        if any(part.invoice_id == invoice.invoice_id for part in payment.waiting):
            as_told(ledger, payment, origin="unapplied", only=invoice)
    return bool(payments)


def resume(ledger: Ledger, payment: Payment) -> None:
    """Cash came back to a payment: what it was told to be for and did not get, it gets now."""
    as_told(ledger, payment, origin="unapplied")


def sweep(ledger: Ledger) -> None:
    """Put held cash to work, oldest payment first: as told where there is room again, then by rule.

    Only what is open counts here, and that is always at hand.
    """
    payments = _held(ledger)
    for payment in payments:
        if payment.waiting:
            as_told(ledger, payment, origin="unapplied", only_open=True)
    open_by_currency: dict[str, list[Found]] = {}
    again = ledger.creditor.allocation == "largest"  # which changes with each payment
    for payment in payments:
        if payment.by_rule and payment.unapplied:
            if again or payment.currency not in open_by_currency:
                open_by_currency[payment.currency] = open_items(ledger, payment.currency)
            by_rule(ledger, payment, open_by_currency[payment.currency], origin="unapplied")


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


def tell_held(ledger: Ledger, payment: Payment, amount: int, on: date, reference: str = "") -> None:
    """Book and tell that cash came to be held; `payment.unapplied` is the caller's."""
    entry = ledger.hold("unapplied_cash", payment, amount, on)
    tell_unapplied(ledger, payment, entry, reference)


def tell_unapplied(
    ledger: Ledger, payment: Payment, entry: facts.Entry, reference: str = ""
) -> None:
    """Tell of an entry by which cash came to be held."""
    fact = written.PaymentUnapplied(
        account_id=payment.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=payment.currency,
        entries=(entry,),
        payment_id=payment.payment_id,
        amount=entry.amount,
        received_on=payment.received_on,
        reference=reference,
    )
    ledger.emit(fact, payment.payment_id)
