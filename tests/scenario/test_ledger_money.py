"""Stories of money over the ledger: to the cent, and back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.position import position
from shared.core import Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.testing.line import Line

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Book:
    """One account's line: tell it documents by their fields, ask it for what is owed."""

    def __init__(self) -> None:
        """Start empty."""
        self.line = Line(IngestCore())

    def tell(self, model: type[Fact], **fields: object) -> list[Outgoing] | Refusal:
        """Tell one event of account A-1; dates are "MM-DD" of 2025."""
        told: dict[str, Any] = {"account_id": "A-1"}
        for name, value in fields.items():
            told[name] = date.fromisoformat(f"2025-{value}") if name.endswith("_on") else value
        return self.line.tell(model(**told), time=NOON)

    def take(self, model: type[Fact], **fields: object) -> list[str]:
        """Tell an event that is not refused: what follows from it, in short."""
        answer = self.tell(model, **fields)
        assert not isinstance(answer, Refusal)
        return [line for sent in answer for line in _short(sent.data)]

    def invoice(self, name: str, amount: str = "100.00", **fields: object) -> list[str]:
        """An invoice of 01-01, due 01-31."""
        told = {"currency": "EUR", "issued_on": "01-01", "due_on": "01-31"} | fields
        return self.take(billing.InvoiceIssued, invoice_id=name, amount=amount, **told)

    def payment(
        self, name: str, amount: str, *to: billing.Allocation, **fields: object
    ) -> list[str]:
        """A payment of 02-10."""
        told = {"currency": "EUR", "received_on": "02-10", "allocations": to or None} | fields
        return self.take(billing.PaymentReceived, payment_id=name, amount=amount, **told)

    def owed(self) -> dict[str, str]:
        """What is open of each item, and what is held."""
        found = position(self.line.party("A-1"), "A-1", date.max)
        assert found is not None
        owed = {item.item_id: item.open_amount for item in found.open_items}
        owed |= {f"cash {currency}": amount for currency, amount in found.unapplied_cash.items()}
        return owed | {f"credit {name}": amount for name, amount in found.unapplied_credit.items()}


def _short(fact: Fact) -> list[str]:
    name = fact.type.split(".")[2]
    if isinstance(fact, ledger.InvoiceSettled):
        return [f"{fact.item_id} settled by {fact.by}"]
    if isinstance(fact, ledger.InvoiceReopened):
        return [f"{fact.item_id} reopened: {fact.reason}"]
    if isinstance(fact, ledger.Moved):
        return [
            f"{entry.effective_on:%m-%d} {entry.kind} {entry.amount} {entry.item_id}".rstrip()
            for entry in fact.entries
        ] or [name]
    return [name]


def to(invoice: str, amount: str, *deducted: str, **fields: Any) -> billing.Allocation:  # noqa: ANN401 - fields of the model
    """An allocation, with cash discounts."""
    cuts = tuple(billing.Deduction(kind="cash_discount", amount=cut) for cut in deducted)
    return billing.Allocation(invoice_id=invoice, amount=amount, deductions=cuts, **fields)


def test_cash_without_a_purpose_pays_what_was_due_first() -> None:
    """By due date, not by the order in which invoices came; the rest of the oldest is a cent."""
    book = Book()
    book.invoice("I-1", "50.00", due_on="01-31")
    book.invoice("I-2", "50.00", due_on="01-15")

    told = book.payment("P-1", "99.99")

    assert [
        "02-10 collected -50.00 I-2",
        "02-10 collected -49.99 I-1",
        "I-2 settled by cash",
    ] == told
    assert {"I-1": "0.01"} == book.owed()


def test_cash_beyond_what_is_open_is_held_and_pays_the_next_invoice() -> None:
    """Effective on the later of the day it came and the day of the invoice."""
    book = Book()
    book.invoice("I-1")

    told = book.payment("P-1", "100.01")
    held = book.owed()
    later = book.invoice("I-2", issued_on="03-01", due_on="03-31")

    assert [
        "02-10 collected -100.00 I-1",
        "02-10 unapplied_cash 0.01",
        "I-1 settled by cash",
    ] == told
    assert {"cash EUR": "0.01"} == held
    assert [
        "03-01 billed 100.00 I-2",
        "03-01 collected -0.01 I-2",
        "03-01 unapplied_cash -0.01",
    ] == later
    assert {"I-2": "99.99"} == book.owed()


