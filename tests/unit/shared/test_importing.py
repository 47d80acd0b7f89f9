"""CSV import: what each row becomes, what is refused and why; nothing is done by halves."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shared.cli.eventfile import BadLine, encode, read
from shared.cli.importing import Import, MappingError, detect_mapping, load_mapping, read_file
from shared.cli.importing.app import app
from shared.cli.importing.invoice import account_id_of
from shared.cli.importing.mapping import built_in
from shared.cli.importing.table import FileError
from shared.events import BILLING

Rows = Callable[..., Import]
VENDOR = "Vendor_Name,Invoice_Date,Due_Date,Amount,Settled,Outstanding,Number_of_Days_until_Payment"
GENERIC = "invoice_id,account_id,issued_on,due_on,amount,currency"
PAID = f"{GENERIC},paid_on,paid_amount"
EXAMPLES = Path(__file__).parents[3] / "docs" / "mappings"


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Reads a file of these lines."""

    def read_rows(*lines: str, **options: Any) -> Import:  # noqa: ANN401 - options of read_file
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_file(path, **options)

    return read_rows


def said(result: Import) -> list[str]:
    """The refused rows, as people see them."""
    return [str(row) for row in result.refused]


def facts(result: Import) -> list[tuple[str, str, dict[str, Any]]]:
    """Type, day and data of each event, accounts left out."""
    return [
        (event["type"].split(".", 1)[1], event["time"][:10], event["data"])
        for event in result.events
        if event["type"] != "billing.account.updated.v1"
    ]


