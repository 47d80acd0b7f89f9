"""A user's own invoices: what KPI says of them is what the file says.

    pytest tests/scenario/test_own_invoices.py --own-invoices FILE

does the same with a file of the `vendor-settled` shape; without it, a file is drawn.
"""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.command.stages import stages
from services.kpi.domain.report import report
from shared.cli.eventfile import lines, with_ticks
from shared.cli.importing.csvfile import read_file
from shared.cli.routing import records_of
from shared.simulation import Simulation
from tests.unit.shared.csv_figures import direct_figures, month_ends, rows_of

HEADER = (
    "Description", "Vendor_Name", "Created", "Invoice_Date", "Due_Date", "Amount", "Settled",
    "Outstanding", "Number_of_Days_until_Payment",
)  # fmt: skip


def drawn_rows(seed: int, count: int) -> Iterator[tuple[object, ...]]:
    """Invoices of a year and a half: paid early, late, in part, before their date."""
    draw = random.Random(seed)
    for number in range(count):
        issued = date(2024, 1, 1) + timedelta(days=draw.randrange(540))
        due = issued + timedelta(days=draw.choice((7, 14, 30, 60)))
        amount = Decimal(draw.randrange(1, 900_000)) / 100
        settled = amount if draw.random() < 0.9 else (amount / 3).quantize(Decimal("0.01"))
        days = draw.choice((-3, 0, 1, 7, 29, 30, 31, 60, 61, 90, 121, 200))
        yield (
            f"Goods {number}", f"Vendor {draw.randrange(30)}", f"{issued:%d-%m-%Y} 09:00",
            f"{issued:%d-%b-%y}", f"{due:%d-%b-%y}", amount, settled, amount - settled, days,
        )  # fmt: skip


@pytest.fixture
def own_invoices(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file that was named, or one that is drawn."""
    if named := request.config.getoption("--own-invoices"):
        return Path(str(named))
    path = tmp_path / "invoices.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(drawn_rows(11, 400))
    return path


def shown(part: dict[str, Any]) -> dict[str, Any]:
    """What the report says, in the words of the direct computation."""
    amounts = {name: Decimal(amount) for name, amount in part["amounts"].items()}
    return {
        "open": amounts["gross"],
        "overdue": amounts["overdue"],
        "unapplied": amounts["unapplied_cash"],
        "aging": {row["bucket"]: Decimal(row["amount"]) for row in part["aging"]},
    }


@pytest.mark.timeout(600)
def test_figures_of_each_month_end_are_those_of_the_file(own_invoices: Path) -> None:
    """Receivables, aging and cash held, through import, ledger and cube, agree with the rows."""
    imported = read_file(own_invoices, None)
    told = list(lines(imported.events))
    simulation = Simulation(stages()[:1] + stages()[3:])
    for line in with_ticks(told, every=timedelta(days=1)):
        simulation.tell(records_of(line.event, partitions=1))
    kpi = simulation.stages[-1]
    days = list(month_ends(told[0].time.date(), told[-1].time.date()))

    expected = direct_figures(rows_of(own_invoices), days)

    assert [] == imported.refused
    for day in days:
        (part,) = report(kpi.cells, as_of=day)["receivables"]
        assert {name: expected[day][name] for name in shown(part)} == shown(part), day
        assert part["roll_forward"]["holds"]
