"""Bank statements (camt.053, camt.054): what came, for which invoice, and what stays unclear."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shared import envelope
from shared.cli import eventfile
from shared.cli.importing import FileError
from shared.cli.importing.app import app
from shared.cli.importing.camt import Known, Received, contents, payments, read_statements
from shared.cli.importing.camt.references import qr_number, rf_number
from shared.cli.importing.camt.xml import XmlError, parse
from shared.core import Event
from shared.events import ACCEPTED

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def invoice(number: str, amount: str = "100.00", account: str = "A-1", **changed: str) -> Any:  # noqa: ANN401 - JSON
    """An invoice that was told before."""
    return {
        "specversion": "1.0",
        "id": f"invoice-{number}",
        "source": "test",
        "type": "billing.invoice.issued.v1",
        "time": "2026-01-01T10:00:00Z",
        "data": {
            "account_id": account,
            "invoice_id": f"id-{number}",
            "number": number,
            "issued_on": "2026-01-01",
            "due_on": "2026-01-31",
            "amount": amount,
            "currency": "EUR",
            **changed,
        },
    }


def detail(
    *, text: str = "", reference: str = "", end_to_end: str = "NOTPROVIDED", more: str = ""
) -> str:
    """The details of a transaction."""
    structured = f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" * bool(reference)
    return (
        f"<TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{more}"
        "<RltdPties><Dbtr><Pty><Nm>Example GmbH</Nm></Pty></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd>{structured}</RmtInf></TxDtls>"
    )


def entry(
    details: str = "",
    *,
    amount: str = "100.00",
    indicator: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    name: str = "B-1",
    on: str = "2026-02-03",
    currency: str = "EUR",
    more: str = "",
) -> str:
    """An entry of a statement."""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{more}'
        f"<Sts>{status}</Sts><BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt>"
        f"<AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def statement(*entries: str, namespace: str = NAMESPACE, more: str = "") -> str:
    """A document with one statement."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}"><BkToCstmrStmt>'
        "<Stmt><Id>S-1</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>"
        f"{more}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )


def balance(code: str, amount: str, on: str) -> str:
    """A balance of a statement."""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>'
    )


@pytest.fixture
def read(tmp_path: Path) -> Any:  # noqa: ANN401 - a function with defaults
    """Read documents against invoices that are known."""

    def reading(
        *documents: str, known: tuple[Any, ...] = (), creditor: str | None = None
    ) -> Received:
        found = Known()
        for one in known:
            found.tell(one)
        paths = []
        for number, document in enumerate(documents):
            path = tmp_path / f"statement-{number}.xml"
            path.write_text(document, encoding="utf-8")
            paths.append(path)
        return read_statements(contents(paths), found, suspense="suspense", creditor_id=creditor)

    return reading


def only(result: Received) -> dict[str, Any]:
    """The data of the one event there is."""
    assert [] == result.refused
    assert 1 == len(result.events)
    data: dict[str, Any] = result.events[0]["data"]
    return data


@pytest.mark.parametrize(
    ("told", "by"),
    [
        (detail(reference="RF18539007547034"), "reference"),
        (detail(reference="RF18 5390 0754 7034"), "reference"),
        (detail(end_to_end="539007547034"), "end-to-end id"),
        (detail(text="invoice 539007547034, thank you"), "text"),
        (detail(text="Rg. 5390-0754-7034"), "text"),
    ],
)
def test_a_payment_finds_its_invoice(read: Any, told: str, by: str) -> None:  # noqa: ANN401 - the fixture
    """By structured reference, by end-to-end id, by its number in the text: in that order."""
    result = read(statement(entry(told)), known=(invoice("539007547034"),))

    data = only(result)
    assert "A-1" == data["account_id"]
    assert [{"invoice_id": "id-539007547034", "amount": "100.00"}] == data["allocations"]
    assert {by: 1} == result.matched


