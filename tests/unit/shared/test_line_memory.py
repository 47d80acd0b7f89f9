"""What a lane holds in memory: documents come and go, and nothing of it shows in what comes out."""

import asyncio
import time

import pytest
from typing_extensions import override

from shared.core import Effects, Event, NotLoaded, Party, Refusal
from shared.line.lane import Limits
from shared.testing.bench import Bench
from shared.testing.log import Logged
from shared.testing.toy import EVENTS, LINE, Added, Item, ToyCore


def story(bench: Bench) -> None:
    """Parties whose items are opened, settled, corrected and reopened, over some ticks."""
    for day in range(6):
        for number in range(12):
            name = f"p{number}"
            bench.tell(Added(account_id=name, items={f"i{day}": 1}, wake_in_s=(30 * number,)))
            if day > 1:
                bench.tell(Added(account_id=name, closes=(f"i{day - 1}", f"i{day - 2}")))
            if day > 3:
                bench.tell(Added(account_id=name, reopens=("i0", "i1", f"i{day}")))
                bench.tell(Added(account_id=name, corrects=("i2", "i9")))
        bench.tick(seconds=60)
        bench.run()


def outcome(bench: Bench) -> tuple[list[Logged], object]:
    """All that can be seen of it."""
    return bench.log.read(LINE, 0), (bench.data.rows, bench.data.parties, bench.data.cells)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(documents_max=1, records_max=1),
        Limits(documents_max=3, records_max=2),
        Limits(documents_max=20, records_max=7, wakes_max=2),
        Limits(records_max=3),
    ],
)
def test_what_is_let_go_of_shows_nowhere(limits: Limits) -> None:
    """A party that was let go of is loaded again, and all is as if it had been at hand."""
    small, large = Bench(limits=limits), Bench()

    story(small)
    story(large)

    assert outcome(large) == outcome(small)
    assert [] == small.worker.stopped


def test_no_more_is_held_than_allowed() -> None:
    """Give or take what came since the last count."""
    bench = Bench(limits=Limits(documents_max=10, records_max=1))

    story(bench)

    parties = bench.worker.rounds.lanes[0].cache
    assert len(parties.ids()) <= 10 + 20


def test_settled_documents_are_let_go_of() -> None:
    """A debtor with ten thousand paid invoices costs no memory for them."""
    bench = Bench()
    bench.tell(Added(account_id="ann", items={f"i{number}": 1 for number in range(100)}))
    bench.tell(Added(account_id="ann", closes=tuple(f"i{number}" for number in range(99))))

    bench.run()

    assert ["i99"] == [item.key for item in bench.worker.rounds.lanes[0].cache.get("ann").all(Item)]


class TestInFlight:
    """What the round before is still writing."""

    @pytest.fixture
    def steps(self) -> list[str]:
        """The calls to the store, as they come."""
        return []

    @pytest.fixture
    def bench(self, steps: list[str]) -> Bench:
        """One record a round, and a store whose commits take a while."""
        bench = Bench(limits=Limits(records_max=1))

        async def take_a_while(name: str) -> None:
            steps.append(name)
            for _ in range(10 if name == "commit.before" else 1):
                await asyncio.sleep(0)

        bench.worker.rounds.store._step = take_a_while  # type: ignore[attr-defined] # a stepped one
        return bench

    def test_a_document_that_is_being_written_is_read_as_it_will_be(self, bench: Bench) -> None:
        """It was let go of when it was settled; the store has not heard of it yet."""
        bench.tell(Added(account_id="ann", items={"i": 5}, closes=("i",)))
        bench.tell(Added(account_id="ann", amount=2, corrects=("i",)))

        bench.run()

        assert '{"name":"i","amount":7,"done":false}' == bench.document("ann", "item", "i")

    def test_a_wake_that_is_being_written_is_not_missed(self, bench: Bench) -> None:
        """A tick right behind the event that set it lists it."""
        bench.tell(Added(account_id="ann", wake_in_s=(30,)))
        bench.tick(seconds=60)

        bench.run()

        assert ["woken", "decided", "ticked"] == [what for what, _, _ in bench.line()][-3:]

    def test_the_next_round_is_folded_meanwhile(self, bench: Bench, steps: list[str]) -> None:
        """Where it asks for nothing of that, it does not wait."""
        bench.tell(Added(account_id="ann"))
        bench.run()
        steps.clear()

        bench.tell(Added(account_id="ann"))
        bench.tell(Added(account_id="ann"))
        bench.run()

        first, second = (at for at, step in enumerate(steps) if step == "taken.before")
        assert first < second < steps.index("commit.after")


