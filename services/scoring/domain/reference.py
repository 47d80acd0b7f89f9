"""The portfolio that a model was made for: how its chances lay at training."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from services.scoring.domain.reading import Reading

GROUPS_MAX: Final = 50
"""Each is a number of its own in the store, for each week."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the groups of a model's chance begin, after the first, and which share was in each."""

    cuts: tuple[float, ...]
    shares: tuple[float, ...]


def read_reference(reading: Reading) -> Reference:
    """Read rising cuts from 0 to 1 and a share for each group; raises `ModelError`."""
    fields = reading.fields(("cuts", "shares"))
    # A portfolio in which all chances were alike has no cut, and one group.
    rows = fields["cuts"].items() if fields["cuts"].value else []
    cuts = [_share(row) for row in rows]
    for place, (before, after) in enumerate(pairwise(cuts), start=1):
        if after <= before:
            rows[place].fail("must be above the one before it")
    shares = [_share(row) for row in fields["shares"].items()]
    if len(shares) != len(cuts) + 1 or len(shares) > GROUPS_MAX:
        fields["shares"].fail(f"one more than there are cuts, at most {GROUPS_MAX}, are expected")
    return Reference(tuple(map(float, cuts)), tuple(map(float, shares)))


def _share(reading: Reading) -> Fraction:
    number = reading.number()
    if not 0 <= number <= 1:
        reading.fail("a number from 0 to 1 is expected")
    return number
