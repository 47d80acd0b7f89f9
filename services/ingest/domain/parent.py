"""A payment for several accounts: a parent pays for its children, told which invoice is whose."""

from services.ingest.domain.allocation import Told
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.reallocation import allocate
from services.ingest.domain.receipt import receive
from services.ingest.domain.sharing import cash_of, give, split, tell_others
from services.ingest.domain.transfer import Route, send_cash
from services.ingest.domain.transit import printable
from shared.core import Refusal
from shared.events.billing import PaymentAllocated, PaymentReceived
from shared.money import MoneyError, minor


def receive_for_all(ledger: Ledger, told: PaymentReceived) -> Refusal | None:
    """Book a payment; what of it is for invoices of other accounts is sent there as their cash.

    It stays one payment: when it turns out that the money never came, it is taken back there too.
    """
    if not told.allocations:
        return receive(ledger, told)
    others = [
        part
        for part in told.allocations
        if part.account_id is not None and part.account_id != told.account_id
    ]
    if not others:
        return receive(ledger, told)
    name = told.part_of or told.payment_id
    before = ledger.find(Payment, name)
    had = before.amount if before is not None else 0
    refusal = receive(ledger, told)
    payment = ledger.find(Payment, name)
    if refusal is not None or payment is None or payment.amount == had:
        return refusal
    for number, part in enumerate(others):
        cash = minor(part.payment_amount or part.amount, told.currency)
        account_id = part.account_id or told.account_id
        for sums in (payment.meant, payment.given):
            sums[account_id] = sums.get(account_id, 0) + cash
        route = Route(
            to_account=account_id,
            transfer_id=printable(f"paid:{told.payment_id}:{number}"),
            on=told.received_on,
        )
        send_cash(ledger, route, payment, cash, told=[Told.of(part)])
    return None


def allocate_for_all(ledger: Ledger, told: PaymentAllocated) -> Refusal | None:
    """Replace what a payment is for, invoices of other accounts included: each gets its part."""
    own, others = split(told)
    payment = ledger.find(Payment, told.payment_id) if told.payment_id is not None else None
    if not others and (payment is None or not payment.meant):
        return allocate(ledger, told)
    if told.payment_id is None:
        why = "a credit note is for invoices of its own account"
        return Refusal("invalid", why, "allocations")
    if payment is None:
        return allocate(ledger, told)  # it waits
    try:
        cash = sum(cash_of(parts, payment.currency) for parts in (own, *others.values()))
    except MoneyError as fault:
        return Refusal("invalid", str(fault), "allocations")
    if cash > payment.amount and told.version > payment.version:
        return Refusal("invalid", "more than there is of it", "allocations")
    before = payment.version
    refusal = allocate(ledger, told.model_copy(update={"allocations": tuple(own)}))
    if refusal is None and payment.version != before:
        tell_others(ledger, payment, told, others)
        give(ledger, payment, told.allocated_on)
    return refusal
