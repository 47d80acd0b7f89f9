"""Query strings: each value as what it must be, or a refusal with its name."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.doors import Problem
from shared.runtime.query import Query

NAMES = ("a", "day", "at", "n", "c")


def test_what_was_asked_for() -> None:
    """Text in any script, days, moments in UTC whatever their offset, numbers, words."""
    query = Query(
        "a=%C3%A9%20%F0%9F%92%B6&day=2026-01-31&at=2026-01-31T09:00:00%2B01:00&n=7", NAMES
    )

    assert "é 💶" == query.text("a") == query.needed("a", "which?")
    assert date(2026, 1, 31) == query.day("day")
    assert datetime(2026, 1, 31, 8, tzinfo=UTC) == query.instant("at")
    assert 7 == query.number("n", 5, most=9)
    assert "x" == query.choice("c", "x", ("x", "y"))


def test_what_was_not_asked_for() -> None:
    """Nothing, or what is usual."""
    query = Query("", NAMES)

    assert ("", None, None) == (query.text("a"), query.day("day"), query.instant("at"))
    assert 5 == query.number("n", 5, most=9)


@pytest.mark.parametrize(
    ("text", "read", "name"),
    [
        ("z=1", lambda _: None, "z"),
        ("a=1&a=2", lambda _: None, "a"),
        ("a=%00", lambda _: None, "a"),
        ("a=" + "x" * 9_000, lambda _: None, "a"),
        ("a=%FF", lambda _: None, "query"),
        ("&".join("a=1" for _ in range(60)), lambda _: None, "query"),
        ("a=", lambda query: query.needed("a", "whose?"), "a"),
        ("day=2026-02-30", lambda query: query.day("day"), "day"),
        ("day=", lambda query: query.day("day"), "day"),
        ("day=0001-01-01", lambda query: query.day("day"), "day"),
        ("day=9999-12-31", lambda query: query.day("day"), "day"),
        ("at=2026-01-31T09:00:00", lambda query: query.instant("at"), "at"),
        ("at=2026-01-31T09:00:00+01:00", lambda query: query.instant("at"), "at"),
        ("at=0001-01-01T00:00:00%2B23:00", lambda query: query.instant("at"), "at"),
        ("n=0", lambda query: query.number("n", 5, most=9), "n"),
        ("n=10", lambda query: query.number("n", 5, most=9), "n"),
        ("n=%C2%B2", lambda query: query.number("n", 5, most=9), "n"),
        ("n=" + "9" * 5_000, lambda query: query.number("n", 5, most=9), "n"),
        ("c=z", lambda query: query.choice("c", "x", ("x", "y")), "c"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(
    text: str, read: Callable[[Query], object], name: str
) -> None:
    """400, and nothing of the value in the words."""
    with pytest.raises(Problem) as problem:
        read(Query(text, NAMES))

    assert (400, name) == (problem.value.status, problem.value.field)


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_query_string_is_read_or_refused(name: str, value: str) -> None:
    """Never an error of another kind."""
    with suppress(Problem):
        query = Query(f"{quote(name)}={value}", NAMES)
        for one in NAMES:
            query.text(one)
        query.day("day")
        query.instant("at")
        query.number("n", 1, most=3)
