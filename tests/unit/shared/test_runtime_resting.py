"""The time between two polls: what is held back meanwhile, and what of it is fetched again."""

import time
from typing import Any, Final, cast

import pytest
from aiokafka import TopicPartition

from shared.runtime.pacing import FEW_RECORDS
from shared.runtime.resting import Rest
from shared.testing.log import MemoryConsumer, MemoryLog

PACE_S: Final = 0.2
OURS: Final = [TopicPartition("collections.ledger", number) for number in (0, 1)]
ANOTHER: Final = TopicPartition("collections.ledger", 2)


def resting(pace_s: float = PACE_S) -> tuple[Rest, MemoryConsumer]:
    """A rest, and the consumer that it holds back."""
    consumer = MemoryConsumer(MemoryLog(3))
    consumer.assign([*OURS, ANOTHER])
    return Rest(lambda: cast("Any", consumer), lambda: pace_s), consumer


async def once(rest: Rest) -> None:
    """A first poll, after which nothing rests: it came after a long time."""
    rest.begin(1, OURS)
    await rest.end(lambda: OURS)


@pytest.mark.asyncio
async def test_nothing_of_ours_is_fetched_during_a_rest() -> None:
    """From the moment of a small poll to the next one; what others take over is not our affair."""
    rest, consumer = resting()
    await once(rest)
    begun = time.monotonic()

    rest.begin(1, OURS)
    during = consumer.paused()
    await rest.end(lambda: OURS)

    assert set(OURS) == during
    assert set() == consumer.paused()
    assert PACE_S * 0.9 <= time.monotonic() - begun < 5 * PACE_S


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("pace_s", "polled"), [(0.0, 1), (PACE_S, FEW_RECORDS)], ids=["no pace", "much to do"]
)
async def test_what_does_not_rest_goes_on_fetching(pace_s: float, polled: int) -> None:
    """While much is queued the next records are on their way while these are worked off."""
    rest, consumer = resting(pace_s)
    await once(rest)
    begun = time.monotonic()

    rest.begin(polled, OURS)
    during = consumer.paused()
    await rest.end(lambda: OURS)

    assert set() == during
    assert time.monotonic() - begun < PACE_S / 2


@pytest.mark.asyncio
async def test_a_rest_that_was_not_ended_is_forgotten() -> None:
    """A poll that partitions were revoked in is dropped, and whoever comes next does not wait."""
    rest, consumer = resting()
    await once(rest)
    rest.begin(1, OURS)
    consumer.assign([*OURS, ANOTHER])
    begun = time.monotonic()

    rest.begin(FEW_RECORDS, OURS)
    await rest.end(lambda: OURS)

    assert time.monotonic() - begun < PACE_S / 2


@pytest.mark.asyncio
async def test_what_is_being_taken_over_stays_held_back() -> None:
    """Who was given partitions anew during a rest has them fetched when they are ready."""
    rest, consumer = resting()
    await once(rest)
    rest.begin(1, OURS)
    consumer.assign(OURS)
    consumer.pause(*OURS)

    await rest.end(lambda: OURS[:1])

    assert set(OURS[1:]) == consumer.paused()


@pytest.mark.asyncio
async def test_partitions_that_are_gone_are_left_alone() -> None:
    """The client refuses to resume what is not assigned any more."""
    rest, consumer = resting()
    await once(rest)
    rest.begin(1, OURS)
    consumer.assign([ANOTHER])
    consumer.pause(ANOTHER)

    await rest.end(lambda: [*OURS, ANOTHER])

    assert {ANOTHER} == consumer.paused()
