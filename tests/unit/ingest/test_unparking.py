"""Ingest fails on any one event of a life with moves and reversals, and is mended afterwards."""

from collections.abc import Iterator

import pytest
from typing_extensions import override

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.wiring import WIRING
from shared.core import Effects, Elsewhere, Event, Party, Refusal
from shared.line.lane import Limits
from shared.testing.bench import Bench
from shared.testing.toy import tick
from shared.topics import BILLING_EVENTS, COLLECTIONS_LEDGER
from tests.scenario.test_ledger_transfers import issued, paid
from tests.unit.ingest.test_moves_between_partitions import FAR, PARTITIONS, owed, story, where


class Failing(IngestCore):
    """Fails on the `number`-th event that it is given, each time, until it is mended."""

    def __init__(self, number: int) -> None:
        super().__init__(Audit(every=1, strict=True))
        self.number = number
        self.seen: list[str] = []

    @override
    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
        if event.id not in self.seen:
            self.seen.append(event.id)
        if self.seen.index(event.id) == self.number:
            raise LookupError(event.id)
        return super().fold(party, event, effects)


def lives(core: Failing, *, records_max: int, together: bool) -> Bench:
    """The story of an account that changes party twice, worked off as it comes or at its end."""
    here = Bench(core=core, wiring=WIRING, partitions=PARTITIONS, limits=Limits(records_max))
    for _ in story(here):
        if not together:
            here.run()
        _pass_a_day(here)
    here.run()
    return here


def _pass_a_day(here: Bench, *, partitions: int = PARTITIONS) -> None:
    at = here.later(days=1)
    for number in range(partitions):
        record = tick(at, partition=number)
        record.topic = BILLING_EVENTS
        here.put(record)


def _mended(here: Bench, core: Failing, *, partitions: int = PARTITIONS) -> Iterator[str]:
    """Unpark whoever is parked until nobody is; who was."""
    core.number = -1
    while here.parked:
        yield from here.parked
        here.data.ask_to_unpark(*here.parked)
        _pass_a_day(here, partitions=partitions)
        here.run()


@pytest.mark.parametrize("records_max", [1, 2000])
@pytest.mark.parametrize("together", [False, True])
def test_whatever_it_failed_on_the_books_are_right(*, records_max: int, together: bool) -> None:
    """Also where the account moved away meanwhile: what follows it is sent on after all."""
    expected = {FAR: [("I-0", "50.00"), ("I-1", "50.00"), ("I-8", "1.00"), ("I-9", "3.00")]}
    number = parked = 0
    while True:
        core = Failing(number)
        here = lives(core, records_max=records_max, together=together)
        if len(core.seen) <= number:
            break
        who = list(_mended(here, core))
        parked += len(who)
        found = {party: sorted(items) for party, items in where(here).items()}
        assert (number, expected, {FAR: 10400}) == (number, found, owed(here))
        assert ([], [], {}) == (here.reasons(), here.worker.stopped, here.data.parked)
        number += 1

    assert parked == number > 10


def test_days_that_passed_are_not_lost() -> None:
    """What fell due while its debtor was parked is told with the day on which it did."""
    told = []
    for fails_on in (1, -1):
        core = Failing(fails_on)
        here = Bench(core=core, wiring=WIRING)
        here.tell(issued("I-1"), party="A", topic=BILLING_EVENTS)
        here.tell(issued("I-2"), party="A", topic=BILLING_EVENTS)
        here.run()
        for _ in range(60):
            _pass_a_day(here, partitions=1)
        here.tell(paid("P-1", "5.00", ("I-2", "5.00")), party="A", topic=BILLING_EVENTS)
        for _ in range(3):
            _pass_a_day(here, partitions=1)
        here.run()

        assert ["A"] * (fails_on + 1 > 0) == list(_mended(here, core, partitions=1))
        told.append(
            sorted(
                (one.type, one.time, one.data.decode())
                for one in here.said(COLLECTIONS_LEDGER)
                if "parked" not in one.type and one.party
            )
        )

    assert told[1] == told[0]
    assert 2 == sum("overdue" in kind for kind, _, _ in told[0])
