"""Fits a model: one logistic regression per answer, calibrated on later rows than it was fitted on.

The only module that knows scikit-learn. What it makes is a document of plain numbers.
"""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sklearn
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from services.scoring.domain.calibration import ISOTONIC_ROWS_MIN
from services.scoring.domain.logistic import HEADS, KIND, LATE, Logistic, values
from services.scoring.domain.predictor import Predictor, read_predictors
from services.scoring.domain.reading import document
from services.scoring.learning.drift import reference
from services.scoring.learning.observer import answers
from services.scoring.learning.recipe import predictors
from services.scoring.learning.sample import Sample, known_by, thinned

ROWS_MIN: Final = 200
"""Fewer samples with a known outcome teach nothing …"""
KIND_MIN: Final = 20
"""… nor do fewer of one outcome."""
ROWS_MAX: Final = 15_000
"""Of weekly samples, about so many are taken: more only repeat them."""
FITTED_SHARE: Final = 0.8
"""Of the samples in time order: so many fit the coefficients, the later rest calibrates."""
NEWCOMERS: Final = 20
"""Until so many accounts without history are seen, theirs is mostly the whole portfolio's share."""
STRENGTH: Final = 1.0
"""Inverse of the weight of the squared coefficients (scikit-learn's C)."""
DIGITS: Final = 10
"""Significant digits of a number in the document."""


class TooFewError(ValueError):
    """There is too little to learn from; the text says of what."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learnt from: samples at issue and of weeks, and the moment that ends knowledge."""

    issued: Sequence[Sample]
    weekly: Sequence[Sample]
    until: datetime

    def of(self, target: str) -> list[Sample]:
        """The samples of a target whose outcome was known in time, in the order of time."""
        samples = self.issued if target == LATE else thinned(self.weekly, ROWS_MAX)
        return sorted(known_by(samples, target, self.until), key=lambda sample: sample.at)


def train(
    lesson: Lesson, units: Mapping[str, str], *, name: str, isotonic: bool = False
) -> dict[str, Any]:
    """The document of a model that learnt this lesson; `units` are the features' by name.

    With `isotonic`, calibration is isotonic where there are rows enough for it, else Platt's.

    Raises:
        TooFewError: a target has too few samples, or too few of one outcome.
    """
    rows = {target: lesson.of(target) for target in HEADS}
    for target, samples in rows.items():
        _check(target, samples)
    late = rows[LATE]
    percent = round(100 * _share(LATE, late), 4)
    snapshots = [[sample.snapshot for sample in rows[target]] for target in HEADS]
    documents = _rounded(predictors(snapshots, units, late_percent=percent))
    reckoned = read_predictors(document({"predictors": documents}).mapping()["predictors"], units)
    heads = {
        target: _head(target, samples, reckoned, isotonic=isotonic)
        for target, samples in rows.items()
    }
    found: dict[str, Any] = {
        "kind": KIND,
        "model": name,
        "version": f"{lesson.until:%Y-%m-%d}",
        "features": sorted({each["feature"] for each in documents}),
        "predictors": documents,
        "heads": _rounded(heads),
        "trained": {
            "begin": min(sample.at for sample in late).isoformat(),
            "until": lesson.until.isoformat(),
            "samples": {target: len(samples) for target, samples in rows.items()},
            "with": f"scikit-learn {sklearn.__version__}",
        },
    }
    found["reference"] = _references(Logistic.from_document(found, units), rows)
    return found


def _references(
    model: Logistic, rows: Mapping[str, Sequence[Sample]]
) -> dict[str, dict[str, list[float]]]:
    """How the chances lay at training, for drift to be measured against."""
    return {
        target: _rounded(
            reference([answers(model.estimate(s.snapshot, s.known))[target] for s in samples])
        )
        for target, samples in rows.items()
    }


