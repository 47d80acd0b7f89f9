"""An account's score at one moment, and whether it has moved since the one that was told."""

from dataclasses import dataclass
from datetime import date, datetime

from services.scoring.domain import written
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import AsOf
from services.scoring.domain.features import digest, taken
from services.scoring.domain.mix import Lane
from services.scoring.domain.model import Assessment, Model
from services.scoring.domain.standing import Standing
from services.scoring.domain.terms import Confidence
from shared.events.scores import AccountScored, ShadowScore
from shared.money import share, text


@dataclass(slots=True)
class Score:
    """What a model makes of one account; amounts in minor units."""

    seen: AsOf
    overdue: int
    assessment: Assessment
    confidence: Confidence
    past_due_days: int
    age_band: int
    expected: int
    lane: Lane
    priority: int
    segment: str = ""


def score_of(behaviour: Behaviour, model: Model, today: date) -> Score:
    """Score an account that owes something, as of the business day `today`.

    It speaks of one currency (`Behaviour.currency`), as amounts of two are never added.
    """
    seen = model.see(behaviour, today)
    terms = model.terms
    overdue, days = seen.overdue, seen.age
    assessment = model.assess(seen)
    expected = share(overdue, assessment.chance, 10_000)
    lane, priority = terms.priorities.place(
        overdue_minor=overdue,
        expected_minor=expected,
        currency=seen.currency,
        past_due_days=days,
    )
    return Score(
        seen=seen,
        overdue=overdue,
        assessment=assessment,
        confidence=terms.confidence(behaviour.known),
        past_due_days=days,
        age_band=terms.priorities.age_band(days),
        expected=expected,
        lane=lane,
        priority=priority,
    )


def has_moved(score: Score, told: Standing | None, model: Model) -> bool:
    """Whether this score is worth telling after the one that was told last (None: none yet)."""
    if told is None or not told.watched or not score.overdue:
        return (told is not None and told.watched) != (score.overdue > 0)
    material = model.terms.material
    return (
        score.assessment.band != told.band
        or score.age_band != told.age_band
        or score.lane != told.lane
        or score.segment != told.segment
        or score.seen.currency != told.currency
        or model.version != told.model_version
        or model.model != told.model
        or abs(score.assessment.points - told.risk) >= material.risk_points
        or abs(score.overdue - told.overdue) * 100 >= material.amount_percent * told.overdue
    )


def to_fact(
    score: Score, model: Model, *, scored_at: datetime, shadows: tuple[ShadowScore, ...] = ()
) -> AccountScored:
    """The score as it goes out, with the reasons for it and all that it was made from."""
    seen, assessment = score.seen, score.assessment
    behaviour, currency = seen.behaviour, seen.currency
    features = taken(seen)
    return written.AccountScored(
        account_id=behaviour.account_id,
        creditor_id=behaviour.creditor_id,
        model=model.model,
        model_version=model.version,
        risk=assessment.points,
        band=assessment.band,
        p_pay=assessment.p_pay,
        confidence=score.confidence,
        currency=currency,
        overdue_amount=text(score.overdue, currency),
        open_amount=text(seen.owed.overdue.amount + seen.owed.coming.amount, currency),
        oldest_past_due_days=score.past_due_days,
        expected_recovery=text(score.expected, currency),
        lane=score.lane,
        priority=score.priority,
        reasons=model.reasons(seen, assessment),
        scored_at=scored_at,
        segment=score.segment,
        features=features,
        features_hash=digest(features),
        challengers=shadows,
    )


def to_remember(score: Score, fact: AccountScored, before: Standing | None) -> Standing:
    """What stands of an account from now on: to compare with, and to list it by."""
    return Standing(  # in the order of its fields: by name it takes twice as long
        fact.account_id,
        fact.creditor_id,
        1 if before is None else before.number + 1,
        score.overdue > 0,
        fact.currency,
        score.overdue,
        fact.risk,
        fact.band,
        score.age_band,
        score.past_due_days,
        score.expected,
        fact.lane,
        fact.priority,
        fact.confidence,
        fact.segment,
        fact.model,
        fact.model_version,
        fact.scored_at,
    )
