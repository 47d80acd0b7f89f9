"""Accounts: how big they are, where, and how they pay."""

from dataclasses import dataclass
from random import Random
from typing import Final

from shared.cli.history.draw import chance
from shared.cli.history.habit import Habit, draw_habit
from shared.cli.history.place import PLACES, Place

_COMPANIES: Final = 0.6
_TERMS: Final = (14, 30, 30, 30, 45, 60)
_TWO_ACCOUNTS: Final = 20
"""Every so many, an account is of the same party as the one before it."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account, with all that does not change."""

    number: int
    account_id: str
    party_id: str
    place: Place
    company: bool
    habit: Habit
    terms_days: int
    typical: float
    """The median of its invoices, in euros."""
    weight: float
    """Its part in the number of all invoices."""


def draw_account(seed: int, number: int) -> Account:
    """An account with a place, a size and a habit."""
    rng = Random(f"{seed}/account/{number}")  # noqa: S311 - a history is drawn, no secret
    first = number - 1 if number % _TWO_ACCOUNTS == 0 else number
    shared_by_two = number % _TWO_ACCOUNTS in (0, _TWO_ACCOUNTS - 1)
    place_rng = Random(f"{seed}/place/{first}")  # noqa: S311 - as above
    company = chance(rng, _COMPANIES)
    return Account(
        number=number,
        account_id=f"account-{number:04}",
        party_id=f"party-{first:04}" if shared_by_two else f"account-{number:04}",
        place=place_rng.choices(PLACES, [place.share for place in PLACES])[0],
        company=company,
        habit=draw_habit(rng),
        terms_days=rng.choice(_TERMS) if company else 14,
        typical=rng.lognormvariate(6.6, 0.9) if company else rng.lognormvariate(4.1, 0.5),
        weight=rng.lognormvariate(0.3, 0.9) if company else rng.lognormvariate(-0.9, 0.4),
    )
