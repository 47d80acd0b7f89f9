"""A trained model: logistic regressions over the snapshot's features, as read from a small JSON.

It holds coefficients, scaling and calibration, and is evaluated in plain Python: exact sums of
products of doubles, which every machine does alike, then odds to chances from decimal digits.
One head says how likely an invoice is to be late (that is the risk), one for each horizon how
likely what is overdue is to be paid within it. With no outcome known yet, an account has the
portfolio's chances, the same for all such accounts: there is nothing to tell them apart by.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from operator import mul
from typing import Any, Final, NamedTuple

from services.scoring.domain.calibration import Calibration, as_written, read_calibration
from services.scoring.domain.likelihood import HORIZONS
from services.scoring.domain.predictor import Predictor, read_predictors
from services.scoring.domain.reading import Reading, document

KIND: Final = "logistic"
LATE: Final = "late"
PAID: Final = tuple(f"paid_{horizon}" for horizon in HORIZONS)
HEADS: Final = (LATE, *PAID)
"""What a model answers."""
POINTS_PER_LOGIT: Final = 28.8539
"""20 / ln 2: so many points of risk for a doubling of the odds make 20, as in credit scorecards."""
REASONS_MAX: Final = 3
_BESIDE: Final = (
    "features", "trained", "metrics", "reference",
    "risk_bands", "confidence", "material", "priority", "challengers",
)  # fmt: skip
"""What a model tells of itself, and what others read of its document; no chance depends on it."""


class Estimate(NamedTuple):
    """What a model makes of one account; chances in whole ten-thousandths."""

    late: int
    paid: dict[str, int]
    """By horizon in days, as text; a longer one never has the lower chance."""


@dataclass(frozen=True, slots=True)
class Head:
    """One regression: a coefficient for each predictor, and how its sum becomes a chance."""

    name: str
    portfolio: int
    """The portfolio's own chance for an account without history, in ten-thousandths."""
    intercept: float
    coefficients: tuple[float, ...]
    calibration: Calibration

    def logit(self, values: Sequence[float]) -> float:
        """The log-odds, not calibrated yet, of predictors with these (scaled) values."""
        return self.intercept + fsum(map(mul, self.coefficients, values))

    def chance(self, values: Sequence[float]) -> int:
        """Ten-thousandths."""
        return self.calibration.chance(self.logit(values))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A model as read: everything that its chances follow from."""

    model: str
    version: str
    predictors: tuple[Predictor, ...]
    heads: Mapping[str, Head]

    @classmethod
    def from_document(cls, value: Mapping[str, Any], features: Collection[str]) -> "Logistic":
        """Read a model's document that may use `features`.

        Raises:
            ModelError: it cannot be used (a feature that is not known or a person's trait, a
                coefficient that is missing or no number, …); the text begins with the path.
        """
        fields = document(value).fields(
            ("kind", "model", "version", "predictors", "heads"), _BESIDE
        )
        if fields["kind"].text() != KIND:
            fields["kind"].fail(f"{KIND} is expected")
        predictors = read_predictors(fields["predictors"], features)
        heads = fields["heads"].fields(HEADS)
        return cls(
            model=fields["model"].text(),
            version=fields["version"].text(),
            predictors=predictors,
            heads={name: _read_head(name, heads[name], predictors) for name in HEADS},
        )

    def estimate(self, snapshot: Mapping[str, float], known: int) -> Estimate:
        """The chances of an account of which so many outcomes are known."""
        if known <= 0:
            chances = [self.heads[name].portfolio for name in HEADS]
        else:
            scaled = values(snapshot, self.predictors)
            chances = [self.heads[name].chance(scaled) for name in HEADS]
        late, *within = chances
        paid: dict[str, int] = {}
        least = 0
        for horizon, chance in zip(HORIZONS, within, strict=True):
            least = paid[str(horizon)] = max(least, chance)
        return Estimate(late, paid)

    def reasons(self, snapshot: Mapping[str, float], known: int) -> list[tuple[str, int]]:
        """The features that raise the risk most, with the points each adds to the portfolio's.

        Of two with as many, the one that stands first in the model comes first. None are given
        where nothing is known.
        """
        if known <= 0:
            return []
        head = self.heads[LATE]
        added: dict[str, float] = {}
        for predictor, weight, value in zip(
            self.predictors, head.coefficients, values(snapshot, self.predictors), strict=True
        ):
            added[predictor.feature] = added.get(predictor.feature, 0.0) + weight * value
        points = [(name, round(logit * POINTS_PER_LOGIT)) for name, logit in added.items()]
        raised = [reason for reason in points if reason[1] > 0]
        return sorted(raised, key=lambda reason: -reason[1])[:REASONS_MAX]


def values(snapshot: Mapping[str, float], predictors: Sequence[Predictor]) -> list[float]:
    """The scaled value of each predictor in a snapshot, held within its bounds."""
    found: list[float] = []
    for _, _, make, low, high, mean, scale in predictors:
        made = make(snapshot)
        if made < low:
            made = low
        elif made > high:
            made = high
        found.append((made - mean) / scale)
    return found


def _read_head(name: str, reading: Reading, predictors: tuple[Predictor, ...]) -> Head:
    fields = reading.fields(("portfolio", "intercept", "coefficients", "calibration"))
    portfolio = fields["portfolio"].number()
    if not 0 < portfolio < 1:
        fields["portfolio"].fail("a chance between 0 and 1 is expected")
    coefficients = fields["coefficients"].fields([predictor.name for predictor in predictors])
    return Head(
        name=name,
        portfolio=round(portfolio * 10_000),
        intercept=as_written(fields["intercept"]),
        coefficients=tuple(as_written(coefficients[predictor.name]) for predictor in predictors),
        calibration=read_calibration(fields["calibration"]),
    )