def test_a_swiss_reference_finds_its_invoice(read: Any) -> None:  # noqa: ANN401 - the fixture
    """A QR reference holds the number with zeros before it and a check digit behind it."""
    result = read(
        statement(entry(detail(reference="210000000003139471430009017"))),
        known=(invoice("21000000000313947143000901"),),
    )

    assert "A-1" == only(result)["account_id"]
    assert {"reference": 1} == result.matched


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (detail(text="thank you"), [invoice("R-1001")]),
        (detail(text="R-1001"), []),
        (
            detail(text="R-1001"),
            [invoice("R-1001"), invoice("R-1001", account="A-2", invoice_id="x")],
        ),
        (detail(text="R-1001"), [invoice("R-1001"), invoice("R-1001", invoice_id="x")]),
        (detail(text="R-1001 and R-1002"), [invoice("R-1001"), invoice("R-1002", account="A-2")]),
        (detail(reference="RF19539007547034"), [invoice("539007547034")]),
    ],
)
def test_what_names_no_invoice_for_certain_is_unapplied(
    read: Any,  # noqa: ANN401 - the fixture
    told: str,
    known: list[Any],
) -> None:
    """None, two of them, two debtors', a mistyped reference: cash on suspense, its text kept."""
    result = read(statement(entry(told)), known=tuple(known))

    data = only(result)
    assert "suspense" == data["account_id"]
    assert "allocations" not in data
    assert data["reference"].endswith("Example GmbH")
    assert {"EUR": 10_000} == result.unapplied


def test_several_invoices_of_one_payer(read: Any) -> None:  # noqa: ANN401 - the fixture
    """Each is paid in full where they add up; else the creditor's rule says what is for which."""
    known = (invoice("R-1001", "60.00"), invoice("R-1002", "40.00"))
    text = detail(text="R-1001 R-1002")

    whole = only(read(statement(entry(text)), known=known))
    less = only(read(statement(entry(text, amount="90.00")), known=known))

    assert ["60.00", "40.00"] == [part["amount"] for part in whole["allocations"]]
    assert ("A-1", False) == (less["account_id"], "allocations" in less)


def test_an_overpayment(read: Any) -> None:  # noqa: ANN401 - the fixture
    """The invoice gets what it is about; the rest is unapplied."""
    result = read(statement(entry(detail(text="R-1001"))), known=(invoice("R-1001", "70.00"),))

    assert [{"invoice_id": "id-R-1001", "amount": "70.00"}] == only(result)["allocations"]


def test_another_currency(read: Any) -> None:  # noqa: ANN401 - the fixture
    """The payer is known, but nothing is allocated across currencies."""
    result = read(
        statement(entry(detail(text="R-1001"), currency="USD")), known=(invoice("R-1001"),)
    )

    data = only(result)
    assert ("A-1", False) == (data["account_id"], "allocations" in data)


@pytest.mark.parametrize(
    "told",
    [
        entry(indicator="DBIT"),
        entry(status="PDNG"),
        entry(status="<Cd>PDNG</Cd>"),
        entry(more="<RvslInd>true</RvslInd>"),
    ],
)
def test_what_is_no_money_that_came(read: Any, told: str) -> None:  # noqa: ANN401 - the fixture
    """A debit, what is not booked yet, our own payment that came back: left out, and counted."""
    result = read(statement(told))

    assert ([], [], 1) == (result.events, result.refused, result.left_out)


def test_the_old_version_and_the_notification(read: Any) -> None:  # noqa: ANN401 - the fixture
    """Version 02 has the status as text; camt.054 has another name around the same entries."""
    old = statement(
        entry(status="BOOK"), namespace="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
    )
    notification = old.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>")

    first, second = read(old), read(notification)

    assert only(first) == only(second)


def test_told_by_two_statements(read: Any) -> None:  # noqa: ANN401 - the fixture
    """The bank's own reference is the payment's id: intraday and at the end of day it is one."""
    result = read(statement(entry()), statement(entry()))

    only(result)
    assert 1 == result.again


def test_without_a_reference_of_the_bank(read: Any) -> None:  # noqa: ANN401 - the fixture
    """Two that are alike in one statement are two payments; the same file again brings the same."""
    twice = statement(entry(name=""), entry(name=""))

    first, again = read(twice), read(twice)

    ids = [event["data"]["payment_id"] for event in first.events]
    assert 2 == len(set(ids))
    assert ids == [event["data"]["payment_id"] for event in again.events]


