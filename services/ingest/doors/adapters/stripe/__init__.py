"""Stripe's webhooks as events of the contract. One table says what becomes of each of its types.

Payments are told by `invoice_payment.paid` (API versions since 2025-03-31) or, by older ones, with
`invoice.paid`; both name the payment alike, so that telling it twice books it once. Overdue is
not taken over from Stripe: the due date decides. What is not in the table is no news here.
"""

from datetime import datetime
from typing import Final

from services.ingest.doors.adapters import signature
from services.ingest.doors.adapters.stripe import invoices, objects, payments
from services.ingest.doors.adapters.stripe.change import Change, Retold
from services.ingest.doors.adapters.telling import (
    Headers,
    Rules,
    Teller,
    instant,
    read,
    retold,
)
from services.ingest.doors.sources import Source
from shared.core import Refusal

__all__ = ["RULES", "adapt"]


def adapt(headers: Headers, body: bytes, now: datetime, source: Source) -> Retold:
    """What a webhook of Stripe's tells; `unauthorized` where its signature does not prove it."""
    refusal = signature.stripe(
        headers, body, secrets=source.revealed, now=now, tolerance_s=source.tolerance_s
    )
    if refusal is not None:
        return refusal
    told = read(objects.Envelope, body)
    if isinstance(told, Refusal):
        return told
    teller = Teller(source, instant(told.created))
    change = Change(told.id, teller, told.created, told.data.previous_attributes or {})
    return retold(RULES, told.type, told.data.object, "data", "object", by=lambda _: change)


RULES: Final[Rules] = {
    "customer.created": (objects.Customer, invoices.customer),
    "customer.updated": (objects.Customer, invoices.customer),
    "invoice.finalized": (objects.Invoice, invoices.finalized),
    "invoice.updated": (objects.Invoice, invoices.updated),
    "invoice.paid": (objects.Invoice, payments.paid),
    "invoice.payment_failed": (objects.Invoice, payments.payment_failed),
    "invoice.voided": (objects.Invoice, invoices.voided),
    "invoice.marked_uncollectible": (objects.Invoice, invoices.uncollectible),
    "invoice_payment.paid": (objects.InvoicePayment, payments.invoice_paid),
    "credit_note.created": (objects.CreditNote, invoices.credited),
    "credit_note.voided": (objects.CreditNote, invoices.credit_voided),
    "refund.created": (objects.Refund, payments.refunded),
    "refund.updated": (objects.Refund, payments.refunded),
    "refund.failed": (objects.Refund, payments.refund_failed),
    "charge.dispute.funds_withdrawn": (objects.Dispute, payments.withdrawn),
    "charge.dispute.funds_reinstated": (objects.Dispute, payments.reinstated),
}
"""Stripe's type → the object that it carries, and what becomes of it.

Not here, on purpose: `invoice.overdue` (a hint: the due date decides), `charge.dispute.created`
and `.closed` (no money moves: the two above tell when it does), `charge.refunded` (the refund tells
it), `credit_note.updated` (its amounts never change), drafts and deletions (nothing was owed).
"""
