"""The yardstick: a bare aiokafka loop, in a process of its own.

``getmany(500)``, each value validated and dumped by the pydantic model of its type, own record
batches per partition, an idempotent producer with acks=all, one offset commit per batch. It keeps
no state, checks no duplicates and decides nothing. It goes over its topic several times, each time
as another group: once would be over within a second.
"""

import asyncio
import json
import resource
import sys
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Final

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from shared.events.base import REGISTRY
from shared.runtime.batches import BATCH_BYTES
from shared.runtime.clock import monotonic

RECORDS: Final = 500
TIMES: Final = 2


@dataclass(frozen=True, slots=True)
class Bare:
    """How the loop went, without the first batch of each time."""

    records: int
    seconds: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU for each record."""
        return 1e6 * self.cpu_s / self.records

    def and_then(self, other: "Bare") -> "Bare":
        """This run and a later one as one."""
        return Bare(
            self.records + other.records, self.seconds + other.seconds, self.cpu_s + other.cpu_s
        )


async def measure(bootstrap: str, group: str, source: str, target: str, count: int) -> Bare:
    """Take the `count` records of topic `source` to `target`, several times over."""
    runs = [await _once(bootstrap, f"{group}-{n}", source, target, count) for n in range(TIMES)]
    return reduce(Bare.and_then, runs)


async def _once(bootstrap: str, group: str, source: str, target: str, count: int) -> Bare:
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
    )
    await producer.start()
    await consumer.start()
    try:
        done = first = 0
        started = cpu_started = 0.0
        while done < count:
            batches = await consumer.getmany(max_records=RECORDS, timeout_ms=100)
            if not batches:
                continue
            await _pass_on(producer, target, batches)
            await consumer.commit({spot: got[-1].offset + 1 for spot, got in batches.items()})
            done += sum(map(len, batches.values()))
            if not first:
                first, started, cpu_started = done, monotonic(), _cpu_s()
        return Bare(done - first, monotonic() - started, _cpu_s() - cpu_started)
    finally:
        await consumer.stop()
        await producer.stop()


async def _pass_on(
    producer: AIOKafkaProducer, topic: str, batches: dict[TopicPartition, list[ConsumerRecord]]
) -> None:
    """Send a poll's records on, each to the partition that it came from."""
    sent = []
    for spot, records in batches.items():
        batch = producer.create_batch()
        for record in records:
            value = _in_and_out(record)
            added = batch.append(
                timestamp=None, key=record.key, value=value, headers=list(record.headers)
            )
            if added is None:
                sent.append(await producer.send_batch(batch, topic, partition=spot.partition))
                batch = producer.create_batch()
                batch.append(
                    timestamp=None, key=record.key, value=value, headers=list(record.headers)
                )
        sent.append(await producer.send_batch(batch, topic, partition=spot.partition))
    await asyncio.gather(*sent)


def _in_and_out(record: ConsumerRecord) -> bytes:
    for name, content in record.headers:
        if name == "ce_type":
            model = REGISTRY[content.decode()]
            data = model.__pydantic_validator__.validate_json(record.value)
            dumped: bytes = model.__pydantic_serializer__.to_json(data, exclude_unset=True)
            return dumped
    raise ValueError("a record without a type")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(arguments: list[str]) -> None:
    """Measure, and print the result as JSON."""
    bootstrap, group, source, target, count = arguments
    print(json.dumps(asdict(uvloop.run(measure(bootstrap, group, source, target, int(count))))))  # noqa: T201 - its output is its answer


if __name__ == "__main__":
    main(sys.argv[1:])
