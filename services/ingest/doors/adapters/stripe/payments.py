"""Stripe's payments, refunds and chargebacks: money that came, went back or was taken back."""

from services.ingest.doors.adapters.stripe import objects
from services.ingest.doors.adapters.stripe.change import (
    NO_PAYMENT,
    NOBODYS,
    Change,
    Retold,
    money,
)


def paid(invoice: objects.Invoice, change: Change) -> Retold:
    """Told by older API versions alone; since then `invoice_payment.paid` tells each payment."""
    payment_id = invoice.payment_id
    if invoice.paid_out_of_band:
        payment_id = f"{invoice.id}:out_of_band"
    if payment_id is None or not invoice.amount_paid:
        return ()
    if invoice.customer is None:
        return NOBODYS
    teller = change.teller
    on = teller.day(invoice.status_transitions.paid_at) or teller.today
    content = _payment(invoice.id, payment_id, invoice.amount_paid, invoice.currency, on)
    name = f"{content['payment_id']}:received"
    return (
        teller.event("payment.received", name, invoice.customer, **content),
        teller.bound(payment_id, invoice.customer),
    )


def invoice_paid(payment: objects.InvoicePayment, change: Change) -> Retold:
    """Money for an invoice; whose it is follows from the invoice."""
    means = payment.payment
    payment_id = means.payment_id or means.payment_record
    if payment_id is None:
        return NO_PAYMENT
    if not payment.amount_paid:
        return ()
    teller = change.teller
    on = teller.day(payment.status_transitions.paid_at) or teller.today
    content = _payment(payment.invoice, payment_id, payment.amount_paid, payment.currency, on)
    return (
        teller.referred(
            payment.invoice,
            "payment.received",
            f"{content['payment_id']}:told",
            [payment_id],
            **content,
        ),
    )


def _payment(
    invoice_id: str, payment_id: str, paid: int, currency: str, on: str
) -> dict[str, object]:
    """One payment may pay several invoices, and is told for each of them: a part of it."""
    told = money(paid, currency)
    return {
        "payment_id": f"{payment_id}:{invoice_id}",
        "part_of": payment_id,
        **told,
        "received_on": on,
        "allocations": [{"invoice_id": invoice_id, "amount": told["amount"]}],
    }


def payment_failed(invoice: objects.Invoice, change: Change) -> Retold:
    """A payment was tried and did not come; perhaps it is tried again."""
    if invoice.customer is None:
        return NOBODYS
    return (
        change.teller.event(
            "payment.failed",
            f"{change.id}:failed",
            invoice.customer,
            invoice_ids=[invoice.id],
            code="payment_failed",
            next_attempt_on=change.teller.day(invoice.next_payment_attempt),
        ),
    )


def refunded(refund: objects.Refund, change: Change) -> Retold:
    """Money that went back; one that is still pending is told again when it succeeds."""
    if refund.status != "succeeded":
        return ()
    return _of_payment(
        refund,
        change,
        "payment.refunded",
        f"{refund.id}:refunded",
        refund_id=refund.id,
        payment_id=refund.payment_id,
        **money(refund.amount, refund.currency),
        refunded_on=change.teller.day(refund.created),
    )


def withdrawn(dispute: objects.Dispute, change: Change) -> Retold:
    """The bank took the money back: what it had paid is open again."""
    return _of_payment(
        dispute,
        change,
        "payment.reversed",
        f"{dispute.id}:withdrawn",
        reversal_id=dispute.id,
        payment_id=dispute.payment_id,
        **money(dispute.amount, dispute.currency),
        reversed_on=change.teller.today,
        reason="chargeback",
    )


def reinstated(dispute: objects.Dispute, change: Change) -> Retold:
    """The chargeback was won."""
    return _of_payment(
        dispute,
        change,
        "payment.reinstated",
        f"{dispute.id}:reinstated",
        reversal_id=dispute.id,
        reinstated_on=change.teller.today,
    )


def refund_failed(refund: objects.Refund, change: Change) -> Retold:
    """The money of a refund came back to the creditor; one that was never told waits for it."""
    return _of_payment(
        refund,
        change,
        "refund.reversed",
        f"{refund.id}:failed",
        refund_id=refund.id,
        reversed_on=change.teller.today,
    )


def _of_payment(
    named: objects.Paying, change: Change, kind: str, name: str, /, **data: object
) -> Retold:
    """What is told of a payment, whose account follows from it."""
    if named.payment_id is None:
        return NO_PAYMENT
    return (change.teller.referred(named.payment_id, kind, name, (), **data),)
