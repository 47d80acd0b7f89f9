"""Ingest's clock keeps silent while somebody replays a history in the same network."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from shared.line.ports import Record
from shared.runtime.neighbour import is_private, is_there
from shared.runtime.ticker import Ticker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StandingClock:
    """It is noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON

    def monotonic(self) -> float:
        """Noon in seconds."""
        return NOON.timestamp()


class Kafka:
    """Counts the times that it was told."""

    def __init__(self) -> None:
        self.told = 0

    async def publish(self, _records: Sequence[Record]) -> None:
        """Hear."""
        self.told += 1


async def _silent_then_free() -> tuple[int, int]:
    kafka, replaying = Kafka(), True

    async def held() -> bool:
        return replaying

    ticker = Ticker(kafka, StandingClock(), period_s=60, partitions=1, held=held)
    running = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.2)
    before, replaying = kafka.told, False
    await asyncio.sleep(1.3)
    ticker.stop()
    await running
    return before, kafka.told


def test_the_clock_is_silent_until_the_replay_has_ended() -> None:
    """A tick of today before a history of last year would make all of that late."""
    assert (0, 1) == asyncio.run(_silent_then_free())


def test_a_held_clock_can_be_stopped() -> None:
    """Ingest ends in order while a replay goes on."""

    async def always() -> bool:
        return True

    async def stop() -> int:
        kafka = Kafka()
        ticker = Ticker(kafka, StandingClock(), period_s=60, partitions=1, held=always)
        running = asyncio.create_task(ticker.run())
        await asyncio.sleep(0.1)
        ticker.stop()
        await asyncio.wait_for(running, 1)
        return kafka.told

    assert 0 == asyncio.run(stop())


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("", False)])
def test_a_name_is_there_when_it_leads_somewhere(host: str, expected: bool) -> None:  # noqa: FBT001 - a case's value
    """In a network of containers, that is as long as the container runs."""
    assert expected is asyncio.run(is_there(host))


def test_a_name_that_nobody_has_is_not_there() -> None:
    """Whether the name server says no, or nothing (RFC 6761: nobody is called `.invalid`)."""
    assert asyncio.run(is_there("nobody.invalid")) is False


@pytest.mark.parametrize(
    ("address", "expected"),
    [("172.18.0.5", True), ("fd00::5", True), ("127.0.0.1", True), ("93.184.215.14", False)],
)
def test_only_a_neighbour_counts(address: str, expected: bool) -> None:  # noqa: FBT001 - as above
    """A provider whose name server answers to any name does not stop the clock."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET

    assert expected is is_private([(kind, socket.SOCK_STREAM, 0, "", (address, 0))])
