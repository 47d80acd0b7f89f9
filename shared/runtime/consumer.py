"""The service's one batch subscriber: what comes in, in what order, and how far we say we are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.line.arrivals import arrive, stamp_of
from shared.runtime.clock import monotonic
from shared.line.lane import Lane
from shared.runtime.ownership import Ownership
from shared.runtime.raw import raw_decoder, raw_parser
from shared.runtime.rounds import Abandoned, Rounds
from shared.runtime.settings import ServiceSettings
from shared.line.wiring import TICK, Wiring

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
    ends: Callable[[Sequence[TopicPartition]], Awaitable[dict[TopicPartition, int]]]
    """The ends of partitions, asked for on a connection of its own: on the consumer's, the question
    would stand behind a fetch that waits for records."""
    advised_at: float = 0.0
    _behind: set[TopicPartition] | None = None
    """What was not read up when the broker was last asked; None: ask again."""
    _advice: asyncio.Task[None] | None = None

    async def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Work off one poll. It never raises: FastStream would pass the batch over."""
        async with self.ownership.lock:
            self._receive(records)
            self._behind = None
            await self._work()

    async def _work(self) -> None:
        try:
            await self.rounds.work()
        except Abandoned:
            self.rounds.lanes.clear()
        except Exception as defect:  # noqa: BLE001 - whatever it is must stop the service, not the loop
            log.exception("shell.defect")
            self.rounds.lanes.clear()
            self.rounds.stop(f"a defect of the shell: {type(defect).__name__}: {defect}")
        else:
            self._advise_sometimes()

    def _receive(self, records: Sequence[ConsumerRecord]) -> None:
        """Queue records; a gap is sought back to once, and then taken as it is.

        Gaps are normal (transaction markers, retention); aiokafka also makes one when it drops what
        it had fetched (reference: tests/integration/test_facts.py), and that one must be read again.
        """
        sought: set[tuple[str, int]] = set()
        for record in records:
            spot = (record.topic, record.partition)
            lane = self.rounds.lanes.get(record.partition)
            if lane is None or spot in sought:
                continue
            expected = lane.expected(record.topic)
            gap = (*spot, expected)
            if record.offset > expected and gap not in self.ownership.sought:
                self.ownership.sought.add(gap)
                sought.add(spot)
                self._seek(TopicPartition(*spot), expected, record.offset)
                continue
            lane.receive(
                arrive(
                    self.wiring,
                    topic=record.topic,
                    offset=record.offset,
                    stamp=stamp_of(record.timestamp),
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
            )

    def _seek(self, spot: TopicPartition, expected: int, found: int) -> None:
        log.info(
            "shell.gap",
            topic=spot.topic,
            partition=spot.partition,
            expected=expected,
            found=found,
        )
        consumer = self.consumer()
        if consumer is not None:
            consumer.seek(spot, expected)

    async def read_up(self, lanes: Iterable[Lane]) -> Callable[[int, str], bool]:
        """Whether a lane's topic was read to its end: asked only if a tick waits, once for a poll.

        All ticks of a poll were appended before the question, so one answer holds for all of them.
        """
        if self._behind is not None:
            known = self._behind
            return lambda partition, topic: TopicPartition(topic, partition) not in known
        consumer = self.consumer()
        waiting = [lane for lane in lanes if self.wiring.merged and _holds_tick(lane)]
        if consumer is None or not waiting:
            return lambda _partition, _topic: consumer is not None
        spots = [
            TopicPartition(topic, lane.partition)
            for lane in waiting
            for topic in self.wiring.inputs[1:]
        ]
        try:
            ends = await self.ends(spots)
            positions = {spot: await consumer.position(spot) for spot in spots}
        except (KafkaError, TimeoutError) as failure:
            log.warning("shell.ends_unknown", why=str(failure))
            return lambda _partition, _topic: False
        behind = self._behind = {spot for spot in spots if positions[spot] < ends[spot]}
        return lambda partition, topic: TopicPartition(topic, partition) not in behind

    async def nudge(self) -> None:
        """Until cancelled: look again at what is held, and at positions that ran ahead unseen."""
        while True:
            await asyncio.sleep(NUDGE_S)
            if any(lane.waiting() for lane in self.rounds.lanes.values()):
                async with self.ownership.lock:
                    self._behind = None
                    await self._work()

    def lag(self) -> dict[tuple[str, int], int]:
        """Records between the cursors and the ends of the log, as of the last fetch."""
        consumer = self.consumer()
        found: dict[tuple[str, int], int] = {}
        for lane in self.rounds.lanes.values() if consumer is not None else ():
            for topic in self.wiring.inputs:
                end = consumer.highwater(TopicPartition(topic, lane.partition))  # type: ignore[union-attr] # checked above
                if end is not None:
                    found[(topic, lane.partition)] = max(0, end - lane.cursor.offsets[topic])
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


def _holds_tick(lane: Lane) -> bool:
    queue = lane.pending[lane.wiring.inputs[0]]
    return any(arrival.event is not None and arrival.event.type == TICK for arrival in queue)


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
        partition_assignment_strategy=[RangePartitionAssignor],  # partition p of all topics together
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 3,
        max_partition_fetch_bytes=FETCH_BYTES,
        no_reply=True,
    )
