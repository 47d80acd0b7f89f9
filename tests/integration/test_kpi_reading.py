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

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

MARCH = date(2026, 3, 1)
PARTITIONS = 2
_numbers = itertools.count()


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


@pytest_asyncio.fixture
async def kept(stack: Stack) -> AsyncIterator[tuple[Kept, Watched]]:
    """An empty store, and a reader of it."""
    name = f"kpi_{next(_numbers)}_{datetime.now(UTC):%H%M%S%f}"
    store = MongoStore(stack.mongodb_uri, name, owner="writer")
    reader = Watched(stack.mongodb_uri, name, owner="reader")
    reader.asked = []
    await store.start()
    try:
        acquired = await store.acquire(range(PARTITIONS))
        yield Kept(store, {number: one.cursor for number, one in acquired.items()}), reader
    finally:
        await reader.stop()
        await store.stop()


def settled(on: date, known: date) -> str:
    """The row of what was settled on a day, as known from another on."""
    return row("settled", "creditor", "EUR", on, known.isoformat())


async def said(figures: Figures, as_of: date, reported_on: date | None = None) -> dict[str, Any]:
    """The report as the service answers it."""
    days = {"as_of": as_of} | ({"reported_on": reported_on} if reported_on else {})
    found = await KpiApi(figures).report(days)
    return {name: value for name, value in found.items() if name != "complete"}


async def test_what_is_over_is_read_once(kept: tuple[Kept, Watched]) -> None:
    """Late knowledge of an old day counts, on either partition, even where it undoes a part."""
    books, reader = kept
    figures = Figures(reader, partitions=PARTITIONS)
    for number in range(12):
        day = MARCH + timedelta(days=number)
        await books.tick(day)
        cell = {"cash|10|0": 100 + number, "cash|10|0|n": 1, f"cash|{number}|3|n": 1}
        await books.write(0, {name: (settled(day, day), n) for name, n in cell.items()})
        if number >= 5:  # what was settled four days ago turns out not to have been
            before = settled(day - timedelta(days=4), day)
            await books.write(1, {"cash|10|0": (before, -96 - number), "cash|10|0|n": (before, -1)})

        for as_of in (day, day - timedelta(days=3)):
            assert report(books.cells, as_of=as_of) == await said(figures, as_of)

    days = [(MARCH + timedelta(days=number - 1)).isoformat() for number in range(12)]
    assert reader.asked == ["", *itertools.chain(*zip(days, days, strict=True))][:24]


async def test_nothing_is_over_while_one_partition_has_no_tick(kept: tuple[Kept, Watched]) -> None:
    """It may still tell of any day."""
    books, reader = kept
    figures = Figures(reader, partitions=PARTITIONS)
    old = settled(MARCH, MARCH)
    await books.write(0, {"cash|1|0|n": (old, 1)}, tick=datetime(2026, 4, 1, tzinfo=UTC))
    april = date(2026, 4, 1)
    assert report(books.cells, as_of=april) == await said(figures, april)

    await books.write(1, {"cash|1|0|n": (old, 5)})

    assert report(books.cells, as_of=april) == await said(figures, april)
    assert reader.asked == ["", ""]


async def test_a_day_is_open_until_it_is_over_everywhere(kept: tuple[Kept, Watched]) -> None:
    """Where the line is at midnight in UTC, it is still the day before for some creditors."""
    books, reader = kept
    figures = Figures(reader, partitions=PARTITIONS)
    day, before = MARCH, MARCH - timedelta(days=1)
    await books.tick(day)
    await books.write(0, {"cash|1|0|n": (settled(before, before), 1)})
    assert report(books.cells, as_of=day) == await said(figures, day)

    await books.write(1, {"cash|1|0|n": (settled(before, before), 2)})

    assert report(books.cells, as_of=day) == await said(figures, day)


async def test_as_reported_on_a_day_all_is_read(kept: tuple[Kept, Watched]) -> None:
    """And what is kept of the days that are over stays as it was."""
    books, reader = kept
    figures = Figures(reader, partitions=PARTITIONS)
    for number in range(6):
        day = MARCH + timedelta(days=number)
        await books.tick(day)
        await books.write(0, {"cash|2|0|n": (settled(MARCH, day), 1)})
    last = MARCH + timedelta(days=5)
    now = await said(figures, last)

    third = MARCH + timedelta(days=2)
    assert report(books.cells, as_of=last, reported_on=third) == await said(figures, last, third)
    assert now == await said(figures, last)


async def test_an_older_database_is_read_anew(kept: tuple[Kept, Watched]) -> None:
    """One was restored under the reader: what it had kept is no longer true."""
    books, reader = kept
    figures = Figures(reader, partitions=PARTITIONS)
    await books.tick(MARCH + timedelta(days=9))
    await books.write(0, {"cash|3|0|n": (settled(MARCH, MARCH), 7)})
    await said(figures, MARCH)

    await books.tick(MARCH + timedelta(days=2))
    await books.write(0, {"cash|3|0|n": (settled(MARCH, MARCH), -4)})

    assert report(books.cells, as_of=MARCH) == await said(figures, MARCH)


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
    kept: tuple[Kept, Watched], query: str, field: str
) -> None:
    """And what it should have been."""
    books, reader = kept
    await books.tick(MARCH)
    api = KpiApi(Figures(reader, partitions=PARTITIONS))
    request = Request(method="GET", path="/v1/kpis", query=query, headers={}, body=b"")

    with pytest.raises(Problem) as refused:
        await api.kpis(request)

    assert (400, field) == (refused.value.status, refused.value.field)
