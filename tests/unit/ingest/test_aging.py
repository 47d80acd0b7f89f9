"""Past due days, buckets and the start of days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.aging import (
    BucketsInvalid,
    buckets,
    day_of,
    later,
    past_due_days,
    start_of,
)

DEFAULT = buckets(("1-30", "31-60", "61-90", "91-120", "121+"))
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Kiritimati", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("day", "expected"),
    [("02-06", 5), ("02-09", 8), ("02-13", 12), ("02-23", 22), ("03-12", 40)],
)
def test_past_due_days_count_from_the_due_date_and_know_no_holds(day: str, expected: int) -> None:
    """Worked example E (Fineract): due on 2012-02-01, whatever pauses there were."""
    due_on = date(2012, 2, 1)

    assert expected == past_due_days(due_on, date.fromisoformat(f"2012-{day}"))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-400, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "121+"),
        (2_000_000, "121+"),
    ],
)
def test_each_bucket_has_both_its_ends(days: int, expected: str) -> None:
    """120 past due days are 91-120, not 121+."""
    assert expected == DEFAULT.label(days)


@pytest.mark.parametrize(
    "labels",
    [
        (),
        ("1-30",),
        ("0-30", "31+"),
        ("2-30", "31+"),
        ("1-30", "32+"),
        ("1-30", "30+"),
        ("1-30", "31+", "61+"),
        ("1+", "2-3"),
        ("1-0", "1+"),
        ("1-30", "31 and more"),
        ("one-30", "31+"),
        ("1-30+",),
        ("-5-30", "31+"),
        ("1-9999999", "10000000+"),
    ],
)
def test_buckets_with_gaps_overlaps_or_an_end_are_refused(labels: tuple[str, ...]) -> None:
    """Every past due day from 1 on is in exactly one bucket."""
    with pytest.raises(BucketsInvalid):
        buckets(labels)


@given(st.dates(), st.dates())
def test_the_next_change_is_the_next_day_with_another_label(due_on: date, after: date) -> None:
    """Between `after` and the next change the bucket is the same; on it, another."""
    found = DEFAULT.next_on(due_on, after)

    if found is None:
        assert past_due_days(due_on, date.max) < 121 or past_due_days(due_on, after) >= 121
        return
    assert found > after
    on = past_due_days(due_on, found)
    assert DEFAULT.label(on) != DEFAULT.label(on - 1)
    assert DEFAULT.label(on - 1) == DEFAULT.label(past_due_days(due_on, after))


@given(st.dates(), st.integers(0, 200))
def test_days_beyond_the_calendar_are_none(day: date, days: int) -> None:
    """A due date of 9999-12-31 has no day after it, and says so."""
    expected = None if date.max - day < timedelta(days) else day + timedelta(days)

    assert expected == later(day, days)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [date.min, date(2018, 11, 4), date(2024, 2, 29), date.max])
def test_a_day_starts_where_the_creditor_is_and_never_raises(day: date, zone: str) -> None:
    """Also at both ends of the calendar, and where midnight is skipped."""
    start = start_of(day, zone)

    assert UTC == start.tzinfo
    if date.min < day < date.max:
        assert day == day_of(start, zone)
        assert day > day_of(start - timedelta(microseconds=1), zone)


def test_midnight_in_berlin_is_an_hour_or_two_before_utc() -> None:
    """Winter and summer."""
    assert datetime(2025, 1, 31, 23, tzinfo=UTC) == start_of(date(2025, 2, 1), "Europe/Berlin")
    assert datetime(2025, 6, 30, 22, tzinfo=UTC) == start_of(date(2025, 7, 1), "Europe/Berlin")
