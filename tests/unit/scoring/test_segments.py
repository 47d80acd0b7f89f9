"""Every account is in exactly one segment: the first whose conditions hold."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.owed import Due, Owed, Pile
from services.scoring.domain.reading import ModelError
from services.scoring.domain.score import Score, score_of
from services.scoring.domain.segments import Range, Segments
from services.scoring.sources import read_scorecard, read_segments

CARD = read_scorecard()
SHIPPED = read_segments()
TODAY = date(2025, 3, 1)
DUE = date(2025, 2, 1)


def rules(*segments: dict[str, Any]) -> Segments:
    """Segments, and one for all the others."""
    return Segments.from_document({"version": "1", "segments": [*segments, {"name": "rest"}]})


def scored(known: int = 0, late: int = 0, owed: int = 100_00, **more: Any) -> Score:  # noqa: ANN401 - any field
    """The score of an account that owes so many cents since February."""
    pile = Pile(amount=owed, items=1, oldest=DUE, days={DUE: Due(owed, 1)})
    account = Behaviour(
        "A", creditor_id="c1", known=known, late=late, owed={"EUR": Owed(overdue=pile)}, **more
    )
    return score_of(account, CARD, TODAY)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"known_outcomes": {"below": 2}}, False),
        ({"known_outcomes": {"below": 3}}, True),
        ({"known_outcomes": {"from": 2, "below": 3}}, True),
        ({"overdue_amount": {"from": 100}}, True),
        ({"overdue_amount": {"from": "100.01"}}, False),
        ({"tags": ["vip", "gold"]}, True),
        ({"tags": ["vip"]}, False),
        ({"band": ["D", "E"]}, False),
        ({"band": ["A", "B", "C"]}, True),
        ({"lane": ["quick_recovery"]}, True),
        ({"confidence": ["low"]}, False),
        ({"creditor": ["c1", "c2"]}, True),
        ({"creditor": ["c2"]}, False),
        ({"risk": {"from": 10}}, True),
        ({"risk": {"from": 99}}, False),
        ({"priority": {"from": 1}}, True),
        ({"tags": ["gold"], "creditor": ["c2"]}, False),
    ],
)
def test_a_condition_holds_or_not(when: dict[str, Any], holds: bool) -> None:  # noqa: FBT001 - a table
    """Of a known account with 100 EUR overdue, tagged gold; all conditions of a rule must hold."""
    found = rules({"name": "this", "when": when}).of(scored(known=2, tags=["gold"]))

    assert ("this" if holds else "rest") == found


def test_the_first_that_holds_is_it() -> None:
    """Two would hold, and the order decides."""
    first = {"name": "first", "when": {"risk": {"from": 0}}}
    second = {"name": "second", "when": {"priority": {"from": 0}}}

    assert "first" == rules(first, second).of(scored())
    assert "second" == rules(second, first).of(scored())


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 10**12), st.integers(0, 400))
def test_every_account_is_in_one_of_those_shipped(
    known: int, late: int, owed: int, days: int
) -> None:
    """Whatever it owes and however it paid; only one rule may be the first."""
    found = SHIPPED.of(scored(known, min(known, late), owed, paid=known, days_late=days))

    assert 1 == [rule.name for rule in SHIPPED.rules].count(found)


@given(st.fractions(-9, 9), st.fractions(-9, 9), st.fractions(-9, 9))
def test_a_range_holds_its_start_and_not_its_end(
    start: Fraction, below: Fraction, number: Fraction
) -> None:
    """Exactly, as fractions."""
    span = Range((start.numerator, start.denominator), (below.numerator, below.denominator))

    assert (start <= number < below) == span.holds(number.numerator, number.denominator)


Change = Callable[[dict[str, Any]], object]
SOUND: dict[str, Any] = {
    "version": "1",
    "segments": [{"name": "new", "when": {"known_outcomes": {"below": 2}}}, {"name": "rest"}],
}
FAULTS: list[tuple[str, str, Change]] = [
    ("version", "is missing", lambda s: s.pop("version")),
    ("segments[0].name", "small letters", lambda s: s["segments"][0].update(name="a>b")),
    (
        "segments[50]",
        "at most 50",
        lambda s: s.update(segments=[{"name": f"s{n}"} for n in range(51)]),
    ),
    ("segments[1].name", "twice", lambda s: s["segments"][1].update(name="new")),
    ("segments[0]", "without conditions", lambda s: s["segments"][0].pop("when")),
    ("segments[1].when", "the last", lambda s: s["segments"][1].update(when={"risk": {"from": 1}})),
    ("segments[0].when", "a condition", lambda s: s["segments"][0].update(when={})),
    (
        "segments[0].when.known_outcomes",
        "from, below or both",
        lambda s: s["segments"][0]["when"].update(known_outcomes={}),
    ),
    (
        "segments[0].when.known_outcomes.below",
        "empty",
        lambda s: s["segments"][0]["when"].update(known_outcomes={"from": 2, "below": 2}),
    ),
    (
        "segments[0].when.known_outcomes.below",
        "a number",
        lambda s: s["segments"][0]["when"].update(known_outcomes={"below": float("nan")}),
    ),
    (
        "segments[0].when.wealth",
        "not a feature",
        lambda s: s["segments"][0]["when"].update(wealth={"below": 2}),
    ),
    (
        "segments[0].when.postal_code",
        "personal trait",
        lambda s: s["segments"][0]["when"].update(postal_code={"below": 2}),
    ),
    (
        "segments[0].when.tags[0]",
        "personal trait",
        lambda s: s["segments"][0]["when"].update(tags=["postcode:80331"]),
    ),
    (
        "segments[0].when.band[1]",
        "one of A, B",
        lambda s: s["segments"][0]["when"].update(band=["A", "F"]),
    ),
    (
        "segments[0].when.risk.from",
        "0 to 101",
        lambda s: s["segments"][0]["when"].update(risk={"from": 102}),
    ),
]


@pytest.mark.parametrize(("path", "why", "change"), FAULTS)
def test_a_fault_is_named_with_its_path(path: str, why: str, change: Change) -> None:
    """Unknown features, traits, empty ranges, no rule for the rest: refused."""
    document = deepcopy(SOUND)
    change(document)

    with pytest.raises(ModelError) as fault:
        Segments.from_document(document)

    assert path == fault.value.path
    assert why in str(fault.value)