def test_a_batch(read: Any) -> None:  # noqa: ANN401 - the fixture
    """One entry of several transactions: each is a payment, if they add up."""
    parts = [
        detail(text="R-1001", more='<Amt Ccy="EUR">60.00</Amt>'),
        detail(more='<AmtDtls><TxAmt><Amt Ccy="EUR">40.00</Amt></TxAmt></AmtDtls>'),
    ]

    good = read(statement(entry("".join(parts))), known=(invoice("R-1001"),))
    bad = read(statement(entry("".join(parts), amount="101.00")))

    assert ["40.00", "60.00"] == sorted(event["data"]["amount"] for event in good.events)
    assert [] == bad.events
    assert ["its transactions do not add up to the entry"] == [one.reason for one in bad.refused]


def test_a_payment_that_came_back(read: Any) -> None:  # noqa: ANN401 - the fixture
    """A returned direct debit reverses the payment with its end-to-end id; it is due again."""
    paid = entry(detail(text="R-1001", end_to_end="DD-7"))
    returned = entry(
        detail(end_to_end="DD-7", more="<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"),
        indicator="DBIT",
        name="B-2",
        on="2026-02-09",
    )

    result = read(statement(paid, returned), known=(invoice("R-1001"),))
    first = result.events[0]
    later = read(statement(returned), known=(invoice("R-1001"), first))

    assert [] == result.refused
    reversal = result.events[1]
    assert "billing.payment.reversed.v1" == reversal["type"]
    assert first["data"]["payment_id"] == reversal["data"]["payment_id"]
    assert ("100.00", "2026-02-09", "bounced") == tuple(
        reversal["data"][name] for name in ("amount", "reversed_on", "reason")
    )
    assert reversal == later.events[0]


def test_a_return_of_nothing_known(read: Any) -> None:  # noqa: ANN401 - the fixture
    """It is refused, with its line, for a person."""
    returned = entry(detail(more="<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"), indicator="DBIT")

    result = read(statement("\n", returned))

    assert [(2, "a return of a payment that is not known here")] == [
        (one.line, one.reason) for one in result.refused
    ]


@pytest.mark.parametrize(
    ("told", "element", "reason"),
    [
        (entry(amount="1,50"), "Amt", "'1,50' is no amount like 1234.50"),
        (entry(amount="1.005"), "Amt", "1.005 has more than the 2 decimal places of EUR"),
        (entry(amount="0.00"), "Amt", "is zero: nothing moved"),
        (entry(amount="-5"), "Amt", "'-5' is no amount like 1234.50"),
        (entry(currency="EUX"), "Amt", "unknown currency 'EUX'"),
        (entry(on="2026-02-30"), "ValDt", "'2026-02-30' is a day that does not exist"),
        (entry(on=""), "ValDt", "a day of value or booking is expected"),
        (entry(indicator="PLUS"), "CdtDbtInd", "CRDT or DBIT is expected"),
    ],
)
def test_an_entry_that_is_wrong(read: Any, told: str, element: str, reason: str) -> None:  # noqa: ANN401 - the fixture
    """It is refused with its element and the reason, and the others are taken."""
    result = read(statement(told, entry(name="B-2")))

    assert [(element, True)] == [
        (one.element, one.reason.startswith(reason)) for one in result.refused
    ]
    assert 1 == len(result.events)


def test_balances_that_do_not_fit(read: Any) -> None:  # noqa: ANN401 - the fixture
    """Opening and entries make the closing balance, or something is missing: that is said."""
    opening = balance("OPBD", "50.00", "2026-02-03")

    good = read(statement(entry(), more=opening + balance("CLBD", "150.00", "2026-02-03")))
    bad = read(statement(entry(), more=opening + balance("CLBD", "151.00", "2026-02-03")))

    assert [] == good.remarks
    assert ["something is missing"] == [remark.rpartition(": ")[2] for remark in bad.remarks]


