"""Rounds of work: what the lanes have queued is loaded, folded, committed once, and published.

A round is published while the next one is folded. What is on its way is in the outbox until it is
known to have arrived, and two publications never overtake each other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import structlog

from shared.line.arrivals import Arrival
from shared.line.fold import Fold, Spoiled
from shared.line.lane import Gap, Lane, Needs
from shared.line.ports import (
    Binding,
    Committed,
    Record,
    Row,
    Store,
    Unavailable,
    WriteSet,
    rebind,
)
from shared.runtime.clock import monotonic
from shared.runtime.observer import Observer
from shared.runtime.pacing import Pacing, shared_out
from shared.runtime.producer import PublishUnavailable

T = TypeVar("T")
PAUSES_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses between tries while the store or the broker is away; the last one is repeated."""
_BINDINGS_MAX: Final = 500_000

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
    read_up: Callable[[Iterable[Lane]], Awaitable[Callable[[int, str], bool]]]
    """Asks the broker whether a lane's topic was read to its end."""
    lanes: dict[int, Lane] = field(default_factory=dict)
    published: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Outbox documents that are published, to be dropped with the next commit."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    abandoned: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for so many seconds between tries."""
    after_round: Callable[[], None] = lambda: None
    """Told when a round has taken records off the queues."""
    _publication: "asyncio.Task[None] | None" = None
    """What is on its way to the broker."""
    _pacing: Pacing = field(default_factory=Pacing)

    async def work(self) -> None:
        """Go round until nothing is queued that can be folded now, and all is published."""
        try:
            while await self._round():
                if self.abandoned:
                    return  # the batch in hand is finished; the rest is for the next owner
        except asyncio.CancelledError:
            if self._publication is not None:
                self._publication.cancel()
            raise
        finally:
            await self._arrived()

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
        lines = await self._lines()
        if not lines:
            return False
        await self._bind(lines)
        await self._list_wakes(lines)
        await self._load(lines)
        loaded = monotonic()
        folds = self._fold(lines, started=loaded)
        folded = monotonic()
        if records_done := sum(fold.done for fold in folds.values()):
            self._pacing.folded((folded - loaded) / records_done)
        writes = [fold.writes for fold in folds.values() if fold.moved]
        if not writes:
            return True
        records, ids = await self._commit(writes)
        committed = monotonic()
        await self._arrived()
        self._publication = asyncio.create_task(self._publish(records, ids))
        self._pacing.went_round(monotonic() - folded + loaded - started)
        self.observer.round(
            folds=folds.values(),
            load_s=loaded - started,
            fold_s=folded - loaded,
            commit_s=committed - folded,
            publish_s=monotonic() - committed,
        )
        self.after_round()
        self._check_flood()
        return True

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

    async def _lines(self) -> dict[Lane, list[Arrival]]:
        busy = [lane for lane in self.lanes.values() if lane.waiting()]
        if not busy:
            return {}
        read_up = await self.read_up(busy)
        most = self._pacing.most(self.batch_s)
        lines = {}
        for lane in busy:
            line = lane.line(
                lambda topic, p=lane.partition: read_up(p, topic),  # type: ignore[misc] # a default binds the loop's value
                most=most,
            )
            if line:
                lines[lane] = line
        return shared_out(lines, most)

    async def _bind(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        wanted: dict[str, Binding] = {}
        subjects: set[str] = set()
        if len(self.bindings) > _BINDINGS_MAX:
            self.bindings.clear()  # before any is looked up for this round
        for lane, line in lines.items():
            if lane.door is None:
                return
            wanted.update(
                (account, binding)
                for account, binding in lane.bindings_wanted(line).items()
                if account not in self.bindings
            )
            subjects.update(a.event.subject for a in line if a.event is not None)
        unknown = {
            subject: wanted.get(subject)
            for subject in subjects
            if subject and subject not in self.bindings
        }
        if unknown:
            found = await self._persist("binding accounts", lambda: self.store.bind(unknown))
            self.bindings.update(found)
        for lane in lines:
            lane.give_bindings(self.bindings)

    async def _list_wakes(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        for lane, line in lines.items():
            tick = lane.last_tick(line)
            if tick is None:
                continue
            while lane.lacks_wakes(tick):
                until, limit = lane.wakes_until(tick), lane.limits.wakes_max
                after = lane.wakes.known_until
                found = await self._persist(
                    "listing wakes",
                    lambda: self.store.wakes(lane.partition, after, until, limit),  # noqa: B023 - awaited at once
                )
                lane.wakes.learn(found, until if len(found) < limit else found[-1][0])
            if lane.lacks_everyone(tick):
                after_party, limit = lane.rousing.after, lane.limits.wakes_max
                lane.list_everyone(
                    await self._persist(
                        "listing parties",
                        lambda: self.store.everyone(lane.partition, after_party, limit),  # noqa: B023 - awaited at once
                    )
                )

    async def _load(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        all_needs = {lane: lane.needs(line) for lane, line in lines.items()}
        parties = set[str]().union(*(needs.parties for needs in all_needs.values()))
        keys = set[tuple[str, str, str]]().union(*(needs.keys for needs in all_needs.values()))
        ids = set[str]().union(*(needs.ids for needs in all_needs.values()))
        loading = self._persist("loading", lambda: self.store.load(parties, keys))
        knowing = self._persist("looking up ids", lambda: self.store.taken(ids))
        if parties or keys:
            rows, known = await asyncio.gather(loading, knowing)
        else:
            loading.close()
            rows, known = [], await knowing
        by_party: dict[str, list[Row]] = {}
        for row in rows:
            by_party.setdefault(row.party, []).append(row)
        for lane, needs in all_needs.items():
            named = needs.parties.union(key[0] for key in needs.keys)
            brought = [row for party in named for row in by_party.get(party, ())]
            self._give(lane, needs, brought, known)

    def _give(self, lane: Lane, needs: Needs, rows: list[Row], known: Mapping[str, bytes]) -> None:
        try:
            lane.give(needs, rows, known)
        except ValueError as defect:
            self.stop(f"a stored document cannot be read (partition {lane.partition}): {defect}")
            raise Abandoned from defect

    def _fold(self, lines: Mapping[Lane, list[Arrival]], *, started: float) -> dict[Lane, Fold]:
        folds: dict[Lane, Fold] = {}
        total, before = sum(map(len, lines.values())), 0
        for lane, line in lines.items():
            before += len(line)
            until = started + self._pacing.fold_s(self.batch_s) * before / total
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
                    rebind(self.bindings, write.rebound)
                gone = set(write.published)  # meanwhile, others may have been added
                left = self.published.get(write.partition, ())
                self.published[write.partition] = tuple(n for n in left if n not in gone)
        return records, committed.outbox_ids
