"""Working off a backlog: one service alone, or all four behind each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.command.benching.pace import Pace, pace
from services.command.benching.place import INPUTS, Site
from services.command.benching.spread import slope
from services.command.benching.usage import Usage
from services.command.service import SERVICES
from shared.topics import BILLING_EVENTS

QUARTERS: Final = (25, 50, 75, 100)
_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Alone:
    """One service on its own: its pace, CPU for each record, memory at the end."""

    pace: Pace
    cpu_us: float
    resident: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes at quarters of the way, and how they rise with each event from the first."""

    quarters: tuple[float, ...]
    slope: float


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole pipeline: records of the input, seconds to the end, CPU for each, memory."""

    records: int
    seconds: float
    cpu_us: dict[str, float] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Records of the input a second, through all four services."""
        return self.records / self.seconds


async def alone(site: Site, name: str) -> Alone:
    """Let one service work off what its inputs hold, all by itself."""
    ends = await site.ends(INPUTS[name])
    await site.launch(name)
    before = await site.use(name)
    await site.drained(name, ends)
    after = await site.use(name)
    await site.ready()
    found = pace(site.log(name))
    await site.stop()
    cpu_s = after.cpu_s - before.cpu_s
    return Alone(found, 1e6 * cpu_s / (after.events or 1), after.resident)


async def whole(site: Site, records: int) -> Whole:
    """Let all four work off `records` that wait at the door; they run on."""
    ends = await site.ends([BILLING_EVENTS])
    await site.launch(*SERVICES)
    before = await site.uses()
    looks: list[dict[str, Usage]] = []
    looking = asyncio.create_task(_look(site, looks))
    await site.drained("ingest", ends)
    for name in SERVICES[1:]:
        await site.drained(name, await site.ends(INPUTS[name]))
    looking.cancel()
    looks.append(await site.uses())
    paces = [pace(site.log(name)) for name in SERVICES]
    return Whole(
        records=records,
        seconds=(max(p.ended for p in paces) - min(p.started for p in paces)).total_seconds(),
        cpu_us={n: 1e6 * (looks[-1][n].cpu_s - before[n].cpu_s) / records for n in SERVICES},
        memory={n: memory([look[n] for look in looks]) for n in SERVICES},
    )


def memory(looks: Sequence[Usage]) -> Memory:
    """Resident memory at each quarter of the events that were taken in the end."""
    last = looks[-1].events
    nearest = [
        min(looks, key=lambda look: abs(look.events - last * quarter / 100)) for quarter in QUARTERS
    ]
    after_start = [(look.events, look.resident) for look in looks if look.events >= last / 4]
    return Memory(tuple(look.resident for look in nearest), slope(after_start))


async def _look(site: Site, looks: list[dict[str, Usage]]) -> None:
    while True:
        looks.append(await site.uses())
        await asyncio.sleep(_LOOK_S)
