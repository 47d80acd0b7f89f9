"""What lies in topics now: where partitions begin and end, and the last sequence in them.

Each question is asked with a short-lived consumer of no group, and waits while the broker is away.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.runtime.broker import patiently

ANSWER_S: Final = 20.0
"""Seconds for one answer of the broker; then it counts as away."""
FURTHER: Final = 16
"""By how much further back to look each time, where the last offsets hold no record."""


async def ends(
    connection: Mapping[str, Any], topics: Iterable[str], partitions: int
) -> dict[tuple[str, int], tuple[int, int]]:
    """Of each topic and partition: the first offset that is there, and the one that comes next."""
    spots = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]

    async def ask() -> dict[tuple[str, int], tuple[int, int]]:
        async with _reading(connection, spots) as consumer:
            first = await consumer.beginning_offsets(spots)
            last = await consumer.end_offsets(spots)
        return {(spot.topic, spot.partition): (first[spot], last[spot]) for spot in spots}

    return await patiently(ask, about="the ends of topics") if spots else {}


async def last_sequence(
    connection: Mapping[str, Any], topic: str, partitions: Iterable[int]
) -> dict[int, int | None]:
    """The `ce_sequence` of the last record in each partition; None where there is no record."""
    found = await last_sequences(connection, ((topic, partition) for partition in partitions))
    return {partition: sequence for (_, partition), sequence in found.items()}


async def last_sequences(
    connection: Mapping[str, Any], spots: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], int | None]:
    """The same for any topics and partitions, in one go."""
    wanted = [TopicPartition(*spot) for spot in spots]

    async def ask() -> dict[TopicPartition, ConsumerRecord]:
        async with _reading(connection, wanted) as consumer:
            return await _last_records(consumer, wanted)

    records = await patiently(ask, about="the last records of topics") if wanted else {}
    return {(spot.topic, spot.partition): _sequence(records.get(spot)) for spot in wanted}


async def _last_records(
    consumer: AIOKafkaConsumer, spots: Iterable[TopicPartition]
) -> dict[TopicPartition, ConsumerRecord]:
    """The last record of each partition; looks further back where transaction marks come last."""
    first = await consumer.beginning_offsets(spots)
    end = await consumer.end_offsets(spots)
    found: dict[TopicPartition, ConsumerRecord] = {}
    back = 1
    seeking = {spot for spot in spots if first[spot] < end[spot]}
    while seeking:
        consumer.assign(seeking)
        for spot in seeking:
            consumer.seek(spot, max(first[spot], end[spot] - back))
        reading = set(seeking)
        while reading:
            for spot, records in (await consumer.getmany(timeout_ms=100)).items():
                found[spot] = records[-1]
            reading = {spot for spot in reading if await consumer.position(spot) < end[spot]}
        seeking = {spot for spot in seeking if spot not in found and end[spot] - back > first[spot]}
        back *= FURTHER
    return found


def _sequence(record: ConsumerRecord | None) -> int | None:
    if record is not None:
        for name, value in record.headers:
            if name == "ce_sequence":
                with suppress(ValueError, TypeError):
                    return int(value)
    return None


@asynccontextmanager
async def _reading(
    connection: Mapping[str, Any], spots: Iterable[TopicPartition]
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **connection, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            consumer.assign(list(spots))
            await consumer.start()
            yield consumer
    finally:
        await consumer.stop()
