"""A core's defect parks one party and hinders nobody else."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from typing_extensions import override

from shared.core import Effects, Event, Party, Refusal
from shared.line.lane import Limits
from shared.line.ports import Record
from shared.testing.bench import Bench
from shared.testing.toy import (
    DOOR,
    FACTS,
    LINE,
    READER,
    Added,
    Configured,
    Misbehaviour,
    Tally,
    ToyCore,
)
from shared.topics import MESSAGE_BYTES_MAX

FAULTS = ("raise", "raise_late", "wants", "unwritable", "ask")


def kept(bench: Bench, party: str) -> list[str]:
    """The ids of the events kept for a parked party."""
    stored = bench.data.parked[bench.home(party), party]
    return [dict(stored[n].headers)["ce_id"].decode() for n in sorted(stored)]  # type: ignore[union-attr] # ids are there


def numbers(bench: Bench, party: str) -> list[int]:
    """Their numbers."""
    return sorted(bench.data.parked[bench.home(party), party])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("records_max", [1, 2, 1000])
def test_one_defect_parks_one_party(fault: str, records_max: int) -> None:
    """Earlier events of the party stay, later ones are kept in order, others go on, told once."""
    bench = Bench(limits=Limits(records_max=records_max))
    bench.tell(Added(account_id="ann", amount=5))
    bench.tell(Added(account_id="bob", amount=1))
    second = bench.tell(Added(account_id="ann", amount=7, fault=fault))
    third = bench.tell(Added(account_id="ann", amount=9))
    bench.tell(Added(account_id="bob", amount=2))

    bench.run()

    assert {"ann": 2} == bench.parked
    assert [second, third] == kept(bench, "ann")
    assert [0, 1] == numbers(bench, "ann")
    assert '"total":5' in (bench.document("ann", "tally") or "")
    assert '"total":3' in (bench.document("bob", "tally") or "")
    assert [
        ("added", "ann"),
        ("noted", "ann"),
        ("added", "bob"),
        ("noted", "bob"),
        ("added", "ann"),
        ("withdrawn", "ann"),
        ("parked", "ann"),
        ("added", "ann"),
        ("added", "bob"),
        ("noted", "bob"),
    ] == [entry[:2] for entry in bench.line()]
    assert {(0, "totals"): {"ann": 5, "bob": 3}} == bench.data.cells
    assert [] == bench.worker.stopped


def test_the_fact_of_parking_names_the_event_and_the_defect() -> None:
    """Who repairs it must find it."""
    bench = Bench()
    event = bench.tell(Added(account_id="ann", fault="raise"))

    bench.run()

    told = json.loads(next(s for s in bench.said() if s.type.endswith("party.parked.v1")).data)
    assert {
        "party_id": "ann",
        "service": "toy",
        "event_id": event,
        "reason": "Misbehaviour: raise",
    } == told


def test_a_parked_party_stays_parked_after_a_restart() -> None:
    """Its later events are kept behind those that were, and its wakes are none."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(30,)))
    first = bench.tell(Added(account_id="ann", fault="raise"))
    bench.run()

    bench.restart()
    second = bench.tell(Added(account_id="ann"))
    bench.tick(seconds=60)
    bench.run()

    assert [first, second] == kept(bench, "ann")
    assert [0, 1] == numbers(bench, "ann")
    assert "woken" not in [what for what, _, _ in bench.line()]
    assert 1 == sum(what == "parked" for what, _, _ in bench.line())


def test_parking_is_undone_with_the_batch_it_was_in() -> None:
    """Two defects in one batch: what the second pass has kept is not kept twice by the third."""
    bench = Bench()
    bench.tell(Added(account_id="ann", fault="raise"))
    bench.tell(Added(account_id="ann"))
    bench.tell(Added(account_id="bob", fault="raise"))
    bench.tell(Added(account_id="bob"))
    bench.tell(Added(account_id="ann"))

    bench.run()

    assert {"ann": 3, "bob": 2} == bench.parked
    assert [0, 1, 2] == numbers(bench, "ann")
    assert [0, 1] == numbers(bench, "bob")


def test_an_oversize_fact_parks_its_party() -> None:
    """A record that no topic takes must be found before it is stored, not when it is published."""
    bench = Bench()
    bench.tell(Added(account_id="ann", amount=5))
    bench.tell(Added(account_id="ann", padding=MESSAGE_BYTES_MAX))
    bench.tell(Added(account_id="bob", padding=MESSAGE_BYTES_MAX - 5_000))

    bench.run()

    assert {"ann": 1} == bench.parked
    assert '"total":5' in (bench.document("ann", "tally") or "")
    assert ["noted"] == [what for what, who, _ in bench.line() if who == "bob"][1:]


def test_a_defect_while_parking_is_not_the_end() -> None:
    """If even the withdrawal fails the party is parked without it, and the state is as it was."""
    bench = Bench()
    bench.tell(Added(account_id="ann", amount=5, fault=""))
    bench.tell(Added(account_id="ann", fault="raise"), id="parked-1")
    bench.tell(Added(account_id="bob"))

    bench.run()

    assert {"ann": 1} == bench.parked
    assert ["added", "noted", "added", "parked"] == [
        what for what, who, _ in bench.line() if who == "ann"
    ]
    assert '"count":1' in (bench.document("ann", "tally") or "")
    assert [] == bench.worker.stopped


