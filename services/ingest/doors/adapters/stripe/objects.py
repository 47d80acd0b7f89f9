"""What is read of Stripe's objects (API versions of 2022 to 2026), and Stripe's own amounts."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from services.ingest.doors.adapters.telling import (
    Code,
    Epoch,
    Expandable,
    Foreign,
    Minor,
    Name,
    SignedMinor,
    decimal,
)

_ZERO: Final = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - a table
)
_THREE: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_PLACES: Final = 2

Text = Annotated[str, Field(max_length=5_000)]


def amount(minor: int, currency: str) -> str:
    """A decimal string of Stripe's smallest unit, which is not ISO's for some currencies.

    ISK and UGX, without decimals by ISO 4217, have two on Stripe's wire; MGA, with two, has none.
    What does not fit ISO's places then (half a króna) the contract refuses.
    """
    places = 0 if currency in _ZERO else 3 if currency in _THREE else _PLACES
    return decimal(minor, places)


class Content(Foreign):
    """The part of an event that says what changed."""

    object: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None


class Envelope(Foreign):
    """An event of Stripe's, with a snapshot of its object."""

    id: Name
    object: Literal["event"]
    type: Name
    created: Epoch
    data: Content


class Address(Foreign):
    """A postal address."""

    country: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None


class Customer(Foreign):
    """Who owes."""

    id: Name
    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    address: Address | None = None
    preferred_locales: list[Text] | None = None


class Transitions(Foreign):
    """When an object came to a status."""

    finalized_at: Epoch | None = None
    paid_at: Epoch | None = None
    voided_at: Epoch | None = None
    marked_uncollectible_at: Epoch | None = None


class Paying(Foreign):
    """What names a payment: by the intent, or where there is none by the charge."""

    payment_intent: Expandable | None = None
    charge: Expandable | None = None

    @property
    def payment_id(self) -> str | None:
        """What the payment is called here."""
        return self.payment_intent or self.charge


class Invoice(Paying):
    """An invoice. `payment_intent`, `charge`, `paid_out_of_band`: until 2025-03-31 only."""

    id: Name
    customer: Expandable | None = None
    customer_name: Text | None = None
    customer_email: Text | None = None
    customer_phone: Text | None = None
    customer_address: Address | None = None
    number: Text | None = None
    currency: Code
    status: Text | None = None
    collection_method: Text | None = None
    total: SignedMinor
    amount_due: Minor
    amount_paid: Minor = 0
    created: Epoch
    due_date: Epoch | None = None
    effective_at: Epoch | None = None
    next_payment_attempt: Epoch | None = None
    hosted_invoice_url: Text | None = None
    invoice_pdf: Text | None = None
    status_transitions: Transitions = Transitions()
    paid_out_of_band: bool = False


class Means(Paying):
    """What an invoice was paid with."""

    payment_record: Expandable | None = None


class InvoicePayment(Foreign):
    """Money for an invoice, which alone tells whose it is."""

    id: Name
    invoice: Expandable
    amount_paid: Minor | None = None
    currency: Code
    created: Epoch
    status_transitions: Transitions = Transitions()
    payment: Means


class CreditNote(Foreign):
    """A credit note; before 2024 the parts paid and unpaid are told by `type` alone."""

    id: Name
    customer: Expandable
    invoice: Expandable
    currency: Code
    amount: Minor
    pre_payment_amount: Minor | None = None
    type: Text | None = None
    created: Epoch
    effective_at: Epoch | None = None
    voided_at: Epoch | None = None


class Refund(Paying):
    """Money on its way back."""

    id: Name
    amount: Minor
    currency: Code
    created: Epoch
    status: Text | None = None


class Dispute(Paying):
    """A bank that takes a payment back for its customer: a chargeback."""

    id: Name
    amount: Minor
    currency: Code
