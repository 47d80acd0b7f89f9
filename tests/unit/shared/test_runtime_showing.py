"""Figures that a service shows of itself, every so often."""

import asyncio

import pytest

from shared.line.ports import Unavailable
from shared.runtime.showing import RESTS, Showing


async def waited(show_s: float, *, period_s: float, fails: bool = False) -> float:
    """How long it waits after its first look, which takes `show_s` seconds."""
    pauses: list[float] = []
    over = asyncio.Event()

    async def show() -> None:
        await asyncio.sleep(show_s)
        if fails:
            raise Unavailable("the store is away")

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        over.set()
        await asyncio.sleep(60)

    showing = Showing("kpi", show, period_s, sleep=pause)
    await showing.start()
    await asyncio.wait_for(over.wait(), timeout=10)
    await showing.stop()
    return pauses[0]


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_quick_is_shown_at_its_period(fails: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A store that is away is asked again as soon."""
    assert await waited(0.0, period_s=15.0, fails=fails) == 15.0


@pytest.mark.asyncio
async def test_what_takes_long_is_shown_less_often() -> None:
    """It never takes more than a tenth of the time from the work that the service is there for."""
    pause_s = await waited(0.2, period_s=0.1)

    assert RESTS * 0.2 <= pause_s < RESTS * 2.0
