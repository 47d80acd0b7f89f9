"""The pace of polls: after a small one nothing is fetched until the next one is due.

aiokafka fetches ahead: at once after a poll it asks for more, is given the first few records that
come, and asks no further until these are polled. After a rest we would be given what came at its
beginning, and all else only a rest later (tests/integration/test_polls.py shows it).
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.runtime.clock import monotonic
from shared.runtime.pacing import rest_s


@dataclass(slots=True)
class Rest:
    """The time between two polls; each is followed by `begin` and then `end`."""

    consumer: Callable[[], AIOKafkaConsumer | None]
    pace_s: Callable[[], float]
    """Seconds from one small poll to the next at least, as things are."""
    _ended: float = 0.0
    """When the latest rest was over."""
    _until: float = 0.0
    """When the one under way is."""
    _held: set[TopicPartition] = field(default_factory=set)

    def begin(self, polled: int, spots: Iterable[TopicPartition]) -> None:
        """Hold back what would be fetched of our `spots`, if there is time to rest.

        To be called before anything else is waited for: else it is being fetched already.
        """
        self._held = set()
        consumer = self.consumer()
        at = monotonic()
        left_s = rest_s(self.pace_s(), since_s=at - self._ended, polled=polled)
        if consumer is not None and left_s:
            self._until = at + left_s
            self._held = consumer.assignment().intersection(spots)
            consumer.pause(*self._held)

    async def end(self, spots: Callable[[], Iterable[TopicPartition]]) -> None:
        """Wait for the rest of the pace, and have fetched again what is still ours by then.

        Who takes partitions over holds them back himself until he has them.
        """
        if self._held:
            await asyncio.sleep(max(0.0, self._until - monotonic()))
        held, self._held = self._held, set()
        consumer = self.consumer()
        if held and consumer is not None:
            consumer.resume(*consumer.assignment().intersection(held, spots()))
        self._ended = monotonic()