class TestVendorSettled:
    def test_a_row_becomes_an_account_an_invoice_and_a_payment(self, rows: Rows) -> None:
        """The payment is so many days after the date of the invoice, and allocated to it."""
        result = rows(VENDOR, 'Example Traders,26-Apr-11,26-May-11,"1,672.78",1672.78,0.0,13')

        account, invoice, payment = result.events
        assert {"account_id": "example-traders", "name": "Example Traders"} == account["data"]
        assert "2011-04-26T10:00:00Z" == account["time"]
        invoice_id = invoice["data"]["invoice_id"]
        assert {
            "account_id": "example-traders",
            "invoice_id": invoice_id,
            "issued_on": "2011-04-26",
            "due_on": "2011-05-26",
            "amount": "1672.78",
            "currency": "EUR",
        } == invoice["data"]
        assert {
            "account_id": "example-traders",
            "payment_id": f"{invoice_id}-paid",
            "amount": "1672.78",
            "currency": "EUR",
            "received_on": "2011-05-09",
            "allocations": [{"invoice_id": invoice_id, "amount": "1672.78"}],
        } == payment["data"]

    def test_what_is_settled_in_part_stays_open(self, rows: Rows) -> None:
        """No later payment is made up."""
        result = rows(VENDOR, "Example Traders,12-Oct-11,26-Oct-11,605.51,501.98,103.53,6")

        assert [("605.51"), ("501.98")] == [data["amount"] for _, _, data in facts(result)]

    def test_paid_before_the_date_of_the_invoice(self, rows: Rows) -> None:
        """A negative number of days: the payment comes first, the account before it."""
        result = rows(VENDOR, "Example Traders,01-Sep-13,01-Oct-13,151.31,151.31,0.0,-5")

        assert [
            ("billing.account.updated.v1", "2013-08-27T10:00:00Z"),
            ("billing.payment.received.v1", "2013-08-27T10:30:00Z"),
            ("billing.invoice.issued.v1", "2013-09-01T10:10:00Z"),
        ] == [(event["type"], event["time"]) for event in result.events]

    def test_rows_that_are_alike_are_invoices_of_their_own(self, rows: Rows) -> None:
        """Two equal rows are two invoices, numbered, and that is said."""
        row = "Example Traders,01-Sep-13,01-Oct-13,151.31,151.31,0.0,5"

        result = rows(VENDOR, row, row, row)

        ids = [data["invoice_id"] for kind, _, data in facts(result) if "issued" in kind]
        assert [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"] == ids
        assert [] == said(result)
        assert ["2 rows are like one above in"] == [r[:29].strip() for r in result.remarks]

    def test_a_longer_file_gives_the_same_ids(self, rows: Rows) -> None:
        """What was imported before is the same again, so that it changes nothing."""
        first = "Example Traders,01-Sep-13,01-Oct-13,151.31,0,151.31,"
        other = "Sample Works,01-Aug-13,01-Oct-13,10.00,0,10.00,"

        short, long = rows(VENDOR, first), rows(VENDOR, other, first, other)

        known = {event["id"]: event for event in long.events}
        assert all(known[event["id"]] == event for event in short.events)

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("A,31-Feb-14,26-May-14,1,1,0,1", "Invoice_Date: '31-Feb-14' is a day that does not"),
            ("A,26-Foo-14,26-May-14,1,1,0,1", "Invoice_Date: 'Foo' is no month; they are january,"),
            ("A,2014-02-01,26-May-14,1,1,0,1", "Invoice_Date: '2014-02-01' is no date like dd-Mon"),
            ("A,,26-May-14,1,1,0,1", "Invoice_Date: is empty"),
            ("A,26-May-14,,1,1,0,1", "Due_Date: is empty"),
            (",26-May-14,26-May-14,1,1,0,1", "Vendor_Name: is empty"),
            ("A,26-May-14,26-May-14,,1,0,1", "Amount: is empty"),
            ("A,26-May-14,26-May-14,0.00,0,0,1", "Amount: is zero: nothing is owed"),
            ("A,26-May-14,26-May-14,12 EUR,1,0,1", "Amount: '12 EUR' is no number like 1,234.50"),
            ("A,26-May-14,26-May-14,1.2.3,1,0,1", "Amount: '1.2.3' is no number like 1,234.50"),
            (
                "A,26-May-14,26-May-14,1.005,1,0,1",
                "Amount: 1.005 has more than the 2 decimal place",
            ),
            ("A,26-May-14,26-May-14,1e5,1,0,1", "Amount: '1e5' is no number like 1,234.50"),
            (
                "A,26-May-14,26-May-14,9999999999999999,0,,",
                "Amount: 9999999999999999 has more than",
            ),
            ("A,26-May-14,26-May-14,10,4,5,1", "Outstanding: 10.00 is not 4.00 paid and 5.00 open"),
            ("A,26-May-14,26-May-14,10,-4,14,1", "Settled: is negative"),
            ("A,26-May-14,26-May-14,10,4,6,", "Number_of_Days_until_Payment: is empty, so the day"),
            ("A,26-May-14,26-May-14,10,4,6,1.5", "Number_of_Days_until_Payment: '1.5' is no whole"),
            (
                "A,26-May-14,26-May-14,10,4,6,9999999",
                "Number_of_Days_until_Payment: 9999999 days l",
            ),
            ("A,26-May-14,26-May-14,10,4,6", "6 cells, but the header has 7"),
            ("A,26-May-14,26-May-14,1,234.00,4,6,1", "8 cells, but the header has 7"),
        ],
    )
    def test_a_row_that_cannot_be_taken_is_named_with_column_and_reason(
        self, row: str, reason: str, rows: Rows
    ) -> None:
        """And the rows around it are taken."""
        good = "Example Traders,26-Apr-11,26-May-11,672.78,672.78,0.0,13"

        result = rows(VENDOR, good, row, good)

        assert [True] == [text.startswith(f"line 3: {reason}") for text in said(result)], said(
            result
        )
        assert 3 == result.rows
        assert 5 == len(result.events)

    def test_what_a_binary_fraction_left_behind_is_cut_off_and_said(self, rows: Rows) -> None:
        """672.780000001 is 672.78; half a cent is none of that."""
        result = rows(VENDOR, "A,26-Apr-11,26-May-11,672.780000001,569.25,103.52999999999997,13")

        assert ["672.78", "569.25"] == [data["amount"] for _, _, data in facts(result)]
        assert ["1 rows had amounts with the remainder"] == [r[:37] for r in result.remarks]

    def test_another_currency_can_be_told(self, rows: Rows) -> None:
        """The file names none; its places are then those of the currency."""
        result = rows(VENDOR, "A,26-Apr-11,26-May-11,672.50,0,672.5,", currency="JPY")

        assert ["line 2: Amount: 672.50 has more than the 0 decimal places of JPY"] == said(result)


