"""The recipe of a trained model: which predictors are made of which features, and how.

All features of the snapshot take part but those in `LEFT_OUT`, each with its reason. Amounts and
counts and ages are taken by their logarithm, as a few of them are huge. Beside some that are mostly
zero stands a flag: whether there is any, and how much, say two things. The late share is drawn to
the portfolio's own, by several weights, among which the regression chooses.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.scoring.domain.predictor import (
    LATE_SHARE,
    Making,
    drawn,
    flag,
    logarithm,
    plain,
)

DRAWN_WEIGHTS: Final = (1.0, 4.0)
_AGE: Final = "in files of paid invoices the effect of age is the wrong way round: docs/learning.md"
LEFT_OUT: Final[Mapping[str, str]] = {
    "oldest_past_due_days": _AGE,
    "amount_31_60": _AGE,
    "amount_61_90": _AGE,
    "amount_91_120": _AGE,
    "amount_121_up": _AGE,
}
_PLAIN: Final = "percent"
_FLAGGED: Final = ("overdue_items", "disputes_open", "promises_broken", "days_late_mean")
_CLIP: Final = (0.005, 0.995)
"""What lies beyond these shares of the training rows is held within them."""

_LEVEL: Final = 1e-9
"""What varies less does not vary."""
Snapshot = Mapping[str, float]


def predictors(
    groups: Sequence[Sequence[Snapshot]], units: Mapping[str, str], *, late_percent: float
) -> list[dict[str, Any]]:
    """The documents of the predictors, with bounds, mean and scale as in these snapshots.

    The bounds hold what each of the groups (one per answer) has; mean and scale are those of the
    first. `units` are the features' by name. One that never varies teaches nothing: it is left out.
    """
    found: list[dict[str, Any]] = []
    for recipe, make in _recipes(units, late_percent):
        values = [[make(snapshot) for snapshot in group] for group in groups]
        low, high = (0.0, 1.0) if recipe["as"] == "flag" else _bounds(values)
        held = [min(max(value, low), high) for value in values[0]]
        mean = sum(held) / len(held)
        scale = (sum((value - mean) ** 2 for value in held) / len(held)) ** 0.5
        if scale > _LEVEL:
            found.append({**recipe, "low": low, "high": high, "mean": mean, "scale": scale})
    return found


def _bounds(groups: list[list[float]]) -> tuple[float, float]:
    lows, highs = [], []
    for group in groups:
        values = sorted(group)
        low, high = (values[int(share * (len(values) - 1))] for share in _CLIP)
        lows.append(low)
        highs.append(high)
    return min(lows), max(highs)


def _recipes(units: Mapping[str, str], late_percent: float) -> list[tuple[dict[str, Any], Making]]:
    found: list[tuple[dict[str, Any], Making]] = []
    for feature, unit in units.items():
        if feature in LEFT_OUT:
            continue
        if feature == LATE_SHARE:
            for weight in DRAWN_WEIGHTS:
                recipe = {
                    "name": f"{feature}:drawn_{weight:g}", "feature": feature, "as": "drawn",
                    "percent": late_percent, "weight": weight,
                }  # fmt: skip
                found.append((recipe, drawn(late_percent, weight)))
            continue
        kind = "plain" if unit == _PLAIN else "logarithm"
        make = plain(feature) if kind == "plain" else logarithm(feature)
        found.append(({"name": feature, "feature": feature, "as": kind}, make))
        if feature in _FLAGGED:
            found.append(
                ({"name": f"{feature}:any", "feature": feature, "as": "flag"}, flag(feature))
            )
    return found
