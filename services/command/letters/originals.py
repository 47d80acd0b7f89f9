"""The records that dead letters are about, fetched from Kafka one by one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.command.letters.letter import Letter, Place, parted, with_content
from services.command.letters.topic import ANSWER_S, kafka_answers, reading


class Originals:
    """The records that letters are about, each with its own headers, fetched one by one."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        """Fetch with this consumer, whose partitions change each time."""
        self._consumer = consumer

    async def of(self, letter: Letter) -> ConsumerRecord | None:
        """The record of a letter: its `headers` are those that it came with. None if it is gone.

        Raises:
            KafkaAway: it cannot be read.
        """
        where = letter.origin if letter.omitted else letter.place
        record = await self._record(where)
        if record is not None and not letter.omitted:
            record.headers = tuple(parted(record.headers)[0])
        return record

    async def complete(self, letter: Letter) -> Letter:
        """A letter without its bytes, with what these say, if they are there."""
        record = await self.of(letter)
        if record is None:
            return letter
        return with_content(letter, record.key, record.value, record.headers)

    async def _record(self, where: Place) -> ConsumerRecord | None:
        spot = TopicPartition(where.topic, where.partition)
        consumer = self._consumer
        with kafka_answers():
            async with asyncio.timeout(ANSWER_S):
                first = (await consumer.beginning_offsets([spot]))[spot]
                end = (await consumer.end_offsets([spot]))[spot]
                if not first <= where.offset < end:
                    return None
                consumer.assign([spot])
                consumer.seek(spot, where.offset)
                while True:
                    for records in (await consumer.getmany(timeout_ms=500, max_records=1)).values():
                        return records[0] if records[0].offset == where.offset else None


@asynccontextmanager
async def originals(connection: Mapping[str, Any]) -> AsyncIterator[Originals]:
    """Fetch records for as long as the block lasts.

    Raises:
        KafkaAway: the broker is away.
    """
    async with reading(connection) as consumer:
        yield Originals(consumer)