def _head(
    target: str, samples: list[Sample], reckoned: tuple[Predictor, ...], *, isotonic: bool
) -> dict[str, Any]:
    """Fit on what was known before the later part began, calibrate on that part, then fit on all.

    The calibration, made on rows that the fit had not seen, is kept for the last fit, which has
    the newest rows too.
    """
    later = samples[int(len(samples) * FITTED_SHARE) :]
    begin = later[0].at
    earlier = [sample for sample in samples if sample.outcomes[target].at < begin]
    if not _varied(target, earlier) or not _varied(target, later):
        raise TooFewError(f"{target}: too few of one outcome, before or after {begin:%Y-%m-%d}")
    rows = {
        id(sample): row for sample, row in zip(samples, _matrix(samples, reckoned), strict=True)
    }
    trial = _fitted([rows[id(sample)] for sample in earlier], _came(target, earlier))
    seen = trial.decision_function([rows[id(sample)] for sample in later])
    fit = _fitted(list(rows.values()), _came(target, samples))
    return {
        "portfolio": _newcomers(target, later),
        "intercept": float(fit.intercept_[0]),
        "coefficients": {
            predictor.name: float(weight)
            for predictor, weight in zip(reckoned, fit.coef_[0], strict=True)
        },
        "calibration": _calibration(
            [float(logit) for logit in seen], _came(target, later), isotonic=isotonic
        ),
    }


def _calibration(logits: list[float], came: list[bool], *, isotonic: bool) -> dict[str, Any]:
    if isotonic and len(logits) >= ISOTONIC_ROWS_MIN:
        fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(logits, came)
        points = _rising(zip(fit.X_thresholds_, fit.y_thresholds_, strict=True))
        return {"kind": "isotonic", "rows": len(logits), "points": points}
    line = _fitted([[logit] for logit in logits], came)
    slope = float(line.coef_[0][0])
    if slope <= 0:  # what was learnt did not hold later: no order is better than a turned one
        share = sum(came) / len(came)
        return {"kind": "platt", "slope": 1e-6, "intercept": _logit(share)}
    return {"kind": "platt", "slope": slope, "intercept": float(line.intercept_[0])}


def _fitted(matrix: list[list[float]], came: list[bool]) -> Any:  # noqa: ANN401 - scikit-learn's
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what did not converge is no model
        return LogisticRegression(C=STRENGTH, max_iter=5_000).fit(matrix, came)


def _matrix(samples: Sequence[Sample], reckoned: tuple[Predictor, ...]) -> list[list[float]]:
    return [values(sample.snapshot, reckoned) for sample in samples]


def _came(target: str, samples: Sequence[Sample]) -> list[bool]:
    return [sample.outcomes[target].happened for sample in samples]


def _share(target: str, samples: Sequence[Sample]) -> float:
    return sum(_came(target, samples)) / len(samples)


def _newcomers(target: str, samples: Sequence[Sample]) -> float:
    """The share among those of whom nothing was known, drawn to that of all by `NEWCOMERS` rows.

    Of the later part, as calibration is: new accounts are not what they were years ago.
    """
    new = [sample for sample in samples if not sample.known]
    return (sum(_came(target, new)) + NEWCOMERS * _share(target, samples)) / (len(new) + NEWCOMERS)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _check(target: str, samples: Sequence[Sample]) -> None:
    if len(samples) < ROWS_MIN or not _varied(target, samples):
        happened = sum(_came(target, samples))
        raise TooFewError(
            f"{target}: {len(samples)} samples with a known outcome, {happened} of them yes;"
            f" at least {ROWS_MIN} are needed, {KIND_MIN} of either kind"
        )


def _varied(target: str, samples: Sequence[Sample]) -> bool:
    happened = sum(_came(target, samples))
    return KIND_MIN <= happened <= len(samples) - KIND_MIN


def _rising(points: Iterable[tuple[float, float]]) -> list[list[float]]:
    """Points whose log-odds really rise, as many digits as are written; of equal ones the last."""
    found: dict[float, float] = {}
    for logit, chance in points:
        found[_short(float(logit))] = _short(float(chance))
    return [list(point) for point in found.items()]


def _rounded(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
