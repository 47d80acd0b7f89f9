"""A party is unparked: what was kept is folded in order, as on the day it came, or not at all."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from typing_extensions import override

from shared.core import Effects, Event, Party, Refusal
from shared.line.lane import Limits
from shared.line.ports import Record
from shared.testing.bench import Bench, Said
from shared.testing.toy import FACTS, LINE, READER, Added, Misbehaviour, Noted, ToyCore


class Mendable(ToyCore):
    """Fails on some events until it is mended; being parked leaves nothing in the party."""

    def __init__(self, *failing: str, topic: str = LINE) -> None:
        super().__init__(topic)
        self.failing = failing

    def mend(self, *left: str) -> None:
        """From now on only these fail."""
        self.failing = left

    @override
    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        if event.id in self.failing:
            raise Misbehaviour(event.id)
        return super().fold(party, event, effects)

    @override
    def parked(self, party: Party, effects: Effects) -> None:
        """Nothing stands open."""

    @override
    def unparked(self, party: Party, effects: Effects) -> None:
        """Nothing was withdrawn."""

    @override
    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """What is decided at ticks is not made up for."""


class Timed(Mendable):
    """Tells as well what time it was on the line as an event was folded."""

    @override
    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        refusal = super().fold(party, event, effects)
        known = Noted(total=0, trail="", entry=f"{effects.now:%H:%M}")
        effects.emit(known, topic=self.topic, subject="", entity="now", time=event.time)
        return refusal


def unpark(bench: Bench, *parties: str) -> None:
    """Ask for it, and let the next two ticks come, perhaps in one batch."""
    bench.data.ask_to_unpark(*parties)
    bench.tick(seconds=30)
    bench.tick(seconds=30)
    bench.run()


def life(bench: Bench) -> None:
    """Ann's: items that settle and reopen, wakes due before, between and after events."""
    bench.tell(Added(account_id="ann", amount=5, items={"i1": 1}, wake_in_s=(30, 100, 3000)))
    bench.tell(Added(account_id="ann", closes=("i1",)))
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann", amount=7, wake_in_s=(10,)), id="defect")
    bench.tell(Added(account_id="bob", wake_in_s=(10,)))
    bench.run()
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann", reopens=("i1", "never"), wake_in_s=(5, 7)))
    bench.run()
    bench.tick(seconds=60)
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann", amount=9, items={"i2": 3}))
    bench.tell(Added(account_id="bob"))
    bench.run()


@pytest.mark.parametrize("records_max", [1, 2, 1000])
@pytest.mark.parametrize("restarted", [False, True])
def test_it_is_as_if_nothing_had_happened(records_max: int, *, restarted: bool) -> None:
    """State, wakes, figures and ids are those of a core that never failed."""
    core = Timed("defect")
    bench, undisturbed = Bench(core=core, limits=Limits(records_max)), Bench(core=Timed())
    life(bench)
    life(undisturbed)
    assert {"ann": 3} == bench.parked

    core.mend()
    if restarted:
        bench.restart()
    unpark(bench, "ann")
    unpark(undisturbed)

    assert {} == bench.parked
    assert {} == bench.data.parked
    assert told(undisturbed) == told(bench)
    for data in (bench.data, undisturbed.data):
        data.cursors.clear()
        data.outbox.clear()
    assert undisturbed.data == bench.data
    assert [] == bench.worker.stopped


def told(bench: Bench) -> list[tuple[str, ...]]:
    """What was told of parties, in the order of its times, and when it came in."""
    return sorted(
        (one.party, one.time, one.data.decode(), came_in(one))
        for one in bench.said()
        if one.type.startswith(("toy.added", "toy.noted"))
    )


def came_in(one: Said) -> str:
    """When the event came in that it was told for; what a wake told came with none."""
    return "" if b'"entry":"woken"' in one.data else str(one.headers["ce_recordedtime"])


