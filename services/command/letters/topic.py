"""The dead letters that are there now, read from Kafka without a consumer group."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.command.letters.letter import Letter, Place, letter_of
from shared.line.arrivals import EPOCH, stamp_of

ANSWER_S: Final = 20.0
"""Seconds without anything new from the broker; then it counts as away."""
_FETCH_BYTES: Final = 1_048_576
_OPTIONS: Final[Mapping[str, Any]] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
}

Told = Callable[[int, int], None]
"""Hears of progress: records read, and how many there are in all."""


class KafkaAway(Exception):
    """Kafka does not answer, or not with what is asked for; in one line."""


@contextmanager
def kafka_answers() -> Iterator[None]:
    """Turn whatever hinders the client into `KafkaAway`."""
    try:
        yield
    except TimeoutError as failure:
        raise KafkaAway(f"Kafka does not answer within {ANSWER_S:g} s") from failure
    except KafkaConnectionError as failure:
        raise KafkaAway("Kafka cannot be reached") from failure
    except (KafkaError, OSError) as failure:
        words = " ".join(str(failure).split()) or type(failure).__name__
        raise KafkaAway(f"Kafka does not answer as it should: {words}") from failure


async def partitions_of(connection: Mapping[str, Any], topic: str) -> int:
    """How many partitions a topic has; it is not made by asking.

    Raises:
        KafkaAway: the broker is away, or has no such topic.
    """
    admin = AIOKafkaAdminClient(**connection)
    with kafka_answers():
        try:
            async with asyncio.timeout(ANSWER_S):
                await admin.start()
                if topic not in await admin.list_topics():
                    raise KafkaAway(
                        f"Kafka has no topic {topic}; a service makes its topics at its start"
                    )
                [told] = await admin.describe_topics([topic])
        finally:
            await admin.close()
    return len(told["partitions"])


async def read_letters(
    connection: Mapping[str, Any],
    topic: str,
    *,
    since: datetime | None = None,
    wanted: Callable[[Letter], bool] = lambda _letter: True,
    told: Told = lambda _done, _total: None,
) -> list[Letter]:
    """The letters of a topic that are there now, by partition and offset.

    Args:
        connection: keyword arguments for an aiokafka client (`ServiceSettings.kafka_client`).
        topic: the dead letters of a service.
        since: only those that were written then or later.
        wanted: only those of which it is true; the others take no memory.
        told: hears of progress.

    Raises:
        KafkaAway: they cannot be read.
    """
    spots = [TopicPartition(topic, n) for n in range(await partitions_of(connection, topic))]
    found = list[Letter]()
    async with reading(connection) as consumer:
        with kafka_answers():
            begin, end = await _bounds(consumer, spots, since)
            at = {spot: begin[spot] for spot in spots if begin[spot] < end[spot]}
            total = sum(end[spot] - begin[spot] for spot in at)
            consumer.assign(list(at))
            for spot, offset in at.items():
                consumer.seek(spot, offset)
            left = total
            while left:
                for record in await _more(consumer, at):
                    letter = _letter(record)
                    old = since is not None and letter.at < since
                    late = record.offset >= end[TopicPartition(topic, record.partition)]
                    if not old and not late and wanted(letter):
                        found.append(letter)
                left = sum(max(0, end[spot] - offset) for spot, offset in at.items())
                told(total - left, total)
    return sorted(found, key=lambda letter: letter.place)


async def _bounds(
    consumer: AIOKafkaConsumer, spots: list[TopicPartition], since: datetime | None
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Where to begin, and the ends now; what lies before a moment's first record is older."""
    async with asyncio.timeout(ANSWER_S):
        begin: dict[TopicPartition, int] = await consumer.beginning_offsets(spots)
        end: dict[TopicPartition, int] = await consumer.end_offsets(spots)
        if since is not None:
            moment_ms = max(0, int((since - EPOCH).total_seconds() * 1_000))
            first = await consumer.offsets_for_times(dict.fromkeys(spots, moment_ms))
            begin = {spot: at.offset if at else end[spot] for spot, at in first.items()}
    return begin, end


async def _more(consumer: AIOKafkaConsumer, at: dict[TopicPartition, int]) -> list[ConsumerRecord]:
    """The next records; moves `at` on. A broker that went away is not told of, it is silent."""
    async with asyncio.timeout(ANSWER_S):
        while True:
            some = await consumer.getmany(timeout_ms=500)
            now = {spot: await consumer.position(spot) for spot in at}
            if now != at:
                at.update(now)
                return [record for records in some.values() for record in records]


def _letter(record: ConsumerRecord) -> Letter:
    place = Place(record.topic, record.partition, record.offset)
    at = stamp_of(record.timestamp) or EPOCH
    return letter_of(place, at, record.key, record.value, record.headers)


@asynccontextmanager
async def reading(connection: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group, without any partitions yet.

    Raises:
        KafkaAway: the broker is away.
    """
    consumer = AIOKafkaConsumer(**connection, **_OPTIONS, max_partition_fetch_bytes=_FETCH_BYTES)
    try:
        with kafka_answers():
            async with asyncio.timeout(ANSWER_S):
                await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
