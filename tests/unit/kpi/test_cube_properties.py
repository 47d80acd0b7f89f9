"""What holds of the cube for any history: it is the ledger, summed."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.kpi.domain.aging import bucket, names
from services.kpi.domain.core import KpiCore
from services.kpi.domain.creditors import BUCKET_ENDS
from services.kpi.domain.cube import Cube, Sums
from services.kpi.domain.report import report, report_of
from shared.events.base import Fact
from shared.money import minor, text
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon
from tests.unit.kpi.histories import DAYS, START, histories


def fold(told: list[tuple[date, Fact]], *, timed: bool = True) -> dict[tuple[str, str], int]:
    """The cells of a history; each fact is told on its day, or all of them without any ticks."""
    line = Line(KpiCore())
    for day, fact in told:
        if timed:
            line.tick(midnight(day))
        line.tell(fact, time=noon(day))
    return line.cells


@given(histories(), st.integers(-3, DAYS + 60))
def test_aging_is_the_sum_of_open_items(
    history: tuple[Books, list[tuple[date, Fact]]], offset: int
) -> None:
    """On any day, the past included, each bucket holds what a list of entries says is open."""
    books, told = history
    as_of = START + timedelta(days=offset)
    buckets = names(BUCKET_ENDS)
    expected = dict.fromkeys(buckets, 0)
    for due_on, amount in books.open_by_due(as_of).items():
        expected[buckets[bucket(as_of, due_on, BUCKET_ENDS)]] += amount

    parts = report(fold(told), as_of=as_of)["receivables"]

    found = {row["bucket"]: minor(row["amount"], "EUR") for row in parts[0]["aging"]}
    assert expected == found
    assert text(sum(expected.values()), "EUR") == parts[0]["amounts"]["gross"]


@given(histories(), st.integers(0, DAYS + 60))
def test_what_is_read_in_two_parts_says_the_same(
    history: tuple[Books, list[tuple[date, Fact]]], offset: int
) -> None:
    """What was known before a day, and what came to be known from then on, as often as asked."""
    _, told = history
    cells, as_of = fold(told), START + timedelta(days=offset)
    for until in sorted({row for row, _ in cells}):
        both = parted(cells, until)
        for _ in range(2):
            assert report(cells, as_of=as_of) == report_of(both(), as_of=as_of)


def parted(cells: dict[tuple[str, str], int], until: str) -> Callable[[], list[Cube]]:
    """Makes the cubes of two sums: of the rows before one, and of the others."""
    before, since = Sums(), Sums()
    for (row, cell), amount in cells.items():
        (before if row < until else since).add(row, [(cell, amount)])
    return lambda: before.plus(since).cubes()


@given(histories(), st.integers(0, DAYS + 60), st.integers(0, 120))
def test_the_roll_forward_closes(
    history: tuple[Books, list[tuple[date, Fact]]], offset: int, length: int
) -> None:
    """Over any period, begin and steps make the end, and the report says so."""
    _, told = history
    as_of = START + timedelta(days=offset)

    roll = report(fold(told), as_of=as_of, begin=as_of - timedelta(days=length))["receivables"][0][
        "roll_forward"
    ]

    assert roll.pop("holds")
    amounts = {step: minor(amount, "EUR") for step, amount in roll.items()}
    end, _ = amounts.pop("end"), amounts.pop("net_sales")
    assert end == sum(amounts.values())


@given(histories(), st.randoms(use_true_random=False), st.integers(0, DAYS + 60))
def test_as_known_now_does_not_depend_on_when_it_was_told(
    history: tuple[Books, list[tuple[date, Fact]]], shuffle: Random, offset: int
) -> None:
    """Order of arrival and lateness move no figure as known now."""
    _, told = history
    as_of = START + timedelta(days=offset)
    shuffled = list(told)
    shuffle.shuffle(shuffled)

    assert report(fold(told), as_of=as_of) == report(fold(shuffled, timed=False), as_of=as_of)


@given(histories(), st.integers(0, DAYS + 60))
def test_as_reported_is_what_had_been_told_by_then(
    history: tuple[Books, list[tuple[date, Fact]]], offset: int
) -> None:
    """What is told later restates a day as known now, and leaves it as it was reported."""
    _, told = history
    as_of = START + timedelta(days=offset)
    by_then = [(day, fact) for day, fact in told if day <= as_of]

    reported = report(fold(told), as_of=as_of, reported_on=as_of)
    known_then = report(fold(by_then), as_of=as_of, reported_on=as_of)

    assert known_then == reported


@given(histories(), st.integers(0, DAYS + 60), st.randoms(use_true_random=False))
def test_partitions_add_up(
    history: tuple[Books, list[tuple[date, Fact]]], offset: int, random: Random
) -> None:
    """Cells kept apart for two partitions and summed give the same report."""
    _, told = history
    as_of = START + timedelta(days=offset)
    side = [random.random() < 0.5 for _ in told]
    left = fold([fact for fact, here in zip(told, side, strict=True) if here])
    right = fold([fact for fact, here in zip(told, side, strict=True) if not here])

    summed = {key: left.get(key, 0) + right.get(key, 0) for key in left | right}

    assert report(fold(told), as_of=as_of) == report(summed, as_of=as_of)
