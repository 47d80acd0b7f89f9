"""One account as it was known at a moment, with what had come of it later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from services.scoring.domain.likelihood import HORIZONS
from services.scoring.domain.logistic import LATE

KEPT: Final = "promise_kept"
TARGETS: Final[Mapping[str, int]] = {
    LATE: 0,
    **{f"paid_{horizon}": horizon for horizon in HORIZONS},
    KEPT: 0,
}
"""What models are judged by, and within how many days (0: by the day due, or promised)."""
_ORDERED_BY: Final = {KEPT: f"paid_{HORIZONS[-1]}"}
"""What no model has an answer of its own for: which of its answers puts it in order."""
HISTORY: Final = ((0, "0"), (2, "1-2"), (5, "3-5"), (10, "6-10"), (20, "11-20"))
"""Bands of known outcomes: the last of each, and its name; more are `HISTORY_MOST`."""
HISTORY_MOST: Final = "21+"


class Outcome(NamedTuple):
    """What turned out, and when that was known for good."""

    happened: bool
    at: datetime


@dataclass(slots=True)
class Sample:
    """An account as it was known at one of three moments.

    At the issue of an item (target late), at a week's begin (targets paid_…), and as a promise to
    pay is made (target promise_kept).
    """

    at: datetime
    account_id: str
    segment: str
    currency: str
    known: int
    amount: int
    """Minor units: of the item at issue, what is overdue, or what was promised."""
    snapshot: Mapping[str, float]
    scores: dict[str, Mapping[str, float]] = field(default_factory=dict)
    """By model: what it said of each target."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By target; one that is not known yet, or says nothing, is absent."""
    collected: dict[str, int] = field(default_factory=dict)
    """By target: minor units of `amount` that came within its days."""

    def said(self, model: str, target: str) -> float:
        """What a model said of a target, or of what puts that in order."""
        return self.scores[model][_ORDERED_BY.get(target, target)]

    @property
    def history(self) -> str:
        """The band of how many outcomes were known."""
        return next((name for last, name in HISTORY if self.known <= last), HISTORY_MOST)


def known_by(samples: Sequence[Sample], target: str, moment: datetime) -> list[Sample]:
    """The samples whose outcome was known before a moment: all that could be learnt by then."""
    return [s for s in samples if target in s.outcomes and s.outcomes[target].at < moment]


def judged_from(samples: Sequence[Sample], target: str, moment: datetime) -> list[Sample]:
    """The samples taken at a moment or later whose outcome is known by now."""
    return [s for s in samples if target in s.outcomes and s.at >= moment]


def thinned(weekly: Sequence[Sample], rows_max: int) -> list[Sample]:
    """Whole weeks, every second, third … so that about `rows_max` samples are left.

    What is overdue hardly changes from week to week, so weeks left out tell little.
    """
    step = -(-len(weekly) // rows_max)
    if step <= 1:
        return list(weekly)
    weeks = sorted({sample.at for sample in weekly})
    kept = set(weeks[::step])
    return [sample for sample in weekly if sample.at in kept]
