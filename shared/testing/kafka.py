"""What tests on a real broker do again and again: fresh topics, and reading one to its end."""

from collections.abc import Mapping
from uuid import uuid1

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.runtime.offsets import ends


async def fresh_topics(
    bootstrap: str, count: int = 1, *, partitions: int = 1, config: Mapping[str, str] | None = None
) -> list[str]:
    """Make topics that no other test knows; their names."""
    names = [f"test-{uuid1().hex}-{number}" for number in range(count)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, partitions, 1, topic_configs=dict(config or {})) for name in names]
        )
    finally:
        await admin.close()
    await ends({"bootstrap_servers": bootstrap}, names, partitions)  # by then they have leaders
    return names


async def read_all(bootstrap: str, topic: str, *, partitions: int = 1) -> list[ConsumerRecord]:
    """All records of a topic as of now, each partition's in order."""
    until = await ends({"bootstrap_servers": bootstrap}, [topic], partitions)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    waiting = {TopicPartition(*spot): end for spot, (first, end) in until.items() if end > first}
    found: list[ConsumerRecord] = []
    try:
        consumer.assign(list(waiting))
        await consumer.start()
        while waiting:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += records
            waiting = {
                spot: end for spot, end in waiting.items() if await consumer.position(spot) < end
            }
    finally:
        await consumer.stop()
    return found
