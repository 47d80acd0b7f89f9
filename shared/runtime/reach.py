"""How far the lanes were given what lies in Kafka, where several topics make one line.

A record may be folded only when all that came before it on the other topics is at hand. What says
so is the end of each partition, asked for after a poll, beside what the lanes have. A position that
is ahead of the lanes proves nothing at first: behind it lies a transaction's mark, or a record that
the consumer had fetched and dropped (tests/integration/test_facts.py). So it is sought back from
once, and believed if it comes to the same again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.line.wiring import Wiring
from shared.runtime.ownership import Ownership

Offsets = dict[TopicPartition, int]
Ends = Callable[[Sequence[TopicPartition]], Awaitable[Offsets]]

log = structlog.get_logger()


@dataclass(slots=True)
class Reach:
    """What is at hand of our partitions, as of the last time that the broker was asked."""

    wiring: Wiring
    ownership: Ownership
    consumer: Callable[[], AIOKafkaConsumer | None]
    ends: Ends
    _read_up: frozenset[TopicPartition] = frozenset()
    """What the lanes were given all of."""
    _reached: Offsets = field(default_factory=dict)
    """Offsets before which nothing is that the lanes were not given."""
    _looked: Offsets = field(default_factory=dict)
    """The consumer's positions at the last look in passing."""

    def read_up(self, partition: int, topic: str) -> bool:
        """Whether a lane was given all that its topic had when its latest records were polled."""
        return not self.wiring.merged or TopicPartition(topic, partition) in self._read_up

    def spots(self) -> list[TopicPartition]:
        """All partitions of the inputs that are ours."""
        return [
            TopicPartition(topic, number)
            for number in self.ownership.rounds.lanes
            for topic in self.wiring.inputs
        ]

    async def asked(self, generation: int) -> tuple[Offsets, Offsets] | None:
        """The consumer's positions, and the ends now, which hold for all that came before.

        None if partitions were taken from us since `generation`. To be asked for as records come,
        not when a round needs them, which would wait for it.
        """
        positions, ends = await self._positions(), await self._ends_now()
        if generation != self.ownership.generation:
            self._read_up = frozenset()
            return None
        return positions, ends

    def polled(self, positions: Offsets, ends: Offsets) -> None:
        """The lanes were given a poll, behind which the consumer is at `positions`."""
        self._reached = {
            spot: position for spot, position in positions.items() if self._passed(spot, position)
        }
        self._compare(ends)

    def looked(self, positions: Offsets, ends: Offsets) -> None:
        """Nothing was polled, but for what the lanes may be about to be given.

        So only a position that is the same at two looks is believed, or sought back from.
        """
        for spot, position in positions.items() & self._looked.items():
            if self._passed(spot, position):
                self._reached[spot] = position
            else:
                self.seek_once(spot, self._expected(spot) or 0, position, position=position)
                del positions[spot]
        self._looked = positions
        self._compare(ends)

    def seek_once(
        self, spot: TopicPartition, expected: int, found: int, *, position: int | None
    ) -> bool:
        """Seek back to what should have come; false if that was done before, to no avail.

        That it was to no avail, the consumer's `position` proves: a poll from after the seek leaves
        it behind the gap, while what was polled before the seek finds it where it was sought back
        to. Where it is not known (None), it is sought once more.
        """
        gap = (*spot, expected)
        if gap in self.ownership.sought and position is not None and position > expected:
            return False
        others = {one for one in self.ownership.sought if one[:2] != gap[:2]}
        self.ownership.sought = {gap, *others}  # those before it were passed
        where = {"topic": spot.topic, "partition": spot.partition}
        log.info("shell.gap", **where, expected=expected, found=found)
        consumer = self.consumer()
        if consumer is not None:
            consumer.seek(spot, expected)
        return True

    def _passed(self, spot: TopicPartition, position: int) -> bool:
        """Whether nothing is left before a position: a lane has it, or it was sought in vain."""
        expected = self._expected(spot)
        return (
            expected is None or position <= expected or (*spot, expected) in self.ownership.sought
        )

    def _expected(self, spot: TopicPartition) -> int | None:
        """The offset that a lane waits for; None if the partition is not ours any more."""
        lane = self.ownership.rounds.lanes.get(spot.partition)
        return None if lane is None else lane.expected(spot.topic)

    async def _positions(self) -> Offsets:
        """The consumer's positions on the owned partitions, where lines are merged."""
        consumer = self.consumer()
        if consumer is None or not self.wiring.merged:
            return {}
        try:
            return {spot: await consumer.position(spot) for spot in self.spots()}
        except (KafkaError, TimeoutError):
            return {}

    async def _ends_now(self) -> Offsets:
        if not self.wiring.merged or not self.ownership.rounds.lanes:
            return {}
        try:
            return await self.ends(self.spots())
        except (KafkaError, OSError, TimeoutError) as failure:
            log.warning("shell.ends_unknown", why=str(failure))
            return {}

    def _compare(self, ends: Mapping[TopicPartition, int]) -> None:
        """Note what the lanes were given all of that lies before these ends."""
        self._read_up = frozenset(
            spot
            for spot, end in ends.items()
            if (expected := self._expected(spot)) is not None
            and max(expected, self._reached.get(spot, 0)) >= end
        )