class UnwritableWhenParked(ToyCore):
    """Leaves behind, when it is parked, what cannot be written."""

    @override
    def parked(self, party: Party, effects: Effects) -> None:
        super().parked(party, effects)
        party.keep(Tally(broken=object()))


def test_what_parking_leaves_behind_and_cannot_be_written_is_dropped() -> None:
    """Else the batch would be folded for ever."""
    bench = Bench(core=UnwritableWhenParked())
    bench.tell(Added(account_id="ann"))
    bench.tell(Added(account_id="ann", fault="raise"))

    bench.run()

    assert {"ann": 1} == bench.parked
    assert [] == bench.worker.stopped
    assert '"broken":null' in (bench.document("ann", "tally") or "")


@pytest.mark.parametrize("fault", ["raise", "unwritable"])
def test_a_broadcast_that_cannot_be_folded_leaves_the_old_in_force(fault: str) -> None:
    """It is passed on and counted, and a dead letter says why; no party is parked for it."""
    bench = Bench()
    bench.tell(Configured(number=1, factor=2, from_=bench.now))
    bench.tick(seconds=60)
    bench.tell(Configured(number=2, factor=3, from_=bench.now, fault=fault))
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann", amount=5))

    bench.run()

    assert '"total":10' in (bench.document("ann", "tally") or "")
    assert 1 == bench.worker.observer.broadcasts_refused
    assert {"applied": 4, "invalid": 1} == bench.worker.observer.outcomes
    assert 2 == sum(what == "configured" for what, _, _ in bench.line())
    assert ["invalid"] == bench.reasons()
    assert {} == bench.parked
    assert [] == bench.worker.stopped


def test_a_defect_at_the_tick_itself_lets_the_tick_pass() -> None:
    """Time must go on for those downstream."""
    bench = Bench()
    bench.tell(Configured(number=1, factor=2, from_=bench.now, fault="tick"))
    bench.tell(Added(account_id="ann", wake_in_s=(30,)))

    bench.tick(seconds=60)
    bench.tick(seconds=60)
    bench.run()

    assert ["ticked", "ticked"] == [what for what, _, _ in bench.line() if what == "ticked"]
    assert ["ann"] == [who for what, who, _ in bench.line() if what == "woken"]
    assert [] == bench.worker.stopped


def test_an_unreadable_reason_is_stored_all_the_same() -> None:
    """What an exception says may hold what no UTF-8 can."""

    class Garbled(ToyCore):
        @override
        def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
            raise Misbehaviour("half: \ud83d")

    bench = Bench(core=Garbled())
    bench.tell(Added(account_id="ann"))

    bench.run()

    assert {"ann": 1} == bench.parked
    assert [] == bench.worker.stopped


def test_a_core_without_documents_parks_as_well() -> None:
    """A stateless service keeps no parties, and yet the defect of one event stops nobody."""

    class Counting(ToyCore):
        @override
        def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
            if isinstance(event.data, Added) and event.data.fault:
                raise Misbehaviour(event.data.fault)
            effects.add("totals", event.party, 1)
            return None

    door = Bench()
    for fault in ("", "x", ""):
        door.tell(Added(account_id="ann", amount=0, fault=fault))
        door.tell(Added(account_id="bob"))
    door.run()
    reader = Bench(core=Counting(FACTS), wiring=replace(READER, stateless=True))
    hand_down(door, reader)

    reader.run()

    assert {"ann": 4} == reader.parked
    assert {(0, "totals"): {"ann": 2, "bob": 6}} == reader.data.cells
    assert [] == reader.worker.stopped


def hand_down(door: Bench, reader: Bench) -> None:
    """Put a door's line into a reader's log."""
    for one in door.log.read(LINE, 0):
        reader.put(Record(LINE, 0, one.key, one.value, one.headers))


def test_many_defects_in_one_batch_cost_no_more_than_twice_the_work() -> None:
    """A core that fails often parks many, and the line goes on: no event is folded many times."""

    class Counted(ToyCore):
        folds = 0

        @override
        def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
            Counted.folds += 1
            return super().fold(party, event, effects)

    bench = Bench(core=Counted())
    for number in range(100):
        bench.tell(Added(account_id="ann"))
        bench.tell(Added(account_id=f"party-{number}", fault="raise"))

    bench.run()

    assert 100 == len(bench.parked)
    assert Counted.folds <= 2 * 200


def test_many_defects_in_one_tick_cost_no_more_than_twice_the_work() -> None:
    """The same for parties that cannot be woken."""

    class Counted(ToyCore):
        wakes = 0

        @override
        def wake(self, party: Party, until: datetime, effects: Effects) -> None:
            Counted.wakes += 1
            super().wake(party, until, effects)

    bench = Bench(core=Counted())
    for number in range(100):
        fault = "wake" if number % 2 else ""
        bench.tell(Added(account_id=f"party-{number}", wake_in_s=(30,), fault=fault))

    bench.tick(seconds=60)
    bench.run()

    assert 50 == len(bench.parked)
    assert 50 == sum(what == "decided" for what, _, _ in bench.line())
    assert Counted.wakes <= 2 * 100


def test_dead_letters_and_parking_do_not_mix() -> None:
    """Input that is refused is a dead letter; what a core fails on is not."""
    bench = Bench()
    bench.tell(Added(account_id="ann", fault="refuse"))
    bench.tell(Added(account_id="bob", fault="raise"))

    bench.run()

    assert ["invalid"] == bench.reasons()
    assert ["bob"] == list(bench.parked)
    assert DOOR.dead_letters == bench.wiring.dead_letters
