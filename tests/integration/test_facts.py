"""How FastStream 0.7 and aiokafka 0.14 lose, stall or reorder records, and that our ways do not.

Each fact is shown on the real broker, the library's way first: where such a test fails after an
upgrade, the library has changed, and what we do instead may be needed no longer.

One fact has no test, for none would show its absence: aiokafka's transactions do not fence a
consumer that has left its group (it speaks no newer TxnOffsetCommit than v0, without a generation).
So none of Kafka's transactions are used: state and cursor are one transaction of the database's.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)
from aiokafka.consumer import fetcher
from aiokafka.errors import MessageSizeTooLargeError, OutOfOrderSequenceNumber
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, KafkaPublishMessage

from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.runtime.readable import read_any_header
from shared.testing.consuming import ODD, RAW, consuming, value_of, write
from shared.testing.kafka import fresh_topics, read_all
from shared.topics import partition_of

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]


# 1. Headers that are no text


@pytest.mark.parametrize("policy", [AckPolicy.MANUAL, AckPolicy.ACK, AckPolicy.NACK_ON_ERROR])
async def test_faststream_loses_a_batch_for_one_odd_header(stack: Stack, policy: AckPolicy) -> None:
    """a, ODD and b come in one batch: none is handled, and the commit of c passes all of them."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "a", "ODD", "b", odd=["ODD"])

    async with consuming(stack.kafka_bootstrap, topic, ack_policy=policy) as reader:
        await reader.passed(topic, 3)
        await write(stack.kafka_bootstrap, topic, "c")
        await reader.passed(topic, 4)

        assert ["c"] == reader.got
        assert 4 == await reader.committed(topic)


async def test_raw_records_come_with_any_header(stack: Stack) -> None:
    """With our parser and decoder all of them arrive, as they were sent."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "a", "ODD", "b", odd=["ODD"])

    async with consuming(stack.kafka_bootstrap, topic, **RAW) as reader:
        await reader.passed(topic, 3)

    assert ["a", "ODD", "b"] == reader.got
    assert [(), tuple(ODD), ()] == [record.headers for record in reader.batches[0]]


async def _write_unreadable(stack: Stack, topic: str, partition: int) -> None:
    """Publish "odd" with a header whose name is not UTF-8, which no Python client would send."""
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap) as producer:
        batch: BatchBuilder = producer.create_batch()
        batch.append(timestamp=None, key=b"k", value=b"odd", headers=[("~~", b"x")])
        raw = bytearray(batch._build().replace(b"~~", b"\xff\xfe"))
        struct.pack_into(">I", raw, 17, calc_crc32c(bytes(raw[21:])))
        batch._buffer = bytes(raw)
        await (await producer.send_batch(batch, topic, partition=partition))


@asynccontextmanager
async def _bare(stack: Stack, *spots: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
    """Aiokafka alone, which has fetched all that there is before it is asked."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    consumer.assign(list(spots))
    await consumer.start()
    try:
        await asyncio.sleep(0.3)
        yield consumer
    finally:
        await consumer.stop()


async def test_aiokafka_stands_still_at_an_odd_header_name(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One record with a header's name that is not UTF-8 stops its partition for ever."""
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "a")
    await _write_unreadable(stack, topic, 0)
    spot = TopicPartition(topic, 0)

    async with _bare(stack, spot) as consumer:
        for _ in range(5):
            with pytest.raises(UnicodeDecodeError):
                await consumer.getmany(timeout_ms=300)

        assert 0 == await consumer.position(spot)


