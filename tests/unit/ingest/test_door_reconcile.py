"""`arrears source reconcile`: a billing system's open items against the ledger."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner, Result

from services.command.source import app
from services.command.source_compare import Items, Key, Open, compare
from services.command.source_lists import add, of_file
from services.ingest.domain.invoice import Invoice, Item, Posting
from shared.cli.importing import FileError

HEADER = "account_id,invoice_id,open_amount,currency,due_on\n"
keys = st.builds(
    Key, st.sampled_from("AB"), st.sampled_from("123"), st.sampled_from(("EUR", "JPY"))
)
items = st.dictionaries(
    keys,
    st.builds(Open, st.integers(0, 3), st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3))),
)


@given(items)
def test_the_same_list_agrees(listed: Items) -> None:
    """No differences, and equal totals."""
    result = compare(listed, listed)

    assert [] == result.differences
    assert len(listed) == result.agreed
    assert result.theirs == result.ours


@given(items, items)
def test_differences_explain_the_totals(theirs: Items, ours: Items) -> None:
    """What the totals are apart is what the differences of amounts come to."""
    result = compare(theirs, ours)

    for currency in ("EUR", "JPY"):
        apart = sum(
            theirs.get(one.key, Open()).amount - ours.get(one.key, Open()).amount
            for one in result.differences
            if one.key.currency == currency and one.kind != "due_on"
        )
        assert result.theirs[currency] - result.ours[currency] == apart


def test_each_kind_of_difference() -> None:
    """There only, here only, another amount, another due date."""
    day, other = date(2026, 1, 31), date(2026, 2, 28)
    theirs = {
        Key("A", "1", "EUR"): Open(100, day),
        Key("A", "3", "EUR"): Open(100, day),
        Key("A", "4", "EUR"): Open(100, day),
    }
    ours = {
        Key("A", "2", "EUR"): Open(100, day),
        Key("A", "3", "EUR"): Open(150, day),
        Key("A", "4", "EUR"): Open(100, other),
    }

    result = compare(theirs, ours)

    assert [
        ("only_theirs", "1", "1.00", "0.00"),
        ("only_ours", "2", "0.00", "1.00"),
        ("amount", "3", "1.00", "1.50"),
        ("due_on", "4", "2026-01-31", "2026-02-28"),
    ] == [(one.kind, one.key.invoice_id, one.theirs, one.ours) for one in result.differences]
    assert 0 == result.agreed


def test_the_ledger_as_of_a_day() -> None:
    """What was paid after the day was open on it; instalments of an invoice add up."""
    due = date(2026, 1, 31)
    paid = [Posting(date(2026, 1, 1), "billed", 100), Posting(date(2026, 2, 5), "collected", -100)]
    open_ = [Posting(date(2026, 1, 1), "billed", 50)]
    invoice = Invoice(
        account_id="A",
        invoice_id="1",
        digest="",
        currency="EUR",
        issued_on=date(2026, 1, 1),
        sales=True,
        items=[
            Item("1/1", due, 100, 0, date(2026, 1, 1), postings=paid),
            Item("1/2", date(2026, 2, 28), 50, 50, date(2026, 1, 1), postings=open_),
        ],
    )
    before: dict[Key, Open] = {}
    after: dict[Key, Open] = {}

    add(before, invoice, date(2026, 2, 4))
    add(after, invoice, date(2026, 2, 5))

    assert {Key("A", "1", "EUR"): Open(150, due)} == before
    assert {Key("A", "1", "EUR"): Open(50, date(2026, 2, 28))} == after


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    """Each says its line, its column and the reason; the others are read."""
    path = tmp_path / "positions.csv"
    path.write_text(
        HEADER
        + 'A,1,"1,50",EUR,\nA,2,1.005,EUR,\nA,3,1,EUX,\nA,4,1,EUR,2026-02-30\n,5,1,EUR,\nA,6\n'
        + "A,7,1.50,eur,2026-01-31\nA,7,0.50,EUR,2026-01-15\n"
    )

    listed = of_file(path)

    assert [
        (2, "open_amount"), (3, "open_amount"), (4, "currency"), (5, "due_on"), (6, "account_id"),
        (7, ""),
    ] == [(one.line, one.column) for one in listed.refused]  # fmt: skip
    assert {Key("A", "7", "EUR"): Open(200, date(2026, 1, 15))} == listed.items


def test_a_file_without_its_columns(tmp_path: Path) -> None:
    """It is refused whole, with what is missing."""
    path = tmp_path / "positions.csv"
    path.write_text("account_id,amount\nA,1\n")

    with pytest.raises(FileError, match="lacks invoice_id, open_amount, currency"):
        of_file(path)


def test_the_command(tmp_path: Path) -> None:
    """0 where both agree; 1 with the differences, as CSV and metrics; 2 if a row is unreadable."""
    theirs, ours, out, prom = (tmp_path / name for name in ("t.csv", "o.jsonl", "d.csv", "m.prom"))
    item = {"invoice_id": "1", "currency": "EUR", "open_amount": "10.00", "due_on": "2026-01-31"}
    ours.write_text(json.dumps({"account_id": "A", "open_items": [item]}) + "\n")
    arguments = [
        "reconcile",
        "--file",
        str(theirs),
        "--as-of",
        "2026-02-28",
        "--against",
        str(ours),
    ]
    arguments += ["--out", str(out), "--prometheus", str(prom), "--source", "erp"]

    def run(rows: str) -> Result:
        theirs.write_text(HEADER + rows)
        return CliRunner().invoke(app, arguments)

    bad = run("A,1,ten,EUR,\n")
    same = run("A,1,10.00,EUR,2026-01-31\n")
    other = run("A,1,9.00,EUR,2026-01-31\n")

    assert [0, 1, 2] == [same.exit_code, other.exit_code, bad.exit_code], same.output
    assert "EUR: 9.00 there, 10.00 here, -1.00 apart" in other.output
    assert [("amount", "9.00", "10.00")] == [
        (row["kind"], row["theirs"], row["ours"])
        for row in csv.DictReader(out.read_text().splitlines())
    ]
    families = {f.name: f for f in text_string_to_metric_families(prom.read_text())}
    found = {
        sample.labels["kind"]: sample.value
        for sample in families["collections_source_differences"].samples
    }
    assert {"only_theirs": 0, "only_ours": 0, "amount": 1, "due_on": 0} == found
    assert "line 2: open_amount: 'ten' is no number" in bad.output