def test_the_line_is_told_in_order() -> None:
    """Behind a tick: what the kept events led to, at their own times; that it is over; then on."""
    core = Mendable("defect")
    bench = Bench(core=core)
    life(bench)
    before = len(bench.line())

    core.mend()
    bench.tell(Added(account_id="ann"))
    bench.data.ask_to_unpark("ann")
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann"))
    bench.run()

    told = bench.said()[before:]
    assert [
        ("added", "ann"),
        ("ticked", ""),
        ("noted", "ann"),
        ("woken", "ann"),
        ("woken", "ann"),
        ("noted", "ann"),
        ("woken", "ann"),
        ("woken", "ann"),
        ("noted", "ann"),
        ("noted", "ann"),
        ("unparked", "ann"),
        ("added", "ann"),
        ("noted", "ann"),
    ] == [entry[:2] for entry in bench.line()[before:]]
    fact = next(one for one in told if one.type.endswith("party.unparked.v1"))
    assert {"party_id": "ann", "service": "toy", "events": 4} == json.loads(fact.data)
    times = [one.time for one in told[2:10]]
    assert sorted(times) == times
    assert ({}, {}) == (bench.parked, bench.data.parked)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("raise", "Misbehaviour: raise"),
        ("raise_late", "Misbehaviour: raise_late"),
        ("unwritable", "TypeError: "),
        ("ask", "NotLoaded: "),
    ],
)
def test_what_fails_again_is_kept_on(fault: str, why: str) -> None:
    """Nothing of it is stored or told; who asked finds the reason; what comes is kept behind."""
    core = Mendable("defect")
    bench = Bench(core=core)
    bench.tell(Added(account_id="ann", amount=5))
    bench.tell(Added(account_id="ann"), id="defect")
    bench.tell(Added(account_id="ann", fault=fault), id="another")
    bench.run()
    state, line = bench.document("ann", "tally"), bench.line()

    core.mend()
    bench.tell(Added(account_id="ann"), id="later")
    bench.tell(Added(account_id="bob"))
    unpark(bench, "ann")
    unpark(bench)

    mark = bench.data.parties["ann"]
    assert {"ann": 3} == bench.parked
    assert (False, why) == (mark.asked, mark.why[: len(why)])
    assert state == bench.document("ann", "tally")
    assert ["added", "added", "noted", "ticked", "ticked", "ticked", "ticked"] == [
        what for what, _, _ in bench.line()[len(line) :]
    ]
    assert [] == bench.worker.stopped


def test_it_may_be_asked_again_after_a_better_fix() -> None:
    """The second time all is folded, also what came between."""
    core = Mendable("defect", "another")
    bench = Bench(core=core)
    for name in ("defect", "between", "another"):
        bench.tell(Added(account_id="ann"), id=name)
    bench.run()

    core.mend("another")
    unpark(bench, "ann")
    first = dict(bench.parked)
    bench.tell(Added(account_id="ann"))
    core.mend()
    unpark(bench, "ann")

    assert ({"ann": 3}, {}) == (first, bench.parked)
    assert '"count":4' in (bench.document("ann", "tally") or "")
    assert "" == bench.data.parties["ann"].why


def test_nobody_is_unparked_who_was_not_asked_for() -> None:
    """Nor is anything done for one who is not parked."""
    core = Mendable("defect", "other")
    bench = Bench(core=core)
    bench.tell(Added(account_id="ann"), id="defect")
    bench.tell(Added(account_id="bob"), id="other")
    bench.tell(Added(account_id="cyd"))
    bench.run()

    core.mend()
    unpark(bench, "bob", "cyd", "nobody")

    assert {"ann": 1} == bench.parked


