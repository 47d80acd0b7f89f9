"""What a service has stored and published, fit to be compared; and what it should have been."""

from datetime import datetime
from typing import Any

from shared.events.ledger import PartyUnparked
from shared.line.ports import Record
from shared.line.wiring import TICK
from shared.testing.log import Logged, MemoryLog, sequence_of
from shared.testing.memory_store import MemoryData
from shared.testing.toy import DOOR, FACTS, LINE, READER, ToyCore
from shared.testing.worker import Worker


class Contradiction(AssertionError):
    """A published line is not one: something is missing, or one sequence says two things."""


def published(log: MemoryLog, topic: str, partition: int) -> list[Logged]:
    """The records of an output, each sequence once, as they first came."""
    line: list[Logged] = []
    for record in log.read(topic, partition):
        place = sequence_of(record)
        if place > len(line) + 1:
            raise Contradiction(f"{topic} {partition}: {place} follows {len(line)}")
        if place == len(line) + 1:
            line.append(record)
        elif said(record) != said(line[place - 1]):
            raise Contradiction(f"{topic} {partition}: {place} is {record} and {line[place - 1]}")
    return line


def said(record: Logged) -> tuple[object, ...]:
    """What a record says, whenever it was appended."""
    return record.key, record.value, tuple(record.headers)


def differences(wanted: dict[Any, Any], found: dict[Any, Any]) -> dict[Any, Any]:
    """Where two differ: what was wanted and what was found."""
    names = {*wanted, *found}
    return {n: (wanted.get(n), found.get(n)) for n in names if wanted.get(n) != found.get(n)}


def outcome(data: MemoryData, line: list[Logged], partition: int) -> dict[Any, Any]:
    """All that a partition has stored and told, but for where it lay in the log."""
    here = {
        name
        for name, mark in data.parties.items()
        if mark.partition == partition and (name, 0) in data.rows  # not only ever refused
    }
    rows = {
        (place, name): row
        for place, stored in data.rows.items()
        if (place[0] in here if place[0] else place[1] == partition)
        for name, row in stored.items()
    }
    cursor = data.cursors[partition]
    parked = {
        ("parked", place): [kept[number].value for number in sorted(kept)]
        for place, kept in data.parked.items()
        if place[0] == partition
    }
    cells = {("cells", place): row for place, row in data.cells.items() if place[0] == partition}
    marks = {("party", name): data.parties[name] for name in here}
    moved = {"sequences": cursor.sequences, "clock": cursor.watermarks, "resume": cursor.resume}
    told = {("told", number): said(record) for number, record in enumerate(line)}
    return {**rows, **parked, **cells, **marks, **moved, **told}


async def door_again(
    log: MemoryLog, data: MemoryData, line: list[Logged], partition: int
) -> dict[Any, Any]:
    """What one process makes of the same inputs in the order of `line`, one by one, undisturbed."""
    inputs: dict[bytes | None, Record] = {}
    for topic in DOOR.inputs:
        for number in range(log.partitions):
            for one in log.read(topic, number):
                record = Record(topic, partition, one.key, one.value, one.headers)
                inputs.setdefault(dict(one.headers).get("ce_id"), record)
    quiet = MemoryLog(log.partitions)
    worker = Worker(quiet, ToyCore(LINE), DOOR, data=MemoryData(bindings=data.bindings))
    await worker.own([partition])
    passed_on = {kind.encode() for kind in DOOR.passed_on}
    unparked = unparked_behind(line)
    for one in line:
        headers = dict(one.headers)
        if headers["ce_type"] in passed_on:
            quiet.now = moment_of(one)
            quiet.append(inputs[headers["ce_id"]])
            worker.data.ask_to_unpark(*unparked.get(headers["ce_id"], ()))
            await worker.poll()
    return outcome(worker.data, quiet.read(LINE, partition), partition)


def unparked_behind(line: list[Logged]) -> dict[bytes | None, list[str]]:
    """By the id of a tick, the parties that were unparked at it, in order."""
    unparked: dict[bytes | None, list[str]] = {}
    tick: bytes | None = None
    for one in line:
        headers = dict(one.headers)
        if headers["ce_type"] == TICK.encode():
            tick = headers["ce_id"]
        elif headers["ce_type"] == PartyUnparked.type.encode():
            unparked.setdefault(tick, []).append((one.key or b"").decode())
    return unparked


async def reader_again(
    line: list[Logged], facts: list[Logged], partitions: int, partition: int
) -> dict[Any, Any]:
    """What one process downstream makes of a line, undisturbed and in as few batches as it can.

    `facts` tell at which ticks somebody had parties unparked.
    """
    quiet = MemoryLog(partitions)
    worker = Worker(quiet, ToyCore(FACTS), READER)
    await worker.own([partition])
    unparked = unparked_behind(facts)
    for one in line:
        asked = unparked.get(dict(one.headers)["ce_id"], ())
        if asked:
            await worker.poll()
            worker.data.ask_to_unpark(*asked)
        quiet.append(Record(LINE, partition, one.key, one.value, one.headers))
        if asked:
            await worker.poll()
    await worker.poll()
    return outcome(worker.data, quiet.read(FACTS, partition), partition)


def moment_of(record: Logged) -> datetime:
    """When what a record passes on was appended to the topic that it came by."""
    return datetime.fromisoformat((dict(record.headers)["ce_recordedtime"] or b"").decode())
