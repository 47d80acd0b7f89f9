"""From a model's log-odds to a chance that means what it says.

Platt's scaling (Probabilistic Outputs for Support Vector Machines, 1999) is a straight line through
the log-odds; isotonic regression (Zadrozny and Elkan, 2002) is any rising curve, and needs at least
a thousand rows to tell a curve from chance.
"""

from bisect import bisect_right
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

from services.scoring.domain.reading import Reading

ISOTONIC_ROWS_MIN: Final = 1_000
LOGIT_MAX: Final = 20.0
"""Beyond these odds a chance is 0 or 1 in ten-thousandths."""
_STEPS: Final = 100
"""The exact function is taken at so many points between one log-odds and the next."""
_SIZE_MAX: Final = 10**12
_EXACT: Final = Context(prec=25, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Platt:
    """The chance of ``slope * logit + intercept``; the slope is above zero."""

    slope: float
    intercept: float

    def chance(self, logit: float) -> int:
        """Ten-thousandths."""
        return chance_of(self.slope * logit + self.intercept)


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Straight lines between points that rise, level before the first and after the last."""

    logits: tuple[float, ...]
    chances: tuple[float, ...]

    def chance(self, logit: float) -> int:
        """Ten-thousandths."""
        place = bisect_right(self.logits, logit)
        if place == 0:
            return round(self.chances[0] * 10_000)
        if place == len(self.logits):
            return round(self.chances[-1] * 10_000)
        low, high = self.logits[place - 1], self.logits[place]
        rise = self.chances[place] - self.chances[place - 1]
        return round((self.chances[place - 1] + rise * (logit - low) / (high - low)) * 10_000)


Calibration = Platt | Isotonic


def chance_of(logit: float) -> int:
    """Ten-thousandths of ``1 / (1 + e**-logit)``, the same on every machine.

    Straight between exact points, which is off by a millionth at most.
    """
    place = (min(max(logit, -LOGIT_MAX), LOGIT_MAX) + LOGIT_MAX) * _STEPS
    below = int(place)
    low = _exact(below)
    return round(low + (_exact(below + 1) - low) * (place - below))


def read_calibration(reading: Reading) -> Calibration:
    """Read how log-odds become chances; raises `ModelError`."""
    kind = reading.mapping().get("kind")
    if kind is not None and kind.value == "isotonic":
        return _read_isotonic(reading)
    fields = reading.fields(("kind", "slope", "intercept"))
    if fields["kind"].text() != "platt":
        fields["kind"].fail("platt or isotonic is expected")
    if as_written(fields["slope"]) <= 0:
        fields["slope"].fail("a slope above zero is expected: more must never mean less")
    return Platt(as_written(fields["slope"]), as_written(fields["intercept"]))


def as_written(reading: Reading) -> float:
    """A finite number of a sensible size; raises `ModelError`."""
    number = reading.number()
    if abs(number) > _SIZE_MAX:
        reading.fail("too large for a model")
    return float(number)


def _read_isotonic(reading: Reading) -> Isotonic:
    fields = reading.fields(("kind", "rows", "points"))
    rows = fields["rows"]
    if rows.whole(0, 10**12) < ISOTONIC_ROWS_MIN:
        rows.fail(f"isotonic calibration needs {ISOTONIC_ROWS_MIN:,} rows; use platt")
    points: list[tuple[float, float]] = []
    for row in fields["points"].items():
        pair = row.items()
        if len(pair) != 2:  # noqa: PLR2004 - log-odds and chance
            row.fail("log-odds and a chance are expected")
        logit, chance = as_written(pair[0]), as_written(pair[1])
        if not 0 <= chance <= 1:
            pair[1].fail("a chance from 0 to 1 is expected")
        if points and (logit <= points[-1][0] or chance < points[-1][1]):
            row.fail("the points must rise")
        points.append((logit, chance))
    return Isotonic(tuple(p[0] for p in points), tuple(p[1] for p in points))


@lru_cache(maxsize=8_192)
def _exact(place: int) -> float:
    """Ten-thousandths at a point, from 25 digits; `exp` of the machine's library may vary."""
    odds = _EXACT.exp(_EXACT.divide(Decimal(place), Decimal(_STEPS)) - Decimal(LOGIT_MAX))
    whole = _EXACT.add(odds, Decimal(1))
    return float(_EXACT.divide(_EXACT.multiply(odds, Decimal(10_000)), whole))
