"""The oracle itself: on rows to be added up by hand, and on what the importer makes of them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from shared.cli.importing import read_file
from tests.unit.shared.csv_figures import direct_figures, month_ends, rows_of

FILE = """\
Vendor_Name,Invoice_Date,Due_Date,Amount,Settled,Outstanding,Number_of_Days_until_Payment
Example Traders,01-Jan-24,31-Jan-24,100.00,100.00,0.0,45
Example Traders,10-Jan-24,09-Feb-24,50.50,20.50,30.0,10
Sample Works,05-Feb-24,06-Feb-24,7.00,7.00,0.0,-8
"""


def test_figures_of_three_rows_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    """January: 100 not due, 30 left of 50.50, 7 paid ahead. February: 15 February paid the 100."""
    path = tmp_path / "rows.csv"
    path.write_text(FILE)

    figures = direct_figures(rows_of(path), (date(2024, 1, 31), date(2024, 2, 10)))

    january, february = figures.values()
    assert Decimal("130.00") == january["open"] == january["aging"]["current"]
    assert Decimal("7.00") == january["unapplied"]
    assert Decimal("130.00") == february["open"] == february["overdue"]
    assert Decimal("130.00") == february["aging"]["1-30"]
    assert Decimal("157.50") == february["billed"]
    assert Decimal("27.50") == february["collected"]


def test_month_ends_end_with_the_last_whole_month() -> None:
    """Leap years and the turn of the year included."""
    assert [date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29)] == list(
        month_ends(date(2023, 12, 5), date(2024, 3, 30))
    )


def test_the_importers_events_add_up_to_the_same_figures(tmp_path: Path) -> None:
    """Summing the events by their business dates gives what the rows give."""
    path = tmp_path / "rows.csv"
    path.write_text(FILE)
    end = date(2024, 12, 31)

    events = read_file(path).events
    billed = sum(Decimal(e["data"]["amount"]) for e in events if "invoice.issued" in e["type"])
    paid = sum(Decimal(e["data"]["amount"]) for e in events if "payment" in e["type"])

    figures = direct_figures(rows_of(path), (end,))[end]
    assert figures["billed"] == billed
    assert figures["collected"] == paid
    assert figures["open"] == billed - paid
