"""A history through Kafka: events in order, ticks in between, as fast as they are taken."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from shared.cli.eventfile import Line
from shared.cli.routing import records_of
from shared.events.clock import ClockTicked
from shared.line.ports import Record
from shared.runtime.producer import Publisher

AT_ONCE: Final = 5_000
"""Records published together."""
APART_S: Final = 0.003
"""Between two topics' records: the broker's clock, which orders them, counts milliseconds."""


async def replay(
    lines: Iterable[Line],
    publisher: Publisher,
    *,
    partitions: int,
    told: Callable[[int], None] = lambda _events: None,
) -> int:
    """Publish a history; how many events it had, ticks not counted. `told` hears the progress.

    What follows in another topic waits until the broker has what came before, so that ingest, which
    merges its inputs by append time, sees the order of the file.
    """
    waiting: list[Record] = []
    events = unsaid = 0
    topic = ""

    async def flush() -> None:
        nonlocal unsaid
        if waiting:
            await publisher.publish(waiting)
            waiting.clear()
        told(unsaid)
        unsaid = 0

    for line in lines:
        for record in records_of(line.event, partitions=partitions):
            if record.topic != topic:
                await flush()
                await asyncio.sleep(APART_S if topic else 0)
                topic = record.topic
            waiting.append(record)
        if line.event["type"] != ClockTicked.type:
            events += 1
            unsaid += 1
        if len(waiting) >= AT_ONCE:
            await flush()
    await flush()
    return events
