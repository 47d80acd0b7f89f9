"""How an account pays: drawn once, so that its past tells its future."""

from dataclasses import dataclass
from random import Random
from typing import Final

from shared.cli.history.draw import chance

_LATE: Final = (0.45, 0.8)
"""Beta parameters of the share of invoices paid late: most accounts are clearly good or bad."""
_LATE_AUTOPAY: Final = (1.0, 14.0)


@dataclass(frozen=True, slots=True)
class Habit:
    """The probabilities of one account, per invoice unless said otherwise."""

    late: float
    delay: float
    """Median of the days late, when late; they are log-normal."""
    never: float
    in_parts: float
    overpays: float
    prepays: float
    bounces: float
    """Per payment."""
    disputes: float
    promises: float
    """When very late, that somebody calls and gets a promise."""
    autopay: bool
    tells: bool
    """Whether payments say which invoice they are for."""

    def days_late(self, rng: Random) -> int:
        """Days after the due date; on time is zero or less."""
        if chance(rng, self.late):
            return 1 + min(200, int(rng.lognormvariate(0, 0.7) * self.delay))
        return -min(25, int(rng.expovariate(0.25)))


def draw_habit(rng: Random) -> Habit:
    """An account's habit: a few are bad in one way each, the rest nearly never."""
    autopay = chance(rng, 0.28)
    late = rng.betavariate(*(_LATE_AUTOPAY if autopay else _LATE))
    return Habit(
        late=late,
        delay=rng.lognormvariate(2.3, 0.5),
        never=_some(rng, 0.025, bad=0.85, good=0.008),
        in_parts=_some(rng, 0.3 + 0.5 * late, bad=0.65, good=0.05) * (0.35 + 0.65 * late),
        overpays=_some(rng, 0.05, bad=0.12, good=0.006),
        prepays=_some(rng, 0.05, bad=0.15, good=0.005),
        bounces=_some(rng, 0.06, bad=0.08, good=0.006),
        disputes=_some(rng, 0.15, bad=0.2, good=0.05),
        promises=rng.betavariate(2, 4),
        autopay=autopay,
        tells=chance(rng, 0.8),
    )


def _some(rng: Random, share: float, *, bad: float, good: float) -> float:
    """`bad` for a share of the accounts, `good` for the others."""
    return bad if chance(rng, share) else good
