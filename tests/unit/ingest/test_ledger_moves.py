"""Random histories of an account that changes party meanwhile: as if it had never gone."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.invoice import Invoice
from services.ingest.domain.position import position
from shared.core import Outgoing, Refusal
from shared.events import billing
from shared.events.base import Fact
from shared.money import minor
from shared.testing.line import Line
from shared.topics import BILLING_EVENTS
from tests.unit.ingest.test_ledger_histories import (
    ACCOUNT,
    DAY_0,
    T_0,
    creditors,
    events,
    moves,
    name_of,
    opened,
)

PARTIES = (ACCOUNT, "P-1", "P-2")
ARRIVE = ""
"""What is in transit is read."""
Step = Fact | int | str
steps = st.lists(
    st.one_of(
        events, events, events, st.integers(1, 40), st.sampled_from([*PARTIES, ARRIVE, ARRIVE])
    ),
    max_size=40,
)
DAYS = [*(DAY_0 + timedelta(days) for days in (0, 30, 60, 120, 200)), date.max]


class Journey:
    """A line whose account may be on its way."""

    def __init__(self, creditor: dict[str, str]) -> None:
        self.line: Line = opened(creditor)
        self.out: list[Outgoing] = []
        self._transit: list[Outgoing] = []
        self._now = T_0

    def go(self, steps: list[Step], *, moving: bool) -> None:
        """Tell all steps; `moving` or without the moves."""
        for step in [*steps, ARRIVE]:
            if isinstance(step, int):
                self._arrive()
                self._now += timedelta(step)
                self._see(self.line.tick(self._now))
            elif step == ARRIVE:
                self._arrive()
            elif isinstance(step, Fact):
                self._tell(step)
            elif moving:
                self._tell(billing.AccountUpdated(account_id=ACCOUNT, party_id=step))

    def _tell(self, fact: Fact) -> None:
        self._see(self.line.tell(fact, time=self._now))

    def _see(self, answer: list[Outgoing] | Refusal) -> None:
        if not isinstance(answer, Refusal):
            self.out += answer
            self._transit += [one for one in answer if one.topic == BILLING_EVENTS]

    def _arrive(self) -> None:
        while self._transit:
            sent = self._transit.pop(0)
            if isinstance(sent.data, billing.AccountArrived):
                kind = type(sent.data)
                sent.data = kind.model_validate_json(sent.data.smallest())
                self._see(self.line.follow(sent))
                self._see(self.line.go_on())

    def seen(self) -> list[object]:
        """Wherever the account is: what is open and held on some days."""
        found = [
            place
            for party in PARTIES
            for day in DAYS
            if (place := position(self.line.party(party), ACCOUNT, day)) is not None
        ]
        assert len(found) in (0, len(DAYS))
        return [
            (each.open_items, each.unapplied_cash, each.unapplied_credit)
            for each in found
            if each.open_items or each.unapplied_cash or each.unapplied_credit
        ]


@given(steps, creditors)
@settings(max_examples=60)
def test_it_owes_what_it_would_owe_if_it_had_never_gone(
    steps: list[Step], creditor: dict[str, str]
) -> None:
    """On every day, whatever was on its way when the account left, came back and left again."""
    gone, stayed = Journey(creditor), Journey(creditor)

    gone.go(steps, moving=True)
    stayed.go(steps, moving=False)

    assert stayed.seen() == gone.seen()


@given(steps, creditors)
@settings(max_examples=60)
def test_what_was_told_of_each_party_is_what_it_has(
    steps: list[Step], creditor: dict[str, str]
) -> None:
    """The sum of the entries, by party: where the account is it has all of it, elsewhere none."""
    journey = Journey(creditor)

    journey.go(steps, moving=True)

    sums: Counter[tuple[str, ...]] = Counter()
    for sent in journey.out:
        for fact in moves([sent]):
            for entry in fact.entries:
                sums[sent.party, *name_of(entry, fact)] += minor(entry.amount, fact.currency)
    there = {
        (party, "item", invoice.invoice_id, item.item_id, invoice.currency): item.open
        for party in PARTIES
        for invoice in journey.line.party(party).all(Invoice)
        for item in invoice.items
        if item.open
    }
    assert there == {name: amount for name, amount in sums.items() if amount and name[1] == "item"}
