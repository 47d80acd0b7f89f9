"""What a work list brings: of each week's list, how much of the money stands in its top part.

A list holds one currency: amounts of two are never added. The shares of the currencies are averaged
by how many rows each has.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from services.scoring.learning.sample import Sample

TOPS: Final = (10, 20)
"""Percent of a list."""
Order = Callable[[Sample], float]
"""Higher is worked first."""


class Top(NamedTuple):
    """Of all that came in, the share that stood in the top; and how many there were right."""

    dollars: float | None
    precision: float | None


class Row(NamedTuple):
    """One row of a list, in its place: in the top or not, what came of it."""

    place: int
    """In the whole sequence of samples."""
    currency: str
    listed_top: bool
    collected: int
    happened: bool


def lists(samples: Sequence[Sample]) -> list[list[int]]:
    """The places of the samples by week and currency: what a team has before it on a Monday."""
    found: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for place, sample in enumerate(samples):
        year, week, _ = sample.at.isocalendar()
        found[year, week, sample.currency].append(place)
    return [found[key] for key in sorted(found)]


def rows(
    samples: Sequence[Sample], target: str, values: Sequence[float], percent: int
) -> list[Row]:
    """Each list in the order of `values`, cut at `percent` of its length (at least one row).

    Of equal values the older comes first, then the larger, then by account: so that runs agree.
    """
    found: list[Row] = []
    for places in lists(samples):
        ordered = sorted(places, key=lambda place: _rank(samples[place], values[place]))
        cut = max(1, round(len(ordered) * percent / 100))
        for number, place in enumerate(ordered):
            sample = samples[place]
            found.append(
                Row(
                    place,
                    sample.currency,
                    number < cut,
                    sample.collected.get(target, 0),
                    sample.outcomes[target].happened,
                )
            )
    return found


def top(found: Sequence[Row], weights: Sequence[int] | None = None) -> Top:
    """The share of the money, and the share of the rows that were right, in the top of the lists.

    `weights` count each sample so many times (for resampling).
    """
    inside: dict[str, int] = defaultdict(int)
    whole: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    picked = right = 0
    for place, currency, is_top, collected, happened in found:
        weight = 1 if weights is None else weights[place]
        whole[currency] += collected * weight
        count[currency] += weight
        if is_top:
            inside[currency] += collected * weight
            picked += weight
            right += happened * weight
    paying = [currency for currency, amount in whole.items() if amount]
    listed = sum(count[currency] for currency in paying)
    dollars = (
        sum(count[each] * inside[each] / whole[each] for each in paying) / listed
        if listed
        else None
    )
    return Top(dollars, right / picked if picked else None)


def _rank(sample: Sample, value: float) -> tuple[float, float, int, str]:
    return (-value, -sample.snapshot.get(AGE, 0.0), -sample.amount, sample.account_id)


AGE: Final = "oldest_past_due_days"
