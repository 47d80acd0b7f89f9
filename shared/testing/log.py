"""Kafka in memory: a log, a consumer and a publisher, and the shell's real rounds between them.

Nothing waits for time. Every call that would cross a wire passes through a `Step`, which a test
may hold, let fail, or let pass: that is how it brings about each order of events.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple, cast

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from typing_extensions import override

from shared.core import Core, Document
from shared.line.fold import Fold
from shared.line.lane import Lane, Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Acquired, Binding, Committed, Record, Row, Store, WriteSet
from shared.line.wiring import Wiring
from shared.runtime.consumer import Intake
from shared.runtime.metrics import ShellMetrics
from shared.runtime.observer import Observer
from shared.runtime.ownership import Ownership
from shared.runtime.rounds import Rounds
from shared.testing.memory_store import MemoryData, MemoryStore

Step = Callable[[str], Awaitable[None]]
"""Told of each step, as "commit.before"; returns when it may go on, raises if it shall fail."""

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""When a `MemoryLog` begins."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FOR_EVER_S: Final = 1e9


async def unhindered(_name: str) -> None:
    """Let every step pass."""


class Logged(NamedTuple):
    """A record as a consumer sees it; the names are aiokafka's."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class MemoryLog:
    """Topics of `partitions` partitions each. `now` is the broker's clock, which a test sets."""

    def __init__(self, partitions: int) -> None:
        """Start empty, at `START`."""
        self.partitions = partitions
        self.now = START
        self._records: dict[tuple[str, int], list[Logged]] = {}

    def append(self, record: Record) -> Logged:
        """Add a record at the end of its partition, dated by the broker's clock."""
        records = self._records.setdefault((record.topic, record.partition), [])
        logged = Logged(
            record.topic,
            record.partition,
            records[-1].offset + 1 if records else 0,
            (self.now - _EPOCH) // _MILLISECOND,
            record.key,
            record.value,
            record.headers,
        )
        records.append(logged)
        return logged

    def cut(self, topic: str, partition: int, offset: int) -> None:
        """Make a hole: the record is gone, as a transaction's marker is for a reader."""
        records = self._records[topic, partition]
        self._records[topic, partition] = [one for one in records if one.offset != offset]

    def read(self, topic: str, partition: int, offset: int = 0) -> list[Logged]:
        """The records from an offset on."""
        records = self._records.get((topic, partition), [])
        return [record for record in records if record.offset >= offset]

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record will have."""
        records = self._records.get((topic, partition))
        return records[-1].offset + 1 if records else 0

    async def last_sequences(
        self, spots: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], int | None]:
        """The `ce_sequence` of the last record of each partition."""
        found: dict[tuple[str, int], int | None] = {}
        for topic, partition in spots:
            records = self._records.get((topic, partition))
            found[topic, partition] = sequence_of(records[-1]) if records else None
        return found


def sequence_of(record: Logged) -> int:
    """The record's place among what its service writes to this topic and partition."""
    return int(dict(record.headers)["ce_sequence"] or b"0")


