"""How likely an account is to pay soon: odds that halve with every so many points of risk.

The scaling is that of credit scorecards ("points to double the odds", after Siddiqi, Credit Risk
Scorecards, 2006), turned round, as here more points mean less likely. With every week past due the
chance loses a fixed part of itself. That part is an assumption of the trade and is not learnt:
files of invoices mostly hold those that were paid in the end, in which age seems to help.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from services.scoring.domain.reading import Reading

HORIZONS: Final = (7, 14, 30)
"""Days ahead."""
EXPECTED_WITHIN: Final = 30
"""Days: the expected recovery is what should come in within them."""
WEEKS_MAX: Final = 520
"""What is older than ten years is as likely as that."""
_EXACT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)


class Chances(NamedTuple):
    """How likely it is that what is overdue is paid."""

    expected: int
    """Within `EXPECTED_WITHIN` days, in ten-thousandths."""
    shown: dict[str, float]
    """Within each horizon, with four places."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Per horizon and points of risk (0, 1, 2 …): the probability in whole ten-thousandths."""

    ten_thousandths: Mapping[int, tuple[int, ...]]
    """Of what has just fallen overdue."""
    weekly_loss: Fraction = Fraction(0)
    """The part of itself that a chance loses with each whole week past due."""
    weeks_max: int = 0
    """What is older is as likely as that; 0 where nothing is lost."""
    _read: dict[tuple[int, int], Chances] = field(default_factory=dict, compare=False)
    """Each answer once: there are no more than points times weeks."""

    def of(self, points: int, past_due_days: int) -> Chances:
        """The chances at so many points, of what is past due for so long."""
        weeks = min(past_due_days // 7, self.weeks_max)
        found = self._read.get((points, weeks))
        if found is None:
            left = {
                horizon: faded(chances[points], self.weekly_loss, weeks)
                for horizon, chances in self.ten_thousandths.items()
            }
            found = self._read[points, weeks] = Chances(
                left[EXPECTED_WITHIN],
                {str(horizon): chance / 10_000 for horizon, chance in left.items()},
            )
        return found


def read_likelihood(reading: Reading, risk_max: int) -> Likelihood:
    """Read odds and scaling; a longer horizon must have the higher odds. Raises `ModelError`."""
    fields = reading.fields(("points_to_halve", "odds_at_no_risk"), ("weekly_loss_percent",))
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
    loss = _read_loss(fields.get("weekly_loss_percent"))
    return Likelihood(table, loss, WEEKS_MAX if loss else 0)


def _read_loss(reading: Reading | None) -> Fraction:
    if reading is None:
        return Fraction(0)
    percent = reading.number()
    if not 0 <= percent < 100:  # noqa: PLR2004 - a percentage
        reading.fail("a percentage from 0 to below 100 is expected")
    return percent / 100


def faded(ten_thousandths: int, weekly_loss: Fraction, weeks: int) -> int:
    """What is left of a chance after so many weeks: ``chance * (1 - loss) ** weeks``.

    Rounded half to even from 40 digits, as `probability` is.
    """
    kept = 1 - weekly_loss
    base = _EXACT.divide(Decimal(kept.numerator), Decimal(kept.denominator))
    left = _EXACT.multiply(Decimal(ten_thousandths), _EXACT.power(base, weeks))
    return int(left.to_integral_value(ROUND_HALF_EVEN))


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
