"""What many measurements come to: percentiles, a trend, a middle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median as middle


@dataclass(frozen=True, slots=True)
class Spread:
    """How measurements are spread, in their own unit; `count` of them."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


def spread(samples: Iterable[float]) -> Spread:
    """Percentiles by nearest rank: each is a value that was measured.

    Raises:
        ValueError: nothing was measured.
    """
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("nothing was measured")
    p50, p95, p99 = (percentile(ordered, share) for share in (50, 95, 99))
    return Spread(len(ordered), p50, p95, p99, ordered[-1])


def percentile(ordered: Sequence[float], share: int) -> float:
    """The smallest of the `ordered` values that `share` per cent of them do not exceed."""
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y rises with each x: the straight line of least squares. One point has none."""
    if not points:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    width = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / width if width else 0.0


def median(values: Iterable[float]) -> float:
    """The value in the middle.

    Raises:
        ValueError: there is none.
    """
    return middle(values)
