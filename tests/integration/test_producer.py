"""Publishing on the real broker: complete, in order, with odd headers, through failures."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from aiokafka.errors import OutOfOrderSequenceNumber
from prometheus_client import CollectorRegistry

from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.line.size import size_of
from shared.runtime.metrics import ShellMetrics
from shared.runtime.producer import Publisher, PublishUnavailable, RecordTooLargeError
from shared.testing.kafka import fresh_topics, read_all
from shared.topics import MESSAGE_BYTES_MAX

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]


@pytest_asyncio.fixture
async def publisher(stack: Stack) -> AsyncIterator[Publisher]:
    """A publisher to the stack's Kafka."""
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=5)
    yield publisher
    await publisher.stop()


def _numbered(topic: str, partition: int, numbers: Sequence[int], size: int = 10) -> list[Record]:
    filling = b"v" * size
    return [Record(topic, partition, b"k", b"%d %b" % (number, filling), []) for number in numbers]


async def _numbers(stack: Stack, topic: str, *, partitions: int = 1) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {partition: [] for partition in range(partitions)}
    for record in await read_all(stack.kafka_bootstrap, topic, partitions=partitions):
        found[record.partition].append(int(record.value.split()[0]))
    return found


async def test_partitions_keep_their_order(stack: Stack, publisher: Publisher) -> None:
    """What is published to three partitions, mixed, is there whole and in order."""
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=3)
    records = [
        one for number in range(500) for p in range(3) for one in _numbered(topic, p, [number])
    ]

    await publisher.publish(records)

    expected = {partition: list(range(500)) for partition in range(3)}
    assert expected == await _numbers(stack, topic, partitions=3)


async def test_more_than_a_batch_holds_goes_in_order(stack: Stack, publisher: Publisher) -> None:
    """Two megabytes for one partition are several record batches, one after the other."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)

    await publisher.publish(_numbered(topic, 0, range(20), size=100_000))

    assert {0: list(range(20))} == await _numbers(stack, topic)


async def test_a_record_comes_back_as_it_was(stack: Stack, publisher: Publisher) -> None:
    """Key, value and headers: empty, null and binary ones, a header twice, in their order."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    headers = (("a", None), ("b", b""), ("a", b"\xff\xfe"), ("ä", b"x"))

    await publisher.publish([Record(topic, 0, None, b"", headers), Record(topic, 0, b"", None, [])])

    first, second = await read_all(stack.kafka_bootstrap, topic)
    assert (None, b"", headers) == (first.key, first.value, first.headers)
    assert (b"", None, ()) == (second.key, second.value, second.headers)


async def test_compression_changes_nothing_but_the_size(stack: Stack) -> None:
    """With lz4 the same records arrive."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, compression="lz4")

    await publisher.publish(_numbered(topic, 0, range(10), size=1_000))
    await publisher.stop()

    assert {0: list(range(10))} == await _numbers(stack, topic)


async def test_the_largest_record_is_taken(stack: Stack, publisher: Publisher) -> None:
    """What `size_of` lets through, the broker takes; one byte more is refused before it is sent."""
    config = {"max.message.bytes": str(MESSAGE_BYTES_MAX)}
    [topic] = await fresh_topics(stack.kafka_bootstrap, config=config)
    room = MESSAGE_BYTES_MAX - size_of(b"k", b"", [])

    await publisher.publish([Record(topic, 0, b"k", b"1" * room, [])])
    with pytest.raises(RecordTooLargeError):
        await publisher.publish([Record(topic, 0, b"k", b"1" * (room + 1), [])])

    assert 1 == len(await read_all(stack.kafka_bootstrap, topic))


async def test_a_poisoned_producer_is_replaced(stack: Stack) -> None:
    """A rejected batch poisons aiokafka's producer; the next publication is whole all the same."""
    config = {"max.message.bytes": "10000"}
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=2, config=config)
    registry = CollectorRegistry()
    publisher = Publisher(
        {"bootstrap_servers": stack.kafka_bootstrap},
        deadline_s=1,
        metrics=ShellMetrics(registry, "test"),
    )

    with pytest.raises(PublishUnavailable, match="MessageSizeTooLarge"):
        await publisher.publish(
            [*_numbered(topic, 0, [99], size=20_000), *_numbered(topic, 1, range(3))]
        )
    await publisher.publish([*_numbered(topic, 0, range(3)), *_numbered(topic, 1, range(3, 6))])
    await publisher.stop()

    found = await _numbers(stack, topic, partitions=2)
    assert {0: [0, 1, 2], 1: [0, 1, 2, 3, 4, 5]} == found
    assert 1 <= (
        registry.get_sample_value("collections_publish_retries_total", {"service": "test"}) or 0
    )


