"""Lago's payments: money that came, or was tried for and did not."""

from collections.abc import Sequence

from services.ingest.doors.adapters.lago import objects
from services.ingest.doors.adapters.lago.notice import NOBODYS, Notice, Retold, money
from services.ingest.doors.adapters.telling import label

_CODE = "payment_failed"


def paid(payment: objects.Payment, notice: Notice) -> Retold:
    """Money that came. For several invoices the parts are not told: the creditor's rule holds."""
    if payment.payment_status not in {None, "succeeded"} or not payment.amount_cents:
        return ()
    told = money(payment.amount_cents, payment.amount_currency)
    parts = [{"invoice_id": one, "amount": told["amount"]} for one in payment.invoice_ids]
    return (
        notice.teller.event(
            "payment.received",
            f"{payment.lago_id}:received",
            payment.external_customer_id,
            payment_id=payment.lago_id,
            **told,
            received_on=notice.teller.day(payment.created_at),
            method=label(payment.type),
            reference=label(payment.reference),
            allocations=parts if len(parts) == 1 else None,
        ),
    )


def status(invoice: objects.Invoice, notice: Notice) -> Retold:
    """Only a failure is news: what was paid, `payment.succeeded` tells with its amount."""
    if invoice.payment_status != "failed":
        return ()
    told = notice.about(
        invoice.lago_id,
        invoice.customer,
        "payment.failed",
        f"{notice.id}:failed",
        invoice_ids=[invoice.lago_id],
        code=_CODE,
    )
    return (told,)


def failed(failure: objects.PaymentFailure, notice: Notice) -> Retold:
    """A payment of one invoice was refused."""
    return _failed(failure.external_customer_id, [failure.lago_invoice_id], notice)


def request_failed(failure: objects.RequestFailure, notice: Notice) -> Retold:
    """A payment of several invoices was refused."""
    return _failed(failure.external_customer_id, failure.lago_invoice_ids, notice)


def request_status(request: objects.PaymentRequest, notice: Notice) -> Retold:
    """As `status`, for several invoices."""
    if request.payment_status != "failed":
        return ()
    if request.customer is None:
        return NOBODYS
    return _failed(request.customer.external_id, [one.lago_id for one in request.invoices], notice)


def _failed(account_id: str, invoice_ids: Sequence[str], notice: Notice) -> Retold:
    return (
        notice.teller.event(
            "payment.failed",
            f"{notice.id}:failed",
            account_id,
            invoice_ids=list(invoice_ids),
            code=_CODE,
        ),
    )
