"""Taking partitions over and handing them over: the listener of the consumer group's rebalances.

The order of steps is what keeps a record from being folded twice or never (docs/decisions): pause
first, raise the epoch, publish what the predecessor left, seek to the cursor, and only then resume.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.core import Core
from shared.line.lane import Lane, Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Acquired, Unavailable
from shared.line.wiring import Wiring
from shared.runtime.producer import PublishUnavailable
from shared.runtime.rounds import PAUSES_S, Rounds

log = structlog.get_logger()


class OutOfRange(Exception):
    """The stored cursor and the log do not fit together; going on would lose or repeat events."""


@dataclass(slots=True)
class Ownership(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """The lanes of this process, as the consumer group gives and takes their partitions."""

    core: Core
    wiring: Wiring
    codec: DocumentCodec
    rounds: Rounds
    limits: Limits
    partitions: int
    consumer: Callable[[], AIOKafkaConsumer]
    last_sequences: Callable[
        [Iterable[tuple[str, int]]], Awaitable[dict[tuple[str, int], int | None]]
    ]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sought: set[tuple[str, int, int]] = field(default_factory=set)
    """Gaps that were sought back to once: (topic, partition, offset)."""
    generation: int = 0
    """How often partitions were taken from us: what was polled before that is not for our lanes."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """Finish the batch in hand, then hand over; nothing that is not stored is kept."""
        self.generation += 1
        self.rounds.abandoned = True
        async with self.lock:
            await self.let_go()

    def orphans(self) -> set[int]:
        """Partition numbers that the group gave us and that we do not work on.

        For a moment that is normal. It stays so if another process fenced us off without being of
        our group: then nobody would tell us.
        """
        given = {spot.partition for spot in self.consumer().assignment()}
        return given - set(self.rounds.lanes) if not self.lock.locked() else set()

    async def let_go(self) -> None:
        """Release all lanes, with the outbox documents that are known to be published."""
        owned = list(self.rounds.lanes)
        done = [name for names in self.rounds.published.values() for name in names]
        self.rounds.lanes.clear()
        self.rounds.published.clear()
        self.sought.clear()
        if owned:
            try:
                await asyncio.wait_for(self.rounds.store.release(owned, done), timeout=3)
            except (Unavailable, TimeoutError) as failure:
                log.warning("shell.release_failed", why=str(failure))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Take over every partition number of which all topics are ours."""
        consumer = self.consumer()
        consumer.pause(*assigned)
        generation = self.generation
        async with self.lock:
            self.rounds.abandoned = False
            numbers = sorted(
                number
                for number in {tp.partition for tp in assigned}
                if all(TopicPartition(t, number) in assigned for t in self.wiring.inputs)
            )
            attempt = 0
            while generation == self.generation:
                try:
                    await self._take_over(consumer, numbers)
                except (Unavailable, PublishUnavailable, KafkaError, TimeoutError) as failure:
                    self.rounds.observer.unavailable("taking over")
                    log.warning("shell.take_over_failed", why=str(failure))
                    await self.rounds.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
                    attempt += 1
                except OutOfRange as failure:
                    self.rounds.stop(str(failure))
                    return
                else:
                    log.info("shell.owned", partitions=numbers)
                    self.rounds.observer.owned(len(numbers))
                    self.rounds.observer.available("taking over")
                    consumer.resume(*assigned)
                    return

    async def _take_over(self, consumer: AIOKafkaConsumer, numbers: list[int]) -> None:
        # Asked for first: what others publish once they have taken over from us proves nothing.
        written = await self.last_sequences([(t, n) for t in self.wiring.written for n in numbers])
        acquired = await self.rounds.store.acquire(numbers)
        spots = [TopicPartition(topic, n) for topic in self.wiring.inputs for n in numbers]
        begins = await consumer.beginning_offsets(spots)
        ends = await consumer.end_offsets(spots)
        self._check_sequences(acquired, written)
        for number, found in acquired.items():
            self._check_range(found, begins=begins, ends=ends)
            leftovers = [record for doc in found.leftovers for record in doc.records]
            if leftovers:
                log.info("shell.leftovers", partition=number, records=len(leftovers))
                await self.rounds.publisher.publish(leftovers)
        for number, found in acquired.items():
            for topic in self.wiring.inputs:
                spot = TopicPartition(topic, number)
                found.cursor.offsets.setdefault(topic, begins[spot])
                consumer.seek(spot, found.cursor.offsets[topic])
            self.rounds.published[number] = tuple(doc.id for doc in found.leftovers)
            self.rounds.lanes[number] = Lane(
                core=self.core,
                wiring=self.wiring,
                codec=self.codec,
                acquired=found,
                partitions=self.partitions,
                limits=self.limits,
            )

    def _check_range(
        self,
        found: Acquired,
        *,
        begins: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> None:
        for topic, offset in found.cursor.offsets.items():
            spot = TopicPartition(topic, found.cursor.partition)
            if spot in begins and not begins[spot] <= offset <= ends[spot]:
                message = (
                    f"the cursor of {topic} partition {spot.partition} is {offset}, but the log has"
                    f" {begins[spot]} to {ends[spot]}: the topic was cut or made anew, or the"
                    " database is of another installation; restore the one that fits the other"
                )
                raise OutOfRange(message)

    def _check_sequences(
        self, acquired: Mapping[int, Acquired], written: Mapping[tuple[str, int], int | None]
    ) -> None:
        """Refuse a cursor that lies behind our own output: the database was set back."""
        for (topic, number), last in written.items():
            after = acquired[number].cursor.sequences.get(topic, 1)
            if last is not None and last >= after:
                message = (
                    f"{topic} partition {number} ends with sequence {last}, but the cursor"
                    f" of {self.wiring.service} would give {after} next: the database is older"
                    " than what was published; restore the newer one"
                )
                raise OutOfRange(message)