class TestGeneric:
    def test_all_that_the_columns_tell_is_there(self, rows: Rows) -> None:
        """Accounts with a way to reach them, invoices with numbers, payments with ids."""
        result = rows(
            f"{PAID},payment_id,method,number,account_name,kind,creditor_id,country,language,"
            "time_zone,email,phone",
            "I-1,C-1,2026-01-05,2026-02-04,120.50,USD,2026-02-10,120.50,P-1,card,N-1,"
            "Example Traders,company,creditor-us,US,en,America/New_York,a@example.org,+12025550101",
        )

        account, invoice, payment = result.events
        assert {
            "account_id": "C-1",
            "kind": "company",
            "creditor_id": "creditor-us",
            "country": "US",
            "language": "en",
            "name": "Example Traders",
            "time_zones": ["America/New_York"],
            "contact_points": [
                {"id": "email", "channel": "email", "address": "a@example.org"},
                {"id": "phone", "channel": "phone", "address": "+12025550101"},
            ],
        } == account["data"]
        assert ("N-1", "P-1", "card") == (
            invoice["data"]["number"],
            payment["data"]["payment_id"],
            payment["data"]["method"],
        )

    def test_a_negative_amount_is_a_credit_note(self, rows: Rows) -> None:
        """Of an invoice if the row names one, else for the account to use."""
        result = rows(
            f"{GENERIC},credited_invoice_id",
            "C-1,A,2026-01-05,2026-02-04,-20.00,EUR,I-1",
            "C-2,A,2026-01-06,2026-02-04,(5.00),EUR,",
        )

        note = {"account_id": "A", "currency": "EUR"}
        assert [
            ("invoice.credited.v1", "2026-01-05", {
                **note, "credit_note_id": "C-1", "invoice_id": "I-1", "amount": "20.00",
                "credited_on": "2026-01-05",
            }),
            ("invoice.credited.v1", "2026-01-06", {
                **note, "credit_note_id": "C-2", "amount": "5.00", "credited_on": "2026-01-06",
            }),
        ] == facts(result)  # fmt: skip

    def test_a_day_of_payment_alone_means_that_all_was_paid(self, rows: Rows) -> None:
        """If there is no column for the amount; one that is empty is a gap in the data."""
        all_paid = rows(f"{GENERIC},paid_on", "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01")
        gap = rows(PAID, "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,")

        assert ["20.00", "20.00"] == [data["amount"] for _, _, data in facts(all_paid)]
        assert ["line 2: paid_amount: is empty, but there is a day of payment"] == said(gap)

    def test_more_than_the_invoice_stays_unapplied(self, rows: Rows) -> None:
        """The payment is whole, its allocation is not more than the invoice."""
        result = rows(PAID, "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,25")

        payment = facts(result)[1][2]
        assert "25.00" == payment["amount"]
        assert [{"invoice_id": "I", "amount": "20.00"}] == payment["allocations"]

    def test_a_row_of_a_known_invoice_brings_another_payment(self, rows: Rows) -> None:
        """One invoice, two payments; the order of the rows does not matter."""
        result = rows(
            PAID,
            "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,5",
            "I,A,2026-01-05,2026-02-04,20,EUR,2026-01-20,15",
        )

        assert [("I", "20.00"), ("I-paid-2", "15.00"), ("I-paid", "5.00")] == [
            (data.get("payment_id", data.get("invoice_id")), data["amount"])
            for _, _, data in facts(result)
        ]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,5", "invoice_id: 'I' stands above, in l"),
            ("I,A,2026-01-05,2026-02-04,20,EUR,,", "invoice_id: 'I' stands above, in line 2"),
            ("I,A,2026-01-05,2026-02-04,21,EUR,,", "invoice_id: 'I' stands above with another amo"),
            ("I,A,2026-01-05,2026-02-05,20,EUR,,", "invoice_id: 'I' stands above with another amo"),
            ("I,A,2026-01-05,2026-02-04,20,USD,,", "invoice_id: 'I' stands above with another amo"),
            ("J,A,2026-01-05,2026-02-04,20,euro,,", "currency: 'EURO' is no ISO 4217 currency"),
            (f"{'x' * 201},A,2026-01-05,2026-02-04,20,EUR,,", "invoice_id: is longer than 200 cha"),
            ("J\x01,A,2026-01-05,2026-02-04,20,EUR,,", "invoice_id: has a control character in it"),
            (",A,2026-01-05,2026-02-04,20,EUR,,", "invoice_id: is empty"),
            ("J,,2026-01-05,2026-02-04,20,EUR,,", "account_id: is empty"),
        ],
    )
    def test_a_row_that_says_again_or_otherwise_what_stands_above_is_refused(
        self, row: str, reason: str, rows: Rows
    ) -> None:
        """A row twice in a file with ids is a mistake, not a second invoice or payment."""
        result = rows(PAID, "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,5", row)

        assert [True] == [text.startswith(f"line 3: {reason}") for text in said(result)], said(
            result
        )
        assert 3 == len(result.events)

    def test_ids_are_of_their_account(self, rows: Rows) -> None:
        """Two accounts may have an invoice of the same number."""
        row = "2026-01-05,2026-02-04,20,EUR"

        result = rows(GENERIC, f"I,A,{row}", f"I,B,{row}")

        assert [] == said(result)
        assert 4 == len({event["id"] for event in result.events})

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("country", "XX", "Input should be an ISO 3166 country code of two capitals"),
            ("time_zone", "Mars/Base", "Input should be an IANA time zone"),
            ("language", "!", "String should match pattern"),
            ("kind", "firm", "Input should be 'company'"),
            ("account_name", "x" * 201, "String should have at most 200 characters"),
            ("email", "x" * 201, "String should have at most 200 characters"),
            ("number", "x" * 201, "String should have at most 200 characters"),
        ],
    )
    def test_what_the_contract_does_not_take_is_refused_here(
        self, column: str, value: str, reason: str, rows: Rows
    ) -> None:
        """With the file's own column, and before a file of events is made."""
        row = "I,A,2026-01-05,2026-02-04,20,EUR"

        result = rows(f"{GENERIC},{column}", f"{row},{value}")

        assert [] == result.events
        assert [True] == [text.startswith(f"line 2: {column}: {reason}") for text in said(result)]

    def test_an_account_has_one_creditor_and_what_was_said_of_it_first(self, rows: Rows) -> None:
        """Later rows fill gaps; another creditor is refused."""
        row = "2026-01-05,2026-02-04,20,EUR"

        result = rows(
            f"{GENERIC},creditor_id,account_name,email",
            f"I,A,{row},one,Example,",
            f"J,A,{row},,Other,a@example.org",
            f"K,A,{row},two,,",
        )

        assert ["line 4: creditor_id: account 'A' stands above with creditor 'one'"] == said(result)
        data = result.events[0]["data"]
        assert ("one", "Example", "a@example.org") == (
            data["creditor_id"],
            data["name"],
            data["contact_points"][0]["address"],
        )

    def test_until_leaves_out_what_came_later(self, rows: Rows) -> None:
        """As of a day: later payments and invoices, and accounts that only these have."""
        result = rows(
            PAID,
            "I,A,2026-01-05,2026-02-04,20,EUR,2026-02-01,5",
            "J,B,2026-01-06,2026-02-04,20,EUR,,",
            until=date(2026, 1, 5),
        )

        assert ["A", "A"] == [event["subject"] for event in result.events]
        assert date(2026, 1, 5) == result.last_on
        assert ["2 events after 2026-01-05 were left out"] == result.remarks

    @given(
        told=st.lists(
            st.tuples(
                st.integers(1, 4),
                st.dates(date(2020, 1, 1), date(2029, 12, 31)),
                st.integers(-(10**8), 10**8),
                st.sampled_from(["EUR", "JPY", "KWD"]),
                st.dates(date(2020, 1, 1), date(2029, 12, 31)),
                st.integers(0, 10**8),
            ),
            max_size=30,
        )
    )
    def test_events_are_in_order_valid_and_add_up(
        self,
        told: list[tuple[int, date, int, str, date, int]],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        """Whatever the rows: what is not refused is what was billed, credited and paid."""
        path = tmp_path_factory.mktemp("rows") / "rows.csv"
        lines = [
            f"I{n},A{who},{on},{on},{amount},{code},{paid_on},{paid if amount > 0 else 0}"
            for n, (who, on, amount, code, paid_on, paid) in enumerate(told)
        ]
        path.write_text("\n".join([PAID, *lines]))

        result = read_file(path)

        times = [event["time"] for event in result.events]
        assert sorted(times) == times
        for event in result.events:
            BILLING[event["type"]].model_validate_json(encode(event["data"]))
        assert len(told) == len(result.refused) + sum(
            "invoice" in event["type"] for event in result.events
        )
        for code, unit in (("EUR", 100), ("JPY", 1), ("KWD", 1000)):
            amounts = [(amount, paid) for _, _, amount, c, _, paid in told if c == code]
            assert (
                unit * sum(a for a, _ in amounts if a > 0)
                == (result.sums("billing.invoice.issued.v1")[code])
            )
            assert (
                unit * sum(p for a, p in amounts if a > 0)
                == (result.sums("billing.payment.received.v1")[code])
            )


class TestTable:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_files_of_all_programs(
        self, end: str, separator: str, encoding: str, tmp_path: Path
    ) -> None:
        """Separators, line ends, byte order marks: found by looking at the file."""
        path = tmp_path / "rows.csv"
        lines = [f"{GENERIC},account_name", "", "I,A,2026-01-05,2026-02-04,20,EUR,Beispiel ä", " "]
        path.write_bytes(end.join(lines).replace(",", separator).encode(encoding))

        result = read_file(path)

        assert [] == said(result)
        assert 1 == result.rows
        assert "Beispiel ä" == result.events[0]["data"]["name"]

    def test_windows_1252_is_read_and_said(self, tmp_path: Path) -> None:
        """What is not UTF-8 is taken for what most programs write else."""
        path = tmp_path / "rows.csv"
        path.write_bytes(
            f"{GENERIC},account_name\nI,A,2026-01-05,2026-02-04,€20,EUR,Müller\n".encode("cp1252")
        )

        result = read_file(path)

        assert "Müller" == result.events[0]["data"]["name"]
        remark = "line 2 is not UTF-8 (byte 0x80), so the file was read as Windows-1252;"
        assert [f"{remark} --encoding says otherwise"] == result.remarks

    def test_cells_in_quotes_hold_anything_and_lines_are_counted_all_the_same(
        self, rows: Rows
    ) -> None:
        """A row is named by the line that it begins on."""
        result = rows(
            f"{GENERIC},account_name",
            'I,A,2026-01-05,2026-02-04,20,EUR,"Example, ""and""\nSons"',
            "J,A,2026-01-05,2026-02-04,x,EUR,",
        )

        assert [True] == [text.startswith("line 4: amount:") for text in said(result)[1:]]
        assert said(result)[0].startswith("line 2: account_name: String should match pattern")

    def test_quotes_that_do_not_pair_up_are_named(self, rows: Rows) -> None:
        """One bad quote costs its row; one that is never closed, the rest of the file."""
        row = "2026-01-05,2026-02-04,20,EUR"

        result = rows(
            f"{GENERIC},account_name",
            f'I,A,{row},"Example"s',
            f"J,A,{row},",
            f'K,A,{row},"Example',
            f"L,A,{row},",
        )

        assert [
            "line 2: its quotation marks do not pair up (',' expected after '\"')",
            "line 4: a quotation mark is opened and never closed: lines 4 to 5 are lost",
        ] == said(result)
        assert ["J"] == [data["invoice_id"] for _, _, data in facts(result)]

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "the file is empty"),
            (b"\r\n ;;\r\n", "the file is empty"),
            (b"PK\x03\x04rest", "this is a workbook; save the sheet as CSV first"),
            (b"a,b\n1,\x00\n", "this is no text"),
            (b'"a,b\n', "1: the header cannot be read"),
        ],
    )
    def test_what_is_no_table_is_refused_whole(
        self, raw: bytes, reason: str, tmp_path: Path
    ) -> None:
        """With the reason, before any row."""
        path = tmp_path / "rows.csv"
        path.write_bytes(raw)

        with pytest.raises(FileError, match=reason):
            read_file(path)

    def test_an_encoding_that_is_told_must_fit(self, tmp_path: Path) -> None:
        """No silent replacement characters."""
        path = tmp_path / "rows.csv"
        path.write_bytes("ä".encode("latin-1"))

        with pytest.raises(FileError, match="not utf-8: "):
            read_file(path, encoding="utf-8")


