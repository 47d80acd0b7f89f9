"""The shell's guarantees under every order of steps, crashes and lost answers that is tried.

Two services, a door and a reader of its line, run on a store and a log in memory, but for that with
the code of production. Each call to store and broker stops at a gate; the machine opens the gates
in any order, lets calls fail before or after they took effect, kills processes, moves partitions,
and leaves owners behind who do not know that they are none any more.

In the end one process of each service finishes the work, and what is there must be what one process
makes of the same line with no fault at all.

Each of the 400 runs is an interleaving of 60 such steps, and most steps are some dozen calls;
``HYPOTHESIS_PROFILE=search`` makes it 5,000.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from shared.line.lane import Limits
from shared.testing import verdict
from shared.testing.gates import Processes
from shared.testing.log import Logged
from shared.testing.outside import Outside
from shared.testing.toy import (
    COMMANDS,
    DLQ,
    DOOR,
    EVENTS,
    FACTS,
    FACTS_DLQ,
    LINE,
    READER,
    Added,
    Configured,
)

PARTITIONS: Final = 2
PARTIES: Final = ("ann", "bob", "cyd", "dee")
REFUSED: Final = ("eve", "fay")
"""Parties that no core fails on: an event of a parked one is not refused any more."""
WORKERS: Final = 2
SERVICES: Final = {"door": (DOOR, LINE), "reader": (READER, FACTS)}
FAULTS: Final = (
    "raise", "raise_late", "wants", "unwritable", "ask", "wake", "decide", "stuck", "parked",
)  # fmt: skip
STEPS: Final = (
    "load.before", "commit.before", "commit.after", "publish.before", "publish.between",
    "publish.after", "acquire.after", "release.before", "ends.before", "ends.after",
)  # fmt: skip

which = st.integers(0, 3)
partitions = st.integers(0, PARTITIONS - 1)
items = st.lists(st.sampled_from(("i1", "i2", "i3")), max_size=2, unique=True)
seldom = st.sampled_from((False, False, False, True))

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]


class Interleavings(RuleBasedStateMachine):
    """See the module's text. A rule is one step of one process, or one act of the outside world."""

    def __init__(self) -> None:
        super().__init__()
        self.here = Processes(SERVICES, PARTITIONS)
        self.outside = Outside(self.here.log)
        self.unparks_all = False

    @initialize(
        records_max=st.sampled_from((1, 3, 2000)),
        wakes_max=st.sampled_from((1, 2, 1000)),
        documents_max=st.sampled_from((1, 200_000)),
        unparks_all=st.booleans(),
    )
    def begin(
        self, records_max: int, wakes_max: int, documents_max: int, *, unparks_all: bool
    ) -> None:
        """Start the processes, the first of each service owning all, and have some work there."""
        self.unparks_all = unparks_all
        self.here.limits = Limits(records_max, wakes_max, documents_max)
        for service in SERVICES:
            for number in range(WORKERS):
                process = self.here.start(service)
                if number == 0:
                    self.here.drive(process, process.worker.own(range(PARTITIONS)))
        for party in PARTIES:
            data = {"wake_in_s": [30, 60], "items": {"i1": 1}, "closes": ["i1"]}
            self.outside.event(party, data)
            self.outside.event(party, {"reopens": ["i1"]})

    # What comes from outside:

    @rule(
        party=st.sampled_from(PARTIES + REFUSED),
        topic=st.sampled_from((EVENTS, EVENTS, COMMANDS)),
        wakes=st.lists(st.sampled_from((30, 60, 90, 3600)), max_size=2),
        lists=st.fixed_dictionaries(dict.fromkeys(("closes", "reopens", "corrects"), items)),
        opened=items,
        astray=seldom,
    )
    def event(
        self,
        party: str,
        topic: str,
        wakes: list[int],
        lists: dict[str, list[str]],
        opened: list[str],
        *,
        astray: bool,
    ) -> None:
        """An event, perhaps on a partition that is not its party's."""
        data: dict[str, Any] = {"wake_in_s": wakes, "items": dict.fromkeys(opened, 1), **lists}
        self.outside.event(party, data, topic=topic, astray=astray)

    @rule(party=st.sampled_from(PARTIES), fault=st.sampled_from(FAULTS))
    def defect(self, party: str, fault: str) -> None:
        """An event that the core cannot fold, or whose wake it cannot."""
        self.outside.event(party, {"fault": fault, "wake_in_s": [30]})

    @rule(
        party=st.sampled_from(REFUSED),
        how=st.sampled_from(
            (("refuse", "invalid"), ("refuse_redrivable", "not_yet_supported")),
        ),
    )
    def refused(self, party: str, how: tuple[str, str]) -> None:
        """An event that the core refuses, for good or for now."""
        fault, letter = how
        self.outside.event(party, {"fault": fault}, letter=letter)

    @rule(partition=partitions, form=st.integers(0, 4))
    def poison(self, partition: int, form: int) -> None:
        """Something that is no event of ours."""
        self.outside.poison(partition, form)

    @rule(number=st.integers(0, 1000), changed=st.booleans())
    def again(self, number: int, *, changed: bool) -> None:
        """An input that came before comes again: the same, or with other content."""
        self.outside.again(number, changed=changed)

    @rule(
        factor=st.integers(2, 9),
        in_s=st.sampled_from((-60, 30, 90)),
        partition=partitions,
        fault=st.sampled_from(("", "", "", "raise", "unwritable")),
        quiet=seldom,
    )
    def configuration(
        self, factor: int, in_s: int, partition: int, fault: str, *, quiet: bool
    ) -> None:
        """Something that concerns all, told to any one partition."""
        self.outside.configuration(
            partition, in_s=in_s, factor=factor, fault=fault, rouses=not quiet
        )

    @rule(after_s=st.sampled_from((1, 30, 60, 600)), clocks=st.sampled_from((1, 1, 2)))
    def tick(self, after_s: int, clocks: int) -> None:
        """Time goes on, and one or two clocks say so."""
        self.outside.ticks(after_s, clocks=clocks)

    @rule(stranger=st.booleans(), partition=partitions)
    def false_tick(self, partition: int, *, stranger: bool) -> None:
        """A tick from someone else, or from the future."""
        self.outside.false_tick(partition, stranger=stranger)

    @rule(
        service=st.sampled_from(tuple(SERVICES)),
        parties=st.lists(st.sampled_from(PARTIES), min_size=1, unique=True),
        worked_off=st.booleans(),
    )
    def unpark(self, service: str, parties: list[str], *, worked_off: bool) -> None:
        """Somebody asks for parties to be unparked, perhaps when there are some; a tick comes."""
        if worked_off:
            for process in self.here.all:
                self.here.drive(process, process.worker.poll())
        self.here.data[service].ask_to_unpark(*parties)
        self.outside.ticks(30)

    # What the processes do, and what befalls them:

    @rule(which=which, limit=st.sampled_from((1, 2, 5, 1000)))
    def poll(self, which: int, limit: int) -> None:
        """A process takes what the log has, and works until its first gate; or it is at work."""
        process = self.here.pick(which)
        if process.working is None or process.working.done():
            process.working = self.here.spawn(process.worker.poll(limit))
        elif process.receiving is None or process.receiving.done():
            process.receiving = self.here.spawn(process.worker.receive(limit))

    @rule(which=which)
    def look(self, which: int) -> None:
        """The nudge comes, perhaps while a poll is worked off."""
        process = self.here.pick(which)
        if process.looking is None or process.looking.done():
            process.looking = self.here.spawn(process.worker.look_again())

    @rule(which=which, gate=st.integers(0, 1), fails=seldom)
    def open(self, which: int, gate: int, *, fails: bool) -> None:
        """One call is let through, or fails; after the fact, its answer is lost."""
        waiting = [process for process in self.here.all if process.gates]
        if waiting:
            process = waiting[which % len(waiting)]
            opened = process.gates.pop(gate % len(process.gates))
            (self.here.fail if fails else self.here.open)(opened)

    @rule(which=which)
    def hurry(self, which: int) -> None:
        """A process finishes what it does, unhindered."""
        self.here.drive(self.here.pick(which))

    @rule(which=which)
    def lose_fetched(self, which: int) -> None:
        """A consumer drops what it had fetched, once, and its positions are behind that."""
        process = self.here.pick(which)
        if not process.lossy:
            process.lossy = True
            process.worker.consumer.poll(2)

    @rule(
        service=st.sampled_from(tuple(SERVICES)),
        owners=st.lists(st.integers(0, WORKERS - 1), min_size=PARTITIONS, max_size=PARTITIONS),
        told=st.lists(st.booleans(), min_size=WORKERS, max_size=WORKERS),
        at_once=st.booleans(),
    )
    def rebalance(
        self, service: str, owners: list[int], told: list[bool], *, at_once: bool
    ) -> None:
        """Partitions move. Who is not told goes on with what it had, as a frozen process does."""
        members = self.here.of(service)
        present = [p for p, heard in zip(members, told, strict=True) if heard] or members
        for process in present:
            self.here.drive(process, process.worker.give_up())
        for number, process in enumerate(present):
            share = [p for p, owner in enumerate(owners) if owner % len(present) == number]
            process.rebalancing = self.here.spawn(process.worker.own(share))
            if at_once:
                self.here.drive(process)

    @rule(
        which=which,
        limit=st.sampled_from((1, 3, 1000)),
        until=st.sampled_from(STEPS),
        then=st.sampled_from(("stay", "stay", "fail", "crash", "usurp", "usurp")),
        polls=st.integers(0, 2),
    )
    def work_until(self, which: int, limit: int, until: str, then: str, polls: int) -> None:
        """A process works until it stands before one certain call, and there it meets its fate."""
        process = self.here.pick(which)
        if process.idle:
            process.working = self.here.spawn(process.worker.poll(limit))
        while process.gates and process.gates[0].name != until:
            self.here.open(process.gates.pop(0))
        if then == "fail" and process.gates:
            self.here.fail(process.gates.pop(0))
        elif then == "crash":
            self.here.kill(process)
            self.here.start(process.service)
        elif then == "usurp":
            self.here.usurp(process, polls)

    # What must hold:

    @invariant()
    def nobody_stopped(self) -> None:
        """No fault of the surroundings ends a service."""
        assert [] == [why for process in self.here.all for why in process.worker.stopped]

    @override
    def teardown(self) -> None:
        """The processes end; a new one of each service does what is left; then all is looked at."""
        try:
            if self.here.all:
                self._finish()
                self._check()
        finally:
            self.here.close()

    def _finish(self) -> None:
        self.outside.ticks(7200)
        self.here.finish()
        while self.unparks_all and self._unpark_all():
            self.outside.ticks(60)
            self.here.finish()
        self.nobody_stopped()
        for lane in self.here.lanes():
            ends = {topic: self.here.log.end(topic, lane.partition) for topic in lane.pending}
            assert (0, ends) == (lane.waiting(), lane.cursor.offsets)

    def _unpark_all(self) -> int:
        """Ask for all who are parked; how many they are."""
        return sum(data.ask_to_unpark(*data.parties) for data in self.here.data.values())

    def _check(self) -> None:
        log, run = self.here.log, self.here.loop.run_until_complete
        letters = [record for p in range(PARTITIONS) for record in log.read(DLQ, p)]
        found = {(one.value, dict(one.headers)["__dlq.errors.reason"]) for one in letters}
        assert (set(), set()) == (self.outside.letters - found, found - self.outside.letters)
        unfit = {sent.value for sent in self.outside.sent if sent.unfit}
        assert unfit == {one.value for p in range(PARTITIONS) for one in log.read(FACTS_DLQ, p)}
        door, reader = self.here.data["door"], self.here.data["reader"]
        assert self.outside.registered == set(door.taken)
        for partition in range(PARTITIONS):
            line, facts = (verdict.published(log, topic, partition) for topic in (LINE, FACTS))
            self._check_line(partition, line)
            again = run(verdict.door_again(log, door, line, partition))
            assert {} == verdict.differences(again, verdict.outcome(door, line, partition))
            again = run(verdict.reader_again(line, facts, PARTITIONS, partition))
            assert {} == verdict.differences(again, verdict.outcome(reader, facts, partition))

    def _check_line(self, partition: int, line: list[Logged]) -> None:
        """All that was sent is there once; and what was there before a tick comes before it."""
        found: Counter[str] = Counter()
        tick = None
        for record in line:
            headers = dict(record.headers)
            kind, id_ = ((headers[name] or b"").decode() for name in ("ce_type", "ce_id"))
            if kind in {Added.type, Configured.type}:
                found[id_] += 1
            if id_ in self.outside.commands:
                assert tick is None or tick <= verdict.moment_of(record)
            if kind == "clock.ticked.v1":
                tick = verdict.moment_of(record)
        assert Counter(self.outside.taken(partition)) == found


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


Interleavings.TestCase.settings = settings(
    max_examples=max(400, settings().max_examples), stateful_step_count=60
)
TestInterleavings = Interleavings.TestCase
