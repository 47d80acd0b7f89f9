"""The scorecard: points of risk per feature of an account, from a versioned text.

Points and cuts follow the expert scorecard that was measured on two public invoice files (area
under the curve 0.87 and 0.78, no worse than trained models by more than 0.03); they were fixed
before any model was fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from services.scoring.domain import written
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import AsOf, Prior
from services.scoring.domain.likelihood import Likelihood, read_likelihood
from services.scoring.domain.model import Assessment, Lever
from services.scoring.domain.reading import document
from services.scoring.domain.reference import Reference
from services.scoring.domain.rows import Row, read_prior, read_rows
from services.scoring.domain.terms import NAMES, RISK_MAX, Terms, read_terms
from shared.events.scores import Reason

KIND: Final = "scorecard"
REASONS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A scorecard as read; satisfies `model.Model`."""

    model: str
    version: str
    prior: Prior
    rows: tuple[Row, ...]
    leasts: tuple[int, ...]
    """The least points of each row."""
    likelihood: Likelihood
    terms: Terms
    reference: Reference | None = None
    """It has learnt from no portfolio."""

    @classmethod
    def from_document(cls, value: Mapping[str, Any]) -> "Scorecard":
        """Read a model's document; raises `ModelError`, whose text begins with the path."""
        fields = document(value).fields(
            ("model", "version", "prior", "attributes", "pay", *NAMES), ("kind", "challengers")
        )
        if "kind" in fields and fields["kind"].text() != KIND:
            fields["kind"].fail(f"{KIND} is expected")
        rows = read_rows(fields["attributes"])
        return cls(
            model=fields["model"].text(),
            version=fields["version"].text(),
            prior=read_prior(fields["prior"]),
            rows=rows,
            leasts=tuple(row.least for row in rows),
            likelihood=read_likelihood(fields["pay"], RISK_MAX),
            terms=read_terms(fields),
        )

    def see(self, behaviour: Behaviour, today: date) -> AsOf:
        """An account, with its late share drawn to this scorecard's prior."""
        return AsOf(behaviour, today, self.prior)

    def assess(self, seen: AsOf) -> Assessment:
        """Risk, its band, and the chances that go with so many points."""
        known = seen.behaviour.known
        parts = [
            row.points_of(seen) if known >= row.known_min else row.points_unknown
            for row in self.rows
        ]
        points = sum(parts)
        oldest = seen.owed.overdue.oldest
        days = 0 if oldest is None else seen.day - oldest.toordinal()
        chances = self.likelihood.of(points, days)
        return Assessment(
            points,
            self.terms.risk_bands[points],
            chances.expected,
            chances.shown,
            tuple(parts),
        )

    def reasons(self, seen: AsOf, assessment: Assessment) -> tuple[Reason, ...]:
        """The rows with most points above their least, each with what was observed.

        Of two with as many, the one that stands first in the model comes first.
        """
        found: list[Reason] = []
        for less, place in self._raised(assessment)[:REASONS_MAX]:
            row = self.rows[place]
            found.append(
                written.Reason(
                    code=row.feature.name, points=row.least - less, observed=row.feature.words(seen)
                )
            )
        return tuple(found)

    def levers(self, seen: AsOf, assessment: Assessment) -> list[Lever]:
        """For each row with points above its least: the band that gives the least."""
        rows = self.rows
        return [
            Lever(
                rows[place].feature.name, rows[place].feature.words(seen), -less, rows[place].best()
            )
            for less, place in self._raised(assessment)
        ]

    def _raised(self, assessment: Assessment) -> tuple[tuple[int, int], ...]:
        return _raised(self.leasts, assessment.parts)


@lru_cache(maxsize=8_192)
def _raised(leasts: tuple[int, ...], parts: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Rows above their least: by how much (below zero, so that the most comes first), which."""
    return tuple(
        sorted(
            (least - points, place)
            for place, (least, points) in enumerate(zip(leasts, parts, strict=True))
            if points > least
        )
    )
