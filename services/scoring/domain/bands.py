"""Bands: half-open intervals that cover every number once, and what each stands for."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Generic, TypeVar

from services.scoring.domain.reading import Reading

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bands(Generic[T]):
    """What each number stands for, from the lowest band to the highest."""

    ends: tuple[int, ...]
    """Where each band but the last ends (exclusive), in `parts` of one."""
    parts: int
    meanings: tuple[T, ...]

    def of(self, numerator: int, denominator: int = 1) -> T:
        """What `numerator / denominator` stands for; the denominator is above zero.

        Exact: a number lies below a whole one if its whole part does.
        """
        return self.meanings[bisect_right(self.ends, numerator * self.parts // denominator)]


def read_bands(reading: Reading, name: str, meaning: Callable[[Reading], T]) -> Bands[T]:
    """Bands from a list of ``{from, below, <name>}``; the first has no `from`, the last no `below`.

    Raises `ModelError` where two overlap, where they leave a gap, and where one is empty.
    """
    ends: list[Fraction] = []
    meanings: list[T] = []
    rows = reading.items()
    end: Fraction | None = None
    for place, row in enumerate(rows):
        needed = [name, *(["from"] if place else []), *(["below"] if row is not rows[-1] else [])]
        fields = row.fields(needed)
        if end is not None:
            _continue(fields["from"], end)
        meanings.append(meaning(fields[name]))
        if "below" in fields:
            below = fields["below"].number()
            if end is not None and below <= end:
                fields["below"].fail("the band is empty")
            ends.append(below)
            end = below
    parts = lcm(*[end.denominator for end in ends])
    return Bands(tuple([int(end * parts) for end in ends]), parts, tuple(meanings))


def _continue(start: Reading, end: Fraction) -> None:
    begin = start.number()
    if begin < end:
        start.fail("the band overlaps the one before it")
    if begin > end:
        start.fail("there is a gap to the band before it")
