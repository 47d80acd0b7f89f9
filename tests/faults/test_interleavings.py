"""The shell's guarantees under every order of steps, crashes and lost answers that is tried.

Two services, a door and a reader of its line, run on a store and a log in memory, but for that with
the code of production. Each call to store and broker stops at a gate; the machine opens the gates
in any order, lets calls fail before or after they took effect, kills processes, moves partitions,
and leaves owners behind who do not know that they are none any more.

In the end, one process of each service finishes the work, and what is there must be what one process
makes of the same line, event by event, with no fault at all.

More interleavings than usual: ``HYPOTHESIS_PROFILE=search pytest tests/faults/test_interleavings.py``.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.envelope import value_of
from shared.events.clock import ClockTicked
from shared.line.lane import Limits
from shared.line.ports import Record, Unavailable
from shared.line.wiring import TICK
from shared.runtime.producer import PublishUnavailable
from shared.testing.log import Logged, MemoryLog, sequence_of
from shared.testing.memory_store import MemoryData
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
    ToyCore,
)
from shared.testing.worker import Worker
from shared.topics import partition_of

PARTITIONS: Final = 2
PARTIES: Final = ("ann", "bob", "cyd", "dee")
REFUSED: Final = ("eve", "fay")
"""Parties that no core fails on: an event of a parked one is not refused any more."""
WORKERS: Final = 2
ITEMS: Final = ("i1", "i2", "i3")
STEPS: Final = (
    "load.before",
    "commit.before",
    "commit.after",
    "publish.before",
    "publish.between",
    "publish.after",
    "acquire.after",
    "release.before",
)
SERVICES: Final = {"door": (DOOR, LINE), "reader": (READER, FACTS)}

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


class Killed(Exception):
    """The process is gone; nothing that it would still do happens."""


@dataclass(slots=True)
class Gate:
    """A call that waits to be let through."""

    name: str
    opened: asyncio.Future[None]


@dataclass(slots=True)
class Process:
    """A worker, the calls that it waits for, and what it is doing."""

    service: str
    worker: Worker = field(init=False)
    gates: list[Gate] = field(default_factory=list)
    working: asyncio.Task[None] | None = None
    looking: asyncio.Task[None] | None = None
    rebalancing: asyncio.Task[None] | None = None
    dead: bool = False
    driven: bool = False
    """Whether its calls pass without stopping."""

    async def step(self, name: str) -> None:
        """Stop at a gate."""
        if self.dead:
            raise Killed(name)
        if self.driven:
            return
        gate = Gate(name, asyncio.get_running_loop().create_future())
        self.gates.append(gate)
        await gate.opened

    def tasks(self) -> Iterator[asyncio.Task[None]]:
        """What it is doing now."""
        for task in (self.working, self.looking, self.rebalancing):
            if task is not None and not task.done():
                yield task

    @property
    def idle(self) -> bool:
        """Whether it does nothing now."""
        return next(self.tasks(), None) is None


@dataclass(frozen=True, slots=True)
class Expected:
    """An input and what shall become of it; `value` is its own alone."""

    id: str
    value: bytes
    topic: str
    letter: str = ""
    """The reason on its dead letter, if it shall be one."""


def headers(kind: str, id_: str, time: datetime, **more: str) -> list[tuple[str, bytes | None]]:
    """The headers of an event from outside."""
    told = {"specversion": "1.0", "id": id_, "source": "test", "type": kind}
    told |= {"time": time.isoformat(), **more}
    return [(f"ce_{name}", text.encode()) for name, text in told.items()]


class Interleavings(RuleBasedStateMachine):
    """See the module's text. A rule is one step of one process, or one act of the outside world."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.SelectorEventLoop()
        self.log = MemoryLog(PARTITIONS)
        self.data = {service: MemoryData() for service in SERVICES}
        self.processes: list[Process] = []
        self.expected: list[Expected] = []
        self.serial = 0
        self.limits = Limits()

    @initialize(
        records_max=st.sampled_from((1, 3, 2000)),
        wakes_max=st.sampled_from((1, 2, 1000)),
        documents_max=st.sampled_from((1, 200_000)),
    )
    def begin(self, records_max: int, wakes_max: int, documents_max: int) -> None:
        """Start the processes, the first of each service owning all, and have some work there."""
        self.limits = Limits(records_max, wakes_max, documents_max)
        for service in SERVICES:
            for number in range(WORKERS):
                process = self.start(service)
                if number == 0:
                    self.drive(process, process.worker.own(range(PARTITIONS)))
        for party in PARTIES:
            self.added(party, wake_in_s=[30, 60], items={"i1": 1}, closes=["i1"])
            self.added(party, reopens=["i1"])

    # -- the world ------------------------------------------------------------------------------

    def start(self, service: str) -> Process:
        """Start a process that owns nothing yet."""
        wiring, topic = SERVICES[service]
        process = Process(service)
        process.worker = Worker(
            self.log,
            ToyCore(topic),
            wiring,
            data=self.data[service],
            limits=self.limits,
            step=process.step,
        )
        self.processes.append(process)
        return process

    def settle(self) -> None:
        """Let everything run that can, until all wait at gates."""

        async def wait() -> None:
            ready = self.loop._ready  # type: ignore[attr-defined] # nothing public tells it
            await asyncio.sleep(0)
            while ready:
                await asyncio.sleep(0)

        self.loop.run_until_complete(wait())
        for process in self.processes:
            for task in (process.working, process.looking, process.rebalancing):
                if task is not None and task.done() and not task.cancelled():
                    failure = task.exception()
                    assert failure is None, failure

    def spawn(self, doing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something, up to its first gate."""
        task = self.loop.create_task(doing)
        self.settle()
        return task

    def drive(self, process: Process, doing: Coroutine[Any, Any, None] | None = None) -> None:
        """Let a process finish what it does, and `doing`, without any hindrance."""
        process.driven = True
        for gate in process.gates:
            gate.opened.set_result(None)
        process.gates.clear()
        if doing is not None:
            process.rebalancing = self.spawn(doing)
        self.settle()
        process.driven = False
        assert process.idle

    def living(self, service: str) -> list[Process]:
        return [one for one in self.processes if one.service == service and not one.dead]

    def kill(self, process: Process) -> None:
        """What a process was about to do never happens."""
        process.dead = True
        for task in process.tasks():
            task.cancel()
        process.gates.clear()
        self.settle()
        self.processes.remove(process)

    # -- what comes from outside ----------------------------------------------------------------

    def send(self, record: Record, id_: str, letter: str = "") -> None:
        """Publish an input, and note what shall become of it."""
        self.log.append(record)
        self.expected.append(Expected(id_, record.value or b"", record.topic, letter))

    def added(
        self,
        party: str,
        *,
        topic: str = EVENTS,
        letter: str = "",
        astray: bool = False,
        **data: Any,
    ) -> None:
        self.serial += 1
        id_ = f"e{self.serial}"
        content = {"account_id": f"account-{party}", "n": self.serial, **data}
        home = partition_of(party.encode(), PARTITIONS)
        self.send(
            Record(
                topic=topic,
                partition=(home + 1) % PARTITIONS if astray else home,
                key=party.encode(),
                value=json.dumps(content).encode(),
                headers=headers(Added.type, id_, self.log.now, partitionkey=party),
            ),
            id_,
            letter,
        )

    @rule(
        party=st.sampled_from(PARTIES + REFUSED),
        topic=st.sampled_from((EVENTS, EVENTS, COMMANDS)),
        wake_in_s=st.lists(st.sampled_from((30, 60, 90, 3600)), max_size=2),
        items=st.lists(st.sampled_from(ITEMS), max_size=2, unique=True),
        closes=st.lists(st.sampled_from(ITEMS), max_size=2, unique=True),
        reopens=st.lists(st.sampled_from(ITEMS), max_size=2, unique=True),
        corrects=st.lists(st.sampled_from(ITEMS), max_size=1),
        astray=st.sampled_from((False, False, False, True)),
    )
    def event(self, party: str, topic: str, *, astray: bool, **data: Any) -> None:
        """An event, perhaps on a partition that is not its party's."""
        data["items"] = dict.fromkeys(data["items"], 1)
        self.added(party, topic=topic, astray=astray, **data)

    @rule(
        party=st.sampled_from(PARTIES),
        fault=st.sampled_from(
            (
                "raise",
                "raise_late",
                "wants",
                "unwritable",
                "ask",
                "wake",
                "decide",
                "stuck",
                "parked",
            )
        ),
    )
    def defect(self, party: str, fault: str) -> None:
        """An event that the core cannot fold, or whose wake it cannot."""
        self.added(party, fault=fault, wake_in_s=[30])

    @rule(party=st.sampled_from(REFUSED), redrivable=st.booleans())
    def refused(self, party: str, *, redrivable: bool) -> None:
        """An event that the core refuses."""
        fault = "refuse_redrivable" if redrivable else "refuse"
        self.added(party, fault=fault, letter="not_yet_supported" if redrivable else "invalid")

    @rule(partition=st.integers(0, PARTITIONS - 1), form=st.integers(0, 4))
    def poison(self, partition: int, form: int) -> None:
        """Something that is no event of ours."""
        self.serial += 1
        id_, mark = f"p{self.serial}", b"%d" % self.serial
        good = headers(Added.type, id_, self.log.now)
        value, told, letter = (
            (b"{" + mark, good, "malformed"),
            (b'{"n": %b}' % mark, good, "invalid"),
            (
                b'{"account_id": "a", "n": %b}' % mark,
                headers("x.v1", id_, self.log.now),
                "unknown_type",
            ),
            (mark, [("ce_id", b"\xff\xfe"), ("x", None)], "malformed"),
            (b'{"account_id": "a", "n": %b}' % mark, good[:-1], "invalid"),
        )[form]
        self.send(Record(EVENTS, partition, None, value, told), id_, letter)

    @precondition(lambda self: self.expected)
    @rule(which=st.integers(0, 1000), changed=st.booleans())
    def again(self, which: int, *, changed: bool) -> None:
        """An input that came before comes again: the same, or with other content."""
        before = self.expected[which % len(self.expected)]
        for partition in range(PARTITIONS):
            for logged in self.log.read(before.topic, partition):
                if logged.value == before.value:
                    break
            else:
                continue
            break
        else:
            return
        ours = dict(logged.headers).get("ce_type") == Added.type.encode() and not before.letter
        value = logged.value
        if changed and ours:
            party = (logged.key or b"").decode()
            if partition_of(party.encode(), PARTITIONS) != partition:
                return  # which of two that are under way comes first is open
            self.serial += 1
            content = json.loads(logged.value or b"") | {"n": self.serial, "amount": 99}
            value = json.dumps(content).encode()
            self.expected.append(Expected(before.id, value, before.topic, "conflict"))
        self.log.append(Record(before.topic, partition, logged.key, value, logged.headers))

    @rule(
        factor=st.integers(2, 9),
        in_s=st.sampled_from((-60, 30, 90)),
        partition=st.integers(0, PARTITIONS - 1),
        fault=st.sampled_from(("", "", "", "raise", "unwritable")),
        rouses=st.sampled_from((True, True, False)),
    )
    def configuration(
        self, factor: int, in_s: int, partition: int, fault: str, *, rouses: bool
    ) -> None:
        """Something that concerns all, told to any one partition."""
        self.serial += 1
        id_ = f"c{self.serial}"
        data = Configured(
            number=self.serial,
            factor=factor,
            from_=self.log.now + timedelta(seconds=in_s),
            rouses=rouses,
            fault=fault,
        )
        record = Record(
            EVENTS, partition, None, value_of(data), headers(Configured.type, id_, self.log.now)
        )
        self.send(record, id_)

    @rule(after_s=st.sampled_from((1, 30, 60, 600)), clocks=st.sampled_from((1, 1, 2)))
    def tick(self, after_s: int, clocks: int) -> None:
        """Time goes on, and one or two clocks say so on every partition."""
        self.log.now += timedelta(seconds=after_s)
        self.ticks(self.log.now, clocks=clocks)

    @rule(stranger=st.booleans(), partition=st.integers(0, PARTITIONS - 1))
    def false_tick(self, partition: int, *, stranger: bool) -> None:
        """A tick from someone else, or from the future."""
        self.serial += 1
        at = self.log.now + timedelta(seconds=0 if stranger else 1000 + self.serial)
        told = headers(TICK, f"f{self.serial}", at)
        if not stranger:
            told = [(name, b"arrears:clock" if name == "ce_source" else v) for name, v in told]
        value = json.dumps({"at": at.isoformat(), "n": self.serial}).encode()
        self.send(Record(EVENTS, partition, None, value, told), f"f{self.serial}", "untrusted_tick")

    def ticks(self, at: datetime, *, clocks: int = 1) -> None:
        value = value_of(ClockTicked(at=at))
        told = headers(TICK, f"tick-{at.isoformat()}", at, source="arrears:clock")
        for _ in range(clocks):
            for partition in range(PARTITIONS):
                self.log.append(Record(EVENTS, partition, None, value, told))

    # -- what the processes do ------------------------------------------------------------------

    def pick(self, which: int) -> Process:
        """Any process that owns something, or believes so; else any."""
        owners = [process for process in self.processes if process.worker.rounds.lanes]
        among = owners or self.processes
        return among[which % len(among)]

    @rule(which=st.integers(0, 3), limit=st.sampled_from((1, 2, 5, 1000)))
    def poll(self, which: int, limit: int) -> None:
        """A process takes what the log has, and works until its first gate."""
        process = self.pick(which)
        if process.working is None or process.working.done():
            process.working = self.spawn(process.worker.poll(limit))

    @rule(which=st.integers(0, 3))
    def look(self, which: int) -> None:
        """The nudge comes, perhaps while a poll is worked off."""
        process = self.pick(which)
        if process.looking is None or process.looking.done():
            process.looking = self.spawn(process.worker.look_again())

    @rule(
        which=st.integers(0, 3), gate=st.integers(0, 1), fails=st.sampled_from((False, False, True))
    )
    def open(self, which: int, gate: int, *, fails: bool) -> None:
        """One call is let through, or fails; after the fact, its answer is lost."""
        waiting = [process for process in self.processes if process.gates]
        if not waiting:
            return
        process = waiting[which % len(waiting)]
        opened = process.gates.pop(gate % len(process.gates))
        if fails:
            self.fail(opened)
        else:
            opened.opened.set_result(None)
            self.settle()

    def fail(self, gate: Gate) -> None:
        """Let a call fail; after the fact, its answer is lost."""
        unavailable = PublishUnavailable if gate.name.startswith("publish") else Unavailable
        gate.opened.set_exception(unavailable(gate.name))
        self.settle()

    @rule(which=st.integers(0, 3))
    def hurry(self, which: int) -> None:
        """A process finishes what it does, unhindered."""
        self.drive(self.pick(which))

    @rule(which=st.integers(0, 3))
    def lose_fetched(self, which: int) -> None:
        """A consumer drops what it had fetched, and its positions are behind that."""
        self.pick(which).worker.consumer.poll(2)

    @rule(which=st.integers(0, 3))
    def crash(self, which: int) -> None:
        """A process is killed, and another started, which owns nothing yet."""
        self.crash_now(self.pick(which))

    def crash_now(self, process: Process) -> None:
        """Kill a process and start another."""
        self.kill(process)
        self.start(process.service)

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
        members = self.living(service)
        present = [p for p, heard in zip(members, told, strict=True) if heard] or members
        for process in present:
            self.drive(process, process.worker.give_up())
        for number, process in enumerate(present):
            share = [p for p, owner in enumerate(owners) if owner % len(present) == number]
            process.rebalancing = self.spawn(process.worker.own(share))
            if at_once:
                self.drive(process)

    @rule(
        which=st.integers(0, 3),
        limit=st.sampled_from((1, 3, 1000)),
        until=st.sampled_from(STEPS),
        then=st.sampled_from(("stay", "stay", "fail", "crash", "usurp", "usurp")),
        polls=st.integers(0, 2),
    )
    def work_until(self, which: int, limit: int, until: str, then: str, polls: int) -> None:
        """A process works until it stands before one certain call, and there it meets its fate."""
        process = self.pick(which)
        if process.idle:
            process.working = self.spawn(process.worker.poll(limit))
        while process.gates and process.gates[0].name != until:
            process.gates.pop(0).opened.set_result(None)
            self.settle()
        if then == "fail" and process.gates:
            self.fail(process.gates.pop(0))
        elif then == "crash":
            self.crash_now(process)
        elif then == "usurp":
            self.usurp(process, polls)

    def usurp(self, frozen: Process, polls: int) -> None:
        """A process freezes in the midst of its work; another takes all over and gets on with it."""
        for process in self.living(frozen.service):
            if process is not frozen:
                self.drive(process, process.worker.give_up())
                self.drive(process, process.worker.own(range(PARTITIONS)))
                for _ in range(polls):
                    self.drive(process, process.worker.poll(2))

    # -- what must hold -------------------------------------------------------------------------

    @invariant()
    def nobody_stopped(self) -> None:
        """No fault of the surroundings ends a service."""
        for process in self.processes:
            assert process.worker.stopped == []

    def teardown(self) -> None:
        """All processes but one of each service end; what is left to do is done, and looked at."""
        try:
            if self.processes:
                self.finish()
                self.check()
        finally:
            for process in list(self.processes):
                self.kill(process)
            self.loop.close()

    def finish(self) -> None:
        """One new process of each service works off all that is there."""
        self.log.now += timedelta(hours=2)
        self.ticks(self.log.now)
        for process in list(self.processes):
            self.kill(process)
        last = [self.start(service) for service in SERVICES]
        for process in last:
            self.drive(process, process.worker.own(range(PARTITIONS)))
        for _ in range(2 * PARTITIONS + 2):  # what was forwarded or copied comes later
            for process in last:
                self.drive(process, process.worker.poll())
        self.nobody_stopped()
        for process in last:
            for lane in process.worker.rounds.lanes.values():
                assert lane.waiting() == 0
                for topic in lane.wiring.inputs:
                    assert lane.cursor.offsets[topic] == self.log.end(topic, lane.partition)

    def check(self) -> None:
        """What is there is what it should be."""
        lines = {p: self.published("door", LINE, p) for p in range(PARTITIONS)}
        facts = {p: self.published("reader", FACTS, p) for p in range(PARTITIONS)}
        self.check_letters()
        for partition in range(PARTITIONS):
            self.check_taken(partition, lines[partition])
            self.check_door(partition, lines[partition])
            self.check_reader(partition, lines[partition], facts[partition])

    def published(self, service: str, topic: str, partition: int) -> list[Logged]:
        """The records of an output, each sequence once; the same one never says two things."""
        by_sequence: dict[int, Logged] = {}
        heard = 0
        for record in self.log.read(topic, partition):
            first = by_sequence.setdefault(sequence_of(record), record)
            assert (first.key, first.value, first.headers) == (
                record.key,
                record.value,
                record.headers,
            )
            assert sequence_of(record) <= heard + 1
            heard = max(heard, sequence_of(record))
        assert list(range(1, len(by_sequence) + 1)) == sorted(by_sequence)
        sequences = self.data[service].cursors[partition].sequences
        assert sequences.get(topic, 1) == len(by_sequence) + 1
        return [record for _, record in sorted(by_sequence.items())]

    def check_letters(self) -> None:
        """The dead letters are the poison, all of it and nothing else, with the right reasons."""
        found = {
            (record.value, dict(record.headers)["__dlq.errors.reason"])
            for partition in range(PARTITIONS)
            for record in self.log.read(DLQ, partition)
        }
        wanted = {(one.value, one.letter.encode()) for one in self.expected if one.letter}
        assert wanted == found
        assert [] == [r for p in range(PARTITIONS) for r in self.log.read(FACTS_DLQ, p)]

    def check_taken(self, partition: int, line: list[Logged]) -> None:
        """What was sent is in the line once, in its party's partition; what concerns all in each."""
        wanted = sorted(
            one.id
            for one in self.expected
            if not one.letter and self.home(one) in {partition, None}
        )
        kinds = {Added.type.encode(), Configured.type.encode()}
        found = [
            told["ce_id"] for told in (dict(r.headers) for r in line) if told["ce_type"] in kinds
        ]
        assert wanted == sorted((id_ or b"").decode() for id_ in found)

    def home(self, one: Expected) -> int | None:
        account = json.loads(one.value).get("account_id")
        return None if account is None else partition_of(account[8:].encode(), PARTITIONS)

    def check_door(self, partition: int, line: list[Logged]) -> None:
        """The line, and the state behind it, are what one process makes of it event by event."""
        log = MemoryLog(PARTITIONS)
        data = MemoryData(bindings=self.data["door"].bindings)
        worker = Worker(log, ToyCore(LINE), DOOR, data=data)
        self.loop.run_until_complete(worker.own([partition]))
        inputs: dict[bytes | None, Record] = {}
        for topic in DOOR.inputs:
            for number in range(PARTITIONS):
                for one in self.log.read(topic, number):
                    id_ = dict(one.headers).get("ce_id")
                    inputs.setdefault(
                        id_, Record(topic, partition, one.key, one.value, one.headers)
                    )
        passed_on = {kind.encode() for kind in DOOR.passed_on}
        for one in line:
            told = dict(one.headers)
            if told["ce_type"] in passed_on:
                log.now = datetime.fromisoformat((told["ce_recordedtime"] or b"").decode())
                log.append(inputs[told["ce_id"]])
                self.loop.run_until_complete(worker.poll())
        assert worker.stopped == []
        again = log.read(LINE, partition)
        same(contents(again), contents(line))
        same(state(data, partition), state(self.data["door"], partition))

    def check_reader(self, partition: int, line: list[Logged], facts: list[Logged]) -> None:
        """The same for the service downstream."""
        log = MemoryLog(PARTITIONS)
        data = MemoryData()
        worker = Worker(log, ToyCore(FACTS), READER, data=data)
        self.loop.run_until_complete(worker.own([partition]))
        for one in line:
            log.append(Record(LINE, partition, one.key, one.value, one.headers))
            self.loop.run_until_complete(worker.poll())
        assert worker.stopped == []
        same(contents(log.read(FACTS, partition)), contents(facts))
        same(state(data, partition), state(self.data["reader"], partition))


def same(wanted: dict[Any, Any], found: dict[Any, Any]) -> None:
    """Both are the same; if not, show only where they differ."""
    names = {*wanted, *found}
    apart = {n: (wanted.get(n), found.get(n)) for n in names if wanted.get(n) != found.get(n)}
    assert {} == apart


def contents(records: list[Logged]) -> dict[int, tuple[object, ...]]:
    """What records say, whenever they were appended."""
    return {n: (one.key, one.value, tuple(one.headers)) for n, one in enumerate(records)}


def state(data: MemoryData, partition: int) -> dict[str, Any]:
    """All that a partition has stored, but for where it lay in the log."""
    here = {
        name
        for name, mark in data.parties.items()
        if mark.partition == partition and (name, 0) in data.rows  # not only ever refused
    }
    cursor = data.cursors[partition]
    rows = {
        (place, name): row
        for place, stored in data.rows.items()
        if (place[0] in here if place[0] else place[1] == partition)
        for name, row in stored.items()
    }
    return rows | {
        "parties": {name: data.parties[name] for name in here},
        "cells": {row: cells for row, cells in data.cells.items() if row[0] == partition},
        "parked": {
            place: [kept[number].value for number in sorted(kept)]
            for place, kept in data.parked.items()
            if place[0] == partition
        },
        "sequences": cursor.sequences,
        "watermarks": cursor.watermarks,
        "resume": cursor.resume,
    }


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


Interleavings.TestCase.settings = settings(
    max_examples=max(1_000, 4 * settings().max_examples), stateful_step_count=60
)
TestInterleavings = Interleavings.TestCase