async def test_a_failure_hits_all_who_use_the_producer_and_loses_nothing(
    stack: Stack, publisher: Publisher
) -> None:
    """While one publication breaks the shared producer, others on it arrive whole, in order."""
    config = {"max.message.bytes": "60000"}
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=3, config=config)

    async def lane(partition: int) -> None:
        for first in range(0, 500, 10):
            await publisher.publish(_numbered(topic, partition, range(first, first + 10)))

    async def breaker() -> None:
        for _ in range(5):
            line = publisher._line
            if line is not None and not line.over.done():
                line.over.set_result(OutOfOrderSequenceNumber())
            await asyncio.sleep(0.02)

    await asyncio.gather(lane(0), lane(1), lane(2), breaker())

    found = await _numbers(stack, topic, partitions=3)
    first_seen = {partition: list(dict.fromkeys(numbers)) for partition, numbers in found.items()}
    assert {partition: list(range(500)) for partition in range(3)} == first_seen


async def test_single_records_travel_together(stack: Stack, publisher: Publisher) -> None:
    """A hundred requests at the same time are acknowledged each, in a few publications."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    publications = 0
    publish = publisher.publish

    async def counted(records: Sequence[Record]) -> None:
        nonlocal publications
        publications += 1
        await publish(records)

    publisher.publish = counted  # type: ignore[method-assign] # to count, not to replace

    records = _numbered(topic, 0, range(100))
    await asyncio.gather(*(publisher.publish_one(record) for record in records))

    assert {0: list(range(100))} == await _numbers(stack, topic)
    assert 3 >= publications


async def test_a_record_too_large_spares_its_neighbours(stack: Stack, publisher: Publisher) -> None:
    """One request that is too large is refused alone."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    large = Record(topic, 0, b"k", b"v" * (MESSAGE_BYTES_MAX + 1), [])

    answers = await asyncio.gather(
        *(publisher.publish_one(one) for one in [large, *_numbered(topic, 0, [1])]),
        return_exceptions=True,
    )

    assert [RecordTooLargeError, type(None)] == [type(answer) for answer in answers]
    assert {0: [1]} == await _numbers(stack, topic)


async def test_after_the_end_nothing_is_taken(stack: Stack, publisher: Publisher) -> None:
    """A request that comes while the service ends is refused, and opens no new connection."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    [record] = _numbered(topic, 0, [1])
    await publisher.publish([record])
    await publisher.stop()

    with pytest.raises(PublishUnavailable, match="stopped"):
        await publisher.publish_one(record)
    assert {0: [1]} == await _numbers(stack, topic)


async def test_without_a_broker_it_says_so_in_time() -> None:
    """Where nobody listens, a publication ends with its deadline, and so does a single record."""
    publisher = Publisher({"bootstrap_servers": "127.0.0.1:1"}, deadline_s=0.3)
    [record] = _numbered("nowhere", 0, [1])

    async with asyncio.timeout(3):
        with pytest.raises(PublishUnavailable, match="KafkaConnectionError"):
            await publisher.publish([record])
        with pytest.raises(PublishUnavailable):
            await publisher.publish_one(record)
        await publisher.stop()


@pytest.mark.timeout(240)
async def test_what_could_not_be_published_can_be_later(stack: Stack) -> None:
    """The broker dies while much is on its way, comes back, and what is repeated is all there.

    Numbers may repeat, since a lost acknowledgement is not a lost record; seen for the first time
    they are in order, and the wait ended at the deadline.
    """
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=1)
    await publisher.publish(_numbered(topic, 0, range(10)))
    stack.kafka.kill()

    records = _numbered(topic, 0, range(10, 20), size=200_000)
    with pytest.raises(PublishUnavailable):
        async with asyncio.timeout(15):
            await publisher.publish(records)
    await asyncio.to_thread(stack.kafka.start)
    for _ in range(40):
        try:
            await publisher.publish(records)
        except PublishUnavailable:
            continue
        break
    await publisher.stop()

    found = (await _numbers(stack, topic))[0]
    assert list(range(20)) == list(dict.fromkeys(found))
