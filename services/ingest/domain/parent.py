"""A payment for several accounts: a parent pays for its children, told which invoice is whose."""

from services.ingest.domain.allocation import Told
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.receipt import receive
from services.ingest.domain.transfer import Route, send_cash
from services.ingest.domain.transit import printable
from shared.core import Refusal
from shared.events.billing import PaymentReceived
from shared.money import minor


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
    is_new = ledger.find(Payment, told.payment_id) is None
    refusal = receive(ledger, told)
    payment = ledger.find(Payment, told.payment_id)
    if refusal is not None or not is_new or payment is None:
        return refusal
    for number, part in enumerate(others):
        cash = minor(part.payment_amount or part.amount, told.currency)
        route = Route(
            to_account=part.account_id or told.account_id,
            transfer_id=printable(f"paid:{told.payment_id}:{number}"),
            on=told.received_on,
        )
        send_cash(ledger, route, payment, cash, told=[Told.of(part)])
    return None
