"""The figures of a report, against their definitions and against sums done by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning.drift import index_of, reference, weekly
from services.scoring.learning.metrics import auc, brier, calibration_error, curve
from services.scoring.learning.resampling import draws, figure
from services.scoring.learning.sample import Outcome, Sample, thinned
from services.scoring.learning.worklist import rows, top

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
SCORED = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40
)


def sample(
    account: str, amount: int, *, paid: int = 0, at: datetime = MONDAY, currency: str = "EUR"
) -> Sample:
    """An account with something overdue; `paid` of it came within 30 days."""
    return Sample(
        at=at, account_id=account, segment="all", currency=currency, known=3, amount=amount,
        snapshot={}, scores={"m 1": {"paid_30": 0.5}},
        outcomes={"paid_30": Outcome(paid >= amount, at + timedelta(days=30))},
        collected={"paid_30": paid},
    )  # fmt: skip


@given(SCORED)
def test_area_is_the_share_of_pairs_in_the_right_order(scored: list[tuple[int, bool, int]]) -> None:
    """Of all pairs of one that happened and one that did not; equal values count half."""
    values = [float(value) for value, _, _ in scored]
    came = [happened for _, happened, _ in scored]

    yes = [value for value, happened in zip(values, came, strict=True) if happened]
    no = [value for value, happened in zip(values, came, strict=True) if not happened]
    pairs = [(a > b) + 0.5 * (a == b) for a in yes for b in no]

    assert (pytest.approx(sum(pairs) / len(pairs)) if pairs else None) == auc(values, came)


@given(SCORED)
def test_a_weight_counts_like_so_many_copies(scored: list[tuple[int, bool, int]]) -> None:
    """Resampling by weights gives what resampling by copying rows would give."""
    values = [float(value) for value, _, _ in scored]
    came = [happened for _, happened, _ in scored]
    weights = [weight for _, _, weight in scored]
    copies = [place for place, weight in enumerate(weights) for _ in range(weight)]

    expected = auc([values[place] for place in copies], [came[place] for place in copies])

    assert expected == auc(values, came, weights)


def test_brier_score_is_the_mean_squared_distance() -> None:
    """0.1 for an event that came is 0.81 off, 0.3 for one that did not 0.09."""
    assert pytest.approx(0.45) == brier([0.1, 0.3], [True, False])
    assert brier([], []) is None


def test_equal_chances_are_not_torn_apart_by_their_order() -> None:
    """A constant chance has one observed share in each group, however the rows are ordered."""
    came = [True] * 5 + [False] * 15

    points = curve([0.25] * 20, came, groups=4)

    assert [(0.25, 0.25, 5)] * 4 == [tuple(point) for point in points]
    assert 0.0 == calibration_error(points)


def test_calibration_error_weighs_groups_by_their_size() -> None:
    """Two foretold at 0.9 of which one came, two at 0.2 of which none: (0.4 + 0.2) / 2."""
    points = curve([0.2, 0.2, 0.9, 0.9], [False, False, True, False], groups=2)

    assert pytest.approx(0.3) == calibration_error(points)


def test_the_top_of_a_list_holds_its_share_of_the_money() -> None:
    """Of five, the top 20 percent is one row: it brought 600 of 1,000, and was right."""
    week = [sample(f"A{n}", 600 - 100 * n, paid=[600, 0, 300, 0, 100][n]) for n in range(5)]

    found = top(rows(week, "paid_30", [float(each.amount) for each in week], 20))

    assert pytest.approx(0.6) == found.dollars
    assert 1.0 == found.precision


def test_currencies_are_never_added() -> None:
    """All of the yen and none of the euros in the top is half, whatever a yen is worth."""
    week = [
        sample("A1", 900_000, paid=900_000, currency="JPY"),
        sample("A2", 800_000, currency="JPY"),
        sample("A3", 500, currency="EUR"),
        sample("A4", 400, paid=400, currency="EUR"),
    ]

    found = top(rows(week, "paid_30", [float(each.amount) for each in week], 50))

    assert pytest.approx(0.5) == found.dollars


def test_of_equal_rank_the_larger_comes_first_whatever_the_order_of_the_input() -> None:
    """A report does not depend on the order in which accounts are read."""
    week = [sample("A1", 100), sample("A2", 300, paid=300), sample("A3", 200)]

    for each in (week, week[::-1]):
        assert 1.0 == top(rows(each, "paid_30", [1.0] * 3, 30)).dollars


def test_accounts_are_resampled_whole() -> None:
    """Rows of one account hang together: in each draw they count alike, and seeds repeat."""
    samples = [sample(f"A{n % 4}", 100) for n in range(12)]

    drawn = draws(samples, 20)

    assert drawn == draws(samples, 20)
    assert drawn != draws(samples, 20, seed=1)
    for weights in drawn:
        assert 12 == sum(weights)
        assert weights[:4] == weights[4:8] == weights[8:]


def test_an_interval_leaves_out_a_fortieth_at_either_end() -> None:
    """Of 41 values, from the second to the last but one; of too few, none is shown."""
    assert {"value": 0.5, "low": 0.01, "high": 0.39} == figure(0.5, [n / 100 for n in range(41)])
    assert {"value": 0.5} == figure(0.5, [0.4, None, None])
    assert {"value": None} == figure(None, [0.1])


def test_the_index_is_zero_for_the_same_shares_and_grows_with_the_shift() -> None:
    """0.1 and 0.25 are the levels of the trade; half the mass moved is far above."""
    chances = [n / 100 for n in range(100)]
    then = reference(chances)

    same = index_of(then, chances)
    slight = index_of(then, [min(0.99, chance + 0.03) for chance in chances])
    far = index_of(then, [0.95] * 100)

    assert pytest.approx(0.0, abs=1e-9) == same
    assert same < slight < 0.25 < far


def test_drift_is_told_by_week_and_calibration_only_of_what_matured() -> None:
    """Foretold 0.5, half a year on 0.25 came: the model promises a quarter too much."""
    old = [sample(f"A{n}", 100, paid=100 * (n < 10)) for n in range(40)]
    new = [sample(f"A{n}", 100, at=MONDAY + timedelta(days=7)) for n in range(40)]
    for each in new:
        each.outcomes.clear()

    found = weekly(old + new, "paid_30", "m 1", reference([0.4, 0.5, 0.6] * 10))

    assert ["2025-W10", "2025-W11"] == [row["week"] for row in found]
    assert 0.25 == found[0]["calibration_drift"]
    assert "calibration_drift" not in found[1]


def test_thinning_keeps_whole_weeks() -> None:
    """A list of which rows are missing is no list."""
    weeks = [
        sample(f"A{n}", 100, at=MONDAY + timedelta(days=7 * week))
        for week in range(10)
        for n in range(6)
    ]

    kept = thinned(weeks, 25)

    assert 24 == len(kept)
    assert {MONDAY + timedelta(days=21 * n) for n in range(4)} == {each.at for each in kept}