def test_a_party_parked_by_its_wake_has_nothing_kept() -> None:
    """It is woken up to the latest tick, and told."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(30,), fault="decide"))
    bench.tick(seconds=60)
    bench.run()
    assert {"ann": 0} == bench.parked

    unpark(bench, "ann")

    assert {} == bench.parked
    assert ["ticked", "decided", "unparked", "ticked"] == [what for what, _, _ in bench.line()[-4:]]


def test_a_new_defect_parks_it_anew() -> None:
    """What is kept then begins with that event, numbered from 0."""
    core = Mendable("defect")
    bench = Bench(core=core)
    for name in ("defect", "second"):
        bench.tell(Added(account_id="ann"), id=name)
    bench.run()

    core.mend("new")
    bench.data.ask_to_unpark("ann")
    bench.tick(seconds=60)
    bench.tell(Added(account_id="ann"), id="new")
    bench.tell(Added(account_id="ann"), id="after")
    bench.run()
    assert {"ann": 2} == bench.parked
    assert [0, 1] == sorted(bench.data.parked[0, "ann"])

    core.mend()
    unpark(bench, "ann")
    assert {} == bench.parked
    assert '"count":4' in (bench.document("ann", "tally") or "")


def test_many_are_unparked_over_several_batches() -> None:
    """A batch takes about as many kept events as it takes records, and one party at least."""
    core = Mendable(*(f"defect-{n}" for n in range(9)))
    bench = Bench(core=core, limits=Limits(records_max=5))
    for number in range(9):
        bench.tell(Added(account_id=f"p{number}"), id=f"defect-{number}")
        for _ in range(number):
            bench.tell(Added(account_id=f"p{number}"))
    bench.run()
    left = [len(bench.parked)]

    core.mend()
    bench.data.ask_to_unpark(*bench.parked)
    for _ in range(9):
        bench.tick(seconds=60)
        bench.run()
        left.append(len(bench.parked))

    assert [9, 7, 6, 5, 4, 3, 2, 1, 0, 0] == left


def test_what_is_missing_is_told_and_nothing_folded() -> None:
    """Somebody deleted an event that was kept: the books would lack it."""
    core = Mendable("defect")
    bench = Bench(core=core)
    for name in ("defect", "second"):
        bench.tell(Added(account_id="ann"), id=name)
    bench.run()
    del bench.data.parked[0, "ann"][0]

    core.mend()
    unpark(bench, "ann")

    assert {"ann": 2} == bench.parked
    why = "2 events were kept for it, and the store has 1 of them"
    assert why == bench.data.parties["ann"].why


def test_a_defect_in_unparking_itself_keeps_it_parked() -> None:
    """The core's own part may fail as well."""

    class Stubborn(Mendable):
        @override
        def unparked(self, party: Party, effects: Effects) -> None:
            raise Misbehaviour("unparked")

    core = Stubborn("defect")
    bench = Bench(core=core)
    bench.tell(Added(account_id="ann"), id="defect")
    bench.run()

    core.mend()
    unpark(bench, "ann")

    assert {"ann": 1} == bench.parked
    assert "Misbehaviour: unparked" == bench.data.parties["ann"].why
    assert [] == bench.worker.stopped


def test_what_is_refused_after_all_is_a_dead_letter() -> None:
    """An id that may come again is free again, though it was taken when its party was parked."""
    core = Mendable("defect")
    bench = Bench(core=core)
    bench.tell(Added(account_id="ann"), id="defect")
    bench.tell(Added(account_id="ann", fault="refuse_redrivable"), id="early")
    bench.tell(Added(account_id="ann", fault="refuse"), id="wrong")
    bench.run()
    assert {"test\x1fdefect", "test\x1fearly", "test\x1fwrong"} == set(bench.data.taken)

    core.mend()
    unpark(bench, "ann")

    assert ["not_yet_supported", "invalid"] == bench.reasons()
    assert {"test\x1fdefect", "test\x1fwrong"} == set(bench.data.taken)


def test_a_core_without_documents_unparks_as_well() -> None:
    """Figures alone: what was kept is added, once."""

    class Counting(Mendable):
        @override
        def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
            if event.id in self.failing:
                raise Misbehaviour(event.id)
            effects.add("totals", event.party, 1)
            return None

    door, core = Bench(), Counting("defect", topic=FACTS)
    for name in ("first", "defect", "third"):
        door.tell(Added(account_id="ann"), id=name)
    door.run()
    reader = Bench(core=core, wiring=replace(READER, stateless=True))
    hand_down(door, reader)
    reader.run()
    parked, before = dict(reader.parked), dict(reader.data.cells[0, "totals"])

    core.mend()
    reader.data.ask_to_unpark("ann")
    door.tell(Added(account_id="ann"))
    door.tick(seconds=60)
    door.run()
    hand_down(door, reader)
    reader.run()

    assert ({"ann": 4}, {}) == (parked, reader.parked)
    assert ({"ann": 2}, {"ann": 8}) == (before, reader.data.cells[0, "totals"])
    assert [] == reader.worker.stopped


def hand_down(door: Bench, reader: Bench) -> None:
    """Put what is new in a door's line into a reader's log."""
    for one in door.log.read(LINE, 0)[reader.log.end(LINE, 0) :]:
        reader.put(Record(LINE, 0, one.key, one.value, one.headers))
