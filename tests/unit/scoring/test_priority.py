"""Two lanes and one priority: never lower for more money, more age or a better chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.sources import read_scorecard, read_segments

CARD = read_scorecard()
SEGMENTS = read_segments()
PLACE = CARD.terms.priorities.place
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "USD", "XAF"])
AMOUNTS = st.integers(1, 10**17)
AGES = st.integers(1, 4_000)
CHANCES = st.integers(1, 9_999)


def priority(overdue: int, chance: int, age: int, currency: str) -> int:
    """The priority of an overdue amount that comes in with a chance of so many ten-thousandths."""
    return PLACE(
        overdue_minor=overdue,
        expected_minor=overdue * chance // 10_000,
        currency=currency,
        past_due_days=age,
    )[1]


@given(AMOUNTS, AMOUNTS, CHANCES, CHANCES, AGES, AGES, CURRENCIES)
def test_priority_is_monotone(  # noqa: PLR0917 - hypothesis hands them over in order
    overdue: int, more: int, chance: int, better: int, age: int, older: int, currency: str
) -> None:
    """More overdue, a better chance and a greater age never lower it; it stays within bounds."""
    least = priority(min(overdue, more), min(chance, better), min(age, older), currency)
    most = priority(max(overdue, more), max(chance, better), max(age, older), currency)

    assert 0 <= least <= most <= 1_000


@given(AMOUNTS, AMOUNTS, AGES, AGES, CURRENCIES)
def test_protect_value_is_by_age_then_amount(
    one: int, other: int, age: int, older: int, currency: str
) -> None:
    """In that lane an older age band is worked before any amount of a younger one."""
    first = PLACE(overdue_minor=one, expected_minor=0, currency=currency, past_due_days=age)
    second = PLACE(overdue_minor=other, expected_minor=0, currency=currency, past_due_days=older)

    band, older_band = CARD.terms.priorities.age_band(age), CARD.terms.priorities.age_band(older)
    if band < older_band:
        assert first[1] <= second[1]


@pytest.mark.parametrize(
    ("overdue", "chance", "age", "lane"),
    [
        (50_000_00, 9_000, 10, "quick_recovery"),
        (50_000_00, 3_000, 200, "protect_value"),
        (50_00, 9_000, 10, "quick_recovery"),
        (50_00, 3_000, 200, "protect_value"),
    ],
)
def test_lanes(overdue: int, chance: int, age: int, lane: str) -> None:
    """What should come soon is quick recovery; what is old is protected before it is lost."""
    found = PLACE(
        overdue_minor=overdue,
        expected_minor=overdue * chance // 10_000,
        currency="EUR",
        past_due_days=age,
    )

    assert lane == found[0]


def test_nothing_overdue_has_no_priority() -> None:
    """It is not worked."""
    found = PLACE(overdue_minor=0, expected_minor=0, currency="EUR", past_due_days=0)

    assert ("quick_recovery", 0) == found


def test_the_same_worth_has_the_same_rank() -> None:
    """100 euros and the yen that are worth as much rank alike, whatever the minor units."""
    worth = CARD.terms.priorities.rank(100_00, "EUR")

    assert (
        worth
        == CARD.terms.priorities.rank(16_667, "JPY")
        == CARD.terms.priorities.rank(33_334, "KWD")
    )


@pytest.mark.parametrize(
    ("amount", "rank"),
    [(0, 0), (9_99, 59), (10_00, 60), (55_00, 140), (1_000_000_00, 1_000), (10**12, 1_000)],
)
def test_a_rank_lies_straight_between_the_points_of_the_scale(amount: int, rank: int) -> None:
    """At a point it is the point's own, rounded down between two, and beyond the last the last."""
    assert rank == CARD.terms.priorities.rank(amount, "EUR")


@pytest.mark.parametrize(("days", "band"), [(1, 0), (30, 0), (31, 1), (120, 3), (121, 4)])
def test_age_bands(days: int, band: int) -> None:
    """A band ends with its last day."""
    assert band == CARD.terms.priorities.age_band(days)