class TestMapping:
    def test_the_header_tells_the_shape(self) -> None:
        """In any order and case, with more columns than are known."""
        header = ["due date", "Vendor Name", "INVOICE-DATE", "amount", "settled", "Outstanding"]

        found = detect_mapping([*header, "Description", "Number_of_Days_until_Payment"])

        assert "vendor-settled" == found.name
        assert "generic" == detect_mapping(GENERIC.split(",")).name

    def test_a_header_that_nothing_fits_is_told_what_was_expected(self) -> None:
        """Shape by shape, with what it lacks."""
        with pytest.raises(MappingError) as told:
            detect_mapping(["Vendor_Name", "Amount", "Whatever"])

        assert "no mapping fits the columns Vendor_Name, Amount, Whatever:" in str(told.value)
        assert "  generic lacks invoice_id, account_id, issued_on, due_on, currency" in str(
            told.value
        )
        assert "  vendor-settled lacks Invoice_Date, Due_Date, Settled, Outstanding, Numb" in str(
            told.value
        )

    def test_a_mapping_that_does_not_fit_the_file_says_what_the_file_lacks(
        self, rows: Rows
    ) -> None:
        """And what it has."""
        (generic, _) = built_in()

        with pytest.raises(MappingError, match=r"generic: the file lacks invoice_id, .* it has a"):
            rows("a,b", mapping=generic)

    def test_a_column_that_is_there_twice_is_not_guessed(self, rows: Rows) -> None:
        """Which of the two amounts would it be?"""
        with pytest.raises(MappingError, match="the file has 2 columns named amount"):
            rows(f"{GENERIC},Amount")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[", "not YAML: "),
            ("- a", "a mapping has name, columns"),
            ("name: a", "columns: Field required"),
            ("name: a\ncolumns: {what: x}", "columns.what.*: Input should be 'account_id'"),
            ("name: a\ncolumns: {account_id: x}", "issued_on is needed"),
            ("name: a\ncolumns: {COLUMNS}\ndates: dd-MM", "'dd-MM' does not say day, month and ye"),
            ("name: a\ncolumns: {COLUMNS}\ndates: dd-MM-yyyy-d", "says something twice"),
            (
                "name: a\ncolumns: {COLUMNS}\nnumbers: {decimal: ',', thousands: ','}",
                "cannot be th",
            ),
            ("name: a\ncolumns: {COLUMNS}\nspeed: 3", "speed: Extra inputs are not permitted"),
            ("name: a\ncolumns: {COLUMNS}\noptional: [email]", "email is not among the columns"),
            ("name: a\ncolumns: {COLUMNS}\ndefaults: {currency: EURO}", "unknown currency 'EURO'"),
            ("name: a\ncolumns: {COLUMNS, paid_amount: p}", "paid_amount needs paid_on or paid_a"),
            ("name: a\ncolumns: {NO_ID}", "invoice_id is needed, or invoice_id_from beside them"),
        ],
    )
    def test_a_mapping_that_is_none_says_why(self, text: str, reason: str, tmp_path: Path) -> None:
        """The file, the field and the reason."""
        path = tmp_path / "map.yaml"
        no_id = "account_id: a, issued_on: d, due_on: d, amount: m, currency: c"
        path.write_text(text.replace("COLUMNS", f"invoice_id: i, {no_id}").replace("NO_ID", no_id))

        with pytest.raises(MappingError, match=reason) as told:
            load_mapping(path)
        assert str(told.value).startswith(str(path))

    def test_a_mapping_that_cannot_be_read_says_why(self, tmp_path: Path) -> None:
        """Missing, or no text."""
        with pytest.raises(MappingError, match="No such file"):
            load_mapping(tmp_path / "none.yaml")
        (tmp_path / "map.yaml").write_bytes(b"\xff")
        with pytest.raises(MappingError, match="not UTF-8"):
            load_mapping(tmp_path / "map.yaml")

    def test_the_documented_example_reads_the_file_in_its_comment(self, tmp_path: Path) -> None:
        """German notation: 03.02.2026 and 1.234,50."""
        path = tmp_path / "posten.csv"
        header, row = (
            line[4:]
            for line in (EXAMPLES / "open-items-german.yaml").read_text("utf-8").splitlines()
            if line.startswith("#   ")
        )
        more = "10023;Beispiel GmbH;GS-3;04. Feb;;1.000,00-;;".replace("04. Feb", "04.02.26")
        path.write_text(f"{header}\n{row}\n{more}", encoding="cp1252")

        result = read_file(path, load_mapping(EXAMPLES / "open-items-german.yaml"))

        assert [] == said(result)
        account, invoice, credit = result.events
        assert ["Europe/Berlin"] == account["data"]["time_zones"]
        assert ("2026-02-03", "2026-03-05", "1234.50") == (
            invoice["data"]["issued_on"],
            invoice["data"]["due_on"],
            invoice["data"]["amount"],
        )
        assert ("GS-3", "1000.00") == (credit["data"]["credit_note_id"], credit["data"]["amount"])


