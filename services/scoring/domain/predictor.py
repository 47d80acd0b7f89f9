"""What a trained model reckons with: a feature, what is made of it, and how that is scaled."""

from collections.abc import Callable, Collection, Mapping
from math import log1p
from typing import Final, NamedTuple

from services.scoring.domain.calibration import as_written
from services.scoring.domain.feature import PRIOR
from services.scoring.domain.reading import Fields, Reading
from services.scoring.domain.traits import refuse_trait

Snapshot = Mapping[str, float]
Making = Callable[[Snapshot], float]
KNOWN: Final = "known_outcomes"
LATE_SHARE: Final = "late_share"


class Predictor(NamedTuple):
    """``(made - mean) / scale``, with `made` held within `low` and `high`."""

    name: str
    feature: str
    make: Making
    low: float
    high: float
    mean: float
    scale: float


def plain(feature: str) -> Making:
    """The number as it is."""
    return lambda snapshot: snapshot.get(feature, 0.0)


def logarithm(feature: str) -> Making:
    """``ln(1 + number)``: for amounts and counts, of which a few are huge. Below 0 it is 0."""

    def make(snapshot: Snapshot) -> float:
        number = snapshot.get(feature, 0.0)
        return log1p(number) if number > 0 else 0.0

    return make


def flag(feature: str) -> Making:
    """1 where the number is above zero, else 0."""
    return lambda snapshot: 1.0 if snapshot.get(feature, 0.0) > 0 else 0.0


def drawn(percent: float, weight: float) -> Making:
    """The late share, drawn to the portfolio's own percentage by so many outcomes.

    The snapshot has it drawn to `PRIOR`, whatever the portfolio; that is taken back first.
    """

    def make(snapshot: Snapshot) -> float:
        known = snapshot.get(KNOWN, 0.0)
        late = (
            snapshot.get(LATE_SHARE, 0.0) * (known + PRIOR.known) - 100 * PRIOR.late / PRIOR.parts
        )
        return (late + percent * weight) / (known + weight)

    return make


_SIMPLE: Final[Mapping[str, Callable[[str], Making]]] = {
    "plain": plain,
    "logarithm": logarithm,
    "flag": flag,
}
MAKINGS: Final = (*_SIMPLE, "drawn")


def read_predictors(reading: Reading, features: Collection[str]) -> tuple[Predictor, ...]:
    """Read predictors over `features`; raises `ModelError`."""
    predictors: list[Predictor] = []
    for item in reading.items():
        fields = item.fields(
            ("name", "feature", "as", "low", "high", "mean", "scale"), ("percent", "weight")
        )
        name = fields["name"].text()
        refuse_trait(fields["name"])
        if any(predictor.name == name for predictor in predictors):
            fields["name"].fail("stands here twice")
        refuse_trait(fields["feature"])
        feature = fields["feature"].text()
        if feature not in features:
            fields["feature"].fail(f"not a feature; known are {', '.join(features)}")
        low, high = as_written(fields["low"]), as_written(fields["high"])
        if low > high:
            fields["high"].fail("is below low")
        predictors.append(
            Predictor(
                name=name,
                feature=feature,
                make=_read_making(fields, feature),
                low=low,
                high=high,
                mean=as_written(fields["mean"]),
                scale=float(fields["scale"].above_zero()),
            )
        )
    return tuple(predictors)


def _read_making(fields: Fields, feature: str) -> Making:
    kind = fields["as"].text()
    if kind in _SIMPLE:
        return _SIMPLE[kind](feature)
    if kind != "drawn":
        fields["as"].fail(f"one of {', '.join(MAKINGS)} is expected")
    if feature != LATE_SHARE:
        fields["as"].fail(f"only {LATE_SHARE} can be drawn")
    for name in ("percent", "weight"):
        if name not in fields:
            fields["as"].fail(f"a drawn share needs {name}")
    percent = as_written(fields["percent"])
    if not 0 <= percent <= 100:  # noqa: PLR2004 - a percentage
        fields["percent"].fail("a percentage from 0 to 100 is expected")
    return drawn(percent, float(fields["weight"].above_zero()))
