"""An account's score at one moment, and whether it has moved since the one that was told."""

from datetime import date, datetime
from typing import NamedTuple

from services.scoring.domain.behaviour import Behaviour, Told
from services.scoring.domain.priority import Lane, oldest_age
from services.scoring.domain.scorecard import Material, Risk, Scorecard
from shared.events.scores import AccountScored
from shared.money import share, text

EXPECTED_WITHIN = 30
"""Days: the expected recovery is what should come in within them."""


class Score(NamedTuple):
    """What a scorecard makes of one account's behaviour; amounts in minor units."""

    currency: str
    overdue: int
    risk: Risk
    past_due_days: int
    age_band: int
    expected: int
    lane: Lane
    priority: int


def score_of(behaviour: Behaviour, card: Scorecard, today: date) -> Score:
    """Score an account that owes something, as of the business day `today`.

    It speaks of one currency (`Behaviour.currency`), as amounts of two are never added.
    """
    currency = behaviour.currency()
    pile = behaviour.owed[currency].overdue
    overdue = max(0, pile.amount)
    days = oldest_age(today, pile.oldest) if overdue and pile.oldest else 0
    risk = card.risk(behaviour)
    chance = card.likelihood.ten_thousandths[EXPECTED_WITHIN][risk.points]
    expected = share(overdue, chance, 10_000)
    lane, priority = card.priorities.place(
        overdue_minor=overdue, expected_minor=expected, currency=currency, past_due_days=days
    )
    age_band = card.priorities.age_band(days)
    return Score(currency, overdue, risk, days, age_band, expected, lane, priority)


def has_moved(score: Score, told: Told | None, material: Material) -> bool:
    """Whether this score is worth telling after the one that was told last (None: none yet)."""
    if told is None or not score.overdue:
        return (told is not None) != (score.overdue > 0)
    return (
        score.risk.band != told.band
        or score.age_band != told.age_band
        or score.lane != told.lane
        or score.currency != told.currency
        or abs(score.risk.points - told.risk) >= material.risk_points
        or abs(score.overdue - told.overdue) * 100 >= material.amount_percent * told.overdue
    )


def to_remember(score: Score) -> Told | None:
    """What to compare the next score with; None once nothing is overdue."""
    if not score.overdue:
        return None
    return Told(
        currency=score.currency,
        overdue=score.overdue,
        risk=score.risk.points,
        band=score.risk.band,
        age_band=score.age_band,
        lane=score.lane,
    )


def to_fact(
    score: Score, behaviour: Behaviour, card: Scorecard, *, creditor_id: str, scored_at: datetime
) -> AccountScored:
    """The score as it goes out, with the reasons for it."""
    currency = score.currency
    owed = behaviour.owed[currency]
    return AccountScored(
        account_id=behaviour.account_id,
        creditor_id=creditor_id,
        model=card.model,
        model_version=card.version,
        risk=score.risk.points,
        band=score.risk.band,
        p_pay=card.likelihood.shown[score.risk.points],
        confidence=card.confidence(behaviour),
        currency=currency,
        overdue_amount=text(score.overdue, currency),
        open_amount=text(owed.overdue.amount + owed.coming.amount, currency),
        oldest_past_due_days=score.past_due_days,
        expected_recovery=text(score.expected, currency),
        lane=score.lane,
        priority=score.priority,
        reasons=card.reasons(score.risk, behaviour),
        scored_at=scored_at,
    )