class MemoryConsumer:
    """As much of a consumer as the shell asks for; its group is whoever assigns partitions."""

    def __init__(self, log: MemoryLog) -> None:
        """Read `log`, nothing of it for now."""
        self.log = log
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def assign(self, spots: Iterable[TopicPartition]) -> None:
        """Read these from their beginnings, until told otherwise."""
        self._positions = dict.fromkeys(spots, 0)
        self._paused.clear()

    def poll(self, limit: int = 1_000_000) -> list[Logged]:
        """What comes next, at most `limit` of each partition; the positions move behind it."""
        found: list[Logged] = []
        for spot, position in self._positions.items():
            if spot not in self._paused:
                records = self.log.read(spot.topic, spot.partition, position)[:limit]
                found += records
                if records:
                    self._positions[spot] = records[-1].offset + 1
        return found

    def pause(self, *spots: TopicPartition) -> None:
        """Bring nothing of these."""
        self._paused.update(spots)

    def resume(self, *spots: TopicPartition) -> None:
        """Bring something of these again."""
        self._paused.difference_update(spots)

    def seek(self, spot: TopicPartition, offset: int) -> None:
        """Go on at an offset, if the partition is still ours."""
        if spot in self._positions:
            self._positions[spot] = offset

    async def position(self, spot: TopicPartition) -> int:
        """The offset of what comes next."""
        return self._positions.get(spot, 0)

    async def beginning_offsets(self, spots: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition begins."""
        return dict.fromkeys(spots, 0)

    async def end_offsets(self, spots: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition ends."""
        return {spot: self.log.end(spot.topic, spot.partition) for spot in spots}

    def highwater(self, spot: TopicPartition) -> int:
        """Where the partition ends."""
        return self.log.end(spot.topic, spot.partition)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Take advice, and forget it."""


class MemoryPublisher:
    """Appends to the log, in two halves, so that one may be there without the other."""

    def __init__(self, log: MemoryLog, step: Step = unhindered) -> None:
        """Publish to `log`."""
        self._log = log
        self._step = step

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all records are appended."""
        await self._step("publish.before")
        half = len(records) // 2
        self._append(records[:half])
        if half:
            await self._step("publish.between")
        self._append(records[half:])
        await self._step("publish.after")

    def _append(self, records: Iterable[Record]) -> None:
        for record in records:
            self._log.append(record)


class SteppedStore:
    """A store whose every call is a step before, and where it writes one after."""

    def __init__(self, store: Store, step: Step = unhindered) -> None:
        """Hold the calls of `store`."""
        self._store = store
        self._step = step

    async def start(self) -> None:
        """As the store does."""
        await self._store.start()

    async def stop(self) -> None:
        """As the store does."""
        await self._store.stop()

    async def ping(self) -> None:
        """As the store does."""
        await self._store.ping()

    async def acquire(self, partitions: Iterable[int]) -> dict[int, Acquired]:
        """As the store does."""
        await self._step("acquire.before")
        acquired = await self._store.acquire(partitions)
        await self._step("acquire.after")
        return acquired

    async def release(self, partitions: Iterable[int], published: Iterable[str]) -> None:
        """As the store does."""
        await self._step("release.before")
        await self._store.release(partitions, published)
        await self._step("release.after")

    async def load(self, parties: Iterable[str], keys: Iterable[tuple[str, str, str]]) -> list[Row]:
        """As the store does."""
        await self._step("load.before")
        return await self._store.load(parties, keys)

    async def wakes(
        self, partition: int, after: datetime | None, until: datetime, limit: int
    ) -> list[tuple[datetime, str]]:
        """As the store does."""
        await self._step("wakes.before")
        return await self._store.wakes(partition, after, until, limit)

    async def everyone(self, partition: int, after: str, limit: int) -> list[str]:
        """As the store does."""
        await self._step("everyone.before")
        return await self._store.everyone(partition, after, limit)

    async def taken(self, ids: Iterable[str]) -> dict[str, bytes]:
        """As the store does."""
        await self._step("taken.before")
        return await self._store.taken(ids)

    async def bind(self, wanted: Mapping[str, Binding | None]) -> dict[str, Binding]:
        """As the store does."""
        await self._step("bind.before")
        bound = await self._store.bind(wanted)
        await self._step("bind.after")
        return bound

    async def commit(self, writes: Sequence[WriteSet]) -> Committed:
        """As the store does."""
        await self._step("commit.before")
        committed = await self._store.commit(writes)
        await self._step("commit.after")
        return committed


@dataclass(slots=True)
class SilentObserver(Observer):
    """Counts what became of events, and says nothing to anyone."""

    outcomes: Counter[str] = field(default_factory=Counter)

    @override
    def round(
        self,
        *,
        folds: Collection[Fold],
        load_s: float,
        fold_s: float,
        commit_s: float,
        publish_s: float,
    ) -> None:
        for fold in folds:
            for (_, outcome), number in fold.outcomes.items():
                self.outcomes[outcome] += number


@cache
def _codec(kinds: tuple[type[Document], ...]) -> DocumentCodec:
    return DocumentCodec(kinds)


@cache
def _metrics() -> ShellMetrics:
    return ShellMetrics(CollectorRegistry(), "memory")


class Worker:
    """One process of a service: the real intake, ownership and rounds, over memory."""

    def __init__(
        self,
        log: MemoryLog,
        core: Core,
        wiring: Wiring,
        *,
        data: MemoryData | None = None,
        limits: Limits | None = None,
        step: Step = unhindered,
    ) -> None:
        """Start with no partitions; two workers over the same `data` are two instances."""
        self.log = log
        self.wiring = wiring
        self.data = MemoryData() if data is None else data
        self.stopped: list[str] = []
        """Why the service would have ended itself."""
        self.consumer = MemoryConsumer(log)
        self.observer = SilentObserver(_metrics(), dead_letters_per_minute_max=10**9)
        self.rounds = Rounds(
            store=SteppedStore(MemoryStore(self.data), step),
            publisher=MemoryPublisher(log, step),
            observer=self.observer,
            batch_s=_FOR_EVER_S,
            stop=self.stopped.append,
            read_up=self._read_up,
            sleep=_no_sleep,
        )
        self.ownership = Ownership(
            core=core,
            wiring=wiring,
            codec=_codec(core.documents),
            rounds=self.rounds,
            limits=limits or Limits(),
            partitions=log.partitions,
            consumer=lambda: self.consumer,
            last_sequences=log.last_sequences,
        )
        self.intake = Intake(
            wiring, self.ownership, self.rounds, lambda: self.consumer, self.consumer.end_offsets
        )
        self.intake.advised_at = float("inf")  # no advice: it would be a task of its own

    async def _read_up(self, lanes: Iterable[Lane]) -> Callable[[int, str], bool]:
        return await self.intake.read_up(lanes)

    def spots(self, partitions: Iterable[int]) -> set[TopicPartition]:
        """The partitions of all inputs that belong to these numbers."""
        return {TopicPartition(topic, n) for topic in self.wiring.inputs for n in partitions}

    async def own(self, partitions: Iterable[int]) -> None:
        """Be assigned these partition numbers, and no others."""
        spots = self.spots(partitions)
        self.consumer.assign(spots)
        await self.ownership.on_partitions_assigned(spots)

    async def give_up(self) -> None:
        """Have all partitions revoked."""
        await self.ownership.on_partitions_revoked(self.spots(self.rounds.lanes))
        self.consumer.assign(())

    async def poll(self, limit: int = 1_000_000) -> None:
        """Work off what the log has, at most `limit` records of each partition."""
        await self.intake.take(cast("Any", self.consumer.poll(limit)))

    async def look_again(self) -> None:
        """Do once what the nudge does in passing."""
        async with self.ownership.lock:
            await self.intake._work()  # noqa: SLF001 - its loop waits for real time


async def _no_sleep(_seconds: float) -> None:
    """Go on at once."""
