"""How well an order or a chance foretold what came: the usual figures, exact, in plain Python.

Area under the curve after Hanley and McNeil (1982): the chance that of a pair, one of each kind,
the one that happened has the higher value; equal values count half. Brier score: mean squared
distance of chance and outcome (Brier, 1950). Calibration error: the mean distance of chance and
share over ten groups of equal size, weighted by size.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

GROUPS: Final = 10


class Point(NamedTuple):
    """One group of a calibration curve: what was foretold and what came, both means."""

    predicted: float
    observed: float
    rows: int


def auc(
    values: Sequence[float], happened: Sequence[bool], weights: Sequence[int] | None = None
) -> float | None:
    """Area under the curve, 0.5 for no order; None unless both outcomes are there."""
    order = sorted(range(len(values)), key=values.__getitem__)
    return auc_sorted(order, values, happened, weights)


def auc_sorted(
    order: Sequence[int],
    values: Sequence[float],
    happened: Sequence[bool],
    weights: Sequence[int] | None = None,
) -> float | None:
    """As `auc`, with the places already in rising order of their values."""
    below = wins = positives = 0
    for _, places in groupby(order, key=values.__getitem__):
        ones = zeros = 0
        for place in places:
            weight = 1 if weights is None else weights[place]
            if happened[place]:
                ones += weight
            else:
                zeros += weight
        wins += ones * (2 * below + zeros)
        below += zeros
        positives += ones
    return wins / (2 * positives * below) if positives and below else None


def brier(chances: Sequence[float], happened: Sequence[bool]) -> float | None:
    """Mean squared distance of chance and outcome; None of nothing."""
    if not chances:
        return None
    return sum((chance - came) ** 2 for chance, came in zip(chances, happened, strict=True)) / len(
        chances
    )


def curve(chances: Sequence[float], happened: Sequence[bool], groups: int = GROUPS) -> list[Point]:
    """What was foretold against what came, in groups of (nearly) equal size, by rising chance.

    Equal chances are never torn apart by the order of the input: the outcomes of each are averaged.
    """
    pairs: list[tuple[float, float]] = []
    ordered = sorted(zip(chances, happened, strict=True))
    for chance, same in groupby(ordered, key=lambda pair: pair[0]):
        came = [outcome for _, outcome in same]
        pairs += [(chance, sum(came) / len(came))] * len(came)
    points: list[Point] = []
    for group in range(groups):
        part = pairs[group * len(pairs) // groups : (group + 1) * len(pairs) // groups]
        if part:
            predicted = sum(pair[0] for pair in part) / len(part)
            observed = sum(pair[1] for pair in part) / len(part)
            points.append(Point(predicted, observed, len(part)))
    return points


def calibration_error(points: Sequence[Point]) -> float | None:
    """Mean distance of foretold and observed, by the size of the groups; None of nothing."""
    total = sum(point.rows for point in points)
    if not total:
        return None
    return sum(abs(p.predicted - p.observed) * p.rows for p in points) / total
