"""Contact hours: open in every zone where the debtor may be, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain.hours import Window, closing, opening, shut
from services.outreach.domain.places import zones_of

WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))
EIGHT_TO_NINE = Window(8 * 60, 21 * 60, WEEK)
OFFICE = Window(9 * 60, 18 * 60, WORKDAYS)
NEW_YORK, LOS_ANGELES, BERLIN = "America/New_York", "America/Los_Angeles", "Europe/Berlin"


def local(words: str, name: str) -> datetime:
    """A moment by a wall clock."""
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(name)).astimezone(UTC)


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-04-01 07:59:59", "quiet_hours"),
        ("2026-04-01 08:00:00", ""),
        ("2026-04-01 20:59:59", ""),
        ("2026-04-01 21:00:00", "quiet_hours"),
    ],
)
def test_a_window_has_its_first_moment_and_not_its_last(wall: str, expected: str) -> None:
    """Intervals are half-open: nine in the evening is outside a window that ends at nine."""
    assert expected == shut(EIGHT_TO_NINE, local(wall, NEW_YORK), [NEW_YORK])


@pytest.mark.parametrize(
    ("wall", "expected"), [("2026-04-01 17:59", ""), ("2026-04-01 18:00", "quiet_hours")]
)
def test_all_zones_must_be_open(wall: str, expected: str) -> None:
    """18:00 Pacific is 21:00 Eastern: closed, if the debtor may be in either."""
    at = local(wall, LOS_ANGELES)

    assert expected == shut(EIGHT_TO_NINE, at, [NEW_YORK, LOS_ANGELES])


def test_the_next_opening_is_where_all_zones_meet() -> None:
    """From 21:00 Eastern on, the next moment is 08:00 Pacific."""
    at = local("2026-04-01 21:00", NEW_YORK)

    assert local("2026-04-02 08:00", LOS_ANGELES) == opening(
        EIGHT_TO_NINE, at, [NEW_YORK, LOS_ANGELES]
    )


def test_zones_that_never_meet_have_no_opening() -> None:
    """A short window on two sides of the earth is never open in both."""
    window = Window(9 * 60, 12 * 60, WEEK)

    assert opening(window, local("2026-04-01 10:00", BERLIN), [BERLIN, "Pacific/Auckland"]) is None


def test_a_weekend_is_waited_out() -> None:
    """Friday evening: Monday morning. Saturday is no business day, whatever the hour."""
    assert shut(OFFICE, local("2026-03-07 10:00", BERLIN), [BERLIN]) == "non_business_day"
    assert local("2026-03-09 09:00", BERLIN) == opening(
        OFFICE, local("2026-03-06 18:00", BERLIN), [BERLIN]
    )


def test_saturday_in_one_zone_is_enough() -> None:
    """Friday 18:00 in Los Angeles is Saturday in Sydney, where the debtor may be too."""
    at = local("2026-03-06 16:00", LOS_ANGELES)

    assert shut(OFFICE, at, [LOS_ANGELES, "Australia/Sydney"]) == "non_business_day"


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_an_edge_is_by_the_wall_clock_on_days_that_change_it(day: str) -> None:
    """Eight o'clock is eight o'clock on days of 23 and of 25 hours."""
    opens = local(f"{day} 08:00", BERLIN)

    assert shut(EIGHT_TO_NINE, opens - timedelta(seconds=1), [BERLIN]) == "quiet_hours"
    assert shut(EIGHT_TO_NINE, opens, [BERLIN]) == ""
    assert local(f"{day} 21:00", BERLIN) == closing(EIGHT_TO_NINE, opens, [BERLIN])


def test_an_edge_that_the_clock_leaves_out_makes_the_window_shorter() -> None:
    """02:30 does not exist on 29 March: who opens then opens at 03:30, who closes, at 01:30."""
    opens_then = Window(150, 480, WEEK)
    closes_then = Window(60, 150, WEEK)

    assert local("2026-03-29 03:30", BERLIN) == opening(
        opens_then, local("2026-03-29 00:00", BERLIN), [BERLIN]
    )
    assert local("2026-03-29 01:30", BERLIN) == closing(
        closes_then, local("2026-03-29 01:00", BERLIN), [BERLIN]
    )


def test_an_edge_that_comes_twice_makes_the_window_shorter() -> None:
    """02:30 comes twice on 25 October: a window opens at the second and closes at the first."""
    second = local("2026-10-25 02:30", BERLIN) + timedelta(hours=1)

    assert second == opening(Window(150, 480, WEEK), local("2026-10-25 00:00", BERLIN), [BERLIN])
    assert second - timedelta(hours=1) == closing(
        Window(60, 150, WEEK), local("2026-10-25 01:00", BERLIN), [BERLIN]
    )


def test_a_window_around_the_clock_goes_on_after_midnight() -> None:
    """Open all day, every day: the next day's end is as far as is looked."""
    always = Window(0, 1440, WEEK)

    assert closing(always, local("2026-03-06 23:59", BERLIN), [BERLIN]) == local(
        "2026-03-08 00:00", BERLIN
    )


def test_places_are_those_told_else_the_country_else_the_creditor() -> None:
    """A zone that is told, or known of the contact point, leaves no doubt; a wide country does."""
    assert zones_of([BERLIN], "", "US", "UTC") == (BERLIN,)
    assert zones_of([BERLIN], NEW_YORK, "", "UTC") == (NEW_YORK, BERLIN)
    assert zones_of([], "", "DE", "UTC") == (BERLIN,)
    assert LOS_ANGELES in zones_of([], "", "US", "UTC")
    assert zones_of([], "", "", "UTC") == ("UTC",)


ZONES = st.lists(
    st.sampled_from(
        [BERLIN, NEW_YORK, LOS_ANGELES, "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)
WINDOWS = st.builds(
    lambda edges, days: Window(min(edges), max(edges), days),
    st.sets(st.integers(0, 1440), min_size=2, max_size=2),
    st.frozensets(st.integers(0, 6), min_size=1),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 - UTC next
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(WINDOWS, MOMENTS, ZONES)
def test_what_is_open_is_inside_the_hours_by_every_wall_clock(
    window: Window, at: datetime, zones: list[str]
) -> None:
    """The opening is not before the moment, open by each clock on the wall, and closes later."""
    found = opening(window, at, zones)

    if found is None:
        return
    assert found >= at
    assert shut(window, found, zones) == ""
    closes = closing(window, found, zones)
    assert closes > found
    for moment in (found, closes - timedelta(microseconds=1)):
        for name in zones:
            clock = moment.astimezone(ZoneInfo(name))
            assert window.opens <= clock.hour * 60 + clock.minute < window.closes
            assert clock.weekday() in window.weekdays
