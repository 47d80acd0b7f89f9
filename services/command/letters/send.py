"""Sending dead letters again: one after the other, at a pace, each once Kafka has the one before.

Where it ends half way, the rest is sent by the next call: what ingest took, it has registered.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from services.command.letters.letter import Header, Letter
from services.command.letters.plan import GONE, OVERSIZE, record_of
from shared.line.ports import Record
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.producer import RecordTooLargeError

SENT: Final = "sent"
MINUTE_S: Final = 60.0


class Bytes(Protocol):
    """A record as it came, of Kafka's or of a test's."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


Fetch = Callable[[Letter], Awaitable[Bytes | None]]
Publish = Callable[[Sequence[Record]], Awaitable[None]]


async def send(
    letters: Sequence[Letter],
    fetch: Fetch,
    publish: Publish,
    *,
    partitions: Mapping[str, int],
    per_minute: int,
    done: Counter[str],
    told: Callable[[], None] = lambda: None,
    clock: Clock | None = None,
) -> None:
    """Send each letter's record to where it came from.

    Args:
        letters: in this order, which holds between topics too.
        fetch: brings a letter's record with its own headers; None if it is gone.
        publish: returns once Kafka has the records; raises if not.
        partitions: how many each topic has that they go to.
        per_minute: at most so many in any minute, evenly.
        done: counts what became of them, also where sending ends half way.
        told: hears of each.
        clock: the machine's, or a test's.
    """
    clock = clock or SystemClock()
    apart_s = MINUTE_S / per_minute
    due = clock.monotonic()
    for letter in letters:
        wait_s = due - clock.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        # From now, not from when it was due: what was late is not made up for by a burst.
        due = max(due, clock.monotonic()) + apart_s
        done[await _send(letter, fetch, publish, partitions)] += 1
        told()


async def _send(
    letter: Letter, fetch: Fetch, publish: Publish, partitions: Mapping[str, int]
) -> str:
    """Send one; what became of it."""
    found = await fetch(letter)
    if found is None:
        return GONE
    record = record_of(
        letter, found.key, found.value, found.headers, partitions=partitions[letter.origin.topic]
    )
    try:
        await publish([record])
    except RecordTooLargeError:
        return OVERSIZE
    return SENT
