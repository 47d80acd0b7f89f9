"""Prints the topic and the id of every record of some topics, the clock's ticks left out.

It runs in the image of the command line, which has a Kafka client: `reader.py BROKER TOPIC…`.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

TICK: Final = b"clock.ticked.v1"


async def partitions(broker: str, topics: Sequence[str]) -> list[TopicPartition]:
    """All partitions of the topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        told = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    return [TopicPartition(one["topic"], p["partition"]) for one in told for p in one["partitions"]]


async def read(broker: str, topics: Sequence[str]) -> None:
    """Read all that is there now."""
    spots = await partitions(broker, topics)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest")
    consumer.assign(spots)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(spots)
        while any([await consumer.position(spot) < ends[spot] for spot in spots]):
            for spot, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    told = dict(record.headers)
                    if told.get("ce_type") != TICK:
                        name = told.get("ce_id", b"").decode()
                        print(spot.topic, name)  # noqa: T201 - what it is for
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(read(sys.argv[1], sys.argv[2:]))
