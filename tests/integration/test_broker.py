"""Topics on the real broker: how they are made, what is refused, and what is found in them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid1

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec import structs

from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.runtime.broker import TopologyError, ensure_topics, patiently
from shared.runtime.offsets import ends, last_sequence, last_sequences
from shared.runtime.producer import Publisher
from shared.testing.kafka import fresh_topics
from shared.topics import (
    BILLING_EVENTS,
    BY_NAME,
    COLLECTIONS_LEDGER,
    COLLECTIONS_SCORES,
    TOPICS,
    Topic,
)

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]


def _renamed(*topics: Topic) -> list[Topic]:
    """The same topics under names that no other test knows."""
    prefix = uuid1().hex
    return [replace(topic, name=f"{prefix}.{topic.name}") for topic in topics]


def _connection(stack: Stack) -> dict[str, str]:
    return {"bootstrap_servers": stack.kafka_bootstrap}


async def _config(stack: Stack, topic: str) -> Mapping[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        [answer] = await admin.describe_configs([resource])
    finally:
        await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def _alter(stack: Stack, topic: str, **config: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        named = {key.replace("_", "."): value for key, value in config.items()}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, named)])
    finally:
        await admin.close()


async def test_services_that_start_together_make_the_topics_once(stack: Stack) -> None:
    """Four services start on an empty broker: all topics are there, with the same partitions."""
    topics = _renamed(*TOPICS)

    await asyncio.gather(
        *(ensure_topics(_connection(stack), partitions=3, topics=topics) for _ in range(4))
    )

    found = await ends(_connection(stack), [topic.name for topic in topics], 3)
    assert {(topic.name, number): (0, 0) for topic in topics for number in range(3)} == found


async def test_topics_are_made_as_the_table_says(stack: Stack) -> None:
    """Ingest's inputs bear the broker's time; the book of record is kept for ever."""
    billing, ledger, scores = _renamed(
        BY_NAME[BILLING_EVENTS], BY_NAME[COLLECTIONS_LEDGER], BY_NAME[COLLECTIONS_SCORES]
    )

    await ensure_topics(_connection(stack), partitions=2, topics=[billing, ledger, scores])

    keys = ("message.timestamp.type", "retention.ms", "cleanup.policy", "max.message.bytes")
    expected = {
        billing.name: ("LogAppendTime", "2678400000", "delete", "1048576"),
        ledger.name: ("CreateTime", "-1", "delete", "1048576"),
        scores.name: ("CreateTime", "2678400000", "delete", "1048576"),
    }
    for name, values in expected.items():
        config = await _config(stack, name)
        assert values == tuple(config[key] for key in keys)


async def test_another_number_of_partitions_is_refused(stack: Stack) -> None:
    """Topics that differ in their partitions break a party's order: the start says so, and how."""
    topics = _renamed(BY_NAME[BILLING_EVENTS], BY_NAME[COLLECTIONS_LEDGER])
    await ensure_topics(_connection(stack), partitions=2, topics=topics[:1])

    with pytest.raises(TopologyError) as refused:
        await ensure_topics(_connection(stack), partitions=3, topics=topics)

    assert f"{topics[0].name}: 2 partitions found, 3 expected" in str(refused.value)
    assert "ARREARS_PARTITIONS" in str(refused.value)
    assert topics[1].name not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"message_timestamp_type": "CreateTime"}, "expected LogAppendTime"),
        ({"cleanup_policy": "compact"}, "expected delete"),
        ({"max_message_bytes": "1000"}, "expected at least 1048576"),
        ({"retention_ms": "1000"}, "expected -1"),
    ],
)
async def test_a_wrong_configuration_is_refused(
    stack: Stack, wrong: dict[str, str], said: str
) -> None:
    """A topic that dates, drops or limits records in another way is named, with what to change."""
    [topic] = _renamed(replace(BY_NAME[BILLING_EVENTS], kept_for="ever"))
    await ensure_topics(_connection(stack), partitions=1, topics=[topic])
    right = {"message_timestamp_type": "LogAppendTime", "retention_ms": "-1"}
    await _alter(stack, topic.name, **{**right, **wrong})

    with pytest.raises(TopologyError, match=said) as refused:
        await ensure_topics(_connection(stack), partitions=1, topics=[topic])

    assert "kafka-configs.sh --alter" in str(refused.value)


async def test_a_start_waits_for_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the broker is away, the question is asked again and again, and then answered."""
    monkeypatch.setattr("shared.runtime.broker.PAUSE_S", (0.01, 0.02))
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        if asked < 4:
            raise ConnectionRefusedError
        return "here"

    assert "here" == await patiently(ask, about="a test")
    assert 4 == asked


async def test_nobody_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no broker listens, `ensure_topics` neither fails nor returns, and leaks nothing."""
    monkeypatch.setattr("shared.runtime.broker.PAUSE_S", (0.01, 0.02))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await ensure_topics({"bootstrap_servers": "127.0.0.1:1"}, partitions=1)


async def test_the_ends_are_found(stack: Stack) -> None:
    """Of each partition, the first offset and the next one."""
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=2)
    publisher = Publisher(_connection(stack))
    await publisher.publish([Record(topic, 1, b"k", b"v", []) for _ in range(5)])
    await publisher.stop()

    assert {(topic, 0): (0, 0), (topic, 1): (0, 5)} == await ends(_connection(stack), [topic], 2)


async def test_the_last_sequence_is_found(stack: Stack) -> None:
    """The last record's `ce_sequence`; None where nothing was written, or nothing of ours."""
    [topic, other] = await fresh_topics(stack.kafka_bootstrap, 2, partitions=3)
    numbered = [
        Record(topic, 1, b"k", b"v", [("ce_id", b"x"), ("ce_sequence", b"%016d" % number)])
        for number in range(2_000)
    ]
    foreign = [Record(topic, 2, b"k", b"v", [("ce_sequence", None)])]
    publisher = Publisher(_connection(stack))
    await publisher.publish(
        [*numbered, *foreign, *(structs.replace(one, topic=other) for one in foreign)]
    )
    await publisher.stop()

    assert {0: None, 1: 1999, 2: None} == await last_sequence(_connection(stack), topic, range(3))
    assert {(topic, 1): 1999, (other, 2): None} == await last_sequences(
        _connection(stack), [(topic, 1), (other, 2)]
    )


async def test_a_transaction_mark_is_looked_behind(stack: Stack) -> None:
    """Where the log ends with the mark of a transaction, the last record lies before it."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    async with (
        AIOKafkaProducer(
            bootstrap_servers=stack.kafka_bootstrap, transactional_id=topic
        ) as producer,
        producer.transaction(),
    ):
        await producer.send(topic, b"v", partition=0, headers=[("ce_sequence", b"7")])

    for _ in range(200):  # the mark comes a moment after the commit was acknowledged
        if await ends(_connection(stack), [topic], 1) == {(topic, 0): (0, 2)}:
            break
    assert {(topic, 0): 7} == await last_sequences(_connection(stack), [(topic, 0)])
