"""The formulas against published numbers; each case names whose it is."""

from fractions import Fraction

import pytest

from services.kpi.domain import figures
from services.kpi.domain.figures import Missing

MEAN_OF_NOTHING = Missing("nothing")


def near(value: object, expected: str, digits: int = 2) -> bool:
    """Whether a figure is as printed, at that many places."""
    return isinstance(value, Fraction) and round(value, digits) == Fraction(expected)


@pytest.mark.parametrize(
    ("source", "receivables", "sales", "days", "printed"),
    [
        ("trymesha.com", 150_000, 1_800_000, 365, "30.42"),
        ("paidnice.com", 200_000, 2_000_000, 365, "36.5"),
    ],
)
def test_dso_simple(source: str, receivables: int, sales: int, days: int, printed: str) -> None:
    """Receivables at the end over the period's sales, in the period's days."""
    found = figures.dso(receivables, sales, days)

    assert near(found, printed), source


def test_dso_countback() -> None:
    """Months are used up newest first, the last one in part (benjipays.com, creditguru.com)."""
    months = [(100_000, 30), (80_000, 30), (70_000, 30)]

    found = figures.dso_countback(212_000, months)

    assert Fraction(60) + Fraction(32, 70) * 30 == found.days
    assert not found.exhausted


@pytest.mark.parametrize(("debtors", "printed"), [(13_000, "179.67"), (12_000, "166.33")])
def test_dso_countback_in_real_months(debtors: int, printed: str) -> None:
    """Oracle's table of six months: its 179.7 is right for debtors of 13,000, not for 12,000."""
    months = [(2_500, 30), (1_750, 31), (2_250, 31), (2_500, 30), (2_000, 31), (2_250, 30)]

    found = figures.dso_countback(debtors, months)

    assert near(found.days, printed)
    assert not found.exhausted


def test_dso_countback_that_runs_out() -> None:
    """With too little history the days so far are given, and it says so."""
    found = figures.dso_countback(500, [(100, 31), (100, 30)])

    assert found == figures.Countback(Fraction(61), exhausted=True)


def test_dso_countback_of_a_month_of_net_credits() -> None:
    """Such a month counts its days, and what it gave back must be found in older months."""
    found = figures.dso_countback(100, [(-50, 31), (300, 30)])

    assert found == figures.Countback(Fraction(31) + Fraction(150, 300) * 30, exhausted=False)


def test_dso_countback_of_nothing() -> None:
    """Without receivables no month is counted, whatever the sales."""
    assert figures.Countback(Fraction(0), exhausted=False) == figures.dso_countback(0, [(0, 31)])


@pytest.mark.parametrize(
    ("source", "sums", "printed"),
    [
        ("whole quarter's sales", (6_200, 10_890, 6_340, 3_590), "79.63"),
        ("a month's mean sales, creditguru.com", (6_200, 3_630, 6_340, 3_590), "55.93"),
        ("gaviti.com", (100_000, 1_000_000, 120_000, 100_000), "98"),
        ("nothing overdue at either end", (500, 200, 300, 300), "100"),
    ],
)
def test_cei(source: str, sums: tuple[int, int, int, int], printed: str) -> None:
    """What was collected, of what could have been."""
    begin, sales, end_total, end_current = sums

    found = figures.cei(begin=begin, sales=sales, end_total=end_total, end_current=end_current)

    assert near(found, printed), source


def test_turnover() -> None:
    """Sales over the mean balance (drlogy.com; and the example ledger's first quarter of 2025)."""
    assert Fraction(5) == figures.turnover(1_000_000, [200_000])
    assert near(figures.turnover(4_450, [300, 3_080]), "2.633136", 6)
    assert near(figures.turnover(4_450, [300, 3_800, 4_340, 3_080]), "1.545139", 6)


@pytest.mark.parametrize(
    ("pairs", "printed"),
    [
        ([(10, 5), (100, 10)], "9.55"),
        ([(1_000, 15), (3_000, 30), (2_000, 45)], "32.5"),
        ([(1, 28), (1, 22), (1, 15), (1, 35), (1, 20)], "24"),
    ],
)
def test_mean_days_to_pay(pairs: list[tuple[int, int]], printed: str) -> None:
    """Weighted by amount (Dynamics 365, snowdaycalculator), or plainly (Sage 50)."""
    assert near(figures.weighted_mean(pairs, MEAN_OF_NOTHING), printed)


