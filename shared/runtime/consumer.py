"""The service's one batch subscriber: what comes in, in what order, and how far we say we are."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from sys import maxsize
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.line.arrivals import arrive, stamp_of
from shared.line.lane import Lane
from shared.line.wiring import Wiring
from shared.runtime.clock import monotonic
from shared.runtime.ownership import Ownership
from shared.runtime.raw import raw_decoder, raw_parser
from shared.runtime.reach import Ends, Reach
from shared.runtime.resting import Rest
from shared.runtime.rounds import Abandoned, Rounds
from shared.runtime.settings import ServiceSettings

NUDGE_S: Final = 0.1
"""How often records are looked at again that are held (a tick that waits for other topics)."""
ADVICE_S: Final = 1.0
"""How often the group's offsets are committed: advice for lag monitors; the truth is the cursor."""
FETCH_BYTES: Final = 1_048_576
"""Bytes that one fetch brings of one partition at most."""

log = structlog.get_logger()


@dataclass(slots=True)
class Intake:
    """Takes raw records from FastStream's subscriber into the lanes and keeps the rounds going."""

    wiring: Wiring
    ownership: Ownership
    rounds: Rounds
    consumer: Callable[[], AIOKafkaConsumer | None]
    ends: Ends
    """The ends of partitions, asked for on a connection of its own: on the consumer's, the question
    would stand behind a fetch that waits for records."""
    queued_max: int = 4_000
    """Records that are queued before the next poll waits for room."""
    pace_s: tuple[float, float] = (0.0, 0.0)
    """Seconds from one small poll to the next at least: while commits are fast, and when they are
    slow."""
    advised_at: float = 0.0
    _rest: Rest = field(init=False)
    _reach: Reach = field(init=False)
    _advice: asyncio.Task[None] | None = None
    _receiving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while records are given to the lanes, and while the broker is asked what else it has: no
    record may come in between that is younger than the answer."""
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: bool = False

    def __post_init__(self) -> None:
        """Hear of each round that makes room, and keep the pace."""
        self._rest = Rest(self.consumer, partial(self.rounds.pacing.pace_s, *self.pace_s))
        self._reach = Reach(self.wiring, self.ownership, self.consumer, self.ends)
        self.rounds.after_round = self._room.set

    async def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Queue one poll, which is worked off meanwhile; wait while too much is queued.

        It never raises: FastStream would pass the batch over.
        """
        generation = self.ownership.generation
        self._rest.begin(len(records), self._reach.spots())
        async with self._receiving:
            asked = await self._reach.asked(generation)  # the next poll comes after this one
            if asked is None:
                return  # who has the partitions now begins at their cursors, and so do we
            positions, ends = asked
            for spot in self._receive(records, positions):
                positions.pop(spot, None)  # what was polled from there will be polled again
            self._reach.polled(positions, ends)
        self._busy = True
        self.rounds.news.set()
        while self._busy and self._waiting() > self.queued_max:
            self._room.clear()
            await self._room.wait()
        await self._rest.end(self._reach.spots)

    async def look(self) -> None:
        """Have looked at what is held: what it waits for may have come, or turn out not to be."""
        generation = self.ownership.generation
        async with self._receiving:
            asked = await self._reach.asked(generation)
            if asked is None:
                return
            self._reach.looked(*asked)
        self._busy = True
        self.rounds.news.set()

    def read_up(self, partition: int, topic: str) -> bool:
        """Whether a lane was given all that its topic had when its latest records were polled."""
        return self._reach.read_up(partition, topic)

    async def work(self) -> None:
        """Until cancelled: work off what comes."""
        while True:
            await self.rounds.news.wait()
            await self.work_off()

    async def work_off(self) -> None:
        """Work off what is queued and can be folded now. It never raises."""
        async with self.ownership.lock:
            await self._work()
        self._busy = self.rounds.news.is_set()
        self._room.set()

    def _waiting(self) -> int:
        return sum(lane.waiting() for lane in self.rounds.lanes.values())

    async def _work(self) -> None:
        try:
            await self.rounds.work()
        except Abandoned:
            self.rounds.lanes.clear()
        except Exception as defect:
            log.exception("shell.defect")
            self.rounds.lanes.clear()
            self.rounds.stop(f"a defect of the shell: {type(defect).__name__}: {defect}")
        else:
            self._advise_sometimes()

    def _receive(
        self, records: Sequence[ConsumerRecord], positions: Mapping[TopicPartition, int]
    ) -> set[TopicPartition]:
        """Queue records; a gap is sought back to once, and then taken as it is: what was sought.

        Gaps are normal (transaction markers, retention); aiokafka also makes one when it drops what
        it had fetched (tests/integration/test_facts.py shows it), which must be read again.
        """
        sought: set[TopicPartition] = set()
        for (topic, number), polled in groupby(records, attrgetter("topic", "partition")):
            lane, spot = self.rounds.lanes.get(number), TopicPartition(topic, number)
            if lane is None or spot in sought:
                continue
            # Where lines are not merged nobody seeks but here: what is polled is from after it.
            position = positions.get(spot) if self.wiring.merged else maxsize
            if not self._queue(lane, spot, polled, position):
                sought.add(spot)
        return sought

    def _queue(
        self,
        lane: Lane,
        spot: TopicPartition,
        records: Iterable[ConsumerRecord],
        position: int | None,
    ) -> bool:
        """Queue what was polled of one partition; false where a gap is sought back to."""
        topic: str = spot.topic
        expected = lane.expected(topic)
        for record in records:
            offset = record.offset
            if offset > expected and self._reach.seek_once(
                spot, expected, offset, position=position
            ):
                return False
            lane.receive(
                arrive(
                    self.wiring,
                    topic=topic,
                    offset=offset,
                    stamp=stamp_of(record.timestamp),
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
            )
            expected = max(expected, offset + 1)
        return True

    async def nudge(self) -> None:
        """Until cancelled: look again at what is held, and at positions that ran ahead unseen."""
        while True:
            await asyncio.sleep(NUDGE_S)
            if any(lane.waiting() for lane in self.rounds.lanes.values()):
                await self.look()

    async def lag(self) -> dict[tuple[str, int], int]:
        """Records between the cursors and the ends of the log, as of the last fetch.

        The end is that of what is committed, and where nothing waits, the consumer's position
        counts: marks of transactions are offsets too, and no cursor moves over one that comes last.
        """
        consumer = self.consumer()
        found: dict[tuple[str, int], int] = {}
        for lane in list(self.rounds.lanes.values()) if consumer is not None else ():
            for topic in self.wiring.inputs:
                spot = TopicPartition(topic, lane.partition)
                try:
                    end = consumer.last_stable_offset(spot)  # type: ignore[union-attr] # checked above
                    position = 0 if lane.pending[topic] else await consumer.position(spot)  # type: ignore[union-attr] # as above
                except (AssertionError, KafkaError, TimeoutError):
                    continue  # it has just been taken from us
                if end is not None:
                    at = max(lane.cursor.offsets[topic], position)
                    found[(topic, lane.partition)] = max(0, end - at)
        return found

    def _advise_sometimes(self) -> None:
        if monotonic() - self.advised_at >= ADVICE_S and (
            self._advice is None or self._advice.done()
        ):
            self.advised_at = monotonic()
            self._advice = asyncio.create_task(self.advise())

    async def advise(self) -> None:
        """Tell the broker how far the cursors are; whatever fails here is no loss."""
        consumer = self.consumer()
        offsets = {
            TopicPartition(topic, lane.partition): offset
            for lane in self.rounds.lanes.values()
            for topic, offset in lane.cursor.offsets.items()
        }
        if consumer is not None and offsets:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(consumer.commit(offsets), timeout=5)


def subscribe(
    broker: KafkaBroker, settings: ServiceSettings, wiring: Wiring, ownership: Ownership
) -> Any:  # noqa: ANN401 - FastStream's own type is private
    """The one subscriber, with every option that matters said aloud."""
    return broker.subscriber(
        *wiring.inputs,
        group_id=settings.group_id,
        batch=True,
        max_records=settings.batch_records_max,
        batch_timeout_ms=settings.poll_ms,
        ack_policy=AckPolicy.MANUAL,  # every other policy commits what was not stored
        auto_offset_reset="earliest",  # "latest" loses what came before the first join
        isolation_level="read_committed",  # an aborted foreign transaction never happened
        parser=raw_parser,  # FastStream's own raises on foreign headers, and the batch is lost
        decoder=raw_decoder,
        listener=ownership,
        partition_assignment_strategy=[
            RangePartitionAssignor
        ],  # partition p of all topics together
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 3,
        max_partition_fetch_bytes=FETCH_BYTES,
        no_reply=True,
        include_in_schema=False,  # it knows no types; `shared.runtime.asyncapi` declares them
    )
