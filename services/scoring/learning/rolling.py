"""What a recipe is worth: trained again and again on the past, judged on what came next.

The origin rolls forward, so that every figure is about samples that lay in the future of the model
that foretold them (Tashman, Out-of-sample tests of forecasting accuracy, 2000).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from services.scoring.domain.logistic import HEADS, LATE, Logistic
from services.scoring.learning.metrics import auc, brier, calibration_error, curve
from services.scoring.learning.observer import answers
from services.scoring.learning.sample import Sample
from services.scoring.learning.training import Lesson, TooFewError, train

FOLDS: Final = 4
"""The later half of the time, in so many parts with as many items at issue."""
Foretold = dict[str, list[tuple[Sample, float]]]


def foretold(
    lesson: Lesson, units: Mapping[str, str], told: Callable[[datetime], None] = lambda _: None
) -> Foretold:
    """By target, samples of the later half with what a model of only their past says of them.

    `told` hears of each origin. One at which there is too little to learn from is passed over.
    """
    found: Foretold = defaultdict(list)
    for begin, end in pairwise(_origins(lesson)):
        told(begin)
        try:
            document = train(Lesson(lesson.issued, lesson.weekly, begin), units, name="trial")
        except TooFewError:
            continue
        model = Logistic.from_document(document, units)
        for target in HEADS:
            for sample in lesson.of(target):
                if begin <= sample.at < end:
                    said = answers(model.estimate(sample.snapshot, sample.known))
                    found[target].append((sample, said[target]))
    return found


def metrics(found: Foretold) -> dict[str, dict[str, Any]]:
    """Area under the curve, Brier score and calibration error by target."""
    figures: dict[str, dict[str, Any]] = {}
    for target, rows in found.items():
        chances = [chance for _, chance in rows]
        came = [sample.outcomes[target].happened for sample, _ in rows]
        named = {
            "auc": auc(chances, came),
            "brier": brier(chances, came),
            "calibration_error": calibration_error(curve(chances, came)),
        }
        figures[target] = {
            "samples": len(rows),
            **{name: round(value, 4) for name, value in named.items() if value is not None},
        }
    return figures


def _origins(lesson: Lesson) -> list[datetime]:
    moments = [sample.at for sample in lesson.of(LATE)]
    half = len(moments) // 2
    rest = len(moments) - half
    starts = [moments[half + fold * rest // FOLDS] for fold in range(FOLDS)] if moments else []
    return sorted({*starts, lesson.until})
