"""Histories of one account for hypothesis: in any order and told late, or day by day."""

from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import strategies as st

from shared.events.base import Fact
from shared.money import text
from tests.unit.kpi.books import Books

START = date(2025, 1, 1)
DAYS = 200


@st.composite
def histories(draw: st.DrawFn) -> tuple[Books, list[tuple[date, Fact]]]:
    """An account's facts in order of the day they were told; some are told late."""
    books = Books("A")
    told: list[tuple[date, Fact]] = []
    moves = draw(st.lists(st.sampled_from("ippprcwex"), max_size=20))
    for number, move in enumerate(["i", *moves]):
        effective = START + timedelta(days=draw(st.integers(0, DAYS)))
        told_on = effective + timedelta(days=draw(st.sampled_from([0, 0, 1, 40])))
        told += [(told_on, fact) for fact in book(draw, books, move, number, effective)]
    told.sort(key=lambda pair: pair[0])
    return books, told


def book(draw: st.DrawFn, books: Books, move: str, number: int, on: date) -> list[Fact]:
    """Book one move, if there is something to book it on."""
    open_items = [item for item in books.items.values() if item.open > 0]
    if move == "i" or (move in "pcwe" and not open_items):
        amount = text(draw(st.integers(1, 10**9)), "EUR")
        due = on + timedelta(days=draw(st.integers(-5, 150)))
        return books.issue(f"I{number}", amount, issued=on, due=due)
    if move == "r":
        payments = sorted(books.payments)
        return books.reverse(draw(st.sampled_from(payments)), on) if payments else []
    if move == "x":
        return books.hold_cash(f"U{number}", "5.00", on)
    item = draw(st.sampled_from(open_items))
    part = text(draw(st.sampled_from([item.open, max(1, item.open // 2)])), "EUR")
    booked: dict[str, Callable[[], list[Fact]]] = {
        "e": lambda: books.extend(item.item_id, on + timedelta(draw(st.integers(-30, 90))), on),
        "p": lambda: books.pay(f"P{number}", item.item_id, part, on),
        "c": lambda: books.credit(item.item_id, part, on),
        "w": lambda: books.write_off(item.item_id, part, on),
    }
    return booked[move]()


@st.composite
def diaries(draw: st.DrawFn) -> list[tuple[date, list[Fact]]]:
    """An account's facts day by day: what aged first, then what was booked."""
    books = Books("A")
    day = START
    told: list[tuple[date, list[Fact]]] = []
    moves = draw(st.lists(st.sampled_from("iippppprcwex-"), max_size=15))
    for number, move in enumerate(["i", *moves]):
        facts = books.day(day)
        if move != "-":
            facts += book(draw, books, move, number, day)
        told.append((day, facts))
        day += timedelta(days=draw(st.sampled_from([0, 1, 7, 20, 60])))
    return told