def test_cash_goes_where_it_was_told_to_go_and_the_rest_is_held() -> None:
    """Not to the older invoice, and no more than is open."""
    book = Book()
    book.invoice("I-1", due_on="01-15")
    book.invoice("I-2")

    book.payment("P-1", "150.00", to("I-2", "120.00"))

    assert {"I-1": "100.00", "cash EUR": "50.00"} == book.owed()


@pytest.mark.parametrize(
    ("discount", "owed", "by"),
    [("1.99", {"I-1": "0.01"}, None), ("2.00", {}, "cash"), ("2.01", {}, "cash")],
)
def test_deductions_close_what_cash_leaves(
    discount: str, owed: dict[str, str], by: str | None
) -> None:
    """98.00 of 100.00 with a discount around 2.00: no more is deducted than is open."""
    book = Book()
    book.invoice("I-1")

    told = book.payment("P-1", "98.00", to("I-1", "98.00", discount))

    assert owed == book.owed()
    assert ([f"I-1 settled by {by}"] if by else []) == told[2:]


def test_currencies_never_mix() -> None:
    """Cash in another currency waits, unless it was told what it is worth."""
    book = Book()
    book.invoice("I-1", "5000", currency="JPY")

    book.payment("P-1", "100.00")
    before = book.owed()
    told = book.payment("P-2", "40.00", to("I-1", "5000", payment_amount="31.00"))

    assert {"I-1": "5000", "cash EUR": "100.00"} == before
    assert ["02-10 collected -5000 I-1", "02-10 unapplied_cash 9.00", "I-1 settled by cash"] == told
    assert {"cash EUR": "109.00"} == book.owed()


def test_cash_of_another_currency_for_an_invoice_needs_its_worth() -> None:
    """The refusal names the field; nothing is booked."""
    book = Book()
    book.invoice("I-1", "5000", currency="JPY")

    answer = book.tell(
        billing.PaymentReceived,
        payment_id="P-1",
        amount="40.00",
        currency="EUR",
        received_on="02-10",
        allocations=(to("I-1", "40.00"),),
    )

    assert isinstance(answer, Refusal)
    assert ("invalid", "allocations.0.payment_amount") == (answer.reason, answer.field)
    assert {"I-1": "5000"} == book.owed()


def test_a_bounced_payment_reopens_its_items_and_takes_its_held_cash() -> None:
    """Deductions come back too; the reversal won, all is as it was."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "110.00", to("I-1", "98.00", "2.00"))

    told = book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on="02-20",
        reason="bounced",
    )
    owed = book.owed()
    again = book.take(billing.PaymentReinstated, reversal_id="R-1", reinstated_on="03-01")

    assert [
        "02-20 unapplied_cash -12.00",
        "02-20 deduction_reversed 2.00 I-1",
        "02-20 reversed 98.00 I-1",
        "I-1 reopened: reversed",
    ] == told
    assert {"I-1": "100.00"} == owed
    assert [
        "03-01 deducted -2.00 I-1",
        "03-01 collected -98.00 I-1",
        "03-01 unapplied_cash 12.00",
        "I-1 settled by cash",
    ] == again
    assert {"cash EUR": "12.00"} == book.owed()


@pytest.mark.parametrize(
    ("amount", "owed"),
    [
        ("9.99", {"cash EUR": "0.01"}),
        ("10.00", {}),
        ("10.01", {"I-2": "0.01"}),
        ("110.00", {"I-2": "100.00"}),
        ("110.01", {"I-1": "0.01", "I-2": "100.00"}),
        ("999.00", {"I-1": "100.00", "I-2": "100.00"}),
    ],
)
def test_part_of_a_payment_is_taken_back_from_held_cash_then_from_the_latest_item(
    amount: str, owed: dict[str, str]
) -> None:
    """210.00 paid I-1 and I-2 and left 10.00; never more is taken than there is."""
    book = Book()
    book.invoice("I-1", due_on="01-15")
    book.invoice("I-2", due_on="01-31")
    book.payment("P-1", "210.00")

    book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        amount=amount,
        reversed_on="02-20",
        reason="chargeback",
    )

    assert owed == book.owed()


def test_a_reversal_lets_held_cash_of_others_pay() -> None:
    """Cash without a purpose does not lie beside an open item."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "100.00")
    book.payment("P-2", "30.00")

    told = book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on="02-20",
        reason="error",
    )

    assert [
        "02-20 reversed 100.00 I-1",
        "02-20 collected -30.00 I-1",
        "02-20 unapplied_cash -30.00",
        "I-1 reopened: reversed",
    ] == told


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-12-31", []),
        ("2025-01-01", [("100.00", -30, "current")]),
        ("2025-02-09", [("100.00", 9, "1-30")]),
        ("2025-02-10", [("60.00", 10, "1-30")]),
        ("2025-03-03", [("60.00", 31, "31-60")]),
    ],
)
def test_a_position_is_as_of_the_end_of_a_day(
    day: str, expected: list[tuple[str, int, str]]
) -> None:
    """Payments of that day are in it; the invoice is not before its own day."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")

    found = position(book.line.party("A-1"), "A-1", date.fromisoformat(day))

    assert found is not None
    assert expected == [
        (item.open_amount, item.past_due_days, item.bucket) for item in found.open_items
    ]


def test_a_payment_that_comes_late_takes_effect_when_there_is_something_to_pay() -> None:
    """I-1 was paid until the first payment was reversed: on no day is it less than nothing."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "100.00", received_on="02-01")
    book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        amount="70.00",
        reversed_on="02-20",
        reason="bounced",
    )

    told = book.payment("P-2", "50.00", received_on="02-10")

    assert ["02-20 collected -50.00 I-1"] == told


