"""The drift that the running service shows: what is counted, and the figures that follow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isnan, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.scoring.domain.drift import (
    CHANCE,
    CUTS,
    FIRST_WEEKS,
    Drift,
    count,
    drift_of,
    first_weeks,
    rows_of,
    told_at,
    verdict,
    week_of,
)
from services.scoring.domain.reading import ModelError, Reading
from services.scoring.domain.reference import Reference, read_reference
from services.scoring.metrics import DriftMetrics
from shared.core import Effects, Party

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
HALVES = Reference((0.5,), (0.5, 0.5))


def cells(chances: Sequence[int], reference: Reference | None = None) -> dict[str, int]:
    """What is counted of scores with these chances in ten-thousandths, and few features."""
    effects = Effects(now=MONDAY, shared=Party(""))
    for chance in chances:
        count(effects, "row", chance, {"late_share": 50.0}, reference)
    assert {"row"} == {row for row, _ in effects.cells}
    return {cell: amount for (_, cell), amount in effects.cells.items()}


def test_a_score_is_counted_once_for_its_chance_and_each_feature() -> None:
    """By the group it is in: a bound belongs to the group above it."""
    found = cells([4_999, 5_000, 5_000], HALVES)

    assert {
        "chance:0": 1, "chance:1": 2, "late_share:3": 3, "known_outcomes:0": 3,
        "days_late_mean:0": 3, "overdue_items:0": 3, "oldest_past_due_days:0": 3,
        "overdue_amount:0": 3,
    } == found  # fmt: skip
    assert cells([4_999, 5_000]).keys() >= {"chance:4", "chance:5"}


def test_the_index_is_that_of_the_formula_against_the_models_own_portfolio() -> None:
    """Half and half at training, three quarters and one now."""
    found = drift_of(cells([2_000] * 150 + [8_000] * 50, HALVES), {}, [], HALVES)

    expected = (0.75 - 0.5) * log(0.75 / 0.5) + (0.25 - 0.5) * log(0.25 / 0.5)
    assert {CHANCE: pytest.approx(expected)} == found.index
    assert 200 == found.scored


def test_without_a_portfolio_of_its_own_a_model_is_compared_with_its_first_weeks() -> None:
    """Every figure is zero where nothing moved; a chance that moved far is far above 0.25."""
    first = [cells([3_000] * 10 + [7_000] * 10)] * FIRST_WEEKS

    same = drift_of(cells([3_000] * 100 + [7_000] * 100), {}, first, None)
    moved = drift_of(cells([9_500] * 200), {}, first, None)

    assert {CHANCE, *CUTS} == set(same.index)
    assert {0.0} == set(same.index.values())
    assert moved.index[CHANCE] > 1
    assert 0.0 == moved.index["late_share"]


def test_of_few_accounts_nothing_is_said() -> None:
    """Below 200 in the week, below 100 that matured, and while there are no first weeks."""
    many, few = cells([3_000] * 200), cells([3_000] * 199, HALVES)
    matured = {"judged": 99, "foretold": 0, "came": 0}

    assert Drift({}, 199, None, 99) == drift_of(few, matured, [many], HALVES)
    assert Drift({}, 200, None, 0) == drift_of(many, {}, [], None)


def test_calibration_drift_is_what_was_foretold_less_what_came() -> None:
    """Eight tenths foretold, six tenths paid: two tenths too much."""
    effects = Effects(now=MONDAY, shared=Party(""))
    for number in range(100):
        verdict(effects, "row", 8_000, paid=number < 60)

    found = drift_of({}, {cell: n for (_, cell), n in effects.cells.items()}, [], None)

    assert pytest.approx(0.2) == found.calibration
    assert 100 == found.judged


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2025, 3, 2, 23, 59, tzinfo=UTC), ("2025-W08", "2025-W04")),
        (datetime(2025, 3, 3, tzinfo=UTC), ("2025-W09", "2025-W04")),
        (datetime(2025, 3, 4, 23, 59, tzinfo=UTC), ("2025-W09", "2025-W04")),
        (datetime(2025, 3, 5, tzinfo=UTC), ("2025-W09", "2025-W05")),
    ],
)
def test_only_weeks_that_are_over_are_told(now: datetime, expected: tuple[str, str]) -> None:
    """The fifth week ends on 3 February at midnight; thirty days on it is 5 March."""
    assert expected == told_at(now)


@given(st.integers(0, 10_000_000).map(lambda minutes: MONDAY + timedelta(minutes=minutes)))
def test_weeks_sort_as_texts_and_a_matured_week_is_over_for_thirty_days(now: datetime) -> None:
    """Whatever the day of the week, over the ends of years."""
    latest, matured = told_at(now)

    assert matured < latest < week_of(now)
    monday = datetime.strptime(f"{matured}-1+0000", "%G-W%V-%u%z")
    assert monday + timedelta(days=37) <= now < monday + timedelta(days=44)
    weeks = first_weeks(latest)
    assert sorted(set(weeks)) == weeks
    assert (latest, FIRST_WEEKS) == (weeks[0], len(weeks))


def test_rows_of_one_model_are_not_those_of_another() -> None:
    """Not even where one name begins like the other."""
    assert not rows_of("a", "10").startswith(rows_of("a", "1"))
    assert not rows_of("ab", "1").startswith(rows_of("a", "1"))


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"cuts": [0.2]}, "reference.shares"),
        ({"cuts": [0.2, 0.2], "shares": [0.1, 0.2, 0.7]}, "reference.cuts[1]"),
        ({"cuts": [0.2], "shares": [1.0]}, "reference.shares"),
        ({"cuts": [0.2], "shares": [0.5, float("nan")]}, "reference.shares[1]"),
        ({"cuts": [1.2], "shares": [0.5, 0.5]}, "reference.cuts[0]"),
        ({"cuts": [n / 99 for n in range(50)], "shares": [0.01] * 51}, "reference.shares"),
    ],
)
def test_a_reference_that_cannot_be_used_is_refused_with_its_path(
    told: dict[str, Any], path: str
) -> None:
    """It comes with a model's document, from outside."""
    with pytest.raises(ModelError) as fault:
        read_reference(Reading(told, "reference"))

    assert path == fault.value.path
    assert Reference((), (1.0,)) == read_reference(Reading({"cuts": [], "shares": [1]}))


def test_what_cannot_be_said_yet_is_no_number_and_another_models_figures_go() -> None:
    """The series are there from the start: an alert about a name that nobody shows is silent."""
    registry = CollectorRegistry()
    gauges = DriftMetrics(registry)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"collections_score_{name}", labels)

    gauges.show("old 1", Drift())
    assert isnan(value("stability_index", model="old 1", of="late_share") or 0)
    assert isnan(value("calibration_drift", model="old 1") or 0)
    gauges.show("new 2", Drift({CHANCE: 0.3}, 250, -0.1, 120))

    assert 0.3 == value("stability_index", model="new 2", of="chance")
    assert -0.1 == value("calibration_drift", model="new 2")
    assert (250, 120) == (
        value("drift_accounts", model="new 2", of="scored"),
        value("drift_accounts", model="new 2", of="judged"),
    )
    assert value("calibration_drift", model="old 1") is None
