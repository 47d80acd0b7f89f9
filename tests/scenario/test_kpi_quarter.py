"""A quarter of a small ledger, told through the core, and each month end's figures read back.

The story and its numbers are the worked example of docs on KPI definitions: five invoices of three
customers, a partial payment, a credit note, a chargeback, a write-off and cash without an invoice.
Its euro invoice stands apart here, as currencies are never added.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from services.kpi.domain.core import KpiCore
from services.kpi.domain.report import report
from shared.events.base import Fact
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon

JANUARY, FEBRUARY, MARCH = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)


def quarter() -> Line:
    """The whole story, day by day, each fact on its day."""
    a, b, c = Books("A"), Books("B"), Books("C")
    told = {
        date(2024, 10, 1): lambda: b.issue(
            "I4", "300", issued=date(2024, 10, 1), due=date(2024, 10, 31), currency="USD"
        ),
        date(2025, 1, 5): lambda: a.issue(
            "I1", "1000", issued=date(2025, 1, 5), due=date(2025, 2, 4), currency="USD"
        ),
        date(2025, 1, 20): lambda: a.issue(
            "I2", "500", issued=date(2025, 1, 20), due=date(2025, 2, 19), currency="USD"
        ),
        date(2025, 1, 31): lambda: b.issue(
            "I3", "2000", issued=date(2025, 1, 31), due=date(2025, 3, 2), currency="USD"
        ),
        date(2025, 2, 10): lambda: [
            *a.pay("P1", "I1", "400", date(2025, 2, 10)),
            *c.issue("I5", "1000", issued=date(2025, 2, 10), due=date(2025, 3, 12)),
        ],
        date(2025, 2, 25): lambda: a.credit("I2", "100", date(2025, 2, 25)),
        date(2025, 3, 1): lambda: b.pay("P4", "I3", "2000", date(2025, 3, 1)),
        date(2025, 3, 5): lambda: a.pay("P3", "I2", "400", date(2025, 3, 5)),
        date(2025, 3, 15): lambda: b.reverse("P4", date(2025, 3, 15)),
        date(2025, 3, 20): lambda: a.pay("P2", "I1", "600", date(2025, 3, 20)),
        date(2025, 3, 25): lambda: c.hold_cash("U1", "250", date(2025, 3, 25), "USD"),
        date(2025, 3, 31): lambda: b.write_off("I4", "300", date(2025, 3, 31)),
    }
    line = Line(KpiCore())
    day = date(2024, 10, 1)
    while day <= MARCH:
        line.tick(midnight(day))
        facts: list[Fact] = [fact for books in (a, b, c) for fact in books.day(day)]
        facts += told[day]() if day in told else []
        for fact in facts:
            line.tell(fact, time=noon(day))
        day += timedelta(days=1)
    return line


@pytest.fixture(scope="module")
def line() -> Line:
    """The story, told once."""
    return quarter()


def part(line: Line, as_of: date, currency: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """The report's part of one currency."""
    found = report(line.cells, as_of=as_of, **more)["receivables"]
    return next(part for part in found if part["currency"] == currency)


@pytest.mark.parametrize(
    ("as_of", "dollars"),
    [
        (JANUARY, {"current": "3500.00", "91-120": "300.00"}),
        (FEBRUARY, {"current": "2000.00", "1-30": "1000.00", "91-120": "300.00"}),
        (MARCH, {"1-30": "2000.00"}),
    ],
)
def test_aging_at_month_ends(line: Line, as_of: date, dollars: dict[str, str]) -> None:
    """Each item is in the bucket of its age, I4 at 120 days still in 91-120."""
    found = part(line, as_of, "USD")["aging"]

    amounts = {row["bucket"]: row["amount"] for row in found if row["amount"] != "0.00"}
    assert dollars == amounts
    assert ["current", "1-30", "31-60", "61-90", "91-120", "121+"] == [
        row["bucket"] for row in found
    ]