@pytest.mark.parametrize(
    ("amount", "reopens", "owed"),
    [
        ("4.00", (), {"cash EUR": "6.00"}),
        ("10.00", (), {}),
        ("60.00", (), {}),
        ("60.00", ("I-1",), {"I-1": "50.00"}),
        ("60.00", ("I-9", "I-1"), {"I-1": "50.00"}),
    ],
)
def test_a_refund_takes_held_cash_and_reopens_only_what_it_says(
    amount: str, reopens: tuple[str, ...], owed: dict[str, str]
) -> None:
    """110.00 paid I-1 and left 10.00."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "110.00")

    book.take(
        billing.PaymentRefunded,
        refund_id="F-1",
        payment_id="P-1",
        amount=amount,
        currency="EUR",
        refunded_on="02-20",
        reopens=reopens,
    )

    assert owed == book.owed()


@pytest.mark.parametrize(
    ("amount", "owed", "settled"),
    [
        ("99.99", {"I-1": "0.01"}, []),
        ("100.00", {}, ["I-1 settled by credit"]),
        ("100.01", {"credit EUR": "0.01"}, ["I-1 settled by credit"]),
    ],
)
def test_a_credit_note_closes_its_invoice_and_no_more(
    amount: str, owed: dict[str, str], settled: list[str]
) -> None:
    """Worked example I: linked, it settles; voided, the invoice is open again."""
    book = Book()
    book.invoice("I-1")

    told = book.take(
        billing.InvoiceCredited,
        credit_note_id="C-1",
        invoice_id="I-1",
        amount=amount,
        currency="EUR",
        credited_on="02-10",
    )
    after = book.owed()
    book.take(billing.CreditVoided, credit_note_id="C-1", voided_on="02-20")

    assert owed == after
    assert settled == [line for line in told if "settled" in line]
    assert {"I-1": "100.00"} == book.owed()


def test_a_credit_note_without_an_invoice_stays_on_the_account() -> None:
    """Worked example I: a standalone credit note resolves nothing."""
    book = Book()
    book.invoice("I-1")
    credit = {
        "credit_note_id": "C-1",
        "amount": "100.00",
        "currency": "EUR",
        "credited_on": "02-10",
    }

    book.take(billing.InvoiceCredited, **credit)
    book.invoice("I-2")

    assert {"I-1": "100.00", "I-2": "100.00", "credit EUR": "100.00"} == book.owed()


def test_a_credit_note_that_met_its_invoice_does_not_wait_for_it_any_more() -> None:
    """What was beyond the invoice stays on the account, whatever becomes of the invoice."""
    book = Book()
    book.take(
        billing.InvoiceCredited,
        credit_note_id="C-1",
        invoice_id="I-1",
        amount="150.00",
        currency="EUR",
        credited_on="01-05",
    )
    book.invoice("I-1")
    book.take(billing.InvoiceAmended, invoice_id="I-1", amended_on="02-10", amount="120.00")
    book.take(billing.InvoiceVoided, invoice_id="I-1", voided_on="02-11")

    book.take(billing.InvoiceReinstated, invoice_id="I-1", reinstated_on="02-12")

    assert {"I-1": "20.00", "credit EUR": "50.00"} == book.owed()


def test_a_refund_reopens_no_more_than_went_back() -> None:
    """One payment paid both instalments; the one due last reopens first."""
    book = Book()
    parts = [("a", date(2025, 1, 15)), ("b", date(2025, 1, 31))]
    book.invoice(
        "I-1",
        installments=tuple(
            billing.Installment(item_id=name, due_on=due_on, amount="50.00")
            for name, due_on in parts
        ),
    )
    book.payment("P-1", "100.00")

    book.take(
        billing.PaymentRefunded,
        refund_id="F-1",
        payment_id="P-1",
        amount="60.00",
        currency="EUR",
        refunded_on="02-20",
        reopens=("I-1",),
    )

    assert {"a": "10.00", "b": "50.00"} == book.owed()


def test_worked_example_i_one_instalment_overdue() -> None:
    """Terms 50/50 at +5 and +10 days, posted six days ago: one overdue; paid, bounced, overdue."""
    book = Book()
    book.invoice(
        "I-1",
        issued_on="02-23",
        due_on="03-05",
        installments=(
            billing.Installment(item_id="I-1/1", due_on=date(2025, 2, 28), amount="50.00"),
            billing.Installment(item_id="I-1/2", due_on=date(2025, 3, 5), amount="50.00"),
        ),
    )
    overdue = [
        sent.data.item_id
        for sent in book.line.tick(NOON)
        if isinstance(sent.data, ledger.InvoiceOverdue)
    ]

    paid = book.payment("P-1", "50.00", received_on="03-01")
    book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on="03-02",
        reason="error",
    )
    again = [
        sent.data.item_id
        for sent in book.line.tick(NOON.replace(day=3))
        if isinstance(sent.data, ledger.InvoiceOverdue)
    ]

    assert ["I-1/1"] == overdue
    assert ["03-01 collected -50.00 I-1/1", "I-1/1 settled by cash"] == paid
    assert ["I-1/1"] == again


@pytest.mark.parametrize(
    ("amount", "owed"),
    [(None, {}), ("59.99", {"I-1": "0.01"}), ("60.00", {}), ("60.01", {})],
)
def test_a_write_off_takes_what_is_open_at_most(amount: str | None, owed: dict[str, str]) -> None:
    """60.00 are open of 100.00."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")

    told = book.take(
        billing.InvoiceWrittenOff,
        write_off_id="W-1",
        invoice_id="I-1",
        amount=amount,
        written_off_on="02-20",
    )

    assert owed == book.owed()
    assert (not owed) == ("I-1 settled by write_off" in told)


