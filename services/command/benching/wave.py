"""The tick that makes very many invoices overdue at once: its time must grow with their number."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from services.command.benching import probe
from services.command.benching.place import Site
from services.command.service import SERVICES
from shared.runtime.clock import monotonic

PER_ACCOUNT: Final = 10
_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = 5_000
_APART: Final = 3
"""Days from one wave to the next: tasks that nobody answers expire after two, and are planned anew
at the tick after that, which is not to be the next wave's."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What one tick took: seconds until each service had passed it, and CPU seconds of each."""

    invoices: int
    wall_s: dict[str, float]
    cpu_s: dict[str, float]

    def cpu_us(self, service: str) -> float:
        """Microseconds of a service's CPU for each invoice."""
        return 1e6 * self.cpu_s[service] / self.invoices

    @property
    def wall_us(self) -> float:
        """Microseconds for each invoice until the last service had passed the tick."""
        return 1e6 * max(self.wall_s.values()) / self.invoices


async def waves(
    site: Site, *, first: date, sizes: tuple[int, ...], told: Callable[[str], None]
) -> list[Wave]:
    """One wave of each size, each on accounts of its own with ten invoices each."""
    start = probe.midnight(first)
    told(f"preparing {sum(sizes):,} invoices that fall overdue at {len(sizes)} ticks")
    for number, size in enumerate(sizes):
        due_on = first + (_APART * number + 1) * _DAY
        names = list(probe.names(f"wave-{number}", size // PER_ACCOUNT))
        await _publish(site, [probe.account(name, start) for name in names])
        await _publish(
            site,
            [
                probe.invoice(name, which, due_on, start)
                for which in range(PER_ACCOUNT)
                for name in names
            ],
        )
    found = []
    for number, size in enumerate(sizes):
        calm = first + (_APART * number + 1) * _DAY
        await _pass(site, calm)
        told(f"a tick that makes {size:,} invoices overdue")
        found.append(await _wave(site, calm + _DAY, size))
    return found


async def _wave(site: Site, day: date, size: int) -> Wave:
    before = await site.uses()
    started = monotonic()
    passed = await _pass(site, day)
    after = await site.uses()
    return Wave(
        invoices=size,
        wall_s={name: at - started for name, at in passed.items()},
        cpu_s={name: after[name].cpu_s - before[name].cpu_s for name in SERVICES},
    )


async def _pass(site: Site, day: date) -> dict[str, float]:
    """Send a day's first tick; when each service had passed it."""
    at = probe.midnight(day)
    await site.publisher.publish(probe.ticks(at))
    return dict(
        zip(
            SERVICES,
            await asyncio.gather(*(site.passed(name, at) for name in SERVICES)),
            strict=True,
        )
    )


async def _publish(site: Site, events: list[dict[str, Any]]) -> None:
    for begin in range(0, len(events), _AT_ONCE):
        await site.publisher.publish(probe.records(events[begin : begin + _AT_ONCE]))
