"""What a service reads from its own store and shows as gauges, every so often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from shared.line.ports import Unavailable
from shared.runtime.clock import monotonic
from shared.runtime.doors import Problem

log: Final = structlog.get_logger()
RESTS: Final = 9
"""How many times as long as showing took we wait at least: it may take a tenth of the time."""


@dataclass(slots=True)
class Showing:
    """Calls `show` each `period_s` seconds, less often where it takes long.

    While the store is away, what was shown stays.
    """

    service: str
    show: Callable[[], Awaitable[None]]
    period_s: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _task: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """Show from now on."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Show no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        not_shown = f"{self.service}.not_shown"
        while True:
            started = monotonic()
            try:
                await self.show()
            except (Unavailable, Problem) as failure:
                log.info(not_shown, why=str(failure))
            await self.sleep(max(self.period_s, RESTS * (monotonic() - started)))