class TestNames:
    def test_an_id_can_be_read_and_is_of_one_name(self) -> None:
        """Case and spaces do not matter; anything else does, and shows as a digest."""
        assert "example-traders" == account_id_of("Example  Traders ")
        assert account_id_of("example traders") == account_id_of("EXAMPLE TRADERS")
        assert account_id_of("Example Traders") != account_id_of("Example-Traders")
        assert account_id_of("Müller").startswith("m-ller-")
        assert account_id_of("日本").startswith("account-")

    @given(one=st.text(max_size=300), other=st.text(max_size=300))
    def test_two_names_never_share_an_id(self, one: str, other: str) -> None:
        """And an id is never too long for the contract."""
        assert len(account_id_of(one)) <= 200
        same = [" ".join(normalize("NFKC", name).casefold().split()) for name in (one, other)]
        assert (same[0] == same[1]) == (account_id_of(one) == account_id_of(other))


class TestCommand:
    def run(self, *words: object) -> Any:  # noqa: ANN401 - typer keeps its result's type to itself
        """Run `arrears import` with these words."""
        return CliRunner().invoke(app, [str(word) for word in words])

    def test_a_file_of_events_and_a_summary(self, tmp_path: Path) -> None:
        """What was read, refused and written, and the sums by currency."""
        path, out = tmp_path / "rows.csv", tmp_path / "events.jsonl"
        path.write_text(
            f"{PAID}\nI,A,2026-01-05,2026-02-04,1200.5,EUR,2026-02-01,5\n"
            "J,A,2026-01-07,2026-02-04,-7,EUR,,\nK,A,2026-01-05,2026-02-04,0,EUR,,\n"
        )
        refused: list[BadLine] = []

        result = self.run("csv", path, "--out", out)

        assert 0 == result.exit_code
        assert [
            "3 rows read as generic, 1 refused, 4 events, 2026-01-05 to 2026-02-01",
            "          1  billing.account.updated.v1",
            "          1  billing.invoice.credited.v1",
            "          1  billing.invoice.issued.v1",
            "          1  billing.payment.received.v1",
            "  billed 1200.50 EUR",
            "  credited 7.00 EUR",
            "  paid 5.00 EUR",
            f"written to {out}",
        ] == result.stdout.splitlines()
        assert "line 4: amount: is zero: nothing is owed\n" == result.stderr
        assert 4 == len(list(read([out], refused.append)))
        assert [] == refused

    def test_nothing_is_written_by_halves(self, tmp_path: Path) -> None:
        """Strict, or with nothing to take: no file, and the old one as it was."""
        path, out = tmp_path / "rows.csv", tmp_path / "events.jsonl"
        out.write_text("as it was")
        good, bad = "I,A,2026-01-05,2026-02-04,5,EUR", "J,A,2026-01-05,2026-02-04,0,EUR"

        path.write_text(f"{GENERIC}\n{good}\n{bad}\n")
        strict = self.run("csv", path, "--out", out, "--strict")
        path.write_text(f"{GENERIC}\n{bad}\n")
        empty = self.run("csv", path, "--out", out)

        assert (1, 1) == (strict.exit_code, empty.exit_code)
        assert "nothing written: 1 rows refused" in strict.stderr
        assert "as it was" == out.read_text()
        assert {path, out} == set(tmp_path.iterdir())

    def test_many_refused_rows_are_listed_in_a_file(self, tmp_path: Path) -> None:
        """Twenty are shown."""
        path, out, refused = (tmp_path / name for name in ("rows.csv", "out.jsonl", "refused.csv"))
        rows = "\n".join(f"I{n},A,2026-01-05,2026-02-04,0,EUR" for n in range(30))
        path.write_text(f"{GENERIC}\nI,A,2026-01-05,2026-02-04,5,EUR\n{rows}\n")

        shown = self.run("csv", path, "--out", out)
        listed = self.run("csv", path, "--out", out, "--refused", refused)

        assert "… and 10 more rows refused; --refused FILE lists all" in shown.stderr
        assert 0 == listed.exit_code
        lines = refused.read_text().splitlines()
        assert 31 == len(lines)
        assert "3,amount,is zero: nothing is owed" == lines[1]

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["--currency", "EURO"], "unknown currency 'EURO'"),
            (["--encoding", "klingon"], "unknown encoding: klingon"),
            (["--mapping", "none.yaml"], "none.yaml: No such file or directory"),
        ],
    )
    def test_an_option_that_makes_no_sense_is_named(
        self, words: list[str], reason: str, tmp_path: Path
    ) -> None:
        """In one line, without a traceback."""
        path = tmp_path / "rows.csv"
        path.write_text(f"{GENERIC}\nI,A,2026-01-05,2026-02-04,5,EUR\n")

        result = self.run("csv", path, "--out", tmp_path / "out.jsonl", *words)

        assert 1 == result.exit_code
        assert reason in result.stderr
        assert not (tmp_path / "out.jsonl").exists()

    def test_the_known_shapes_are_listed(self) -> None:
        """With the columns that each needs."""
        result = self.run("shapes")

        assert f"needs {', '.join(GENERIC.split(','))}" in result.stdout

    def test_the_same_file_gives_the_same_bytes(self, tmp_path: Path) -> None:
        """So that an import can be repeated, and compared."""
        path = tmp_path / "rows.csv"
        path.write_text(f"{PAID}\nI,A,2026-01-05,2026-02-04,1200.5,EUR,2026-02-01,5\n")

        self.run("csv", path, "--out", tmp_path / "a.jsonl")
        self.run("csv", path, "--out", tmp_path / "b.jsonl")

        assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
        first = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
        assert "import:generic" == first["source"]
