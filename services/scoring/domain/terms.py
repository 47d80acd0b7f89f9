"""What turns points into a decision, whatever model they come from: bands, confidence, priority."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from services.scoring.domain.bands import read_bands
from services.scoring.domain.priority import Priorities, read_priorities
from services.scoring.domain.reading import Reading

RISK_MAX: Final = 100
"""Risk goes from 0 to here."""
RiskBand = Literal["A", "B", "C", "D", "E"]
RISK_BANDS: Final[tuple[RiskBand, ...]] = ("A", "B", "C", "D", "E")
Confidence = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Material:
    """How far a score must move to be worth telling."""

    risk_points: int
    amount_percent: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a score is made of besides the points."""

    risk_bands: tuple[RiskBand, ...]
    """The band of each risk from 0 to 100."""
    medium_from: int
    """From so many known outcomes on, confidence is medium."""
    high_from: int
    material: Material
    priorities: Priorities

    def confidence(self, known: int) -> Confidence:
        """How much history a risk rests on, by how many outcomes are known."""
        if known < self.medium_from:
            return "low"
        return "medium" if known < self.high_from else "high"


def read_terms(fields: Mapping[str, Reading]) -> Terms:
    """Read all parts named in `NAMES`; raises `ModelError`."""
    return Terms(**_read_parts(fields))


def terms_or(fields: Mapping[str, Reading], otherwise: Terms) -> Terms:
    """Read the parts named in `NAMES`; what is absent is as in `otherwise`. Raises `ModelError`."""
    return replace(otherwise, **_read_parts(fields))


def _read_parts(fields: Mapping[str, Reading]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name in fields:
            found |= read(fields[name])
    return found


def _read_confidence(reading: Reading) -> dict[str, int]:
    fields = reading.fields(("medium_from", "high_from"))
    medium_from = fields["medium_from"].whole(1, 10**6)
    high_from = fields["high_from"].whole(medium_from + 1, 10**6)
    return {"medium_from": medium_from, "high_from": high_from}


def _read_material(reading: Reading) -> Material:
    fields = reading.fields(("risk_points", "amount_percent"))
    return Material(
        risk_points=fields["risk_points"].whole(1, RISK_MAX),
        amount_percent=fields["amount_percent"].whole(1, 1_000),
    )


def _read_risk_bands(reading: Reading) -> tuple[RiskBand, ...]:
    bands = read_bands(reading, "band", _read_risk_band)
    if bands.meanings != RISK_BANDS:
        reading.fail(f"the bands {', '.join(RISK_BANDS)} are expected, in this order")
    for end, row in zip(bands.ends, reading.items(), strict=False):
        if not 0 < end <= RISK_MAX * bands.parts:
            row.mapping()["below"].fail(f"a number from 1 to {RISK_MAX} is expected")
    return tuple(bands.of(points) for points in range(RISK_MAX + 1))


def _read_risk_band(reading: Reading) -> RiskBand:
    name = reading.text()
    for band in RISK_BANDS:
        if band == name:
            return band
    return reading.fail(f"one of {', '.join(RISK_BANDS)} is expected")


_READERS: Final[Mapping[str, Callable[[Reading], dict[str, Any]]]] = {
    "risk_bands": lambda reading: {"risk_bands": _read_risk_bands(reading)},
    "confidence": _read_confidence,
    "material": lambda reading: {"material": _read_material(reading)},
    "priority": lambda reading: {"priorities": read_priorities(reading)},
}
NAMES: Final = tuple(_READERS)
"""The parts of a model's text that are its terms."""
