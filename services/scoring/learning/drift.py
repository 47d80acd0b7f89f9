"""Whether a model still meets the portfolio that it was made for: week by week.

The population stability index compares the shares of ten groups of chances with those at training:
``sum((now - then) * ln(now / then))``; below 0.1 nothing has moved, above 0.25 the population is
another (Siddiqi, Credit Risk Scorecards, 2006). Calibration drift is the mean of what was foretold
less the share of what came: above zero the model promises too much.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.scoring.domain.drift import stability_index
from services.scoring.learning.sample import Sample

GROUPS: Final = 10
WEEK_MIN: Final = 20
"""Weeks with fewer samples are left out: a share of so few says nothing."""
WATCH: Final = 0.1
SHIFTED: Final = 0.25

Reference = Mapping[str, Sequence[float]]


def reference(chances: Sequence[float]) -> dict[str, list[float]]:
    """Where ten groups of these chances are cut, and which share of them is in each."""
    ordered = sorted(chances)
    cuts = sorted({ordered[group * len(ordered) // GROUPS] for group in range(1, GROUPS)})
    return {"cuts": cuts, "shares": _shares(cuts, chances)}


def index_of(then: Reference, chances: Sequence[float]) -> float:
    """The population stability index of chances against those of a reference."""
    return stability_index(then["shares"], _shares(then["cuts"], chances))


def weekly(
    samples: Sequence[Sample], target: str, name: str, then: Reference
) -> list[dict[str, Any]]:
    """For each week: how many samples, their index, and calibration drift of those that matured."""
    weeks: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        year, week, _ = sample.at.isocalendar()
        weeks[f"{year}-W{week:02}"].append(sample)
    return [
        {"week": week, "samples": len(part), **_of(part, target, name, then)}
        for week, part in sorted(weeks.items())
        if len(part) >= WEEK_MIN
    ]


def _of(part: Sequence[Sample], target: str, name: str, then: Reference) -> dict[str, Any]:
    chances = [sample.scores[name][target] for sample in part]
    index = {"stability_index": round(index_of(then, chances), 4)}
    judged = [sample for sample in part if target in sample.outcomes]
    if len(judged) < WEEK_MIN:
        return index
    foretold = sum(sample.scores[name][target] for sample in judged)
    came = sum(sample.outcomes[target].happened for sample in judged)
    return {**index, "calibration_drift": round((foretold - came) / len(judged), 4)}


def _shares(cuts: Sequence[float], chances: Sequence[float]) -> list[float]:
    counts = [0] * (len(cuts) + 1)
    for chance in chances:
        counts[bisect_right(cuts, chance)] += 1
    return [count / len(chances) for count in counts]
