"""A trained model in force: its chances, with its own terms or those of a scorecard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.scoring.domain import written
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import AsOf
from services.scoring.domain.features import FEATURES, taken
from services.scoring.domain.likelihood import EXPECTED_WITHIN
from services.scoring.domain.logistic import Estimate, Logistic
from services.scoring.domain.model import Assessment, Lever
from services.scoring.domain.reading import document
from services.scoring.domain.reference import Reference, read_reference
from services.scoring.domain.terms import Terms, terms_or
from shared.events.scores import Reason

_EXPECTED: Final = f"paid_{EXPECTED_WITHIN}"
"""The answer that recoveries are expected by."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A logistic model and its terms; satisfies `model.Model`."""

    logistic: Logistic
    terms: Terms
    reference: Reference | None = None
    """How its chances of thirty days lay at training, if the document tells."""

    @classmethod
    def from_document(cls, value: Mapping[str, Any], otherwise: Terms) -> "Learned":
        """Read a trained model; terms that it lacks are `otherwise`. Raises `ModelError`."""
        logistic = Logistic.from_document(value, FEATURES)
        fields = document(value).mapping()
        told = fields["reference"].mapping().get(_EXPECTED) if "reference" in fields else None
        reference = None if told is None else read_reference(told)
        return cls(logistic, terms_or(fields, otherwise), reference)

    @property
    def model(self) -> str:
        """Its name."""
        return self.logistic.model

    @property
    def version(self) -> str:
        """Its version."""
        return self.logistic.version

    def see(self, behaviour: Behaviour, today: date) -> AsOf:
        """An account, with its late share drawn to the common prior."""
        return AsOf(behaviour, today)

    def assess(self, seen: AsOf) -> Assessment:
        """Risk is the chance that an invoice is late, in percent."""
        estimate = self._estimate(seen)
        points = points_of(estimate)
        return Assessment(
            points,
            self.terms.risk_bands[points],
            estimate.paid[str(EXPECTED_WITHIN)],
            p_pay_of(estimate),
        )

    def reasons(self, seen: AsOf, assessment: Assessment) -> tuple[Reason, ...]:  # noqa: ARG002 - as the protocol has it
        """What raises the risk most above the portfolio's."""
        raised = self.logistic.reasons(taken(seen), seen.behaviour.known)
        return tuple(
            [
                written.Reason(code=name, points=points, observed=FEATURES[name].words(seen))
                for name, points in raised
            ]
        )

    def levers(self, seen: AsOf, assessment: Assessment) -> list[Lever]:
        """What raises the risk: each as if it were as in the portfolio."""
        return [
            Lever(reason.code, reason.observed, reason.points, "as in the mean of the portfolio")
            for reason in self.reasons(seen, assessment)
        ]

    def _estimate(self, seen: AsOf) -> Estimate:
        return self.logistic.estimate(taken(seen), seen.behaviour.known)


def points_of(estimate: Estimate) -> int:
    """Risk in points: the chance to be late in percent, rounded half up."""
    return (estimate.late + 50) // 100


def p_pay_of(estimate: Estimate) -> dict[str, float]:
    """The chances to be paid as probabilities."""
    return {horizon: chance / 10_000 for horizon, chance in estimate.paid.items()}
