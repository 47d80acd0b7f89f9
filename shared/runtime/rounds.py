"""Rounds of work: what the lanes have queued is loaded, folded, committed once, and published.

While a round is committed the next one is loaded and folded, and the one before it published. What
is on its way to the broker is in the outbox until it is known to have arrived. Commits follow each
other, and so do publications.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from shared.line.arrivals import Arrival
from shared.line.fold import Fold, Spoiled
from shared.line.lane import Gap, Lane
from shared.line.ports import Committed, Record, Store, Unavailable, WriteSet, rebind
from shared.runtime.clock import monotonic
from shared.runtime.loading import Loading
from shared.runtime.observer import Observer
from shared.runtime.pacing import Pacing, shared_out
from shared.runtime.producer import PublishUnavailable

T = TypeVar("T")
PAUSES_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses between tries while the store or the broker is away; the last one is repeated."""

log = structlog.get_logger()


class Abandoned(Exception):
    """The partitions are being taken from us: stop trying, drop what is not committed."""


class Publishing(Protocol):
    """What takes records to the broker, in order per partition, at least once."""

    async def publish(self, records: list[Record]) -> None:
        """Return once the broker has them all; raises `PublishUnavailable` while it is away."""
        ...


@dataclass(slots=True)
class Rounds:
    """The loop between lanes, store and broker. `lanes` are those that are owned now."""

    store: Store
    publisher: Publishing
    observer: Observer
    batch_s: float
    stop: Callable[[str], None]
    """Ends the service with a message: what must not go on."""
    read_up: Callable[[int, str], bool]
    """Whether the lane of a partition was given all that a topic has."""
    lanes: dict[int, Lane] = field(default_factory=dict)
    published: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Outbox documents that are published, to be dropped with the next commit."""
    abandoned: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for so many seconds between tries."""
    after_round: Callable[[], None] = lambda: None
    """Told when a round has taken records off the queues."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be something to go round for."""
    look_each_s: float = 5.0
    """How often to look whom to unpark, in seconds, while any party is parked."""
    pacing: Pacing = field(default_factory=Pacing)
    """What rounds have cost lately."""
    _landing: "asyncio.Task[None] | None" = None
    """The commit of the latest round."""
    _in_flight: list[WriteSet] = field(default_factory=list)
    """What that commit writes."""
    _publication: "asyncio.Task[None] | None" = None
    """What is on its way to the broker."""
    _loading: Loading = field(init=False)

    def __post_init__(self) -> None:
        """Load from the same store, as patiently."""
        self._loading = Loading(
            self.store, self._persist, self._landed, self._stop, look_each_s=self.look_each_s
        )

    async def work(self) -> None:
        """Go round until nothing is queued that can be folded now, and all is published."""
        try:
            self.news.clear()
            while await self._round() or await self._hear():
                if self.abandoned:
                    return  # the batch in hand is finished; the rest is for the next owner
                self.news.clear()
        except asyncio.CancelledError:
            for task in (self._landing, self._publication):
                if task is not None:
                    task.cancel()
            raise
        finally:
            await self._landed()
            await self._arrived()

    async def _hear(self) -> bool:
        """Whether there is news before all that is on its way has landed and arrived."""
        while (task := self._landing or self._publication) is not None:
            news = asyncio.ensure_future(self.news.wait())
            try:
                await asyncio.wait({task, news}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if self.news.is_set():
                return True
            await (self._landed() if task is self._landing else self._arrived())
        return False

    def _stop(self, why: str) -> None:
        self.stop(why)
        raise Abandoned

    async def _persist(self, doing: str, call: Callable[[], Awaitable[T]]) -> T:
        """Try until it works: a service never acknowledges what it has not stored."""
        attempt = 0
        while True:
            try:
                answer = await call()
            except (Unavailable, PublishUnavailable) as failure:
                if self.abandoned:
                    raise Abandoned from failure
                pause_s = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
                self.observer.unavailable(doing)
                log.warning("shell.unavailable", doing=doing, pause_s=pause_s, why=str(failure))
                attempt += 1
                await self.sleep(pause_s)
            else:
                if attempt:
                    self.observer.available(doing)
                return answer

    async def _round(self) -> bool:
        started = monotonic()
        lines = self._lines()
        if not lines:
            return False
        await self._loading.bind(lines)
        await self._loading.list_wakes(lines)
        await self._loading.bring_parked(lines)
        await self._loading.load(lines, self._in_flight)
        loaded = monotonic()
        folds = self._fold(lines, started=loaded)
        folded = monotonic()
        if records_done := sum(fold.done for fold in folds.values()):
            self.pacing.folded((folded - loaded) / records_done)
        self.after_round()
        await self._landed()
        self.pacing.went_round(monotonic() - folded + loaded - started)
        # The commit that has landed may have shown that a lane was fenced off.
        moved = [fold for lane, fold in folds.items() if fold.moved and self._owns(lane)]
        if moved:
            self._in_flight = [fold.writes for fold in moved]
            landing = self._land(moved, load_s=loaded - started, fold_s=folded - loaded)
            self._landing = asyncio.create_task(landing)
        return True

    def _owns(self, lane: Lane) -> bool:
        return self.lanes.get(lane.partition) is lane

    async def _land(self, folds: list[Fold], *, load_s: float, fold_s: float) -> None:
        """Commit what a round has folded, and begin to publish it."""
        started = monotonic()
        records, ids = await self._commit(self._in_flight)
        self._in_flight = []
        committed = monotonic()
        self.pacing.committed(committed - started)
        await self._arrived()
        self._publication = asyncio.create_task(self._publish(records, ids))
        self.observer.round(
            folds=folds,
            load_s=load_s,
            fold_s=fold_s,
            commit_s=committed - started,
            publish_s=monotonic() - committed,
        )
        self._check_flood()

    async def _landed(self) -> None:
        """Wait until the round before is committed."""
        landing, self._landing = self._landing, None
        if landing is not None:
            try:
                await landing
            finally:
                self._in_flight = []

    async def _publish(self, records: list[Record], ids: Mapping[int, tuple[str, ...]]) -> None:
        """Publish what a round committed; its outbox documents go with a later commit."""
        if records:
            self.observer.publishing(len(records))
            await self._persist("publishing", lambda: self.publisher.publish(records))
            self.observer.publishing(0)
        for partition, names in ids.items():
            if partition in self.published:
                self.published[partition] += names

    async def _arrived(self) -> None:
        """Wait until what is on its way has arrived."""
        publication, self._publication = self._publication, None
        if publication is not None:
            await publication

    def _check_flood(self) -> None:
        self.observer.parked(sum(len(lane.parkings) for lane in self.lanes.values()))
        if self.observer.flooded:
            self.stop(
                f"{self.observer.letters_last_minute} dead letters within a minute: something is"
                " wrong with what comes in, and going on would only drain the topic"
            )
            raise Abandoned

    def _lines(self) -> dict[Lane, list[Arrival]]:
        most = self.pacing.most(self.batch_s)
        lines = {}
        for lane in self.lanes.values():
            if lane.waiting() and (
                line := lane.line(partial(self.read_up, lane.partition), most=most)
            ):
                lines[lane] = line
        return shared_out(lines, most)

    def _fold(self, lines: Mapping[Lane, list[Arrival]], *, started: float) -> dict[Lane, Fold]:
        folds: dict[Lane, Fold] = {}
        total, before = sum(map(len, lines.values())), 0
        for lane, line in lines.items():
            before += len(line)
            until = started + self.pacing.fold_s(self.batch_s) * before / total
            fold = Fold(lane, enough=lambda until=until: monotonic() > until)  # type: ignore[misc] # a default binds the loop's value
            try:
                fold.run(line)
            except Spoiled as spoiled:
                log.error("shell.spoiled", place=spoiled.place, why=spoiled.reason)  # noqa: TRY400 - there may be thousands
                self.observer.spoiled()
                lane.spoil(spoiled.place, spoiled.party, spoiled.reason)
            except Gap as gap:
                self.stop(f"partition {lane.partition} has a gap: {gap}")
                raise Abandoned from gap
            else:
                folds[lane] = fold
        return folds

    async def _commit(
        self, writes: list[WriteSet]
    ) -> tuple[list[Record], Mapping[int, tuple[str, ...]]]:
        """Commit; what must be published, and the names of the outbox documents that have it.

        A lane that was fenced off is dropped.
        """
        for write in writes:
            write.published = list(self.published.get(write.partition, ()))
        committed: Committed = await self._persist("committing", lambda: self.store.commit(writes))
        for partition in committed.fenced:
            log.warning("shell.fenced", partition=partition)
            self.observer.fenced()
            self.lanes.pop(partition, None)
            self.published.pop(partition, None)
        records: list[Record] = []
        for write in writes:
            if write.partition not in committed.fenced:
                records.extend(write.outbox)
                if write.rebound:
                    rebind(self._loading.bindings, write.rebound)
                gone = set(write.published)  # meanwhile, others may have been added
                left = self.published.get(write.partition, ())
                self.published[write.partition] = tuple(n for n in left if n not in gone)
        return records, committed.outbox_ids
