"""Watches how the scores that go out turn out: they are counted, and held to what comes."""

from datetime import datetime

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.drift import count, rows_of, verdict, week_of
from services.scoring.domain.foretold import Foretold, is_paid
from services.scoring.domain.reference import Reference
from services.scoring.domain.score import Score
from services.scoring.domain.standing import Standing
from shared.core import Effects, Party
from shared.events.ledger import InvoiceAdjusted
from shared.events.scores import AccountScored


def watch(
    party: Party,
    effects: Effects,
    score: Score,
    fact: AccountScored,
    before: Standing | None,
    *,
    reference: Reference | None,
) -> None:
    """Count the first score of an account in a week, and hold it to what will come."""
    week = week_of(fact.scored_at)
    if not score.overdue or (before is not None and week_of(before.scored_at) == week):
        return
    row = rows_of(fact.model, fact.model_version) + week
    count(effects, row, score.assessment.chance, fact.features, reference)
    foretold = party.find(Foretold) or Foretold()
    if foretold.begin(score, row, fact.scored_at):
        party.keep(foretold)


def adjusted(party: Party, fact: InvoiceAdjusted) -> None:
    """A credit, a void or a write-off: what it touches says nothing of how it would be paid."""
    foretold = party.find(Foretold)
    if foretold is not None and foretold.adjusted(fact):
        party.keep(foretold)


def mature(party: Party, foretold: Foretold, until: datetime, effects: Effects) -> None:
    """Count what came of the scores whose thirty days have passed."""
    for chance in foretold.fall_due(until):
        behaviour = party.find(Behaviour, chance.account_id)
        if behaviour is not None:
            verdict(effects, chance.row, chance.chance, paid=is_paid(chance, behaviour))
        party.keep(foretold)
