"""What one score costs in the core, apart from reading, writing and sending it."""

from datetime import date, timedelta
from statistics import mean
from timeit import repeat
from typing import Final

from services.command.benching.mix import reel
from services.command.benching.probe import midnight
from services.command.stages import stages
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.score import score_of, to_fact, to_remember
from services.scoring.domain.standing import Standing
from services.scoring.sources import read_scorecard, read_segments
from shared.cli.routing import records_of
from shared.simulation import Simulation

ACCOUNTS: Final = 50
DAYS: Final = 90
EACH: Final = 50
"""Scores of one account that are timed as one: a single one is too short for the clock."""
ROUNDS: Final = 15


def one_score() -> float:
    """Microseconds for one score that goes out: from the account's behaviour to what is remembered.

    The mean over the accounts of a short history of which something is overdue; of each account the
    best of some rounds, as others use the machine too (`timeit`, which collects no garbage).
    """
    begin = date(2025, 1, 1)
    until = begin + timedelta(days=DAYS)
    card, segments = read_scorecard(), read_segments()

    def score(account: Behaviour) -> Standing:
        found = score_of(account, card, until)
        found.segment = segments.of(found)
        return to_remember(found, to_fact(found, card, scored_at=midnight(until)), None)

    def best(account: Behaviour) -> float:
        return min(repeat(lambda: score(account), number=EACH, repeat=ROUNDS)) / EACH

    return 1e6 * mean(map(best, owing(begin, until)))


def owing(begin: date, until: date, *, accounts: int = ACCOUNTS) -> list[Behaviour]:
    """The accounts of which something is overdue at the end of a history."""
    to_scoring = stages()[:2]
    simulation = Simulation(to_scoring)
    days = (until - begin).days
    history = reel(accounts=accounts, invoices=accounts * days // 10, start=begin, days=days)
    for line in history.before(midnight(until)):
        simulation.tell(records_of(line.event, partitions=1))
    known = [each for party in to_scoring[1].parties() for each in party.all(Behaviour)]
    return [account for account in known if account.overdue_items() > 0]
