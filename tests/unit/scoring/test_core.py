"""What the core keeps and tells, for any history: sums that a slow model agrees with, no future."""

import json
from datetime import date, datetime
from hashlib import blake2b
from typing import cast

from hypothesis import given, settings

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.score import score_of, to_fact
from services.scoring.sources import read_scorecard, read_segments
from shared.core import Outgoing
from shared.events.base import Fact
from shared.events.ledger import InvoiceBucketChanged, InvoiceOverdue, ItemState, Moved
from shared.events.scores import AccountScored
from shared.money import minor
from shared.testing.line import Line
from tests.unit.kpi.books import midnight, noon
from tests.unit.kpi.histories import diaries
from tests.unit.scoring.lives import Diary, lives

CARD = read_scorecard()
SEGMENTS = read_segments()


class Slow:
    """The same account as a list of items: what is open on each, and when it is due."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[int, date]] = {}
        self.today = date.min

    def tell(self, fact: Fact) -> None:
        """Look at one fact."""
        if isinstance(fact, Moved):
            for entry in fact.entries:
                if entry.due_on is not None:
                    self.items[entry.item_id] = (minor(entry.open_amount, "EUR"), entry.due_on)
        elif isinstance(fact, InvoiceOverdue | InvoiceBucketChanged):
            self.today = max(self.today, date.fromordinal(_day(fact, fact.past_due_days)))

    def overdue(self) -> list[tuple[date, int]]:
        """What is open and past due, oldest first."""
        return sorted((due, owed) for owed, due in self.items.values() if owed and due < self.today)


def _day(fact: ItemState, days: int) -> int:
    return fact.due_on.toordinal() + days


FEWER = settings(max_examples=40)
"""Each example is dozens of events, each through JSON."""


@FEWER
@given(diaries())
def test_overdue_is_what_a_list_of_items_says(diary: Diary) -> None:
    """After each fact: amount, number and oldest day of what is overdue, and all that is open."""
    line, slow = Line(ScoringCore(CARD, SEGMENTS)), Slow()
    for day, facts in diary:
        line.tick(midnight(day))
        for fact in facts:
            line.tell(fact, time=noon(day))
            slow.tell(fact)

            behaviour = line.party("A").find(Behaviour, "A")
            assert behaviour is not None
            owed, expected = behaviour.owed["EUR"], slow.overdue()
            assert sum(amount for _, amount in expected) == owed.overdue.amount
            assert len(expected) == owed.overdue.items
            assert (expected[0][0] if expected else None) == owed.overdue.oldest
            open_amount = sum(amount for amount, _ in slow.items.values())
            assert open_amount == owed.overdue.amount + owed.coming.amount


@FEWER
@given(diaries())
def test_behaviour_stays_in_bounds(diary: Diary) -> None:
    """No more late than known, no more of the latest than three, risk from 0 to 100."""
    line = Line(ScoringCore(CARD, SEGMENTS))
    for day, facts in diary:
        line.tick(midnight(day))
        for fact in facts:
            line.tell(fact, time=noon(day))
            behaviour = line.party("A").find(Behaviour, "A")
            assert behaviour is not None
            assert 0 <= behaviour.late <= behaviour.known
            assert len(behaviour.latest) <= 3
            assert behaviour.paid >= 0
            assert behaviour.days_late >= 0
            assert 0 <= CARD.assess(CARD.see(behaviour, day)).points <= 100


@FEWER
@given(lives())
def test_a_score_can_be_had_again_from_the_line(diary: Diary) -> None:
    """Each score that went out is that of the line up to there, folded anew: all of it."""
    line = Line(ScoringCore(CARD, SEGMENTS))
    told: list[tuple[date, Fact]] = []
    for day, facts in diary:
        for outgoing in line.tick(midnight(day)):
            assert again(told, day, midnight(day)).smallest() == outgoing.data.smallest()
        for fact in facts:
            told.append((day, fact))
            sent = line.tell(fact, time=noon(day))
            for outgoing in cast("list[Outgoing]", sent):
                assert again(told, day, noon(day)).smallest() == outgoing.data.smallest()


def again(told: list[tuple[date, Fact]], day: date, at: datetime) -> AccountScored:
    """The score on a day after these facts, computed from nothing else."""
    line = Line(ScoringCore(CARD, SEGMENTS), reload=False)
    for earlier, fact in told:
        line.tick(midnight(earlier))
        line.tell(fact, time=noon(earlier))
    line.tick(midnight(day))
    behaviour = line.party("A").find(Behaviour, "A")
    assert behaviour is not None
    found = score_of(behaviour, CARD, max(behaviour.today, day))
    found.segment = SEGMENTS.of(found)
    return to_fact(found, CARD, scored_at=at)


@FEWER
@given(diaries())
def test_what_goes_out_last_is_near_the_truth(diary: Diary) -> None:
    """Between two scores, the overdue amount never drifts by a tenth, nor the risk by five."""
    line, slow = Line(ScoringCore(CARD, SEGMENTS)), Slow()
    last: AccountScored | None = None
    for day, facts in diary:
        line.tick(midnight(day))
        for fact in facts:
            slow.tell(fact)
            for outgoing in cast("list[Outgoing]", line.tell(fact, time=noon(day))):
                last = cast("AccountScored", outgoing.data)
        overdue = sum(amount for _, amount in slow.overdue())
        told = minor(last.overdue_amount, "EUR") if last else 0
        behaviour = line.party("A").find(Behaviour, "A")
        assert behaviour is not None
        assert (overdue > 0) == (told > 0)
        if last is not None and told:
            assert abs(overdue - told) * 10 < told or overdue == told
            assert abs(CARD.assess(CARD.see(behaviour, day)).points - last.risk) < 5


@FEWER
@given(lives())
def test_a_score_is_what_its_contract_says(diary: Diary) -> None:
    """None is validated as it is made, so each must read back the same, and its hash with it."""
    line = Line(ScoringCore(CARD, SEGMENTS), reload=False)

    for day, facts in diary:
        line.tick(midnight(day))
        for fact in facts:
            line.tell(fact, time=noon(day))

    for outgoing in line.out:
        text = outgoing.data.smallest()
        told = json.loads(text)
        features = json.dumps(told["features"], sort_keys=True, separators=(",", ":"))
        read = AccountScored.model_validate_json(text)
        assert (outgoing.data, text) == (read, read.smallest())
        assert told["features_hash"] == blake2b(features.encode(), digest_size=8).hexdigest()
