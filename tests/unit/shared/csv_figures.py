"""Figures straight from the rows of a `vendor-settled` file, slowly and obviously: an oracle.

It shares no code with the importer, the ledger or the cube.
"""

import calendar
import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a file, as they stand there."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def direct_figures(rows: Iterable[Mapping[str, str]], days: Iterable[date]) -> dict[date, Any]:
    """What is open, how old it is, what was billed and collected, as of the end of each day.

    Each value is a dict with `open`, `aging` (by bucket), `overdue`, `unapplied` (paid before the
    invoice's date, and waiting), `billed` and `collected` (both since the beginning): decimals.
    """
    read = [_read(row) for row in rows]
    return {day: _as_of(read, day) for day in days}


def month_ends(first: date, last: date) -> Iterator[date]:
    """The last day of each month from that of `first` on, none after `last`."""
    year, month = first.year, first.month
    while True:
        day = date(year, month, calendar.monthrange(year, month)[1])
        if day > last:
            return
        yield day
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _read(row: Mapping[str, str]) -> tuple[date, date, Decimal, date, Decimal]:
    issued = datetime.strptime(row["Invoice_Date"], "%d-%b-%y").date()  # noqa: DTZ007 - a day
    due = datetime.strptime(row["Due_Date"], "%d-%b-%y").date()  # noqa: DTZ007 - a day
    paid = issued + timedelta(days=int(row["Number_of_Days_until_Payment"]))
    return issued, due, Decimal(row["Amount"]), paid, Decimal(row["Settled"])


def _as_of(read: list[tuple[date, date, Decimal, date, Decimal]], day: date) -> dict[str, Any]:
    aging = dict.fromkeys(BUCKETS, Decimal(0))
    unapplied = billed = collected = Decimal(0)
    for issued, due, amount, paid, settled in read:
        came = settled if paid <= day else Decimal(0)
        if issued > day:
            unapplied += came
            continue
        billed += amount
        collected += came
        aging[_bucket((day - due).days)] += amount - came
    return {
        "open": sum(aging.values()),
        "aging": aging,
        "overdue": sum(aging.values()) - aging["current"],
        "unapplied": unapplied,
        "billed": billed,
        "collected": collected,
    }


def _bucket(past_due_days: int) -> str:
    if past_due_days <= 0:
        return "current"
    for ends, name in ((30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120")):
        if past_due_days <= ends:
            return name
    return "121+"
