"""Whether the default scorecard ranks: on a seeded population, by area under the curve."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from random import Random

import pytest

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.sources import read_scorecard, read_segments
from shared.core import Effects, Event, Party
from shared.events.base import Fact
from shared.money import text
from tests.unit.kpi.books import Books, midnight, noon

START = date(2024, 1, 1)
CUSTOMERS = 120
INVOICES = 25


@dataclass(frozen=True)
class Sample:
    """An invoice at its issue: the risk, the plain share of late ones before, and what came."""

    risk: int
    share: float
    known: int
    late: bool


@dataclass(frozen=True)
class Plan:
    """What will become of an invoice."""

    item_id: str
    amount: str
    issued: date
    due: date
    paid: date | None
    halved: bool
    """Whether half of it comes five days before the rest."""


def customer(random: Random, name: int) -> list[Plan]:
    """One customer's two years: an own habit of paying late, and how late."""
    habit = random.betavariate(0.35, 0.65)
    usual = random.lognormvariate(6.5, 1.0)
    plans: list[Plan] = []
    for number in range(INVOICES):
        issued = START + timedelta(days=random.randrange(700))
        due = issued + timedelta(days=30)
        late = random.random() < habit
        delay = 1 + int(random.lognormvariate(2.3, 0.8)) if late else -random.randrange(12)
        never = random.random() < 0.04
        plans.append(
            Plan(
                item_id=f"C{name}-{number}",
                amount=f"{usual * random.lognormvariate(0, 0.5):.2f}",
                issued=issued,
                due=due,
                paid=None if never else due + timedelta(days=delay),
                halved=random.random() < 0.1,
            )
        )
    return plans


def live(plans: list[Plan], core: ScoringCore) -> list[Sample]:
    """Tell one customer's history day by day, and take the risk where an invoice is issued."""
    books, party = Books("C"), Party("C")
    agenda = [(plan.issued, 0, plan) for plan in plans]
    agenda += [(plan.due + timedelta(days=1), 1, plan) for plan in plans]
    for plan in plans:
        if plan.paid is not None:
            agenda.append((plan.paid, 3, plan))
            if plan.halved:
                agenda.append((plan.paid - timedelta(days=5), 2, plan))
    samples: list[Sample] = []
    agenda.sort(key=lambda entry: (entry[0], entry[1], entry[2].item_id))
    for day, entries in groupby(agenda, key=lambda entry: entry[0]):
        tell(core, party, books.day(day), day)
        for _, what, plan in entries:
            if what == 0:
                facts = books.issue(plan.item_id, plan.amount, issued=plan.issued, due=plan.due)
                tell(core, party, facts, day)
                samples.append(sample(core, party, plan))
            elif what > 1:
                owed = books.items[plan.item_id].open
                paid = text(owed if what == 3 else owed // 2, "EUR")
                facts = books.pay(f"{plan.item_id}-{what}", plan.item_id, paid, day)
                tell(core, party, facts, day)
    return samples


def tell(core: ScoringCore, party: Party, facts: list[Fact], day: date) -> None:
    """Fold facts on their day."""
    for number, fact in enumerate(facts):
        event = Event(f"{day}-{number}", "t", fact.type, "C", "C", noon(day), fact, b"")
        core.fold(party, event, Effects(now=midnight(day), shared=Party("")))


def sample(core: ScoringCore, party: Party, plan: Plan) -> Sample:
    """What is known of the customer right now, and what will come."""
    behaviour = party.find(Behaviour, "C")
    assert behaviour is not None
    return Sample(
        risk=core.scorecard.assess(core.scorecard.see(behaviour, plan.issued)).points,
        share=(behaviour.late + 4 * 0.36) / (behaviour.known + 4),
        known=behaviour.known,
        late=plan.paid is None or plan.paid > plan.due,
    )


def auc(pairs: list[tuple[float, bool]]) -> float:
    """The chance that a late one has the higher value than one in time; equal ones count half."""
    late = [value for value, is_late in pairs if is_late]
    fine = [value for value, is_late in pairs if not is_late]
    wins = sum((a > b) + 0.5 * (a == b) for a in late for b in fine)
    return wins / (len(late) * len(fine))


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """All invoices of a seeded population, scored as they were issued."""
    random = Random(20250301)
    core = ScoringCore(read_scorecard(), read_segments())
    return [
        sample
        for name in range(CUSTOMERS)
        for sample in live(customer(random, name), core)
        if sample.known >= 1
    ]


def test_the_scorecard_tells_late_from_in_time(samples: list[Sample]) -> None:
    """At least 0.75, and within 0.03 of the share of late invoices (the best single feature)."""
    by_risk = auc([(sample.risk, sample.late) for sample in samples])
    by_share = auc([(sample.share, sample.late) for sample in samples])

    assert len(samples) > 1_500
    assert by_risk >= 0.75
    assert by_risk >= by_share - 0.03


def test_labels_at_random_are_not_told_apart(samples: list[Sample]) -> None:
    """If shuffled outcomes could be ranked, the risk would know the future."""
    outcomes = [sample.late for sample in samples]
    Random(1).shuffle(outcomes)

    found = auc([(sample.risk, late) for sample, late in zip(samples, outcomes, strict=True)])

    assert abs(found - 0.5) < 0.03


def test_more_history_tells_more(samples: list[Sample]) -> None:
    """With eleven known outcomes and more, the order is better than with one or two."""
    few = auc([(sample.risk, sample.late) for sample in samples if sample.known <= 2])
    many = auc([(sample.risk, sample.late) for sample in samples if sample.known >= 11])

    assert many > few
