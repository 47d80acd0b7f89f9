"""A model's text is read strictly, and what is wrong with it is named with its path."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.bands import read_bands
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.likelihood import HORIZONS, WEEKS_MAX, Likelihood, faded, probability
from services.scoring.domain.reading import ModelError, Reading
from services.scoring.domain.scorecard import Scorecard
from services.scoring.sources import read_scorecard

CARD = read_scorecard()
TODAY = date(2025, 3, 1)


def minimal() -> dict[str, Any]:
    """The smallest model that can be read."""
    return {
        "model": "test",
        "version": "7",
        "prior": {"late_percent": 30, "weight": 4},
        "attributes": [
            {
                "name": "overdue_items",
                "bands": [{"below": 1, "points": 0}, {"from": 1, "points": 100}],
            }
        ],
        "risk_bands": [
            {"band": "A", "below": 20},
            {"band": "B", "from": 20, "below": 40},
            {"band": "C", "from": 40, "below": 60},
            {"band": "D", "from": 60, "below": 80},
            {"band": "E", "from": 80},
        ],
        "pay": {"points_to_halve": 20, "odds_at_no_risk": {7: 1, 14: 2, 30: 4}},
        "confidence": {"medium_from": 2, "high_from": 11},
        "material": {"risk_points": 5, "amount_percent": 10},
        "priority": {
            "lanes": {"quick_recovery": 1, "protect_value": 1},
            "mix": {"quick_recovery": 50, "protect_value": 50},
            "age_bands": [30, 60],
            "scale": [[0, 0], [1000, 1000]],
            "worth": {"USD": "0.9"},
        },
    }


def test_a_sound_model_is_read() -> None:
    """Model and version are kept: they stand on every score."""
    card = Scorecard.from_document(minimal())

    assert ("test", "7") == (card.model, card.version)


Change = Callable[[dict[str, Any]], object]

FAULTS: list[tuple[str, str, Change]] = [
    ("prior", "is missing", lambda m: m.pop("prior")),
    ("extra", "is not known here", lambda m: m.update(extra=1)),
    ("version", "a text is expected", lambda m: m.update(version=1.0)),
    ("prior.late_percent", "0 to 100", lambda m: m["prior"].update(late_percent=101)),
    ("prior.weight", "whole number", lambda m: m["prior"].update(weight=True)),
    ("attributes", "not empty", lambda m: m.update(attributes=[])),
    ("attributes[0].name", "not a feature", lambda m: m["attributes"][0].update(name="wealth")),
    ("attributes[0].name", "personal trait", lambda m: m["attributes"][0].update(name="age")),
    (
        "attributes[0].bands[0].points",
        "a whole number",
        lambda m: m["attributes"][0]["bands"][0].update(points=float("nan")),
    ),
    (
        "attributes[0].bands[0].below",
        "a number",
        lambda m: m["attributes"][0]["bands"][0].update(below=float("nan")),
    ),
    ("kind", "scorecard is expected", lambda m: m.update(kind="oracle")),
    ("attributes[1].name", "twice", lambda m: m["attributes"].append(m["attributes"][0])),
    (
        "attributes[0].bands[1].from",
        "overlaps",
        lambda m: m["attributes"][0]["bands"][1].update({"from": "0.5"}),
    ),
    (
        "attributes[0].bands[1].from",
        "gap",
        lambda m: m["attributes"][0]["bands"][1].update({"from": 2}),
    ),
    (
        "attributes[0].bands[1].below",
        "not known here",
        lambda m: m["attributes"][0]["bands"][1].update(below=9),
    ),
    (
        "attributes[0].bands[0].below",
        "is missing",
        lambda m: m["attributes"][0]["bands"][0].pop("below"),
    ),
    (
        "attributes[0].bands[0].points",
        "0 to 100",
        lambda m: m["attributes"][0]["bands"][0].update(points=-1),
    ),
    (
        "attributes",
        "exceed 100",
        lambda m: m["attributes"].append(
            {"name": "late_share", "bands": [{"points": 1}]}
        ),
    ),
    ("risk_bands[3].below", "not known here", lambda m: m["risk_bands"].pop()),
    ("risk_bands[1].band", "one of", lambda m: m["risk_bands"][1].update(band="F")),
    ("pay.odds_at_no_risk.14", "above", lambda m: m["pay"]["odds_at_no_risk"].update({14: 1})),
    ("pay.odds_at_no_risk.7", "above zero", lambda m: m["pay"]["odds_at_no_risk"].update({7: 0})),
    ("pay.odds_at_no_risk.7", "twice", lambda m: m["pay"]["odds_at_no_risk"].update({"7": 1})),
    ("pay.weekly_loss_percent", "below 100", lambda m: m["pay"].update(weekly_loss_percent=100)),
    ("pay.weekly_loss_percent", "from 0", lambda m: m["pay"].update(weekly_loss_percent=-1)),
    ("confidence.high_from", "from 3", lambda m: m["confidence"].update(high_from=2)),
    ("priority.lanes", "weigh", lambda m: m["priority"]["lanes"].update(
        quick_recovery=0, protect_value=0)),
    ("priority.mix", "add up", lambda m: m["priority"]["mix"].update(quick_recovery=51)),
    ("priority.mix.quick_recovery", "0 to 100", lambda m: m["priority"]["mix"].update(
        quick_recovery=101, protect_value=-1)),
    ("priority.age_bands[1]", "above", lambda m: m["priority"].update(age_bands=[30, 30])),
    ("priority.scale[1]", "above", lambda m: m["priority"].update(scale=[[0, 0], [0, 1000]])),
    ("priority.scale", "begins", lambda m: m["priority"].update(scale=[[1, 0], [2, 1000]])),
    ("priority.worth.XXX", "ISO 4217", lambda m: m["priority"]["worth"].update(XXX=1)),
    ("priority.worth.USD", "a number", lambda m: m["priority"]["worth"].update(USD="much")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "why", "change"), FAULTS)
def test_a_fault_is_named_with_its_path(path: str, why: str, change: Change) -> None:
    """What is missing, too much, of the wrong kind, overlapping or leaving a gap is refused."""
    model = deepcopy(minimal())
    change(model)

    with pytest.raises(ModelError) as fault:
        Scorecard.from_document(model)

    assert path == fault.value.path
    assert why in str(fault.value)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True), st.fractions(-99, 99))
def test_every_number_is_in_one_band(cuts: list[int], number: Fraction) -> None:
    """A band holds its `from` and ends before its `below`."""
    cuts = sorted(cuts)
    rows: list[dict[str, Any]] = [{"points": place} for place in range(len(cuts) + 1)]
    for place, cut in enumerate(cuts):
        rows[place]["below"] = cut
        rows[place + 1]["from"] = cut
    bands = read_bands(Reading(rows, "bands"), "points", lambda reading: reading.whole(0, 99))

    found = bands.of(number.numerator, number.denominator)

    assert sum(1 for cut in cuts if number >= cut) == found


def behaviour(known: int, late: int, days: int = 0, latest: str = "") -> Behaviour:
    """An account that has paid so."""
    return Behaviour(
        "A", known=known, late=late, paid=known, days_late=days, latest=[c == "L" for c in latest]
    )


@pytest.mark.parametrize(
    ("observed", "points"),
    [
        (behaviour(0, 0), 20),
        (behaviour(1, 1, 40, "L"), 20 + 20 + 15),
        (behaviour(4, 0, 0, "---"), 10),
        (behaviour(40, 1, 8, "---"), 0),
        (behaviour(10, 10, 200, "LLL"), 40 + 20 + 15),
        (behaviour(6, 3, 12, "L-L"), 20 + 5 + 10),
    ],
)
def test_points_of_the_default_model(observed: Behaviour, points: int) -> None:
    """With fewer than two known outcomes the share of late ones gives 20, and else by its band."""
    assert points == CARD.assess(CARD.see(observed, TODAY)).points


def test_reasons_are_the_three_that_raise_most() -> None:
    """With what was observed; an attribute at its least points is no reason."""
    late = CARD.see(behaviour(10, 9, 125, "LL-"), TODAY)
    sound = CARD.see(behaviour(40, 0, 0, "---"), TODAY)

    reasons = CARD.reasons(late, CARD.assess(late))

    assert [
        ("late_share", 40, "9 of 10 late"),
        ("days_late_mean", 15, "12.5 days"),
        ("late_of_last_three", 10, "2 of 3"),
    ] == [(reason.code, reason.points, reason.observed) for reason in reasons]
    assert () == CARD.reasons(sound, CARD.assess(sound))


def test_levers_say_what_would_lower_the_risk() -> None:
    """All rows above their least, the most telling first, each with its best band."""
    late = CARD.see(behaviour(10, 9, 125, "LL-"), TODAY)

    levers = CARD.levers(late, CARD.assess(late))

    assert [
        ("late_share", 40, "below 15 percent"),
        ("days_late_mean", 15, "below 1 days"),
        ("late_of_last_three", 10, "below 1 percent"),
    ] == [(lever.feature, lever.points, lever.target) for lever in levers]


def test_confidence_grows_with_what_is_known() -> None:
    """Below two outcomes low, from eleven on high."""
    found = [CARD.terms.confidence(known) for known in (0, 1, 2, 10, 11, 99)]

    assert ["low", "low", "medium", "medium", "high", "high"] == found


def test_the_chance_falls_with_risk_and_grows_with_time() -> None:
    """At every risk from 0 to 100, and between 0 and 1."""
    table = CARD.likelihood.ten_thousandths

    for horizon in HORIZONS:
        assert sorted(table[horizon], reverse=True) == list(table[horizon])
    for risk in range(101):
        chances = [table[horizon][risk] for horizon in HORIZONS]
        assert sorted(set(chances)) == chances
        assert 0 < chances[0] <= chances[-1] < 10_000


@pytest.mark.parametrize(
    ("odds", "points", "expected"),
    [(1, 0, 5_000), (1, 20, 3_333), (1, 40, 2_000), (4, 20, 6_667), (9, 10, 8_642)],
)
def test_odds_halve_by_every_twenty_points(odds: int, points: int, expected: int) -> None:
    """The scaling of scorecards: 20 points to halve, here from the odds at no risk."""
    assert expected == probability(Fraction(odds), points, 20)


@pytest.mark.parametrize(
    ("chance", "weeks", "expected"),
    [(8_000, 0, 8_000), (8_000, 1, 7_920), (8_000, 10, 7_235), (5_000, 52, 2_965)],
)
def test_a_chance_loses_the_same_part_of_itself_each_week(
    chance: int, weeks: int, expected: int
) -> None:
    """One percent: 0.99 to the power of the weeks, rounded half to even."""
    assert expected == faded(chance, Fraction(1, 100), weeks)


def test_the_older_the_less_likely_and_longer_is_never_less_likely() -> None:
    """Week by week up to ten years; then it stays. Days of a week begun do not count."""
    likelihood = CARD.likelihood

    for points in (0, 43, 100):
        last = likelihood.of(points, 0)
        for weeks in range(1, WEEKS_MAX + 1):
            found = likelihood.of(points, 7 * weeks)
            shown = [found.shown[str(horizon)] for horizon in HORIZONS]
            assert found.expected <= last.expected
            assert sorted(shown) == shown
            assert likelihood.of(points, 7 * weeks + 6) is found
            last = found
        assert last == likelihood.of(points, 100_000)
        assert last.expected < likelihood.ten_thousandths[30][points] / 100


def test_without_a_weekly_loss_age_changes_nothing() -> None:
    """As for scorecards that do not name one."""
    plain = Likelihood(CARD.likelihood.ten_thousandths)

    assert plain.of(43, 0) == plain.of(43, 3_000)
    assert 7_828 == plain.of(43, 0).expected
