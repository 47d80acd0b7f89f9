"""Publishing: own record batches per partition, in order, at least once, until Kafka has them.

FastStream's `publish_batch` ignores keys, a send per record is slow, and one rejected batch poisons
aiokafka's idempotent producer for good (tests/integration/test_facts.py). So batches are built
here; one of a partition is sent when the one before is acknowledged; a producer that failed is
replaced, and what was not acknowledged sent again. Ids and sequences repeat then, and readers go by
those.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from shared.line.ports import Record
from shared.runtime.batches import (
    BATCH_BYTES,
    RecordTooLargeError,
    Stretch,
    by_partition,
    fill,
    refuse_large,
)
from shared.runtime.clock import monotonic
from shared.runtime.logging import logger
from shared.runtime.metrics import ShellMetrics

PAUSE_S: Final = (0.05, 2.0)
"""The first and the longest pause between two tries."""

__all__ = ["PublishUnavailable", "Publisher", "RecordTooLargeError"]

log = logger(__name__)


class PublishUnavailable(Exception):
    """Kafka did not take the records in time; some of them may have arrived. Try again later."""


@dataclass(slots=True)
class _Line:
    """A producer, and a future that ends all waiting for it once it has failed."""

    producer: AIOKafkaProducer
    over: asyncio.Future[BaseException]


class Publisher:
    """Publishes records with an idempotent producer of its own, which it replaces when it fails."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        deadline_s: float = 10.0,
        linger_s: float = 0.003,
        compression: str = "none",
        metrics: ShellMetrics | None = None,
    ) -> None:
        """Prepare; it connects at the first publication.

        Args:
            connection: keyword arguments for an aiokafka client (`ServiceSettings.kafka_client`).
            deadline_s: seconds after which a publication is given up.
            linger_s: seconds that single records wait for others to go with.
            compression: "none" or a codec of Kafka's.
            metrics: where to count.
        """
        self._options = {
            **connection,
            "acks": "all",
            "enable_idempotence": True,
            "max_batch_size": BATCH_BYTES,
            "linger_ms": 0,
            "compression_type": None if compression == "none" else compression,
            "request_timeout_ms": max(1_000, int(deadline_s * 1_000)),
        }
        self._deadline_s = deadline_s
        self._linger_s = linger_s
        self._metrics = metrics
        self._line: _Line | None = None
        self._connecting = asyncio.Lock()
        self._waiting: list[tuple[Record, asyncio.Future[None]]] = []
        self._gathering: asyncio.Task[None] | None = None
        self._stopped = False

    async def publish(self, records: Sequence[Record]) -> None:
        """Return once Kafka has all records, those of a partition in their order.

        Two publications at the same time must not have a partition in common.

        Raises:
            RecordTooLargeError: one is larger than `MESSAGE_BYTES_MAX`; nothing was sent.
            PublishUnavailable: not within the deadline; some may have arrived.
        """
        refuse_large(records)
        if self._stopped:
            raise PublishUnavailable("the publisher was stopped")
        started = monotonic()
        stretches = by_partition(records)
        pause, longest = PAUSE_S
        failure: BaseException | None = None
        while stretches:
            left = started + self._deadline_s - monotonic()
            if left <= 0:
                message = f"Kafka did not take {len(records)} records in {self._deadline_s:g} s"
                raise PublishUnavailable(f"{message}: {failure!r}") from failure
            if failure is not None:
                log.warning("producer.retry", why=repr(failure), pause_s=pause)
                if self._metrics:
                    self._metrics.publish_retries.inc()
                await asyncio.sleep(min(pause, left))
                pause = min(2 * pause, longest)
            failure = await self._try(stretches, left)
            stretches = [one for one in stretches if one.sent < len(one.records)]
        if self._metrics:
            self._metrics.publish_seconds.observe(monotonic() - started)

    async def publish_one(self, record: Record) -> None:
        """Return once Kafka has the record; those that come at the same time travel together.

        Raises:
            RecordTooLargeError: larger than `MESSAGE_BYTES_MAX`.
            PublishUnavailable: not within the deadline; it may have arrived all the same.
        """
        refuse_large([record])
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, taken))
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._publish_waiting())
        try:
            await asyncio.wait_for(taken, self._deadline_s)
        except TimeoutError as failure:
            message = f"Kafka did not take the record in {self._deadline_s:g} s"
            raise PublishUnavailable(message) from failure

    async def stop(self) -> None:
        """Finish what is on its way, for two seconds at most, and disconnect for good."""
        if self._gathering is not None:
            await asyncio.wait({self._gathering}, timeout=1)
            self._gathering.cancel()
        self._stopped = True
        line, self._line = self._line, None
        if line is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(line.producer.stop(), 1)
            await _abandon(line.producer)

    async def _publish_waiting(self) -> None:
        """Publish single records, all that have come since the last time at once."""
        while self._waiting:
            await asyncio.sleep(self._linger_s)
            together = [(record, taken) for record, taken in self._waiting if not taken.done()]
            self._waiting = []
            answer: Exception | None = None
            try:
                await self.publish([record for record, _ in together])
            except Exception as failure:  # noqa: BLE001 - each of those who wait must be told
                answer = failure
            for _, taken in together:
                if not taken.done() and answer is None:
                    taken.set_result(None)
                elif not taken.done():
                    taken.set_exception(PublishUnavailable(str(answer)))

    async def _try(self, stretches: Sequence[Stretch], left_s: float) -> BaseException | None:
        """Send what is not acknowledged; the failure, if any, after which the producer is gone."""
        until = monotonic() + left_s
        try:
            async with asyncio.timeout(left_s):
                line = await self._connected()
        except Exception as failure:  # noqa: BLE001 - whatever hinders it is a reason to try again
            return failure
        sending = [asyncio.create_task(_send(line, stretch)) for stretch in stretches]
        together: asyncio.Future[Any] = asyncio.gather(*sending)
        either: set[asyncio.Future[Any]] = {together, line.over}
        try:
            await asyncio.wait(
                either,
                timeout=max(0.0, until - monotonic()),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            unfinished = not together.done()
            together.cancel()
            await asyncio.wait(sending)
        if not line.over.done() and not unfinished:
            return None
        reason = line.over.result() if line.over.done() else TimeoutError("no acknowledgement")
        await self._drop(line, reason)
        return reason

    async def _connected(self) -> _Line:
        """The line in use, or a new one."""
        async with self._connecting:
            if self._line is None:
                producer = AIOKafkaProducer(**self._options)
                try:
                    await producer.start()
                except BaseException:
                    await _abandon(producer)
                    raise
                self._line = _Line(producer, asyncio.get_running_loop().create_future())
            return self._line

    async def _drop(self, line: _Line, failure: BaseException) -> None:
        """Use this producer no more, and tell the others that wait for it."""
        if not line.over.done():
            line.over.set_result(failure)
        if self._line is line:
            self._line = None
            await _abandon(line.producer)


async def _send(line: _Line, stretch: Stretch) -> None:
    """Send one partition's records, each batch after the one before was acknowledged.

    Were two of them on their way, the first could fail alone, and the second would be a gap.
    """
    try:
        while stretch.sent < len(stretch.records):
            batch = line.producer.create_batch()
            count = fill(batch, stretch.records, stretch.sent)
            acknowledged = await line.producer.send_batch(
                batch, stretch.topic, partition=stretch.partition
            )
            await acknowledged
            stretch.sent += count
    except Exception as failure:  # noqa: BLE001 - any failure may have poisoned the producer
        if not line.over.done():
            line.over.set_result(failure)


async def _abandon(producer: AIOKafkaProducer) -> None:
    """End a producer at once. Its own `stop` waits for ever for what a dead broker must confirm.

    What is still on its way may yet arrive, after what the next producer sends: a duplicate, which
    readers know by its sequence.
    """
    sender = producer._sender.sender_task  # noqa: SLF001 - there is no public way to stop unflushed
    for _ in range(5):
        if sender is None or sender.done():
            break
        sender.cancel()
        await producer.client.close()
        await asyncio.wait({sender}, timeout=0.2)
    await producer.client.close()
    producer._closed = True  # noqa: SLF001 - else it complains that it was never stopped