def test_the_euro_item_stands_apart(line: Line) -> None:
    """I5 is in no dollar figure: current in February, 19 days past due in March."""
    february = part(line, FEBRUARY, "EUR")
    march = part(line, MARCH, "EUR")

    assert "1000.00" == february["amounts"]["gross"]
    assert "0.00" == february["amounts"]["overdue"]
    assert "1000.00" == march["amounts"]["overdue"]


def test_roll_forward_of_each_month(line: Line) -> None:
    """Begin, what was billed, credited, paid and written off, and end; it closes to the cent."""
    steps = ("begin", "billed", "credited", "cash", "written_off", "end", "net_sales")

    found = {
        as_of.month: [part(line, as_of, "USD")["roll_forward"][step] for step in steps]
        for as_of in (JANUARY, FEBRUARY, MARCH)
    }

    assert {
        1: ["300.00", "3500.00", "0.00", "0.00", "0.00", "3800.00", "3500.00"],
        2: ["3800.00", "0.00", "-100.00", "-400.00", "0.00", "3300.00", "-100.00"],
        3: ["3300.00", "0.00", "0.00", "-1000.00", "-300.00", "2000.00", "0.00"],
    } == found


def test_unapplied_cash_is_apart(line: Line) -> None:
    """Cash without an invoice lowers the net receivables, and no bucket."""
    amounts = part(line, MARCH, "USD")["amounts"]

    assert ("2000.00", "250.00", "1750.00") == (
        amounts["gross"],
        amounts["unapplied_cash"],
        amounts["net"],
    )


def test_january_by_the_days(line: Line) -> None:
    """January has no foreign item: the published figures come out of the cube."""
    figures = part(line, JANUARY, "USD")["figures"]

    assert 33.66 == figures["dso_simple"]["value"]
    assert 99.89 == figures["dso_rolling_3_months"]["value"]
    assert {"value": 123.0, "unit": "days", "exhausted": False} == figures["dso_countback"]
    assert 31.0 == figures["best_possible_dso"]["value"]
    assert 2.66 == figures["average_days_delinquent"]["value"]
    assert 0.0 == figures["collection_effectiveness"]["value"]


def test_march_has_no_simple_dso(line: Line) -> None:
    """Without sales there is no quotient; the countback still answers."""
    figures = part(line, MARCH, "USD")["figures"]

    assert {
        "value": None,
        "unit": "days",
        "reason": "no net credit sales in the period",
    } == figures["dso_simple"]
    assert figures["dso_countback"]["value"] is not None


def test_how_march_paid(line: Line) -> None:
    """I2 closed 14, I1 44 days late; a payment that never came and a write-off are left out."""
    found = part(line, MARCH, "USD")

    assert 2 == found["counts"]["invoices_closed"]
    assert 29.0 == found["figures"]["days_late_mean"]["value"]
    assert 34.0 == found["figures"]["days_late_weighted"]["value"]
    assert 32.0 == found["figures"]["days_late_by_payment"]["value"]
    assert 59.0 == found["figures"]["days_to_pay_mean"]["value"]


def test_recovery_of_march(line: Line) -> None:
    """Of the 1,300 overdue at its begin, 1,000 came in cash; the chargeback was not of that."""
    figures = part(line, MARCH, "USD")["figures"]

    assert 76.92 == figures["recovery_rate"]["value"]
    assert 76.92 == figures["resolution_rate"]["value"]


def test_bad_debt_of_the_quarter(line: Line) -> None:
    """300 written off on net sales of 3,400 in dollars."""
    figures = part(line, MARCH, "USD", begin=date(2025, 1, 1))["figures"]

    assert 8.82 == figures["bad_debt"]["value"]


def test_the_past_stays_exact(line: Line) -> None:
    """January read after March is January; as reported at its end, too."""
    now = part(line, JANUARY, "USD")
    then = part(line, JANUARY, "USD", reported_on=JANUARY)

    assert now["aging"] == then["aging"]
    assert "3800.00" == then["amounts"]["gross"]