class TestAsking:
    def test_a_document_that_is_asked_for_is_brought(self) -> None:
        """A query more, the same result."""
        bench = Bench()
        bench.tell(Added(account_id="ann", items={"i": 1}))
        bench.tell(Added(account_id="ann", closes=("i",)))
        bench.run()

        bench.tell(Added(account_id="ann", amount=5, reopens=("i",)))
        bench.run()

        assert '{"name":"i","amount":6,"done":false}' == bench.document("ann", "item", "i")

    def test_several_are_brought_one_after_the_other(self) -> None:
        """Those brought before stay at hand until the event is folded."""
        bench = Bench()
        names = tuple(f"i{number}" for number in range(9))
        bench.tell(Added(account_id="ann", items=dict.fromkeys(names, 1)))
        bench.tell(Added(account_id="ann", closes=names))
        bench.run()
        for id_ in ("bob", "ann", "cyd"):
            bench.tell(Added(account_id=id_, reopens=names))

        bench.run()

        assert 9 == sum(
            '"done":false' in (bench.document("ann", "item", name) or "") for name in names
        )
        assert [] == bench.worker.stopped

    def test_one_that_does_not_exist_is_asked_for_once(self) -> None:
        """Then it is known that there is none."""
        bench = Bench()
        bench.tell(Added(account_id="ann", amount=5, reopens=("none",)))

        bench.run()

        assert '"total":5' in (bench.document("ann", "tally") or "")
        assert {} == bench.parked

    def test_the_ids_of_an_event_that_has_to_wait_are_not_registered_yet(self) -> None:
        """Else it would be its own duplicate in the next batch."""
        bench = Bench()
        bench.tell(Added(account_id="ann"))
        bench.tell(Added(account_id="ann", amount=5, reopens=("none",)))
        bench.tell(Added(account_id="ann"))

        bench.run()

        assert {"applied": 3} == dict(bench.worker.observer.outcomes)

    def test_to_ask_for_ever_is_a_defect(self) -> None:
        """The party is parked; the others go on."""
        bench = Bench()
        bench.tell(Added(account_id="ann", fault="ask"))
        bench.tell(Added(account_id="bob"))

        bench.run()

        assert {"ann": 1} == bench.parked
        assert ["bob"] == [who for what, who, _ in bench.line() if what == "noted"]

    def test_to_ask_when_facts_were_told_is_a_defect(self) -> None:
        """The event will be folded again, and they would be told twice."""

        class Hasty(ToyCore):
            @override
            def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
                super().fold(party, event, effects)
                raise NotLoaded("item", "i")

        bench = Bench(core=Hasty())
        bench.tell(Added(account_id="ann"))

        bench.run()

        assert {"ann": 1} == bench.parked

    def test_to_ask_when_woken_is_a_defect(self) -> None:
        """There is no event that could wait."""

        class Sleepy(ToyCore):
            @override
            def decide(self, party: Party, at: object, effects: Effects) -> None:
                party.settled(Item, "i")

        bench = Bench(core=Sleepy())
        bench.tell(Added(account_id="ann", wake_in_s=(30,)))

        bench.tick(seconds=60)
        bench.run()

        assert {"ann": 0} == bench.parked


def test_ten_thousand_documents_in_a_party_are_no_hindrance() -> None:
    """An event costs what it touches: a thousand events take no longer because of what is open."""
    bench = Bench()
    for part in range(10):
        items = {f"i{part}-{number}": 1 for number in range(1000)}
        bench.tell(Added(account_id="ann", items=items))
    bench.run()
    bench.restart()
    bench.tell(Added(account_id="ann"))
    bench.run()

    started = time.process_time()
    for number in range(1000):
        bench.tell(Added(account_id="ann", corrects=(f"i1-{number}",)))
    bench.run()

    assert time.process_time() - started < 5
    assert '{"name":"i1-999","amount":2,"done":false}' == bench.document("ann", "item", "i1-999")
    assert 10_001 == len(bench.data.rows["ann", 0])


def test_a_stored_document_that_cannot_be_read_stops_the_service() -> None:
    """It would be folded as if it were not there; somebody must look."""
    bench = Bench()
    bench.tell(Added(account_id="ann"))
    bench.run()
    rows = bench.data.rows["ann", 0]
    rows["tally", ""] = type(rows["tally", ""])("ann", "tally", "", '{"total": "x"}')
    bench.restart()

    bench.tell(Added(account_id="ann"))
    bench.run()

    assert 1 == len(bench.worker.stopped)
    assert "cannot be read" in bench.worker.stopped[0]
    assert '{"total": "x"}' == bench.document("ann", "tally")


def test_gaps_that_were_passed_are_forgotten() -> None:
    """Who writes in transactions leaves a mark behind each: a gap, which is sought back to once."""
    bench = Bench()
    for number in range(200):
        bench.tell(Added(account_id=f"p{number}"))
    for spot in range(bench.log.partitions):
        for offset in range(0, bench.log.end(EVENTS, spot), 2):
            bench.log.cut(EVENTS, spot, offset)

    for _ in range(2 * 200):
        bench.run()

    assert [] == bench.worker.stopped
    assert all(
        lane.cursor.offsets[EVENTS] == bench.log.end(EVENTS, n)
        for n, lane in bench.worker.rounds.lanes.items()
    )
    assert len(bench.worker.ownership.sought) <= bench.log.partitions
