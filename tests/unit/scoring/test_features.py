"""Each feature's number on dated stories; bounds for any life; no feature knows the future."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import AsOf, Snapshot
from services.scoring.domain.features import FEATURES, digest, rounded, snapshot
from services.scoring.domain.traits import trait_in
from shared.events.commands import ContactRecord
from shared.testing.line import Line
from tests.unit.kpi.books import midnight, noon
from tests.unit.scoring.lives import Diary, lives
from tests.unit.scoring.stories import (
    APRIL,
    EXPECTED,
    FEB,
    JAN,
    STORY,
    Doings,
    behaviour,
    both,
    issue,
    line,
    live,
    pay,
    promise,
)

DOCUMENT = (Path(__file__).parents[3] / "docs/scoring.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def story() -> Snapshot:
    """The snapshot at the end of the story."""
    return live(STORY, APRIL)


@pytest.mark.parametrize("name", FEATURES)
def test_each_feature_of_a_story(story: Snapshot, name: str) -> None:
    """Every feature there is has its number, worked out by hand."""
    assert EXPECTED[name] == story[name]


def test_a_broken_promise_is_one_of_which_less_than_nine_tenths_came() -> None:
    """By three days after the day promised; what comes on the fourth is too late."""
    found = live(
        {
            JAN: issue("I1", "100", JAN, 10),
            date(2025, 1, 20): both(
                promise("kept", "100", date(2025, 1, 26)), promise("late", "100.01", FEB)
            ),
            date(2025, 1, 29): pay("I1", "90", date(2025, 1, 29)),
            date(2025, 2, 5): pay("I1", "10", date(2025, 2, 5)),
        },
        until=date(2025, 2, 10),
    )

    assert (1.0, 1.0, 0.0) == (
        found["promises_kept"],
        found["promises_broken"],
        found["promises_open"],
    )


def test_only_money_of_its_days_keeps_a_promise() -> None:
    """What was received the day before it was made, and is told later, is none of it."""
    found = live(
        {
            JAN: issue("I1", "100", JAN, 10),
            date(2025, 1, 20): promise("p", "100", FEB),
            date(2025, 1, 21): pay("I1", "100", date(2025, 1, 19)),
        },
        until=date(2025, 2, 10),
    )

    assert (0.0, 1.0) == (found["promises_kept"], found["promises_broken"])


def test_the_trend_is_of_the_three_paid_last_against_those_before() -> None:
    """2 days late twice, then 8 days late three times: 6 days more."""
    doings: Doings = {}
    for number, late in enumerate([2, 2, 8, 8, 8]):
        issued = JAN + timedelta(days=20 * number)
        doings[issued] = issue(f"I{number}", "100", issued, 10)
        paid = issued + timedelta(days=10 + late)
        doings[paid] = pay(f"I{number}", "100", paid)

    found = live(doings, until=date(2025, 6, 1))

    assert (6.0, 8.0, 5.6) == (
        found["days_late_trend"],
        found["days_late_recent"],
        found["days_late_mean"],
    )


def test_a_payment_that_never_came_is_taken_back() -> None:
    """The days late of its item count no more; the reversal does."""
    paid = date(2025, 1, 31)
    found = live(
        {
            JAN: issue("I1", "100", JAN, 10),
            paid: pay("I1", "100", paid),
            date(2025, 2, 10): lambda b: b.reverse(f"P-I1-{paid}", date(2025, 2, 10)),
        },
        until=date(2025, 2, 10),
    )

    assert (0.0, 0.0, 0.0, 100.0, 30.0) == (
        found["days_late_mean"],
        found["days_late_recent"],
        found["days_late_weighted"],
        found["reversed_share"],
        found["oldest_past_due_days"],
    )


def test_what_a_collector_writes_down_counts_where_it_names_the_party() -> None:
    """A visit to the right party is a contact; a note without a party is none."""
    met: dict[str, Any] = {
        "command_id": "c", "account_id": "A", "user": "u", "contact_id": "k", "channel": "visit",
        "outcome": "met", "occurred_at": noon(JAN),
    }  # fmt: skip
    found = live(
        {
            JAN: both(
                issue("I1", "100", JAN, 10),
                lambda _: [ContactRecord(**met, party="right"), ContactRecord(**met)],
            )
        },
        until=JAN,
    )

    assert (1.0, 100.0) == (found["contacts"], found["contact_answered_share"])


FEWER = settings(max_examples=15)
"""Each example is dozens of events, each through JSON."""


def fold(diary: Diary) -> tuple[Line, date]:
    """Tell a life, and the last day of it."""
    told, day = line(), date.min
    for day, facts in diary:
        told.tick(midnight(day))
        for fact in facts:
            told.tell(fact, time=noon(day))
    return told, day


@FEWER
@given(lives())
def test_numbers_stay_in_their_bounds(life: Diary) -> None:
    """And are what their features say, rounded; and have words."""
    told, day = fold(life)

    found = snapshot(behaviour(told), day)

    assert list(FEATURES) == list(found)
    seen = AsOf(behaviour(told), day)
    for name, feature in FEATURES.items():
        assert feature.low <= found[name] <= feature.high
        number = rounded(*feature.value(seen))
        assert min(max(number, feature.low), feature.high) == found[name]
        assert feature.words(AsOf(behaviour(told), day))


@FEWER
@given(lives(), st.integers(0, 15), st.integers(0, 10**6))
def test_no_feature_sees_the_future(life: Diary, cut: int, seed: int) -> None:
    """Shuffled, thinned or gone: what follows a moment changes no score or snapshot up to it."""
    past, future = life[:cut], life[cut:]
    facts = [fact for _, day in future for fact in day]
    Random(seed).shuffle(facts)
    end = past[-1][0] if past else date(2025, 1, 1)
    shuffled = [(end + timedelta(days=1), facts[: len(facts) // 2])]

    then, *others = [fold(diary)[0].out for diary in (past, life, [*past, *shuffled])]

    for other in others:
        assert [sent.data for sent in then] == [sent.data for sent in other[: len(then)]]


def test_nothing_is_known_of_nobody() -> None:
    """An account of which nothing was told has every feature, and words for it."""
    nobody = Behaviour("A")

    found = snapshot(nobody, JAN)

    assert {"late_share": 30.0} == {name: number for name, number in found.items() if number}
    for feature in FEATURES.values():
        assert feature.value(AsOf(nobody, JAN))[1] > 0
        assert feature.words(AsOf(nobody, JAN))


@pytest.mark.parametrize("name", FEATURES)
def test_each_feature_is_documented_as_it_is(name: str) -> None:
    """With its unit, its bounds and its meaning."""
    feature = FEATURES[name]
    bounds = (f"{end:,}" if abs(end) < 10**18 else "10^18" for end in (feature.low, feature.high))
    row = " | ".join((f"`{name}`", feature.unit, *bounds, feature.meaning))

    assert f"| {row} |" in DOCUMENT.splitlines()


def test_no_feature_is_a_trait() -> None:
    """Nor has one a name that a model could not use."""
    assert [] == [name for name in FEATURES if trait_in(name)]


@given(st.dictionaries(st.sampled_from(sorted(FEATURES)), st.floats(0, 10**6)), st.randoms())
def test_the_hash_is_of_what_is_known(found: Snapshot, random: Random) -> None:
    """Whatever the order, and whether zeros are listed; another number is another hash."""
    names = list(FEATURES)
    random.shuffle(names)
    whole = {name: found.get(name, 0.0) for name in names}

    assert digest(found) == digest(whole)
    assert digest(found) != digest({**found, "payments": found.get("payments", 0.0) + 1})


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**7))
@example(1, 32)
@example(5, 32)
@example(-1, 30)
@example(99_999_999_999, 9_999_991)
def test_a_number_is_rounded_as_python_does(numerator: int, denominator: int) -> None:
    """Halves to the even one, and below them and above as the quotient says."""
    assert round(numerator / denominator, 4) == rounded(numerator, denominator)


@given(st.integers(0, 10**8), st.integers(1, 10**7), st.integers(-2, 2))
def test_a_number_beside_a_half_is_rounded_as_python_does(
    half: int, denominator: int, beside: int
) -> None:
    """Where whole numbers and the quotient could differ, if they ever do."""
    numerator = min((2 * half + 1) * denominator // 20_000 + beside, 10**12)

    assert round(numerator / denominator, 4) == rounded(numerator, denominator)
