"""A FastStream subscriber for tests on a real broker: it keeps what it was given."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.runtime.raw import raw_decoder, raw_parser

ODD: Final = [("x", b"\xff\xfe"), ("nothing", None)]
"""Headers that FastStream cannot decode."""
RAW: Final[dict[str, Any]] = {"parser": raw_parser, "decoder": raw_decoder}
"""Our way of taking records."""
_SILENT = logging.getLogger("test.faststream")
_SILENT.disabled = True


async def write(
    bootstrap: str, topic: str, *values: str, partition: int = 0, odd: Iterable[str] = ()
) -> None:
    """Publish values as one batch; those in `odd` with the headers `ODD`."""
    publisher = Publisher({"bootstrap_servers": bootstrap})
    await publisher.publish(
        [
            Record(topic, partition, b"k", value.encode(), ODD if value in odd else [])
            for value in values
        ]
    )
    await publisher.stop()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait, 45 seconds at most, until it is so: a new broker takes some to have its first group."""
    async with asyncio.timeout(45):
        while not await true():  # noqa: ASYNC110 - nothing in the libraries tells us
            await asyncio.sleep(0.02)


def value_of(body: Any) -> str:  # noqa: ANN401 - a record, or what FastStream has decoded
    """The text of a record, however it came."""
    value = body.value if isinstance(body, ConsumerRecord) else body
    return value.decode() if isinstance(value, bytes) else str(value)


class Consuming:
    """A FastStream batch subscriber that keeps what it was given."""

    def __init__(
        self,
        bootstrap: str,
        topics: list[str],
        *,
        group: str = "",
        max_records: int = 100,
        **options: Any,  # noqa: ANN401 - FastStream's
    ) -> None:
        """Make it; `options` are FastStream's, with what our services say as defaults."""
        self.got: list[str] = []
        self.batches: list[tuple[Any, ...]] = []
        self.on_batch: Callable[[tuple[Any, ...], KafkaMessage], Awaitable[None]] = self._ack
        self.broker = KafkaBroker(
            bootstrap, apply_types=False, logger=_SILENT, allow_auto_create_topics=False
        )
        options = {
            "auto_offset_reset": "earliest",
            "ack_policy": AckPolicy.MANUAL,
            "session_timeout_ms": 8_000,
            "heartbeat_interval_ms": 500,
            **options,
        }
        self.subscriber = self.broker.subscriber(
            *topics,
            group_id=group or f"group-{topics[0]}",
            batch=True,
            max_records=max_records,
            batch_timeout_ms=10,
            no_reply=True,
            **options,
        )
        self.subscriber(self._handle)

    async def _handle(self, bodies: Any) -> None:  # noqa: ANN401 - as FastStream gives it
        message: KafkaMessage = self.broker.context.get_local("message")
        batch = tuple(bodies)
        self.batches.append(batch)
        await self.on_batch(batch, message)
        self.got += [value_of(body) for body in batch]

    async def _ack(self, _batch: tuple[Any, ...], message: KafkaMessage) -> None:
        await message.ack()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """Aiokafka's consumer underneath."""
        if self.subscriber.consumer is None:
            raise LookupError("it is not started")
        return self.subscriber.consumer

    async def position(self, topic: str) -> int:
        """The consumer's position in partition 0; -1 before it has the partition."""
        spot = TopicPartition(topic, 0)
        if spot not in self.consumer.assignment():
            return -1
        position: int = await self.consumer.position(spot)
        return position

    async def committed(self, topic: str) -> int:
        """What the group has committed of partition 0."""
        committed: int | None = await self.consumer.committed(TopicPartition(topic, 0))
        return committed or 0

    async def passed(self, topic: str, offset: int) -> None:
        """Wait until the consumer has gone past an offset, and for what it then does."""

        async def beyond() -> bool:
            return await self.position(topic) >= offset

        await until(beyond)
        await asyncio.sleep(0.6)  # on a busy machine a handler takes its time


@asynccontextmanager
async def consuming(bootstrap: str, *topics: str, **options: Any) -> AsyncIterator[Consuming]:  # noqa: ANN401 - FastStream's
    """One that is started, and stopped at the end."""
    one = Consuming(bootstrap, list(topics), **options)
    await one.broker.start()
    try:
        yield one
    finally:
        await one.broker.stop()
