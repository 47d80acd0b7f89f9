"""How likely an account is to pay soon: odds that halve with every so many points of risk.

The scaling is that of credit scorecards ("points to double the odds", after Siddiqi, Credit Risk
Scorecards, 2006), turned round, as here more points mean less likely. It knows nothing of age:
published invoice files hold only invoices that were paid in the end, so what age does to the
chance cannot be learnt from them; the lane `protect_value` looks after age instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from services.scoring.domain.reading import Reading

HORIZONS: Final = (7, 14, 30)
"""Days ahead."""
EXPECTED_WITHIN: Final = 30
"""Days: the expected recovery is what should come in within them."""
_EXACT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Per horizon and points of risk (0, 1, 2 …): the probability in whole ten-thousandths."""

    ten_thousandths: Mapping[int, tuple[int, ...]]
    shown: tuple[dict[str, float], ...]
    """By points of risk: the probability within each horizon, with four places."""


def read_likelihood(reading: Reading, risk_max: int) -> Likelihood:
    """Read odds and scaling; a longer horizon must have the higher odds. Raises `ModelError`."""
    fields = reading.fields(("points_to_halve", "odds_at_no_risk"))
    points_to_halve = fields["points_to_halve"].whole(1, 10_000)
    odds = fields["odds_at_no_risk"].fields([str(horizon) for horizon in HORIZONS])
    table: dict[int, tuple[int, ...]] = {}
    before = Fraction(0)
    for horizon in HORIZONS:
        here = odds[str(horizon)].above_zero()
        if here <= before:
            odds[str(horizon)].fail("must be above the odds of the shorter horizon")
        before = here
        table[horizon] = tuple(
            probability(here, points, points_to_halve) for points in range(risk_max + 1)
        )
    shown = tuple(
        {str(horizon): chances[points] / 10_000 for horizon, chances in table.items()}
        for points in range(risk_max + 1)
    )
    return Likelihood(table, shown)


def probability(odds_at_no_risk: Fraction, points: int, points_to_halve: int) -> int:
    """Ten-thousandths of ``odds / (1 + odds)`` with ``odds = odds_at_no_risk / 2**(points/halve)``.

    Rounded half to even from 40 digits, so that every machine has the same number.
    """
    halvings = _EXACT.divide(Decimal(points), Decimal(points_to_halve))
    shrunk = _EXACT.multiply(
        Decimal(odds_at_no_risk.denominator), _EXACT.power(Decimal(2), halvings)
    )
    whole = _EXACT.add(Decimal(odds_at_no_risk.numerator), shrunk)
    share = _EXACT.divide(Decimal(odds_at_no_risk.numerator * 10_000), whole)
    return int(share.to_integral_value(ROUND_HALF_EVEN))
