"""The scorecard: points of risk per attribute of an account's behaviour, from a versioned text.

Points and cuts follow the expert scorecard that was measured on two public invoice files (area
under the curve 0.87 and 0.78, no worse than trained models by more than 0.03); they were fixed
before any model was fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from services.scoring.domain.attributes import Prior
from services.scoring.domain.bands import read_bands
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.likelihood import Likelihood, read_likelihood
from services.scoring.domain.priority import Priorities, read_priorities
from services.scoring.domain.reading import Reading, document
from services.scoring.domain.rows import RISK_MAX, Row, read_prior, read_rows
from shared.events.scores import Reason

RiskBand = Literal["A", "B", "C", "D", "E"]
RISK_BANDS: tuple[RiskBand, ...] = ("A", "B", "C", "D", "E")
REASONS_MAX = 3


class Risk(NamedTuple):
    """0 (pays) to 100 (does not), its band, and the points of each row of the scorecard."""

    points: int
    band: RiskBand
    by_row: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """How far a score must move to be worth telling."""

    risk_points: int
    amount_percent: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A model as read: everything that scoring decides by."""

    model: str
    version: str
    prior: Prior
    rows: tuple[Row, ...]
    risk_bands: tuple[RiskBand, ...]
    """The band of each risk from 0 to 100."""
    likelihood: Likelihood
    medium_from: int
    high_from: int
    material: Material
    priorities: Priorities

    @classmethod
    def from_document(cls, value: Mapping[str, Any]) -> "Scorecard":
        """Read a model's document; raises `ModelError`, whose text begins with the path."""
        fields = document(value).fields(
            (
                "model", "version", "prior", "attributes", "risk_bands", "pay", "confidence",
                "material", "priority",
            )
        )  # fmt: skip
        confidence = fields["confidence"].fields(("medium_from", "high_from"))
        material = fields["material"].fields(("risk_points", "amount_percent"))
        medium_from = confidence["medium_from"].whole(1, 10**6)
        return cls(
            model=fields["model"].text(),
            version=fields["version"].text(),
            prior=read_prior(fields["prior"]),
            rows=read_rows(fields["attributes"]),
            risk_bands=_read_risk_bands(fields["risk_bands"]),
            likelihood=read_likelihood(fields["pay"], RISK_MAX),
            medium_from=medium_from,
            high_from=confidence["high_from"].whole(medium_from + 1, 10**6),
            material=Material(
                risk_points=material["risk_points"].whole(1, RISK_MAX),
                amount_percent=material["amount_percent"].whole(1, 1_000),
            ),
            priorities=read_priorities(fields["priority"]),
        )

    def risk(self, behaviour: Behaviour) -> Risk:
        """What the account's behaviour says of its next payment."""
        known, prior = behaviour.known, self.prior
        by_row = tuple(
            [
                row.bands.of(*row.value(behaviour, prior))
                if known >= row.known_min
                else row.points_unknown
                for row in self.rows
            ]
        )
        total = sum(by_row)
        return Risk(total, self.risk_bands[total], by_row)

    def confidence(self, behaviour: Behaviour) -> Literal["low", "medium", "high"]:
        """How much history the risk rests on."""
        if behaviour.known < self.medium_from:
            return "low"
        return "medium" if behaviour.known < self.high_from else "high"

    def reasons(self, risk: Risk, behaviour: Behaviour) -> tuple[Reason, ...]:
        """The attributes with most points above their least, each with what was observed.

        Of two with as many, the one that stands first in the model comes first.
        """
        raised = [
            (row.least - points, place)
            for place, (row, points) in enumerate(zip(self.rows, risk.by_row, strict=True))
            if points > row.least
        ]
        return tuple(
            [
                _reason(
                    self.rows[place].attribute.name,
                    risk.by_row[place],
                    self.rows[place].attribute.observed(behaviour),
                )
                for _, place in sorted(raised)[:REASONS_MAX]
            ]
        )


@lru_cache(maxsize=8_192)
def _reason(code: str, points: int, observed: str) -> Reason:
    """A reason; most accounts share theirs with others, so each is made once."""
    return Reason(code=code, points=points, observed=observed)


def _read_risk_bands(reading: Reading) -> tuple[RiskBand, ...]:
    bands = read_bands(reading, "band", _read_risk_band)
    if bands.meanings != RISK_BANDS:
        reading.fail(f"the bands {', '.join(RISK_BANDS)} are expected, in this order")
    for (end, parts), row in zip(bands.ends, reading.items(), strict=False):
        if not 0 < Fraction(end, parts) <= RISK_MAX:
            row.mapping()["below"].fail(f"a number from 1 to {RISK_MAX} is expected")
    return tuple(bands.of(points) for points in range(RISK_MAX + 1))


def _read_risk_band(reading: Reading) -> RiskBand:
    name = reading.text()
    for band in RISK_BANDS:
        if band == name:
            return band
    return reading.fail(f"one of {', '.join(RISK_BANDS)} is expected")