def test_a_closing_balance_completes_the_source(read: Any) -> None:  # noqa: ANN401 - the fixture
    """With a creditor, its suspense account is its own, and all payments of that day are in."""
    balances = balance("OPBD", "0.00", "2026-02-03") + balance("CLBD", "100.00", "2026-02-03")

    result = read(statement(entry(), more=balances), creditor="acme")

    kinds = [event["type"].split(".")[1] for event in result.events]
    assert ["account", "payment", "source"] == kinds
    assert "acme" == result.events[0]["data"]["creditor_id"]
    assert "2026-02-03" == result.events[2]["data"]["through_on"]


def test_all_that_is_made_fits_the_contract(read: Any) -> None:  # noqa: ANN401 - the fixture
    """Every event goes through the door."""
    balances = balance("OPBD", "0.00", "2026-02-03") + balance("CLBD", "100.00", "2026-02-03")
    result = read(
        statement(entry(detail(text="a\u2028b R-1" * 90)), more=balances), creditor="acme"
    )

    for event in result.events:
        told = envelope.from_structured(eventfile.encode(event))
        assert isinstance(told, envelope.Envelope)
        taken = envelope.event(told, accepted=ACCEPTED["billing.events"], foreign=True)
        assert isinstance(taken, Event), taken


BOMB = (
    '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]>'
    "<Document><a>&c;</a></Document>"
)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (BOMB, "a document type is not taken"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "a document type is not taken"),
        ("<a>" * 100 + "</a>" * 100, "more than 40 elements deep"),
        (f"<a>{'x' * 30_000}</a>", "a text of more than 20000 characters"),
        ("<a>&undefined;</a>", "not XML"),
        ("<a>", "not XML"),
        ("", "not XML"),
        ('<?xml version="1.0" encoding="martian"?><a/>', "its encoding is not known"),
    ],
)
def test_xml_that_is_not_safe(document: str, reason: str) -> None:
    """Entities, document types, depth, endless text: refused before they do any harm."""
    with pytest.raises(XmlError, match=reason):
        parse(document.encode())


def test_a_file_that_is_something_else(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401 - the fixture
    """Another message, or too large a file: refused whole, with the reason."""
    with pytest.raises(FileError, match=r"neither a camt\.053 statement nor"):
        read("<Document><Other/></Document>")
    monkeypatch.setattr(payments, "SIZE_MAX", 10)
    with pytest.raises(FileError, match="are more than 10"):
        read(statement(entry()))


@given(st.integers(1, 10**20))
def test_a_reference_with_one_digit_wrong_is_none(number: int) -> None:
    """Both check digits find every mistyped digit."""
    digits = str(number)
    rest = int(f"{digits}271500") % 97
    good = f"RF{98 - rest:02}{digits}"

    assert digits == rf_number(good)
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert rf_number(wrong) is None


@given(st.text("0123456789", min_size=26, max_size=26), st.integers(0, 25))
def test_a_swiss_reference_has_one_check_digit(digits: str, place: int) -> None:
    """Exactly one digit makes it whole, and a wrong digit before it is found."""
    fitting = [digit for digit in "0123456789" if qr_number(digits + digit) is not None]
    changed = str((int(digits[place]) + 1) % 10)

    assert 1 == len(fitting)
    assert digits.lstrip("0") == qr_number(digits + fitting[0])
    assert qr_number(digits[:place] + changed + digits[place + 1 :] + fitting[0]) is None


def test_the_command(tmp_path: Path) -> None:
    """`arrears import camt` writes a file of events and says what became of the entries."""
    source, known, out = (tmp_path / name for name in ("s.xml", "known.jsonl", "out.jsonl"))
    source.write_text(statement(entry(detail(text="R-1001")), entry(name="B-2"), entry(amount="x")))
    known.write_text(json.dumps(invoice("R-1001")) + "\n")
    arguments = ["camt", str(source), "--known", str(known), "--out", str(out)]

    ran = CliRunner().invoke(app, arguments)
    strict = CliRunner().invoke(app, [*arguments, "--strict"])

    assert 0 == ran.exit_code, ran.output
    assert "2 events, 1 entries refused" in ran.output
    assert "1  matched by text" in ran.output
    assert "unapplied 100.00 EUR" in ran.output
    assert 2 == len(out.read_text().splitlines())
    assert (1, True) == (strict.exit_code, "nothing written" in strict.output)
