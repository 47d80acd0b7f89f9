"""The clock's ticks: when they come, what they say, and what happens after an outage."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.envelope import decode
from shared.line.ports import Record
from shared.runtime.producer import PublishUnavailable
from shared.runtime.ticker import Ticker, tick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class HandClock:
    """A clock that goes on only when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time that was set."""
        return self.at

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at.timestamp()


class Kafka:
    """Keeps the times of the ticks that it was given; may be away."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.away = False

    async def publish(self, records: Sequence[Record]) -> None:
        """Hear, or be away."""
        if self.away:
            raise PublishUnavailable("away")
        self.heard += sorted({dict(record.headers)["ce_id"].decode() for record in records})  # type: ignore[union-attr] # an id is never null


async def _let_run() -> None:
    await asyncio.sleep(0.15)


async def _told(kafka: Kafka, clock: HandClock, *steps: timedelta, period_s: float = 60) -> None:
    """Run a ticker, with the clock put forward by each step in turn."""
    ticker = Ticker(kafka, clock, period_s=period_s, partitions=2)
    running = asyncio.create_task(ticker.run())
    await _let_run()
    for step in steps:
        clock.at += step
        await asyncio.sleep(1.1)
    ticker.stop()
    await asyncio.wait_for(running, 1)


def test_a_tick_goes_to_every_partition() -> None:
    """Each partition is told the same: same id, same source, same time, no party."""
    records = tick(NOON, partitions=3)

    assert [0, 1, 2] == [record.partition for record in records]
    assert {"billing.events"} == {record.topic for record in records}
    headers = dict(records[0].headers)
    assert (b"tick-2026-03-01T12:00:00Z", b"arrears:clock", b"clock.ticked.v1") == (
        headers["ce_id"],
        headers["ce_source"],
        headers["ce_type"],
    )
    assert b'{"at":"2026-03-01T12:00:00Z"}' == records[0].value
    assert records[0] == tick(NOON, partitions=1)[0]


def test_a_tick_can_be_read() -> None:
    """The envelope's own reader takes it."""
    record = tick(NOON, partitions=1)[0]

    envelope = decode(record.headers, record.value, record.key)

    assert "tick-2026-03-01T12:00:00Z" == getattr(envelope, "id", envelope)


@pytest.mark.asyncio
async def test_the_current_period_is_told_at_once() -> None:
    """A clock that starts at 12:00:42 says that it is 12:00, and nothing more until 12:01."""
    kafka, clock = Kafka(), HandClock(NOON + timedelta(seconds=42))

    await _told(kafka, clock)

    assert ["tick-2026-03-01T12:00:00Z"] == kafka.heard


@pytest.mark.asyncio
async def test_periods_are_those_of_utc() -> None:
    """Hourly ticks come on the hour, whenever the process was started."""
    kafka, clock = Kafka(), HandClock(NOON + timedelta(minutes=59, seconds=59))

    await _told(kafka, clock, timedelta(seconds=1), period_s=3600)

    assert ["tick-2026-03-01T12:00:00Z", "tick-2026-03-01T13:00:00Z"] == kafka.heard


@pytest.mark.asyncio
async def test_one_tick_makes_up_for_those_missed() -> None:
    """After three hours in which the process stood still, only the latest minute is told."""
    kafka, clock = Kafka(), HandClock(NOON)

    await _told(kafka, clock, timedelta(hours=3, seconds=5))

    assert ["tick-2026-03-01T12:00:00Z", "tick-2026-03-01T15:00:00Z"] == kafka.heard


@pytest.mark.asyncio
async def test_a_clock_set_back_says_nothing() -> None:
    """When the machine's clock is set back, no tick is repeated."""
    kafka, clock = Kafka(), HandClock(NOON)

    await _told(kafka, clock, -timedelta(minutes=5))

    assert ["tick-2026-03-01T12:00:00Z"] == kafka.heard


@pytest.mark.asyncio
async def test_it_goes_on_when_kafka_is_back() -> None:
    """While Kafka is away nothing is told; then the tick that is due."""
    kafka, clock = Kafka(), HandClock(NOON)
    kafka.away = True
    ticker = Ticker(kafka, clock, period_s=60, partitions=1)
    running = asyncio.create_task(ticker.run())
    await _let_run()
    clock.at += timedelta(minutes=2)
    kafka.away = False
    await _let_run()

    ticker.stop()
    await asyncio.wait_for(running, 1)

    assert ["tick-2026-03-01T12:02:00Z"] == kafka.heard
