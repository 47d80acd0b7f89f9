"""The clock as a source of events: says what time it is, on every partition, each period.

Any number of instances may run it: they say the same at the same time, and a reader drops what it
has heard.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from shared.core import Event
from shared.envelope import passed_on
from shared.events.clock import ClockTicked
from shared.line.ports import Record
from shared.runtime.clock import Clock
from shared.runtime.logging import logger
from shared.runtime.producer import PublishUnavailable
from shared.topics import BILLING_EVENTS

SOURCE: Final = "arrears:clock"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LOOK_S: Final = 1.0
"""How often the clock is looked at at least: it may be set, or stand still with its machine."""

log = logger(__name__)


class Publishing(Protocol):
    """What the ticker needs of a `Publisher`."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Return once Kafka has them; raises `PublishUnavailable` while it is away."""
        ...


def tick(at: datetime, *, partitions: int) -> list[Record]:
    """The records that say "it is `at`", one per partition."""
    data = ClockTicked(at=at)
    told = Event(
        id=f"tick-{at.isoformat()[:-6]}Z",
        source=SOURCE,
        type=ClockTicked.type,
        subject="",
        party="",
        time=at,
        data=data,
        value=data.smallest(),
    )
    _, value, headers = passed_on(told, sequence=0, recorded_at=None)
    return [Record(BILLING_EVENTS, number, None, value, headers) for number in range(partitions)]


class Ticker:
    """Publishes a tick at every full period of UTC, as long as it runs."""

    def __init__(
        self,
        publisher: Publishing,
        clock: Clock,
        *,
        period_s: float,
        partitions: int,
        held: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Tick each `period_s` seconds, counted from 1970, on `partitions` partitions.

        While `held` says so, before the first tick, there is none: a history is being replayed, for
        which today is the future.
        """
        self._held = held
        self._publisher = publisher
        self._clock = clock
        self._period = timedelta(seconds=period_s)
        self._partitions = partitions
        self._stopping = asyncio.Event()
        self._last = EPOCH

    def stop(self) -> None:
        """Let `run` return, after the tick that is on its way."""
        self._stopping.set()

    async def run(self) -> None:
        """Tick until `stop`. After an outage one tick, the latest, makes up for those missed."""
        await self._until_free()
        while not self._stopping.is_set():
            at = self._due()
            if at > self._last:
                await self._say(at)
            await self._pause()

    async def _until_free(self) -> None:
        told = False
        while self._held is not None and not self._stopping.is_set() and await self._held():
            if not told:
                log.info("clock.held")
            told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_S)
        if told:
            log.info("clock.free")

    def _due(self) -> datetime:
        """The latest full period that has come."""
        now = self._clock.now()
        return now - (now - EPOCH) % self._period

    async def _say(self, at: datetime) -> None:
        try:
            await self._publisher.publish(tick(at, partitions=self._partitions))
        except PublishUnavailable as failure:
            log.warning("clock.not_heard", at=at.isoformat(), why=str(failure))
        else:
            self._last = at

    async def _pause(self) -> None:
        """Wait for the next period, or for `stop`."""
        until = self._due() + self._period - self._clock.now()
        late = self._due() > self._last
        seconds = 0.1 if late else min(max(until.total_seconds(), 0.001), LOOK_S)
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
