"""KPI's figures from a real MongoDB: what is over is read once, and every answer is still whole."""

import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from typing_extensions import override

from services.kpi.api import KpiApi
from services.kpi.domain.cells import row
from services.kpi.domain.report import report
from services.kpi.store import Figures
from services.kpi.wiring import WIRING
from shared.cli.stack import Stack
from shared.line.ports import Cursor, WriteSet
from shared.runtime.doors import Problem, Request
from shared.runtime.store import MongoReader, MongoStore
from tests.integration.conftest import Database

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

MARCH = date(2026, 3, 1)
PARTITIONS = 2


class Watched(MongoReader):
    """Notes from which row on it was asked to read."""

    asked: list[str]

    @override
    def each_share_from(self, first: str) -> AsyncIterator[tuple[int, str, dict[str, int]]]:
        self.asked.append(first)
        return super().each_share_from(first)


@dataclass
class Kept:
    """A store with figures, and beside it what they must add up to."""

    store: MongoStore
    reader: Watched
    figures: Figures
    cursors: dict[int, Cursor]
    cells: dict[tuple[str, str], int] = field(default_factory=dict)

    async def write(
        self, partition: int, cells: Mapping[str, tuple[str, int]], *, tick: datetime | None = None
    ) -> None:
        """Commit one partition's figures, by name of a cell: a row and an amount."""
        cursor = self.cursors[partition].copy()
        cursor.version += 1
        if tick is not None:
            cursor.watermarks = dict.fromkeys(WIRING.inputs, tick)
        told = {(name, cell): amount for cell, (name, amount) in cells.items()}
        await self.store.commit([WriteSet(cursor=cursor, cells=told)])
        self.cursors[partition] = cursor
        for place, amount in told.items():
            self.cells[place] = self.cells.get(place, 0) + amount

    async def tick(self, day: date) -> None:
        """Both partitions pass the midnight that a day begins with, in UTC."""
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for partition in range(PARTITIONS):
            await self.write(partition, {}, tick=at)

    async def said(self, as_of: date, reported_on: date | None = None) -> dict[str, Any]:
        """The report as the service answers it."""
        days = {"as_of": as_of} | ({"reported_on": reported_on} if reported_on else {})
        found = await KpiApi(self.figures).report(days)
        return {name: value for name, value in found.items() if name != "complete"}


@pytest_asyncio.fixture
async def kept(stack: Stack, database: Database) -> AsyncIterator[Kept]:
    """An empty store, and a reader of it."""
    store = MongoStore(stack.mongodb_uri, database.name, owner="writer")
    reader = Watched(stack.mongodb_uri, database.name, owner="reader")
    reader.asked = []
    await store.start()
    acquired = await store.acquire(range(PARTITIONS))
    cursors = {number: one.cursor for number, one in acquired.items()}
    yield Kept(store, reader, Figures(reader, partitions=PARTITIONS), cursors)
    await reader.stop()
    await store.stop()


def settled(on: date, known: date) -> str:
    """The row of what was settled on a day, as known from another on."""
    return row("settled", "creditor", "EUR", on, known.isoformat())


async def test_what_is_over_is_read_once(kept: Kept) -> None:
    """Late knowledge of an old day counts, on either partition, even where it undoes a part."""
    for number in range(12):
        day = MARCH + timedelta(days=number)
        await kept.tick(day)
        cell = {"cash|10|0": 100 + number, "cash|10|0|n": 1, f"cash|{number}|3|n": 1}
        await kept.write(0, {name: (settled(day, day), n) for name, n in cell.items()})
        if number >= 5:  # what was settled four days ago turns out not to have been
            before = settled(day - timedelta(days=4), day)
            await kept.write(1, {"cash|10|0": (before, -96 - number), "cash|10|0|n": (before, -1)})

        for as_of in (day, day - timedelta(days=3)):
            assert report(kept.cells, as_of=as_of) == await kept.said(as_of)

    days = [(MARCH + timedelta(days=number - 1)).isoformat() for number in range(12)]
    assert kept.reader.asked == ["", *itertools.chain(*zip(days, days, strict=True))][:24]


async def test_nothing_is_over_while_one_partition_has_no_tick(kept: Kept) -> None:
    """It may still tell of any day."""
    old = settled(MARCH, MARCH)
    await kept.write(0, {"cash|1|0|n": (old, 1)}, tick=datetime(2026, 4, 1, tzinfo=UTC))
    april = date(2026, 4, 1)
    assert report(kept.cells, as_of=april) == await kept.said(april)

    await kept.write(1, {"cash|1|0|n": (old, 5)})

    assert report(kept.cells, as_of=april) == await kept.said(april)
    assert kept.reader.asked == ["", ""]


async def test_a_day_is_open_until_it_is_over_everywhere(kept: Kept) -> None:
    """Where the line is at midnight in UTC, it is still the day before for some creditors."""
    day, before = MARCH, MARCH - timedelta(days=1)
    await kept.tick(day)
    await kept.write(0, {"cash|1|0|n": (settled(before, before), 1)})
    assert report(kept.cells, as_of=day) == await kept.said(day)

    await kept.write(1, {"cash|1|0|n": (settled(before, before), 2)})

    assert report(kept.cells, as_of=day) == await kept.said(day)


async def test_as_reported_on_a_day_all_is_read(kept: Kept) -> None:
    """And what is kept of the days that are over stays as it was."""
    for number in range(6):
        day = MARCH + timedelta(days=number)
        await kept.tick(day)
        await kept.write(0, {"cash|2|0|n": (settled(MARCH, day), 1)})
    last = MARCH + timedelta(days=5)
    now = await kept.said(last)

    third = MARCH + timedelta(days=2)
    assert report(kept.cells, as_of=last, reported_on=third) == await kept.said(last, third)
    assert now == await kept.said(last)


async def test_an_older_database_is_read_anew(kept: Kept) -> None:
    """One was restored under the reader: what it had kept is no longer true."""
    await kept.tick(MARCH + timedelta(days=9))
    await kept.write(0, {"cash|3|0|n": (settled(MARCH, MARCH), 7)})
    await kept.said(MARCH)

    await kept.tick(MARCH + timedelta(days=2))
    await kept.write(0, {"cash|3|0|n": (settled(MARCH, MARCH), -4)})

    assert report(kept.cells, as_of=MARCH) == await kept.said(MARCH)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as_of=2026-13-01", "as_of"),
        ("as_of=", "as_of"),
        ("as_of=2026-03-01&as_of=2026-03-02", "as_of"),
        ("asof=2026-03-01", "asof"),
        ("begin=0003-12-31", "begin"),
        ("reported_on=9997-01-01", "reported_on"),
        ("begin=2026-03-02&as_of=2026-03-01", "begin"),
        ("as_of=%ff", "query"),
    ],
)
async def test_what_is_no_question_is_refused_by_its_name(
    kept: Kept, query: str, field: str
) -> None:
    """And what it should have been."""
    await kept.tick(MARCH)
    api = KpiApi(kept.figures)
    request = Request(method="GET", path="/v1/kpis", query=query, headers={}, body=b"")

    with pytest.raises(Problem) as refused:
        await api.kpis(request)

    assert (400, field) == (refused.value.status, refused.value.field)
