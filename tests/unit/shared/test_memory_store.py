"""The store in memory keeps the rules of all stores, and fails where a test says so."""

import pytest

from shared.line.ports import Cursor, Unavailable, WriteSet
from shared.testing.memory_store import MemoryData, MemoryStore
from shared.testing.store_behaviour import BEHAVIOURS, Behaviour


@pytest.mark.asyncio
@pytest.mark.parametrize("rule", BEHAVIOURS, ids=lambda rule: rule.__name__)
async def test_it_keeps_the_rule(rule: Behaviour) -> None:
    """What holds on MongoDB holds in memory."""
    data = MemoryData()

    async def open_store() -> MemoryStore:
        return MemoryStore(data)

    await rule(open_store)


@pytest.mark.asyncio
@pytest.mark.parametrize(("step", "version"), [("commit.before", 0), ("commit.after", 1)])
async def test_a_commit_fails_before_or_after_it_is_stored(step: str, version: int) -> None:
    """A crash before it stores nothing; one after it only loses the answer."""
    failing = {step}

    def crash(at: str) -> None:
        if at in failing:
            raise Unavailable(at)

    store = MemoryStore(crash=crash)
    cursor = (await store.acquire([0]))[0].cursor
    write = WriteSet(Cursor(partition=0, epoch=cursor.epoch, version=1), cells={("r", "c"): 1})

    with pytest.raises(Unavailable):
        await store.commit([write])
    stored = (await store.cursors())[0].version
    failing.clear()
    committed = await store.commit([write])

    assert version == stored
    assert frozenset() == committed.fenced
    assert [(0, "r", {"c": 1})] == await store.cells("r")


@pytest.mark.asyncio
async def test_a_crash_point_sees_each_call() -> None:
    """Every call names its step, so that a simulation can choose any of them."""
    steps: list[str] = []
    store = MemoryStore(crash=steps.append)

    await store.start()
    await store.ping()
    await store.acquire([0])
    await store.load([], [])
    await store.taken([])
    await store.bind({})
    await store.commit([])
    await store.release([0], [])

    assert [
        "start.before",
        "ping.before",
        "acquire.before",
        "acquire.after",
        "load.before",
        "taken.before",
        "bind.before",
        "bind.after",
        "commit.before",
        "commit.after",
        "release.before",
        "release.after",
    ] == steps
