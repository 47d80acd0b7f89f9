"""Holds: which days count as held, and how that moves the steps.

The Fineract rows are worked example E: its pauses run up to, not including, their end, and so end
here on the day before (the wire shows the last day held).
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain.days import NEVER
from services.outreach.domain.hold import (
    Hold,
    day_of_delinquency,
    delinquent_days,
    gravest,
    held_days,
    spans_of,
    union,
)
from services.outreach.domain.item import Item

DUE = date(2012, 2, 1)
ITEM = Item("A", "I1", DUE, "EUR")


def d(words: str) -> date:
    """A day of 2012."""
    return date.fromisoformat(f"2012-{words}")


def pause(start: str, end: str | None) -> tuple[date, date | None]:
    """A pause as Fineract has it: its end is worked again."""
    return d(start), None if end is None else d(end)


@pytest.mark.parametrize(
    ("as_of", "pauses", "past_due", "delinquent"),
    [
        ("02-06", [], 5, 5),
        ("02-09", [pause("02-06", "03-10")], 8, 5),
        ("02-13", [pause("02-06", "02-10")], 12, 8),
        ("02-23", [pause("02-06", "02-10"), pause("02-13", "02-18")], 22, 13),
        (
            "03-12",
            [pause("02-06", "02-10"), pause("02-13", "02-18"), pause("02-23", "02-25")],
            40,
            29,
        ),
        ("03-12", [pause("02-06", "02-10")], 40, 36),
    ],
)
def test_held_days_come_off_the_days_past_due(
    as_of: str, pauses: list[tuple[date, date | None]], past_due: int, delinquent: int
) -> None:
    """Only the days up to the one asked about count, and a pause's end is worked again."""
    day = d(as_of)

    days = delinquent_days(union(pauses), DUE, day)

    assert (past_due, delinquent) == ((day - DUE).days, days)


def test_a_hold_may_be_placed_for_days_that_have_passed() -> None:
    """Due 24 January 2023: on the 30th it is 6 days; with a hold from the 27th on, 3."""
    due, day = date(2023, 1, 24), date(2023, 1, 30)

    assert delinquent_days([], due, day) == 6
    assert 3 == delinquent_days([(date(2023, 1, 27), date(2023, 2, 15))], due, day)


def test_a_hold_from_the_due_date_on_leaves_the_days_after_it() -> None:
    """Due and held from 16 November, worked again from the 25th: one day by the 26th."""
    due = date(2023, 11, 16)

    days = delinquent_days([(due, date(2023, 11, 25))], due, date(2023, 11, 26))

    assert 1 == days


def test_adjacent_and_released_pauses_are_told_apart() -> None:
    """Released on the 11th: 10–11, then 13–14 and 15–20 stay as they are: seven days in all."""
    spans = union([pause("01-10", "01-11"), pause("01-13", "01-14"), pause("01-15", "01-20")])

    assert spans == [(d("01-10"), d("01-11")), (d("01-13"), d("01-14")), (d("01-15"), d("01-20"))]
    assert 7 == held_days(spans, d("01-01"), d("02-01"))


@pytest.mark.parametrize(
    "pauses",
    [
        [pause("02-05", "02-20"), pause("02-08", "02-10")],
        [pause("02-08", "02-10"), pause("02-05", "02-20")],
        [pause("02-05", "02-12"), pause("02-10", "02-20")],
        [pause("02-05", "02-12"), pause("02-12", "02-20")],
        [pause("02-05", "02-20"), pause("02-05", "02-20")],
    ],
)
def test_no_day_is_held_twice(pauses: list[tuple[date, date | None]]) -> None:
    """Holds that contain, overlap, touch or equal one another hold the days of their union."""
    assert 15 == held_days(union(pauses), DUE, d("03-01"))


def test_days_before_the_due_date_do_not_count_as_held() -> None:
    """A hold is clipped to the overdue window: before it, nothing was late."""
    assert 4 == held_days(union([pause("01-10", "02-05")]), DUE, d("03-01"))


def test_a_hold_on_one_item_leaves_the_others() -> None:
    """Holds name items, invoices, or (naming none) all; a disputed part holds no day."""
    begins = datetime(2012, 2, 3, tzinfo=UTC)
    other = Item("A", "I2", DUE, "EUR", invoice_id="V2")
    on_item = Hold("h1", "manual", d("02-03"), begins, item_ids=["I1"])
    on_invoice = Hold("h2", "autopay", d("02-03"), begins, invoice_ids=["V2"])
    on_part = Hold("h3", "dispute", d("02-03"), begins, amount_minor=100, currency="EUR")

    assert spans_of([on_item, on_part], ITEM) == [(d("02-03"), NEVER)]
    assert spans_of([on_item, on_part], other) == []
    assert spans_of([on_invoice], other) == [(d("02-03"), NEVER)]


def test_the_gravest_reason_is_named() -> None:
    """A breathing space outranks a promise, whichever came first."""
    begins = datetime(2012, 2, 3, tzinfo=UTC)
    promise = Hold("a", "promise", d("02-03"), begins)
    space = Hold("b", "breathing_space", d("02-05"), begins)

    assert gravest([promise, space]) is space
    assert gravest([]) is None


DAYS = st.integers(-40, 80).map(lambda days: DUE + timedelta(days=days))
INTERVALS = st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=6)


@given(INTERVALS, DAYS, st.integers(0, 10))
def test_delinquent_days_agree_with_a_count_day_by_day(
    intervals: list[tuple[date, date | None]], day: date, grace_days: int
) -> None:
    """The sum over merged spans is the number of days of the window that no interval has."""
    window = [DUE + timedelta(days=i) for i in range(max(0, (day - DUE).days))]
    held = [
        each
        for each in window
        if any(start <= each and (end is None or each < end) for start, end in intervals)
    ]
    expected = max(0, (day - DUE).days - grace_days - len(held))

    assert expected == delinquent_days(union(intervals), DUE, day, grace_days=grace_days)


@given(INTERVALS, st.integers(1, 30), st.integers(0, 10))
def test_the_day_of_delinquency_is_the_first_that_has_it(
    intervals: list[tuple[date, date | None]], days: int, grace_days: int
) -> None:
    """On that day the count is reached, on the day before it is not; without an end, never."""
    spans = union(intervals)

    day = day_of_delinquency(spans, DUE, days, grace_days=grace_days)

    if day == NEVER:
        assert spans[-1][1] == NEVER
    else:
        assert delinquent_days(spans, DUE, day, grace_days=grace_days) == days
        before = day - timedelta(days=1)
        assert delinquent_days(spans, DUE, before, grace_days=grace_days) == days - 1
