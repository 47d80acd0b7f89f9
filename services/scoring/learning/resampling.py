"""Intervals by bootstrap (Efron, 1979): accounts are drawn whole, as their rows hang together."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from services.scoring.learning.sample import Sample

RESAMPLES: Final = 100
SEED: Final = 20_250_301
_TAIL: Final = 0.025
"""Left out at either end: what is between holds 95 percent."""


def draws(samples: Sequence[Sample], resamples: int, seed: int = SEED) -> list[list[int]]:
    """How often each sample counts in each resample; the same seed gives the same draws."""
    accounts = sorted({sample.account_id for sample in samples})
    random = Random(seed)  # noqa: S311 - a resample is drawn, no secret
    found: list[list[int]] = []
    for _ in range(resamples):
        times = Counter(random.choices(accounts, k=len(accounts)))
        found.append([times[sample.account_id] for sample in samples])
    return found


def figure(value: float | None, resampled: Sequence[float | None]) -> dict[str, Any]:
    """A figure with its interval; that is absent where too few resamples have the figure."""
    drawn = sorted(each for each in resampled if each is not None)
    if value is None:
        return {"value": None}
    if len(drawn) * 2 <= len(resampled) or not drawn:
        return {"value": round(value, 4)}
    last = len(drawn) - 1
    return {
        "value": round(value, 4),
        "low": round(drawn[round(_TAIL * last)], 4),
        "high": round(drawn[round((1 - _TAIL) * last)], 4),
    }
