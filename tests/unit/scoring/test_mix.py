"""One list of both lanes: by turns, the same in pages of any size, and nobody is left out."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.mix import LANES, PLACES, Lane, Mix, Spot, mix_of, read_spot
from services.scoring.sources import read_scorecard

QUICK, PROTECT = LANES
Lists = dict[Lane, list[tuple[str, str]]]
SHARES = st.integers(0, PLACES)


def listed(quick: int, protect: int) -> Lists:
    """So many accounts in each lane, first things first, each with its place there."""
    numbers = {QUICK: quick, PROTECT: protect}
    return {lane: [(f"{n:05d}", f"{lane} {n}") for n in range(numbers[lane])] for lane in LANES}


def paged(mix: Mix, lists: Lists, limits: Sequence[int]) -> list[str]:
    """The whole list, read in pages of these sizes in turn, as a reader asks for them by text."""
    found: list[str] = []
    spot, number = Spot(), 0
    while True:
        limit = limits[number % len(limits)]
        number += 1
        rest: Lists = {
            lane: [each for each in lists[lane] if each[0] > behind][:limit]
            for lane, behind in zip(LANES, spot.behind, strict=True)
        }
        page, spot = mix.merge(rest, spot, limit)
        told = read_spot(spot.text())
        assert told == spot
        found += page
        if len(page) < limit:
            return found


@given(SHARES, st.integers(1, 350))
def test_every_beginning_of_a_list_has_the_mix(quick: int, length: int) -> None:
    """To less than one account, however far the list is worked down."""
    page, _ = mix_of(quick).merge(listed(350, 350), Spot(), length)

    of_quick = sum(each.startswith(QUICK) for each in page)
    assert length == len(page)
    assert abs(of_quick * PLACES - quick * length) < PLACES


@given(SHARES, st.integers(0, 60), st.integers(0, 60), st.lists(st.integers(1, 30), min_size=1))
def test_pages_of_any_size_make_the_same_list(
    quick: int, first: int, other: int, limits: list[int]
) -> None:
    """Each account once, and those of a lane in its own order."""
    lists = listed(first, other)
    whole = paged(mix_of(quick), lists, [first + other + 1])

    assert whole == paged(mix_of(quick), lists, limits)
    for lane in LANES:
        assert [name for _, name in lists[lane]] == [n for n in whole if n.startswith(lane)]


def test_the_shipped_mix_is_seven_to_three() -> None:
    """Of two turns that are due at once, quick recovery comes first: the seventh, the third."""
    page, _ = read_scorecard().terms.priorities.mix.merge(listed(10, 10), Spot(), 10)

    assert "qqpqqpqqqp" == "".join(each[0] for each in page)


def test_a_lane_that_has_no_more_leaves_its_turns() -> None:
    """The other goes on alone, to its end; then the list is at its own."""
    page, spot = mix_of(50).merge(listed(2, 5), Spot(), 20)

    assert "qpqpppp" == "".join(each[0] for each in page)
    assert ("00001", "00004") == spot.behind
    assert [] == mix_of(50).merge({QUICK: [], PROTECT: []}, spot, 20)[0]


@pytest.mark.parametrize("text", ["1", "1\ta", "x\ta\tb", "-1\ta\tb", "1\ta\tb\tc", "²\ta\tb"])
def test_what_is_no_spot_is_told_so(text: str) -> None:
    """A turn and a place in each lane are expected."""
    assert read_spot(text) is None


def test_a_list_begins_where_nothing_is_said() -> None:
    """With the first turn, and at the top of both lanes."""
    assert Spot(0, ("", "")) == read_spot("")
