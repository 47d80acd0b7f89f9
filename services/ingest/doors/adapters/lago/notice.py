"""One webhook of Lago's while it is retold, and what all its tellings need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.ingest.doors.adapters.lago.objects import Customer
from services.ingest.doors.adapters.telling import Teller, Told, decimal
from shared.core import Refusal
from shared.money import EXPONENTS

Retold = Sequence[Told] | Refusal
NOBODYS: Final = Refusal("invalid", "it does not say whose it is", "customer")
_UNKNOWN_PLACES: Final = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """One webhook while it is retold; `id` follows from all that was signed."""

    id: str
    teller: Teller

    def about(
        self, named: str, customer: Customer | None, kind: str, name: str, /, **data: object
    ) -> Told:
        """An event about the account of an invoice `named` so; where that is not told, by it."""
        if customer is None:
            return self.teller.referred(named, kind, name, (), **data)
        return self.teller.event(kind, name, customer.external_id, **data)


def money(cents: int, currency: str) -> dict[str, str]:
    """Amount and currency of an event. An unknown currency the contract refuses by its name."""
    code = currency.upper()
    return {"amount": decimal(cents, EXPONENTS.get(code, _UNKNOWN_PLACES)), "currency": code}
