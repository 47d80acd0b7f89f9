"""Notices what no error tells: an event loop that is late, work that waits and is not done."""

import asyncio
from typing import Final

from shared.runtime.clock import Clock, SystemClock
from shared.runtime.logging import logger
from shared.runtime.metrics import ShellMetrics

LOOK_S: Final = 0.5

log = logger(__name__)


class Stalled(Exception):
    """Work waits, and nothing was done about it for too long: end, and let another begin."""


class Watchdog:
    """Is told of progress and of what waits; `run` raises once the one fails for the other.

    Whoever tries again and again (the store is away) calls `progress` too: it is alive, and a
    restart would not help.
    """

    def __init__(
        self,
        *,
        patience_s: float,
        clock: Clock | None = None,
        metrics: ShellMetrics | None = None,
    ) -> None:
        """Allow `patience_s` seconds without progress (three times the group's session)."""
        self._patience_s = patience_s
        self._clock = clock or SystemClock()
        self._metrics = metrics
        self._progress_at = self._clock.monotonic()
        self._behind = 0

    def progress(self) -> None:
        """Something was done."""
        self._progress_at = self._clock.monotonic()

    def behind(self, records: int) -> None:
        """So many records wait; 0 counts as progress."""
        self._behind = records
        if not records:
            self.progress()

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            Stalled: records wait and there was no progress for longer than the patience.
        """
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(LOOK_S)
            self.look(late_s=max(0.0, self._clock.monotonic() - before - LOOK_S))

    def look(self, *, late_s: float) -> None:
        """Look once; `late_s`: by how many seconds the event loop was late."""
        if self._metrics:
            self._metrics.event_loop_lag.set(late_s)
        self._progress_at += late_s  # who was frozen could do nothing: it is not held against it
        idle_s = self._clock.monotonic() - self._progress_at
        if self._behind and idle_s > self._patience_s:
            log.error("watchdog.stalled", waiting=self._behind, idle_s=round(idle_s, 1))
            raise Stalled(f"{self._behind} records wait; no progress for {idle_s:.1f} s")
