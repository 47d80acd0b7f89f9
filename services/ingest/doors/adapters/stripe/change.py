"""One event of Stripe's while it is retold, and what all its tellings need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.doors.adapters.stripe.objects import amount
from services.ingest.doors.adapters.telling import Teller, Told
from shared.core import Refusal

Retold = Sequence[Told] | Refusal
NOBODYS: Final = Refusal(
    "invalid", "an invoice without a customer is nobody's", "data.object.customer"
)
NO_PAYMENT: Final = Refusal("invalid", "it names no payment", "data.object.payment_intent")


@dataclass(frozen=True, slots=True)
class Change:
    """One event of Stripe's, while it is retold."""

    id: str
    teller: Teller
    created: int
    before: dict[str, Any]
    """What attributes were before, where that is told."""


def money(minor: int, currency: str) -> dict[str, str]:
    """Amount and currency of an event, from Stripe's own."""
    code = currency.upper()
    return {"amount": amount(minor, code), "currency": code}