async def test_our_reader_goes_on(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `read_any_header` the record arrives, its strange name spelt out, and what follows."""
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "a")
    await _write_unreadable(stack, topic, 0)
    await write(stack.kafka_bootstrap, topic, "b")

    read_any_header()
    async with consuming(stack.kafka_bootstrap, topic, **RAW) as reader:
        await reader.passed(topic, 3)

    assert ["a", "odd", "b"] == reader.got
    assert [(), (("\\xff\\xfe", b"x"),), ()] == [
        record.headers for batch in reader.batches for record in batch
    ]


# 2. Handlers that raise


async def test_faststream_passes_over_a_batch_whose_handler_raised(stack: Stack) -> None:
    """1, boom and 2 are batches of their own: the commit of 2 passes over boom, whatever MANUAL."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "1", "boom", "2")

    async with consuming(stack.kafka_bootstrap, topic, max_records=1) as reader:
        acknowledge = reader.on_batch

        async def raising(batch: tuple[Any, ...], message: KafkaMessage) -> None:
            if value_of(batch[0]) == "boom":
                raise RuntimeError
            await acknowledge(batch, message)

        reader.on_batch = raising
        await reader.passed(topic, 3)

        assert ["1", "2"] == reader.got
        assert 3 == await reader.committed(topic)


async def test_seeking_back_brings_a_batch_again(stack: Stack) -> None:
    """Our handler does not raise: it seeks back to what it could not do, and commits offsets."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    spot = TopicPartition(topic, 0)
    await write(stack.kafka_bootstrap, topic, "1", "boom", "2")
    failed = False

    async with consuming(stack.kafka_bootstrap, topic, max_records=1, **RAW) as reader:

        async def careful(batch: tuple[Any, ...], _message: KafkaMessage) -> None:
            nonlocal failed
            if value_of(batch[0]) == "boom" and not failed:
                failed = True
                reader.consumer.seek(spot, batch[0].offset)
            else:
                await reader.consumer.commit({spot: batch[-1].offset + 1})

        reader.on_batch = careful
        await reader.passed(topic, 3)

        assert ["1", "boom", "boom", "2"] == reader.got
        assert 3 == await reader.committed(topic)


# 3. Polls that raise


async def test_aiokafka_loses_what_it_drained_before_it_raised(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Partition 0 is drained, partition 1 raises: a and b are gone, the position behind them.

    aiokafka draws the order of partitions, so it may take some tries until 0 comes first.
    """
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=2)
    await write(stack.kafka_bootstrap, topic, "a", "b", partition=0)
    await _write_unreadable(stack, topic, 1)
    good, bad = TopicPartition(topic, 0), TopicPartition(topic, 1)

    for _ in range(20):
        async with _bare(stack, good, bad) as consumer:
            with pytest.raises(UnicodeDecodeError):
                await consumer.getmany(timeout_ms=300)
            position = await consumer.position(good)
        if position == 2:
            return

    pytest.fail("partition 0 was never behind its records")


async def test_seeking_to_the_own_cursor_brings_them_back(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knows what came last seeks there, and gets what aiokafka had dropped."""
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=2)
    await write(stack.kafka_bootstrap, topic, "a", "b", partition=0)
    await _write_unreadable(stack, topic, 1)
    good, bad = TopicPartition(topic, 0), TopicPartition(topic, 1)
    cursor, found = 0, list[str]()

    async with _bare(stack, good, bad) as consumer:
        for _ in range(10):
            consumer.seek(good, cursor)
            with suppress(UnicodeDecodeError):
                for record in (await consumer.getmany(good, timeout_ms=100)).get(good, []):
                    found.append(record.value.decode())
                    cursor = record.offset + 1

    assert ["a", "b"] == found


# 5. A rejected batch


async def test_aiokafka_poisons_an_idempotent_producer(stack: Stack) -> None:
    """After one batch was too large, nothing goes to that partition any more.

    Ours: tests/integration/test_producer.py, test_a_poisoned_producer_is_replaced.
    """
    [topic] = await fresh_topics(stack.kafka_bootstrap, config={"max.message.bytes": "10000"})
    async with AIOKafkaProducer(
        bootstrap_servers=stack.kafka_bootstrap, enable_idempotence=True
    ) as producer:
        await producer.send_and_wait(topic, b"first", partition=0)
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, b"x" * 20_000, partition=0)

        for _ in range(2):
            with pytest.raises(OutOfOrderSequenceNumber):
                await producer.send_and_wait(topic, b"next", partition=0)

    found = await read_all(stack.kafka_bootstrap, topic)
    assert [b"first"] == [record.value for record in found]


# 6. Keys


async def test_faststream_ignores_keys_in_a_batch(stack: Stack) -> None:
    """`publish_batch` sends a batch to one partition, whatever the keys: one key is on several."""
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=8)
    broker = KafkaBroker(stack.kafka_bootstrap, logger=None, allow_auto_create_topics=False)
    await broker.start()
    for _ in range(8):
        messages = [KafkaPublishMessage("v", key=b"%d" % number) for number in range(20)]
        await broker.publish_batch(*messages, topic=topic)
    await broker.stop()

    found = await read_all(stack.kafka_bootstrap, topic, partitions=8)
    places = {record.key: set[int]() for record in found}
    for record in found:
        places[record.key].add(record.partition)
    assert 20 == len(places)
    assert all(len(partitions) > 1 for partitions in places.values())


async def test_our_partitions_are_those_of_every_kafka_client(stack: Stack) -> None:
    """`partition_of` puts a key where a client that sends it by itself puts it."""
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=12)
    keys = [b"party-%d" % number for number in range(50)] + [b"", "ä".encode(), b"\xff" * 201]
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap) as producer:
        for key in keys:
            await producer.send(topic, b"theirs", key=key)
        await producer.flush()
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap})
    await publisher.publish(
        [Record(topic, partition_of(key, 12), key, b"ours", []) for key in keys]
    )
    await publisher.stop()

    found = await read_all(stack.kafka_bootstrap, topic, partitions=12)
    theirs = {record.key: record.partition for record in found if record.value == b"theirs"}
    ours = {record.key: record.partition for record in found if record.value == b"ours"}
    assert len(keys) == len(theirs)
    assert theirs == ours
