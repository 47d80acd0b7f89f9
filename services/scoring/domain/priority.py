"""Which account is worked first: two rules of the trade, and the weights that a policy gives them.

Quick recovery: the highest expected value first (it recovers most money per contact). Protect
value: the oldest first, then the largest, before they are lost. An account stands in the lane
that gives it the higher weighted rank; its priority is that rank, so that within a lane each rule
orders strictly by itself. It depends on the account alone: the same account has the same priority
whoever else is in the list. A list of both lanes is made of the two by turns (`mix`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from services.scoring.domain.mix import Lane, Mix, read_mix
from services.scoring.domain.reading import Reading
from shared.money import EXPONENTS

RANK_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Priorities:
    """The weights of the lanes and their mix on one list, and the scales of age and amount."""

    quick_weight: int
    protect_weight: int
    mix: Mix
    age_bands: tuple[int, ...]
    worths: tuple[int, ...]
    """The scale's points from 0 up, in units of worth; `ranks` has the rank of each."""
    ranks: tuple[int, ...]
    worth: Mapping[str, tuple[int, int]]
    """Worth of one minor unit, per currency: numerator and denominator."""

    def age_band(self, past_due_days: int) -> int:
        """0 for the youngest band of overdue ages, rising by one with each."""
        return bisect_left(self.age_bands, past_due_days)

    def rank(self, amount_minor: int, currency: str) -> int:
        """An amount's place from 0 to 1,000 on the scale of worth, rounded down."""
        numerator, denominator = self.worth[currency]
        worth = amount_minor * numerator
        worths, ranks = self.worths, self.ranks
        place = bisect_right(worths, worth // denominator)
        low_rank = ranks[place - 1]
        if place == len(ranks):
            return low_rank
        low = worths[place - 1]
        above = worth - low * denominator
        return low_rank + above * (ranks[place] - low_rank) // ((worths[place] - low) * denominator)

    def place(
        self, *, overdue_minor: int, expected_minor: int, currency: str, past_due_days: int
    ) -> tuple[Lane, int]:
        """The lane and the priority (0 to 1,000; 0 where nothing is overdue) of an account.

        Never lower for a larger overdue amount, a higher expected value or a greater age.
        """
        if overdue_minor <= 0:
            return "quick_recovery", 0
        quick = self.rank(expected_minor, currency) * self.quick_weight
        within = min(self.rank(overdue_minor, currency), RANK_MAX - 1)
        band = self.age_band(past_due_days)
        bands = len(self.age_bands) + 1
        protect = (band * RANK_MAX + within) * self.protect_weight // bands
        heavier = max(self.quick_weight, self.protect_weight)
        if quick >= protect:
            return "quick_recovery", quick // heavier
        return "protect_value", protect // heavier


def read_priorities(reading: Reading) -> Priorities:
    """Read lanes, mix, age bands, scale and worth; raises `ModelError`."""
    fields = reading.fields(("lanes", "mix", "age_bands", "scale", "worth"))
    lanes = fields["lanes"].fields(("quick_recovery", "protect_value"))
    quick = lanes["quick_recovery"].whole(0, RANK_MAX)
    protect = lanes["protect_value"].whole(0, RANK_MAX)
    if not quick and not protect:
        fields["lanes"].fail("one of the lanes must weigh something")
    ages = fields["age_bands"].items()
    age_bands = [age.whole(1, 100_000) for age in ages]
    for place, (before, after) in enumerate(pairwise(age_bands), start=1):
        if after <= before:
            ages[place].fail("must be above the one before it")
    scale = _read_scale(fields["scale"])
    return Priorities(
        quick_weight=quick,
        protect_weight=protect,
        mix=read_mix(fields["mix"]),
        age_bands=tuple(age_bands),
        worths=tuple([worth for worth, _ in scale]),
        ranks=tuple([rank for _, rank in scale]),
        worth=_read_worth(fields["worth"]),
    )


def _read_scale(reading: Reading) -> tuple[tuple[int, int], ...]:
    points: list[tuple[int, int]] = []
    for row in reading.items():
        pair = row.items()
        if len(pair) != len(("worth", "rank")):
            row.fail("a pair of worth and rank is expected")
        worth, rank = pair[0].whole(0, 10**18), pair[1].whole(0, RANK_MAX)
        if points and (worth <= points[-1][0] or rank <= points[-1][1]):
            row.fail("both must be above those of the point before it")
        points.append((worth, rank))
    if points[0] != (0, 0) or points[-1][1] != RANK_MAX:
        reading.fail(f"it begins at [0, 0] and ends at rank {RANK_MAX}")
    return tuple(points)


def _read_worth(reading: Reading) -> dict[str, tuple[int, int]]:
    listed = reading.mapping()
    for currency, unit in listed.items():
        if currency not in EXPONENTS:
            unit.fail("an ISO 4217 code in capitals is expected")
    worth: dict[str, tuple[int, int]] = {}
    for currency, digits in EXPONENTS.items():
        whole = listed[currency].above_zero() if currency in listed else Fraction(1)
        minor = whole / 10**digits
        worth[currency] = (minor.numerator, minor.denominator)
    return worth