@pytest.mark.parametrize(
    ("counts", "median"),
    [
        ([(1, 14), (1, 30), (1, 3)], Fraction(14)),
        ([(2, 3), (1, 30), (1, 14)], Fraction(17, 2)),
        ([(3, 1), (1, 100)], Fraction(1)),
        ([(0, 5)], MEAN_OF_NOTHING),
    ],
)
def test_median(counts: list[tuple[int, int]], median: figures.Answer) -> None:
    """The middle of all, each as often as it occurs; of an even number, between the two."""
    assert median == figures.weighted_median(counts, MEAN_OF_NOTHING)


@pytest.mark.parametrize("sales", [0, -100])
def test_a_figure_without_sales_says_why_there_is_none(sales: int) -> None:
    """No zero, no infinity: a reason."""
    simple = figures.dso(3_080, sales, 31)

    assert figures.NO_SALES == simple
    assert figures.NO_SALES == figures.average_days_delinquent(simple, Fraction(3))
    assert Missing("nothing to collect in the period") == figures.cei(
        begin=100, sales=0, end_total=100, end_current=100
    )


# The example ledger of three months (its base currency, foreign items at closing rates), as sums.
MONTHS = {
    "2025-01": (300, 3_800, 3_500, 3_500, 31, 0, 0, [(3_500, 31), (0, 31), (0, 30), (300, 31)]),
    "2025-02": (3_800, 4_340, 3_040, 950, 28, 400, 0, [(950, 28), (3_500, 31), (0, 31)]),
    "2025-03": (4_340, 3_080, 0, 0, 31, 1_000, 300, [(0, 31), (950, 28), (3_500, 31)]),
}
EXPECTED: dict[str, tuple[str | None, str, str, str | None, str | None, str]] = {
    "2025-01": ("33.657143", "99.885714", "123", "31", "2.657143", "0"),
    "2025-02": ("127.915789", "87.775281", "58.025714", "89.6", "38.315789", "23.976608"),
    "2025-03": (None, "62.292135", "77.865714", None, None, "29.032258"),
}


@pytest.mark.parametrize("month", MONTHS)
def test_the_example_ledger(month: str) -> None:
    """DSO in all variants and CEI, month by month, as computed apart for the example."""
    begin, end, current, sales, length, _, _, back = MONTHS[month]
    simple, rolling, countback, best, delinquent, effectiveness = EXPECTED[month]
    last_three = {"2025-01": (3_500, 92), "2025-02": (4_450, 90), "2025-03": (4_450, 90)}[month]

    found = figures.dso(end, sales, length)
    found_best = figures.dso(current, sales, length)

    assert found == figures.NO_SALES if simple is None else near(found, simple, 6)
    assert near(figures.dso(end, *last_three), rolling, 6)
    assert near(figures.dso_countback(end, back).days, countback, 6)
    assert not figures.dso_countback(end, back).exhausted
    assert found_best == figures.NO_SALES if best is None else near(found_best, best, 6)
    found_delinquent = figures.average_days_delinquent(found, found_best)
    assert (
        found_delinquent == figures.NO_SALES
        if delinquent is None
        else near(found_delinquent, delinquent, 6)
    )
    found_cei = figures.cei(begin=begin, sales=sales, end_total=end, end_current=current)
    assert near(found_cei, effectiveness, 6)


@pytest.mark.parametrize(
    ("month", "begin", "printed"),
    [("2025-01", 300, "0"), ("2025-02", 3_790, "23.529412"), ("2025-03", 4_380, "24.509804")],
)
def test_cei_by_cash_alone(month: str, begin: int, printed: str) -> None:
    """Only cash counts as collected; a month begins with the balance at its own closing rate."""
    _, _, current, sales, _, cash, written_off, _ = MONTHS[month]

    found = figures.cei_cash(
        cash=cash, begin=begin, sales=sales, end_current=current, written_off=written_off
    )

    assert near(found, printed, 6)
