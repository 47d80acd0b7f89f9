"""Polls on the real broker: what they bring after a rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.cli.stack import Stack
from shared.runtime.consumer import Intake
from shared.testing.consuming import write
from shared.testing.kafka import fresh_topics
from shared.testing.log import MemoryLog
from shared.testing.toy import LINE, READER, ToyCore
from shared.testing.worker import Worker

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

PACE_S: Final = 2.5
WRITTEN_S: Final = (0.0, 0.4, 1.0, 1.6)
"""The first poll follows a rest; the second begins one, in which the others come."""


async def _nothing(_: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    return {}


@pytest.mark.parametrize(
    ("pace_s", "expected"),
    [(PACE_S, [["1"], ["2"], ["3", "4"]]), (0.0, [["1"], ["2"], ["3"], ["4"]])],
    ids=["with a pace", "without"],
)
async def test_a_poll_brings_all_that_came_during_a_rest(
    stack: Stack, pace_s: float, expected: list[list[str]]
) -> None:
    """However early or late in a rest it came: nothing of it is left for the rest after."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    wiring = replace(READER, inputs=(topic,), accepted={topic: READER.accepted[LINE]})
    worker = Worker(MemoryLog(1), ToyCore(), wiring)
    await worker.own([0])
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    intake = Intake(
        wiring, worker.ownership, worker.rounds, lambda: consumer, _nothing, pace_s=(pace_s, pace_s)
    )

    async def written() -> None:
        started = asyncio.get_running_loop().time()
        for number, at in enumerate(WRITTEN_S, start=1):
            await asyncio.sleep(started + at - asyncio.get_running_loop().time())
            await write(stack.kafka_bootstrap, topic, str(number))

    polls: list[list[str]] = []
    try:
        await consumer.seek_to_beginning()
        writing = asyncio.create_task(written())
        async with asyncio.timeout(30):
            while sum(map(len, polls)) < len(WRITTEN_S):
                found = await consumer.getmany(timeout_ms=5)
                records = [record for part in found.values() for record in part]
                if records:
                    polls.append([record.value.decode() for record in records])
                    await intake.take(records)
        await writing
    finally:
        await consumer.stop()

    assert expected == polls
