"""What FastStream and aiokafka do by default, and in a group: what the shell's wiring rests on."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import (
    ConsumerRebalanceListener,
    TopicPartition,
)
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.cli.stack import Stack
from shared.testing.consuming import RAW, Consuming, consuming, until, write
from shared.testing.kafka import fresh_topics

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]


# Defaults


@pytest.mark.parametrize(
    ("function", "option", "expected"),
    [
        (KafkaBroker.__init__, "enable_idempotence", False),
        (KafkaBroker.__init__, "max_batch_size", 16 * 1024),
        (KafkaBroker.__init__, "allow_auto_create_topics", True),
        (KafkaBroker.subscriber, "auto_offset_reset", "latest"),
        (KafkaBroker.subscriber, "batch_timeout_ms", 200),
        (KafkaBroker.subscriber, "session_timeout_ms", 10_000),
        (
            KafkaBroker.subscriber,
            "partition_assignment_strategy",
            (RoundRobinPartitionAssignor,),
        ),
    ],
)
async def test_defaults_that_are_not_ours(
    function: Callable[..., object], option: str, expected: object
) -> None:
    """What `shared.runtime.consumer` says aloud, since the default would be wrong."""
    assert expected == inspect.signature(function).parameters[option].default


async def test_by_default_a_new_group_misses_what_came_before(stack: Stack) -> None:
    """With the default `auto_offset_reset`, what was there before the first join is never seen."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "before")

    async with consuming(stack.kafka_bootstrap, topic, auto_offset_reset="latest", **RAW) as reader:
        await reader.passed(topic, 1)
        await write(stack.kafka_bootstrap, topic, "after")
        await reader.passed(topic, 2)

    assert ["after"] == reader.got


async def test_by_default_what_fails_is_acknowledged(stack: Stack) -> None:
    """The default policy commits before the handler has run: what fails is gone."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "a")
    options = {"ack_policy": AckPolicy.ACK_FIRST, "auto_commit_interval_ms": 50, **RAW}

    async with consuming(stack.kafka_bootstrap, topic, **options) as reader:

        async def raising(_batch: tuple[Any, ...], _message: KafkaMessage) -> None:
            raise RuntimeError

        reader.on_batch = raising

        async def gone() -> bool:
            return await reader.committed(topic) == 1

        await until(gone)

    assert [] == reader.got


# What the shell rests on: several topics, one member, one partition number


class _Listening(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Notes what is assigned and revoked, and may take its time before it seeks."""

    def __init__(self) -> None:
        self.assigned: list[set[tuple[str, int]]] = []
        self.revoked: list[set[tuple[str, int]]] = []
        self.reader: Consuming | None = None
        self.seek_to: int | None = None
        self.pause = False
        self.drained = asyncio.Event()
        self.drained.set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait for what is being handled."""
        await self.drained.wait()
        self.revoked.append({tuple(spot) for spot in revoked})

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Take half a second, then seek."""
        if self.seek_to is not None and self.reader is not None:
            consumer = self.reader.consumer
            if self.pause:
                consumer.pause(*assigned)
            await asyncio.sleep(0.5)
            for spot in assigned:
                consumer.seek(spot, self.seek_to)
            if self.pause:
                consumer.resume(*assigned)
        self.assigned.append({tuple(spot) for spot in assigned})


def _numbers(spots: set[tuple[str, int]], topic: str) -> set[int]:
    return {partition for name, partition in spots if name == topic}


async def test_a_partition_number_belongs_to_one_member_in_all_topics(stack: Stack) -> None:
    """Two members, two topics: each has the same partition numbers of both, after each change."""
    names = await fresh_topics(stack.kafka_bootstrap, 2, partitions=4)
    options = {"partition_assignment_strategy": [RangePartitionAssignor], **RAW}
    first, second = _Listening(), _Listening()

    async with consuming(stack.kafka_bootstrap, *names, listener=first, **options):
        async with consuming(stack.kafka_bootstrap, *names, listener=second, **options):

            async def shared() -> bool:
                return bool(first.assigned and second.assigned) and len(first.assigned[-1]) == 4

            await until(shared)
            here, there = first.assigned[-1], second.assigned[-1]

        async def alone() -> bool:
            return len(first.assigned[-1]) == 8

        await until(alone)

    assert _numbers(here, names[0]) == _numbers(here, names[1])
    assert _numbers(there, names[0]) == _numbers(there, names[1])
    assert {0, 1, 2, 3} == _numbers(here | there, names[0])
    assert here | there == first.revoked[1]


@pytest.mark.parametrize(("pause", "expected"), [(False, "0"), (True, "2")])
async def test_records_come_while_partitions_are_being_taken_over(
    stack: Stack, *, pause: bool, expected: str
) -> None:
    """Before the listener has sought to the cursor, records come from the committed offset.

    Where its first act is to pause what was assigned, the first record is that at the cursor.
    """
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    await write(stack.kafka_bootstrap, topic, "0", "1", "2", "3")
    listening = _Listening()
    listening.seek_to, listening.pause = 2, pause
    reader = Consuming(stack.kafka_bootstrap, [topic], listener=listening, **RAW)
    listening.reader = reader

    await reader.broker.start()
    try:
        await until(lambda: _true(bool(listening.assigned)))
        await until(lambda: _true(reader.got[-2:] == ["2", "3"]))
    finally:
        await reader.broker.stop()

    assert expected == reader.got[0]


async def test_a_revocation_waits_for_the_batch_in_hand(stack: Stack) -> None:
    """While the listener drains, the group waits: nothing is handled twice."""
    [topic] = await fresh_topics(stack.kafka_bootstrap, partitions=2)
    await write(stack.kafka_bootstrap, topic, "a", partition=0)
    await write(stack.kafka_bootstrap, topic, "b", partition=1)
    listening = _Listening()

    async with consuming(stack.kafka_bootstrap, topic, listener=listening, **RAW) as first:

        async def slow(batch: tuple[Any, ...], _message: KafkaMessage) -> None:
            listening.drained.clear()
            await asyncio.sleep(1.5)
            await first.consumer.commit(
                {TopicPartition(one.topic, one.partition): one.offset + 1 for one in batch}
            )
            listening.drained.set()

        first.on_batch = slow
        await until(lambda: _true(bool(first.batches)))
        async with consuming(stack.kafka_bootstrap, topic, **RAW) as second:
            await until(lambda: _true(len(listening.assigned) > 1))
            await asyncio.sleep(0.3)

    assert ["a", "b"] == sorted(first.got + second.got)


async def _true(so: bool) -> bool:  # noqa: FBT001 - for `_until`
    return so


async def test_a_stop_revokes_nothing(stack: Stack) -> None:
    """`broker.stop()` does not call the listener: who owns something must release it himself."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    listening = _Listening()

    async with consuming(stack.kafka_bootstrap, topic, listener=listening, **RAW):
        await until(lambda: _true(bool(listening.assigned)))
        before = len(listening.revoked)

    assert before == len(listening.revoked)