def test_a_void_takes_what_is_open_and_a_reinstatement_gives_it_back() -> None:
    """What bounces meanwhile is void too, and comes back with the rest."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")

    voided = book.take(billing.InvoiceVoided, invoice_id="I-1", voided_on="02-15")
    bounced = book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on="02-20",
        reason="bounced",
    )
    back = book.take(billing.InvoiceReinstated, invoice_id="I-1", reinstated_on="02-25")

    assert ["02-15 voided -60.00 I-1", "I-1 settled by void"] == voided
    assert ["02-20 reversed 40.00 I-1", "02-20 voided -40.00 I-1"] == bounced
    assert ["02-25 reinstated 100.00 I-1", "I-1 reopened: reinstated"] == back
    assert {"I-1": "100.00"} == book.owed()


@pytest.mark.parametrize(
    ("total", "owed"),
    [
        ("120.00", {"I-1": "80.00"}),
        ("40.01", {"I-1": "0.01"}),
        ("40.00", {}),
        ("39.99", {"credit EUR": "0.01"}),
    ],
)
def test_a_new_total_moves_what_is_open_and_what_was_paid_beyond_it_is_credit(
    total: str, owed: dict[str, str]
) -> None:
    """40.00 were paid of 100.00."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")

    book.take(billing.InvoiceAmended, invoice_id="I-1", amended_on="02-20", amount=total)

    assert owed == book.owed()


