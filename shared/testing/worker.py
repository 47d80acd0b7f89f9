"""One process of a service over memory: the real intake, ownership and rounds."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from typing_extensions import override

from shared.core import Core, Document
from shared.line.fold import Fold
from shared.line.lane import Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Acquired, Binding, Committed, Parked, Row, Store, WriteSet
from shared.line.wiring import Wiring
from shared.runtime.consumer import Intake
from shared.runtime.metrics import ShellMetrics
from shared.runtime.observer import Observer
from shared.runtime.ownership import Ownership
from shared.runtime.rounds import Rounds
from shared.testing.log import MemoryConsumer, MemoryLog, MemoryPublisher, Step, unhindered
from shared.testing.memory_store import MemoryData, MemoryStore

_FOR_EVER_S: Final = 1e9


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

    async def to_unpark(self, partitions: Iterable[int]) -> list[tuple[int, str]]:
        """As the store does."""
        await self._step("to_unpark.before")
        return await self._store.to_unpark(partitions)

    async def parked(self, partition: int, party: str) -> list[Parked]:
        """As the store does."""
        await self._step("parked.before")
        return await self._store.parked(partition, party)

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
    broadcasts_refused: int = 0

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
            self.broadcasts_refused += fold.broadcasts_refused
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
            look_each_s=0.0,
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
        self.intake = Intake(wiring, self.ownership, self.rounds, lambda: self.consumer, self._ends)
        self._step = step
        self._polling = asyncio.Lock()
        self.intake.advised_at = float("inf")  # no advice: it would be a task of its own

    async def _ends(self, spots: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        await self._step("ends.before")
        found = await self.consumer.end_offsets(spots)
        await self._step("ends.after")
        return found

    def _read_up(self, partition: int, topic: str) -> bool:
        return self.intake.read_up(partition, topic)

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
        await self.receive(limit)
        await self.intake.work_off()

    async def receive(self, limit: int = 1_000_000) -> None:
        """Queue what the log has, as the consumer does while the worker is at work.

        One poll after the other: FastStream's loop polls again once the one before was taken.
        """
        async with self._polling:
            await self.intake.take(cast("Any", self.consumer.poll(limit)))

    async def look_again(self) -> None:
        """Do once what the nudge does in passing."""
        await self.intake.look()
        await self.intake.work_off()


async def _no_sleep(_seconds: float) -> None:
    """Go on at once."""
