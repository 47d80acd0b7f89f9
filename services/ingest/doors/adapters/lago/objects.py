"""What is read of Lago's objects: amounts are whole minor units by ISO 4217 ("cents")."""

from typing import Annotated

from pydantic import Field

from services.ingest.doors.adapters.telling import Code, Foreign, Minor, Name, SignedMinor
from shared.events.base import Instant
from shared.events.fields import BusinessDate

Text = Annotated[str, Field(max_length=5_000)]


class Envelope(Foreign):
    """A webhook; its object stands under the name that `object_type` gives."""

    webhook_type: Name
    object_type: Name


class Customer(Foreign):
    """Who owes; `external_id` is the creditor's own id of it, and the account's."""

    external_id: Name
    name: Text | None = None
    legal_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    country: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zipcode: Text | None = None
    timezone: Text | None = None
    updated_at: Instant | None = None


class Invoice(Foreign):
    """An invoice. Its total is net of what credits and the wallet paid at once."""

    lago_id: Name
    number: Text | None = None
    issuing_date: BusinessDate
    payment_due_date: BusinessDate | None = None
    status: Text
    payment_status: Text | None = None
    currency: Code
    total_amount_cents: SignedMinor
    file_url: Text | None = None
    updated_at: Instant | None = None
    voided_at: Instant | None = None
    customer: Customer | None = None


class Payment(Foreign):
    """Money for an invoice, or for the invoices of a request."""

    lago_id: Name
    external_customer_id: Name
    invoice_ids: list[Name] = Field(default=[], max_length=1_000)
    amount_cents: Minor
    amount_currency: Code
    payment_status: Text | None = None
    type: Text | None = None
    reference: Text | None = None
    created_at: Instant


class PaymentFailure(Foreign):
    """A payment of one invoice that failed at the payment provider."""

    lago_invoice_id: Name
    external_customer_id: Name


class Named(Foreign):
    """An object of which the id is enough."""

    lago_id: Name


class PaymentRequest(Foreign):
    """That several invoices be paid together."""

    lago_id: Name
    payment_status: Text | None = None
    customer: Customer | None = None
    invoices: list[Named] = Field(default=[], max_length=1_000)


class RequestFailure(Foreign):
    """A payment of a request that failed at the payment provider."""

    lago_payment_request_id: Name
    lago_invoice_ids: list[Name] = Field(default=[], max_length=1_000)
    external_customer_id: Name


class CreditNote(Foreign):
    """A credit note, of which a part may lower its invoice at once (`offset_amount_cents`)."""

    lago_id: Name
    lago_invoice_id: Name
    issuing_date: BusinessDate
    currency: Code
    offset_amount_cents: Minor = 0
    customer: Customer | None = None