def test_a_new_due_date_moves_what_is_open_out_of_the_old_one() -> None:
    """The entries sum to zero; what was collected stays where it was."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")

    told = book.tell(billing.InvoiceAmended, invoice_id="I-1", amended_on="02-20", due_on="04-30")

    assert isinstance(told, list)
    fact = told[0].data
    assert isinstance(fact, ledger.InvoiceAdjusted)
    assert [
        ("moved", "-60.00", date(2025, 1, 31), "0.00"),
        ("moved", "60.00", date(2025, 4, 30), "60.00"),
    ] == [(entry.kind, entry.amount, entry.due_on, entry.open_amount) for entry in fact.entries]
    assert (date(2025, 4, 30), "100.00") == (fact.due_on, fact.amount)


def test_instalments_replace_one_another_and_what_was_paid_pays_the_first() -> None:
    """100.00 with 40.00 paid becomes three of 30, 30, 40: the first is paid, 20 are of the next."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "40.00")
    parts = [("a", date(2025, 3, 1), "30.00"), ("b", date(2025, 4, 1), "30.00")]
    parts.append(("c", date(2025, 5, 1), "40.00"))

    told = book.take(
        billing.InvoiceAmended,
        invoice_id="I-1",
        amended_on="02-20",
        installments=tuple(
            billing.Installment(item_id=name, due_on=due_on, amount=amount)
            for name, due_on, amount in parts
        ),
    )

    assert [
        "02-20 moved -60.00 I-1",
        "02-20 moved 20.00 b",
        "02-20 moved 40.00 c",
        "I-1 settled by void",
    ] == told
    assert {"b": "20.00", "c": "40.00"} == book.owed()


def test_an_opening_balance_is_what_is_open_and_no_sale() -> None:
    """100.00 of which 30.00 were open on the day of go-live; the later instalment is unpaid."""
    book = Book()

    told = book.tell(
        billing.InvoiceIssued,
        invoice_id="I-1",
        amount="100.00",
        currency="EUR",
        issued_on="01-01",
        due_on="01-31",
        installments=(
            billing.Installment(item_id="a", due_on=date(2025, 1, 15), amount="60.00"),
            billing.Installment(item_id="b", due_on=date(2025, 1, 31), amount="40.00"),
        ),
        opening=billing.Opening(as_of=date(2025, 2, 1), open_amount="30.00", contacts=2),
    )

    assert isinstance(told, list)
    assert ["02-01 opening 30.00 b"] == [line for sent in told for line in _short(sent.data)]
    opened = told[0].data
    assert isinstance(opened, ledger.InvoiceOpened)
    assert (True, 2, False) == (opened.opening, opened.contacts, opened.entries[0].sales)
    assert {"b": "30.00"} == book.owed()


def test_a_refund_is_taken_from_cash_that_comes_after_it() -> None:
    """Of the payment that it names, or else of what had come by its day; told once in all."""
    book = Book()
    refund = {"refund_id": "F-1", "amount": "30.00", "currency": "EUR", "refunded_on": "02-15"}
    assert ["refunded"] == book.take(billing.PaymentRefunded, **refund)

    book.payment("P-2", "50.00", received_on="02-20")
    assert {"cash EUR": "50.00"} == book.owed()
    late = book.payment("P-1", "20.00", received_on="02-14")
    assert ["02-14 unapplied_cash 20.00", "02-15 unapplied_cash -20.00"] == late
    book.payment("P-0", "100.00", received_on="02-13")

    assert {"cash EUR": "140.00"} == book.owed()


