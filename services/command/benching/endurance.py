"""Memory over very many events: each service works off as many, one after the other, alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from rich.table import Table

from services.command.benching.mix import TICK, Reel, publish_all, reel
from services.command.benching.place import INPUTS, Site
from services.command.benching.probe import midnight
from services.command.benching.spread import slope
from services.command.benching.usage import Usage
from services.command.service import SERVICES
from shared.runtime.clock import monotonic

TIMES: Final = 15
"""How many times the demo's accounts, invoices a day and ticks a day: the same mix, of more."""
ACCOUNTS: Final = 300 * TIMES
INVOICES_A_DAY: Final = 10_000 * TIMES // 365
DAYS_MAX: Final = 3_650
LOOKS: Final = 20
"""At how many points of the way the memory is shown, evenly spread."""
FLAT: Final = 10
"""Bytes an event over the second half below which memory counts as flat."""
SHOWN: Final = (1, 5, 10, 15, 20)
"""Which of the looks have a column: 5, 25, 50, 75 and 100 %."""
COURSE: Final = "each 10 %"
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 120.0
"""How long a service may stand still."""
_DAY: Final = timedelta(days=1)
_MB: Final = 1_000_000
_BARS: Final = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Course:
    """One service's way: events, seconds, resident bytes at each look, and how they rise."""

    events: int
    seconds: float
    resident: tuple[float, ...]
    slope: float
    """Bytes an event, of the straight line through the second half."""


async def measure(site: Site, *, events: int, told: Callable[[str], None]) -> dict[str, Any]:
    """Publish a backlog and let each service in turn work off so many events of its own inputs.

    Each starts anew, with an empty store, on what the one before it wrote; one whose inputs have
    fewer events works off all of them.
    """
    published = await _publish(site, events, told)
    courses = {name: await _course(site, name, events, told) for name in SERVICES}
    return {
        "asked": events,
        "published": published,
        "accounts": ACCOUNTS,
        "course": {
            name: {
                "events": one.events,
                "per_second": round(one.events / one.seconds),
                "resident_mb": [round(each / _MB, 1) for each in one.resident],
                "bytes_per_event": round(one.slope, 1),
            }
            for name, one in courses.items()
        },
    }


async def _publish(site: Site, events: int, told: Callable[[str], None]) -> int:
    """Publish the history, ten days at a time, until there are so many records; how many."""
    told(f"publishing {events:,} records of {ACCOUNTS:,} accounts")
    await site.launch(*SERVICES)  # they make the topics
    await site.ready()
    await site.stop()
    begin, total, day = date(2025, 1, 1), 0, 0
    history = _history(begin, events)
    while total < events and day < DAYS_MAX:
        day += 10
        mix = await publish_all(history.before(midnight(begin + day * _DAY)), site.publisher)
        total += mix.total()
    return total


def _history(begin: date, events: int) -> Reel:
    """As many days as are sure to have so many records."""
    days = min(DAYS_MAX, 30 + 2 * events // (3 * INVOICES_A_DAY))
    return reel(
        accounts=ACCOUNTS,
        invoices=INVOICES_A_DAY * days,
        start=begin,
        days=days,
        every=TICK / TIMES,
    )


async def _course(site: Site, name: str, events: int, told: Callable[[str], None]) -> Course:
    """Let one service work off so many events, all by itself."""
    goal = min(events, sum((await site.ends(INPUTS[name])).values()))
    await site.launch(name)
    looks = [await site.use(name)]
    started = moved = monotonic()
    ahead = _Ahead(name, goal, told)
    while looks[-1].events < goal:
        await asyncio.sleep(_LOOK_S)
        site.check(name, until=moved + _PATIENCE_S)
        looks.append(await site.use(name))
        if looks[-1].events > looks[-2].events:
            moved = monotonic()
        ahead.look(looks[-1])
    await site.stop()
    return course(looks, moved - started)


@dataclass(slots=True)
class _Ahead:
    """Tells each tenth of the way."""

    name: str
    goal: int
    told: Callable[[str], None]
    tenths: int = -1

    def look(self, use: Usage) -> None:
        tenths = int(10 * use.events / self.goal)
        if tenths > self.tenths:
            self.tenths = tenths
            self.told(
                f"{self.name}: {min(100, 10 * tenths)} % of {self.goal:,} events,"
                f" {use.resident / _MB:.0f} MB"
            )


def course(looks: Sequence[Usage], seconds: float) -> Course:
    """What looks at a service's use tell of its way from none to the last one's events."""
    last = looks[-1].events
    nearest = [
        min(looks, key=lambda look: abs(look.events - last * number / LOOKS))
        for number in range(1, LOOKS + 1)
    ]
    late = [(look.events, look.resident) for look in looks if look.events >= last / 2]
    return Course(int(last), seconds, tuple(look.resident for look in nearest), slope(late))


def table(told: Mapping[str, Any]) -> Table:
    """The results as a table."""
    title = (
        f"resident MB of each service by itself, by share of {told['asked']:,} events"
        f"\n({told['accounts']:,} accounts; bytes an event: over the second half, to reach: below"
        f" {FLAT})"
    )
    shown = Table(title=title, title_justify="left")
    columns = (f"{100 * number // LOOKS} %" for number in SHOWN)
    for name in ("", *columns, COURSE, "bytes an event"):
        shown.add_column(name, justify="left" if name in {"", COURSE} else "right", no_wrap=True)
    for name, one in told["course"].items():
        resident = one["resident_mb"]
        shown.add_row(
            name,
            *(f"{resident[number - 1]:.0f}" for number in SHOWN),
            bars(resident[1::2]),
            f"{one['bytes_per_event']:.1f}",
        )
    return shown


def bars(values: Sequence[float]) -> str:
    """A bar for each value, from 0 to the highest."""
    most = max(values) or 1
    return "".join(_BARS[min(len(_BARS) - 1, int(len(_BARS) * one / most))] for one in values)
