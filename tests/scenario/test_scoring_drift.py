"""What the running service counts of its scores, and how it holds them to what came."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from services.scoring.domain.drift import CAME, CHANCE, FORETOLD, JUDGED, rows_of
from services.scoring.domain.foretold import Foretold
from shared.events.base import Fact
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon
from tests.unit.scoring.stories import CARD, behaviour, issue, line, pay

Doings = dict[date, Callable[[Books], list[Fact]]]
OPENED, FIRST = date(2025, 1, 1), date(2025, 2, 1)
"""Due on 31 January, overdue on Saturday, 1 February: the first score, in the fifth week."""
ROW = rows_of(CARD.model, CARD.version) + "2025-W05"
ISSUED: Doings = {OPENED: issue("I1", "1000", OPENED, 30)}


def lived(doings: Doings, until: date, told: Line | None = None) -> Line:
    """A line on which one account's days have passed, up to the tick that ends the last one."""
    told, books, day = told or line(), Books("A"), min(doings)
    while day <= until:
        told.tick(midnight(day))
        for fact in books.day(day):
            told.tell(fact, time=midnight(day), woken=True)
        for fact in doings[day](books) if day in doings else []:
            told.tell(fact, time=noon(day))
        day += timedelta(days=1)
    told.tick(midnight(day))
    return told


def counted(told: Line, row: str = ROW) -> dict[str, int]:
    """The cells of one week."""
    return {cell: amount for (name, cell), amount in told.cells.items() if name == row}


def verdict(told: Line) -> tuple[int, int, int]:
    """How many were judged, what was foretold of them and what came, in ten-thousandths."""
    cells = counted(told)
    return cells.get(JUDGED, 0), cells.get(FORETOLD, 0), cells.get(CAME, 0)


def open_until(told: Line) -> list[datetime]:
    """When what is foretold and open matures."""
    foretold = told.party("A").find(Foretold)
    return [] if foretold is None else [each.until for each in foretold.open]


@pytest.mark.parametrize(
    ("doings", "came"),
    [
        ({date(2025, 3, 2): pay("I1", "1000", date(2025, 3, 2))}, 10_000),
        ({date(2025, 3, 4): pay("I1", "1000", date(2025, 3, 4))}, 0),
        ({date(2025, 3, 2): pay("I1", "999.99", date(2025, 3, 2))}, 0),
        ({date(2025, 2, 20): issue("I2", "50", date(2025, 2, 10), 5),
          date(2025, 3, 2): pay("I1", "1000", date(2025, 3, 2))}, 10_000),
        ({}, 0),
    ],
)  # fmt: skip
def test_a_score_is_held_to_what_came_within_thirty_days(doings: Doings, came: int) -> None:
    """Of what was overdue then, all of it: on 3 March, in the week that the score went out in."""
    told = lived(ISSUED | doings, date(2025, 3, 2))

    assert (1, 7_828, came) == verdict(told)
    assert {1} == {n for cell, n in counted(told).items() if cell.startswith(CHANCE)}


def test_before_thirty_days_are_over_nothing_is_judged() -> None:
    """On 2 March they are not."""
    told = lived(ISSUED, date(2025, 3, 1))

    assert (0, 0, 0) == verdict(told)
    assert [midnight(date(2025, 3, 3))] == open_until(told)


@pytest.mark.parametrize(("ends", "left"), [("credit", 0), ("write_off", 0), ("extend", 1)])
def test_what_was_closed_otherwise_says_nothing(ends: str, left: int) -> None:
    """A credit or a write-off drops it; an item that came later is none of its business."""

    def act(books: Books) -> list[Fact]:
        day = date(2025, 2, 20)
        if ends == "credit":
            return books.credit("I1", "400", day)
        if ends == "write_off":
            return books.write_off("I1", "1000", day)
        return books.extend("I2", date(2025, 4, 1), day)

    later = date(2025, 2, 10)
    told = lived(ISSUED | {later: issue("I2", "50", later, 40), date(2025, 2, 20): act}, FIRST)
    assert [midnight(date(2025, 3, 3))] == open_until(told)
    told = lived(ISSUED | {later: issue("I2", "50", later, 40), date(2025, 2, 20): act},
                 date(2025, 3, 10))  # fmt: skip

    assert left == verdict(told)[0]


def test_an_account_counts_once_a_week_and_is_held_to_one_score_at_a_time() -> None:
    """An item falls overdue each day of nine: many scores, and one count for each of two weeks."""
    monday = date(2025, 2, 3)
    items = {OPENED + timedelta(days=n): issue(f"I{n}", "1000", OPENED, 30 + n) for n in range(9)}

    told = lived(items, monday + timedelta(days=8))

    weeks = {row[-8:]: n for (row, cell), n in told.cells.items() if cell.startswith(CHANCE)}
    assert {"2025-W05": 1, "2025-W06": 1} == weeks
    assert len(told.out) > 5
    assert [midnight(date(2025, 3, 3))] == open_until(told)


def test_the_count_is_the_same_when_the_party_is_read_anew_before_each_event() -> None:
    """What is foretold lives in the store, not in memory."""
    doings = ISSUED | {date(2025, 3, 2): pay("I1", "1000", date(2025, 3, 2))}
    whole = lived(doings, date(2025, 3, 20))
    anew = lived(doings, date(2025, 3, 20), Line(line().core, reload=True))

    assert whole.cells == anew.cells
    assert (1, 7_828, 10_000) == verdict(anew)
    assert behaviour(anew).paid == 1