def test_a_refund_of_cash_that_is_on_an_item_is_taken_once_it_is_told_off_it() -> None:
    """The item stays paid as long as nobody says otherwise; the cash is not there twice."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "100.00", to("I-1", "100.00"))
    refund = {"refund_id": "F-1", "amount": "30.00", "currency": "EUR", "refunded_on": "02-15"}
    book.take(billing.PaymentRefunded, payment_id="P-1", **refund)
    assert {} == book.owed()

    told = book.take(
        billing.PaymentAllocated,
        payment_id="P-1",
        version=1,
        allocations=(to("I-1", "60.00"),),
        allocated_on="02-20",
    )

    assert {"I-1": "40.00", "cash EUR": "10.00"} == book.owed()
    assert "02-20 unapplied_cash -30.00" in told


def test_a_refund_that_failed_is_taken_back() -> None:
    """What it took is held again, what it reopened is paid again; before its refund it waits."""
    for early in (False, True):
        book = Book()
        book.invoice("I-1")
        book.payment("P-1", "130.00", to("I-1", "100.00"))
        failed = {"refund_id": "F-1", "reversed_on": "02-25"}
        if early:
            assert [] == book.take(billing.RefundReversed, **failed)
        book.take(
            billing.PaymentRefunded,
            refund_id="F-1",
            payment_id="P-1",
            amount="70.00",
            currency="EUR",
            refunded_on="02-20",
            reopens=("I-1",),
        )
        if not early:
            assert {"I-1": "40.00"} == book.owed()
            told = book.take(billing.RefundReversed, **failed)
            assert ["02-25 unapplied_cash 30.00", "02-25 unapplied_cash 40.00"] == told[:2]

        assert {"cash EUR": "30.00"} == book.owed()
        assert [] == book.take(billing.RefundReversed, **failed)
        other = book.tell(billing.RefundReversed, refund_id="F-1", reversed_on="02-26")
        assert isinstance(other, Refusal)
        assert "conflict" == other.reason


def test_a_refund_that_failed_is_not_waited_for() -> None:
    """What it had not found held is left where it is."""
    book = Book()
    refund = {"refund_id": "F-1", "amount": "30.00", "currency": "EUR", "refunded_on": "02-15"}
    book.take(billing.PaymentRefunded, **refund)
    book.take(billing.RefundReversed, refund_id="F-1", reversed_on="02-25")

    book.payment("P-1", "50.00")

    assert {"cash EUR": "50.00"} == book.owed()


def test_a_refund_whose_failing_is_told_first_finds_what_its_cash_was_for() -> None:
    """Held cash that is told to be for a settled invoice claims it again, and finds no room."""
    book = Book()
    book.invoice("I-1")
    book.payment("P-1", "100.00", to("I-1", "100.00"))
    book.payment("P-2", "40.00", to("I-1", "40.00"))
    book.take(billing.RefundReversed, refund_id="F-1", reversed_on="02-25")

    refund = {"refund_id": "F-1", "amount": "30.00", "currency": "EUR", "refunded_on": "02-20"}
    book.take(billing.PaymentRefunded, **refund)

    assert {"cash EUR": "40.00"} == book.owed()


def test_a_chargeback_in_another_currency_takes_all_of_the_payment_back() -> None:
    """Its amount is no part that could be told from the whole; in the payment's own, it is."""
    for currency, left in (("USD", "100.00"), ("EUR", "60.00"), (None, "60.00")):
        book = Book()
        book.invoice("I-1")
        book.payment("P-1", "100.00", to("I-1", "100.00"))

        book.take(
            billing.PaymentReversed,
            reversal_id="R-1",
            payment_id="P-1",
            amount="60.00",
            currency=currency,
            reversed_on="02-20",
            reason="chargeback",
        )

        assert {"I-1": left} == book.owed()


def test_a_payment_that_is_told_in_parts_is_one_payment() -> None:
    """For each invoice one, in any order, with a refund or chargeback that names the whole."""
    book = Book()
    book.invoice("I-1")
    book.invoice("I-2", "50.00")
    whole = {"part_of": "P-1"}
    book.payment("P-1:I-1", "100.00", to("I-1", "100.00"), **whole)

    told = book.payment("P-1:I-2", "50.00", to("I-2", "50.00"), **whole)
    again = book.payment("P-1:I-2", "50.00", to("I-2", "50.00"), **whole)

    assert {} == book.owed()
    assert "02-10 collected -50.00 I-2" in told
    assert [] == again
    other = book.tell(
        billing.PaymentReceived,
        payment_id="P-1:I-2",
        amount="51.00",
        currency="EUR",
        received_on="02-10",
        **whole,
    )
    assert isinstance(other, Refusal)
    assert "conflict" == other.reason
    book.take(
        billing.PaymentReversed,
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on="02-20",
        reason="chargeback",
    )
    assert {"I-1": "100.00", "I-2": "50.00"} == book.owed()


def test_a_refund_waits_for_a_payment_that_comes_in_parts() -> None:
    """It is released by the first of them, and takes what the parts leave."""
    book = Book()
    book.invoice("I-1")
    book.take(
        billing.PaymentRefunded,
        refund_id="F-1",
        payment_id="P-1",
        amount="30.00",
        currency="EUR",
        refunded_on="02-15",
    )

    book.payment("P-1:a", "100.00", to("I-1", "100.00"), part_of="P-1")
    book.payment("P-1:b", "50.00", to("I-9", "1.00"), part_of="P-1")

    assert {"cash EUR": "20.00"} == book.owed()
