"""What a feature is: one number about an account as of a moment, with its meaning and its words."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.owed import Owed
from shared.money import EXPONENTS

Value = tuple[int, int]
"""An exact fraction: numerator, and a denominator above zero."""
Snapshot = dict[str, float]
"""The number of each feature by name; one that is missing is 0."""
BUCKET_ENDS: Final = (30, 60, 90, 120)
"""The last day past due of each aging bucket but the last."""
NOTHING_OWED: Final = Owed()
_UNITS: Final = {currency: 10**digits for currency, digits in EXPONENTS.items()}


@dataclass(frozen=True, slots=True)
class Prior:
    """As if `known` outcomes were known before the first, ``late / parts`` of them late."""

    late: int
    parts: int
    known: int


PRIOR: Final = Prior(late=6, parts=5, known=4)
"""30 percent of four: what snapshots are drawn towards, whatever the model in force."""


class AsOf:
    """One account at a moment: its behaviour, the business day, and the prior to shrink by."""

    __slots__ = (
        "age", "behaviour", "buckets", "currency", "day", "open", "overdue", "owed", "prior",
        "snapshot", "today", "unit",
    )  # fmt: skip

    def __init__(self, behaviour: Behaviour, today: date, prior: Prior = PRIOR) -> None:
        self.behaviour = behaviour
        self.today = today
        self.day = today.toordinal()
        self.prior = prior
        self.currency = currency = behaviour.currency()
        self.owed = owed = behaviour.owed[currency] if currency else NOTHING_OWED
        overdue, coming = owed.overdue.amount, owed.coming.amount
        self.overdue = max(0, overdue)
        """Minor units overdue, never below zero."""
        self.open = max(0, overdue + coming)
        """Minor units open, never below zero."""
        oldest = owed.overdue.oldest
        self.age = 0 if oldest is None or overdue <= 0 else max(1, self.day - oldest.toordinal())
        """Days that the oldest item is past due, at least 1; 0 where nothing is overdue."""
        self.snapshot: Snapshot | None = None
        """All features' numbers, once they were taken (`features.taken`)."""
        self.unit = _UNITS.get(currency, 1)
        """Minor units in one unit of the currency."""
        self.buckets: list[int] = []
        """Minor units overdue in each bucket, once they were asked for (`aged`)."""

    def aged(self) -> list[int]:
        """Minor units overdue in each bucket, the youngest first; never below zero."""
        sums = [0] * (len(BUCKET_ENDS) + 1)
        day = self.day
        for due_on, due in self.owed.overdue.days.items():
            sums[bisect_left(BUCKET_ENDS, day - due_on.toordinal())] += due.amount
        self.buckets = sums if min(sums) >= 0 else [max(0, amount) for amount in sums]
        return self.buckets


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to know of an account. `low` and `high` bound its number in a snapshot."""

    name: str
    unit: str
    low: int
    high: int
    meaning: str
    value: Callable[[AsOf], Value]
    words: Callable[[AsOf], str]


def one_digit(numerator: int, denominator: int) -> str:
    """A quotient with one decimal place, rounded half up."""
    tenths = (20 * abs(numerator) + denominator) // (2 * denominator)
    return f"{'-' if numerator < 0 < tenths else ''}{tenths // 10}.{tenths % 10}"
