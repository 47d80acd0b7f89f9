"""A door and a reader of its line, whole and in memory, to be told things and looked at."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.events.base import Fact
from shared.line.lane import Limits
from shared.line.ports import Record
from shared.line.wiring import Wiring
from shared.testing.log import Logged, MemoryLog
from shared.testing.memory_store import MemoryData
from shared.testing.toy import DOOR, EVENTS, LINE, ToyCore, told
from shared.testing.toy import tick as ticked
from shared.testing.worker import Worker
from shared.topics import partition_of


@dataclass(frozen=True, slots=True)
class Said:
    """A published record, read: what a test wants to know of it."""

    type: str
    party: str
    time: str
    data: bytes
    headers: dict[str, bytes | None]


def read(record: Logged) -> Said:
    """Read a record without any of the shell's own code."""
    headers = dict(record.headers)

    def text(name: str) -> str:
        return (headers.get(name) or b"").decode()

    return Said(
        text("ce_type"), text("ce_partitionkey"), text("ce_time"), record.value or b"", headers
    )


@dataclass(slots=True)
class Bench:
    """One service on `partitions` partitions, worked by one process that owns them all."""

    core: Any = field(default_factory=ToyCore)
    wiring: Wiring = DOOR
    partitions: int = 1
    limits: Limits = field(default_factory=Limits)
    log: MemoryLog = field(init=False)
    data: MemoryData = field(default_factory=MemoryData)
    worker: Worker = field(init=False)
    _told: int = 0

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.partitions)
        self.restart()

    def restart(self) -> None:
        """Start a new process, which takes all over."""
        self.worker = Worker(self.log, self.core, self.wiring, data=self.data, limits=self.limits)
        asyncio.run(self.worker.own(range(self.partitions)))

    @property
    def now(self) -> datetime:
        """The broker's time."""
        return self.log.now

    def later(self, **of_time: float) -> datetime:
        """Let time pass, and say what time it is then."""
        self.log.now += timedelta(**of_time)
        return self.log.now

    def home(self, party: str) -> int:
        """The partition of a party."""
        return partition_of(party.encode(), self.partitions)

    def put(self, *records: Record) -> None:
        """Append records as they are."""
        for record in records:
            self.log.append(record)

    def tell(
        self,
        data: Fact,
        *,
        party: str = "",
        id: str = "",  # noqa: A002 - the envelope's own word
        topic: str = EVENTS,
        partition: int | None = None,
    ) -> str:
        """Append an event from outside, now; its id."""
        self._told += 1
        id_ = id or f"told-{self._told}"
        named = party or str(getattr(data, "account_id", ""))
        number = partition if partition is not None else self.home(named) if named else 0
        self.put(told(data, id=id_, time=self.now, party=named, topic=topic, partition=number))
        return id_

    def tick(self, **of_time: float) -> None:
        """Let time pass, and the clock say so on every partition."""
        at = self.later(**of_time)
        self.put(*(ticked(at, partition=number) for number in range(self.partitions)))

    def run(self, *, polls_of: int = 1_000_000) -> None:
        """Work until nothing is left to read, taking so many records of each partition at once."""
        asyncio.run(self._run(polls_of))

    async def _run(self, polls_of: int) -> None:
        while records := self.worker.consumer.poll(polls_of):
            await self.worker.intake.take(records)
            await self.worker.intake.work_off()

    def said(self, topic: str = LINE, partition: int = 0) -> list[Said]:
        """What was published to a topic's partition, as a reader takes it: each sequence once."""
        said: list[Said] = []
        heard = 0
        for one in map(read, self.log.read(topic, partition)):
            sequence = int(one.headers.get("ce_sequence") or 0)
            if not sequence or sequence > heard:
                said.append(one)
                heard = max(heard, sequence)
        return said

    def line(self, topic: str = LINE, partition: int = 0) -> list[tuple[str, str, str]]:
        """The same in short: the last word but one of the type, or the entry noted; party; time."""
        return [(_entry(said), said.party, said.time[5:19]) for said in self.said(topic, partition)]

    def reasons(self) -> list[str]:
        """The reasons on the dead letters, in order."""
        letters: Iterable[Logged] = (
            letter
            for number in range(self.partitions)
            for letter in self.log.read(self.wiring.dead_letters, number)
        )
        return [(dict(letter.headers)["__dlq.errors.reason"] or b"").decode() for letter in letters]

    def document(self, party: str, prefix: str, key: str = "") -> str | None:
        """A stored document's JSON."""
        row = self.data.rows.get((party, 0), {}).get((prefix, key))
        return None if row is None else row.text

    @property
    def parked(self) -> dict[str, int]:
        """The parked parties, and how many events are kept for each."""
        parties = self.data.parties.items()
        return {name: mark.parked for name, mark in parties if mark.parked is not None}


def _entry(said: Said) -> str:
    marker = b'"entry":"'
    if marker in said.data:
        return said.data.split(marker)[1].split(b'"')[0].decode()
    return "noted" if said.type.startswith("toy.noted") else said.type.split(".")[-2]
