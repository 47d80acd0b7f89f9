"""Whole topics of a real broker read at once, and topics followed as they grow."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.line.ports import Record
from shared.runtime.offsets import ends

_FETCH_BYTES = 8 * 1024 * 1024
_OPTIONS: dict[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "max_partition_fetch_bytes": _FETCH_BYTES,
    "isolation_level": "read_committed",
}


async def read_topics(
    bootstrap: str, topics: Collection[str], *, partitions: int
) -> dict[str, list[Record]]:
    """All records of each topic as of now, those of a partition in their order."""
    until = await ends({"bootstrap_servers": bootstrap}, topics, partitions)
    waiting = {TopicPartition(*spot): end for spot, (first, end) in until.items() if end > first}
    found: dict[str, list[Record]] = {topic: [] for topic in topics}
    if not waiting:
        return found
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, **_OPTIONS)
    consumer.assign(list(waiting))
    await consumer.start()
    try:
        while waiting:
            for spot, records in (await consumer.getmany(timeout_ms=100)).items():
                found[spot.topic] += map(_plain, records)
            waiting = {
                spot: end for spot, end in waiting.items() if await consumer.position(spot) < end
            }
    finally:
        await consumer.stop()
    return found


class Follower:
    """Follows topics from their beginnings and keeps all that it has seen of them."""

    def __init__(self, bootstrap: str, topics: Iterable[str], *, partitions: int) -> None:
        """Follow these topics; use it as an async context manager."""
        self.seen: list[Record] = []
        self._spots = [TopicPartition(topic, n) for topic in topics for n in range(partitions)]
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, **_OPTIONS)

    async def __aenter__(self) -> Self:
        """Connect."""
        self._consumer.assign(self._spots)
        await self._consumer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def until(
        self, enough: Callable[[list[Record]], bool], *, within_s: float = 30.0
    ) -> list[Record]:
        """Read on until `enough(all that was seen)`; all that was seen.

        Raises:
            TimeoutError: it is not so within the time.
        """
        async with asyncio.timeout(within_s):
            while not enough(self.seen):
                for records in (await self._consumer.getmany(timeout_ms=100)).values():
                    self.seen += map(_plain, records)
        return self.seen


def header(record: Record, name: str) -> str:
    """A header's text; empty where there is none."""
    return next((v.decode("utf-8", "replace") for n, v in record.headers if n == name and v), "")


def _plain(record: ConsumerRecord) -> Record:
    return Record(record.topic, record.partition, record.key, record.value, [*record.headers])
