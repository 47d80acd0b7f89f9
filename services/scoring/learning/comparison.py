"""Compares models and baselines on the same samples: overall, by segment, by history."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.scoring.domain.logistic import HEADS, LATE
from services.scoring.domain.predictor import LATE_SHARE
from services.scoring.learning.metrics import auc_sorted, brier, calibration_error, curve
from services.scoring.learning.resampling import draws, figure
from services.scoring.learning.sample import HISTORY, HISTORY_MOST, Sample
from services.scoring.learning.worklist import AGE, TOPS, Row, rows, top

SLICE_MIN: Final = 50
"""Slices with fewer samples are left out: they say nothing."""
ALL: Final = "all"
Value = Callable[[Sample], float]


def _kept(sample: Sample) -> float:
    return 100.0 - sample.snapshot.get(LATE_SHARE, 0.0)


def _age(sample: Sample) -> float:
    return sample.snapshot.get(AGE, 0.0)


BASELINES: Final[Mapping[str, Value]] = {
    "late ratio only": _kept,
    "largest first": lambda sample: float(sample.amount),
    "oldest first": _age,
    "age x amount": lambda sample: (1 + _age(sample)) * sample.amount,
}
"""Orders of whom to work first, that any model must beat to be worth its while."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A model or a baseline, as far as one target goes."""

    name: str
    order: Value
    """Ranks what is to happen: higher is likelier."""
    worth: Value
    """Ranks whom to work first: higher is earlier."""
    chance: Value | None
    """The probability that it claims; None where it claims none."""


def contenders(target: str, models: Sequence[str], unclaimed: Sequence[str]) -> list[Contender]:
    """Models (by name, as in `Sample.scores`) and baselines; `unclaimed` claim no lateness.

    A scorecard's points order who will be late, but are no probability of it; and no model claims
    the probability that a promise is kept.
    """
    found = [_model(name, target, claims=_claims(name, target, unclaimed)) for name in models]
    for name, value in BASELINES.items():
        order, worth = value, value
        if name == "late ratio only":
            order = _lateness if target == LATE else _kept
            worth = _by_amount(order)
        found.append(Contender(name, order, worth, None))
    return found


def compare(
    samples: Sequence[Sample],
    target: str,
    models: Sequence[str],
    *,
    unclaimed: Sequence[str],
    resamples: int,
) -> dict[str, Any]:
    """All figures of one target: by slice, by contender."""
    taking_part = contenders(target, models, unclaimed)
    found: dict[str, Any] = {}
    for name, part in _slices(samples).items():
        weights = draws(part, resamples)
        came = [sample.outcomes[target].happened for sample in part]
        found[name] = {
            "samples": len(part),
            "share": round(sum(came) / len(part), 4),
            "contenders": {
                each.name: _figures(
                    part, target, came, each, weights, claims_auc=name != "history:0"
                )
                for each in taking_part
            },
        }
    return found


def gains(
    samples: Sequence[Sample], target: str, champion: str, challenger: str, resamples: int
) -> dict[str, Any]:
    """By how much the challenger is better, on the same resamples: what promotion asks."""
    came = [sample.outcomes[target].happened for sample in samples]
    weights = draws(samples, resamples)
    sides = [_sides(samples, target, came, name, weights) for name in (challenger, champion)]
    return {
        "auc": figure(*_less(sides[0][0], sides[1][0])),
        f"dollars_{TOPS[-1]}": figure(*_less(sides[0][1], sides[1][1])),
    }


Series = tuple[float | None, list[float | None]]


def _sides(
    samples: Sequence[Sample],
    target: str,
    came: list[bool],
    name: str,
    weights: list[list[int]],
) -> tuple[Series, Series]:
    contender = _model(name, target, claims=False)
    listed = _listed(samples, target, contender, TOPS[-1])
    return (
        _auc(samples, came, contender, weights),
        (top(listed).dollars, [top(listed, each).dollars for each in weights]),
    )


def _less(one: Series, other: Series) -> Series:
    return _minus(one[0], other[0]), [_minus(a, b) for a, b in zip(one[1], other[1], strict=True)]


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _figures(
    samples: Sequence[Sample],
    target: str,
    came: list[bool],
    contender: Contender,
    weights: list[list[int]],
    *,
    claims_auc: bool,
) -> dict[str, Any]:
    found: dict[str, Any] = {"auc": {"value": None}}
    if claims_auc:
        found["auc"] = figure(*_auc(samples, came, contender, weights))
    if contender.chance is not None:
        chances = [contender.chance(sample) for sample in samples]
        points = curve(chances, came)
        found["brier"] = _short(brier(chances, came))
        found["calibration_error"] = _short(calibration_error(points))
        found["curve"] = [
            {"predicted": _short(p.predicted), "observed": _short(p.observed), "samples": p.rows}
            for p in points
        ]
    for percent in TOPS:
        listed = _listed(samples, target, contender, percent)
        whole = top(listed)
        found[f"dollars_{percent}"] = figure(
            whole.dollars, [top(listed, each).dollars for each in weights]
        )
        found[f"precision_{percent}"] = _short(whole.precision)
    return found


def _auc(
    samples: Sequence[Sample], came: list[bool], contender: Contender, weights: list[list[int]]
) -> Series:
    values = [contender.order(sample) for sample in samples]
    order = sorted(range(len(values)), key=values.__getitem__)
    return (
        auc_sorted(order, values, came),
        [auc_sorted(order, values, came, each) for each in weights],
    )


def _listed(
    samples: Sequence[Sample], target: str, contender: Contender, percent: int
) -> list[Row]:
    return rows(samples, target, [contender.worth(sample) for sample in samples], percent)


def _model(name: str, target: str, *, claims: bool) -> Contender:
    def chance(sample: Sample) -> float:
        return sample.said(name, target)

    return Contender(name, chance, _by_amount(chance), chance if claims else None)


def _by_amount(chance: Value) -> Value:
    return lambda sample: chance(sample) * sample.amount


def _claims(name: str, target: str, unclaimed: Sequence[str]) -> bool:
    return target in HEADS and (target != LATE or name not in unclaimed)


def _lateness(sample: Sample) -> float:
    return sample.snapshot.get(LATE_SHARE, 0.0)


def _slices(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """All samples, those of each segment, and those of each band of history, in a fixed order."""
    segments: dict[str, list[Sample]] = defaultdict(list)
    bands: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        segments[sample.segment].append(sample)
        bands[sample.history].append(sample)
    names = [name for _, name in HISTORY] + [HISTORY_MOST]
    found = {
        ALL: list(samples),
        **{f"segment:{name}": segments[name] for name in sorted(segments)},
        **{f"history:{name}": bands[name] for name in names},
    }
    return {name: part for name, part in found.items() if len(part) >= SLICE_MIN}


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
