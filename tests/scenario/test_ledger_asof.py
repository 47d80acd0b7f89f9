"""Stories of two times: what was so on a day, as known now and as it was known then."""

from datetime import UTC, date, datetime

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.position import Position, position
from shared.core import Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.money import minor, text
from shared.testing.line import Line


def at(day: str) -> datetime:
    """The first moment of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def tell(line: Line, day: str, *facts: Fact) -> None:
    """Let a day begin, and tell facts on it; none is refused."""
    line.tick(at(day))
    for fact in facts:
        answer = line.tell(fact, time=at(day))
        assert not isinstance(answer, Refusal), answer


def invoice(name: str, due_on: str, amount: str = "100.00", issued_on: str = "2025-01-01") -> Fact:
    """An invoice of the account."""
    return billing.InvoiceIssued(
        account_id="A-1",
        invoice_id=name,
        issued_on=date.fromisoformat(issued_on),
        due_on=date.fromisoformat(due_on),
        amount=amount,
        currency="EUR",
    )


def paid(name: str, amount: str, on: str, to: str | None = None) -> Fact:
    """A payment, perhaps told for one invoice."""
    return billing.PaymentReceived(
        account_id="A-1",
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date.fromisoformat(on),
        allocations=(billing.Allocation(invoice_id=to, amount=amount),) if to else None,
    )


def seen(line: Line, day: str, known: str = "") -> list[tuple[str, str, int, str]]:
    """What is open at the end of a day: item, amount, days past due, bucket."""
    found = position(
        line.party("A-1"),
        "A-1",
        date.fromisoformat(day),
        line.shared,
        known_at=at(known) if known else None,
    )
    assert isinstance(found, Position)
    return [
        (item.item_id, item.open_amount, item.past_due_days, item.bucket)
        for item in found.open_items
    ]


def books() -> Line:
    """A line that checks itself."""
    return Line(IngestCore(Audit(every=1, strict=True)))


def test_a_late_payment_restates_the_past_and_leaves_what_was_known_of_it() -> None:
    """On the 20th it turns out that 60 came on the 5th: from the 5th on, but not known before."""
    line = books()
    tell(line, "2025-02-01", invoice("I-1", "2025-01-31"))
    tell(line, "2025-02-20", paid("P-1", "60.00", "2025-02-05", "I-1"))
    tell(line, "2025-03-01")

    now = [seen(line, day) for day in ("2025-02-04", "2025-02-05", "2025-02-10")]
    then = [seen(line, "2025-02-10", known) for known in ("2025-02-11", "2025-02-20", "2025-02-21")]

    unpaid, left = ("I-1", "100.00", 10, "1-30"), ("I-1", "40.00", 10, "1-30")
    assert [[("I-1", "100.00", 4, "1-30")], [("I-1", "40.00", 5, "1-30")], [left]] == now
    assert [[unpaid], [unpaid], [left]] == then


def test_a_settled_item_is_open_on_the_days_before_it_was_paid() -> None:
    """And after its payment turned out never to have come, on those before that was known."""
    line = books()
    tell(line, "2025-02-01", invoice("I-1", "2025-01-31"), paid("P-1", "100.00", "2025-02-01"))
    bounced = billing.PaymentReversed(
        account_id="A-1",
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on=date(2025, 2, 10),
        reason="bounced",
    )
    tell(line, "2025-02-12", bounced)
    tell(line, "2025-03-01")

    assert [("I-1", "100.00", 0, "current")] == seen(line, "2025-01-31")
    assert ([], [("I-1", "100.00", 10, "1-30")]) == (
        seen(line, "2025-02-09"),
        seen(line, "2025-02-10"),
    )
    assert [] == seen(line, "2025-02-10", "2025-02-12")


def test_a_moved_due_date_ages_the_past_by_the_date_that_held_then() -> None:
    """Before the amendment took effect the item was as old as it then was."""
    line = books()
    tell(line, "2025-02-01", invoice("I-1", "2025-01-11"))
    later = billing.InvoiceAmended(
        account_id="A-1",
        invoice_id="I-1",
        amended_on=date(2025, 2, 20),
        due_on=date(2025, 2, 28),
    )
    tell(line, "2025-02-25", later)
    tell(line, "2025-03-05")

    assert [
        [("I-1", "100.00", 39, "31-60")],
        [("I-1", "100.00", -8, "current")],
        [("I-1", "100.00", 5, "1-30")],
    ] == [seen(line, day) for day in ("2025-02-19", "2025-02-20", "2025-03-05")]
    assert [("I-1", "100.00", 40, "31-60")] == seen(line, "2025-02-20", "2025-02-25")


def test_cash_and_credit_held_are_as_of_a_day_too() -> None:
    """Held from the day it came to the day it was put to use, whatever was known when."""
    line = books()
    note = billing.InvoiceCredited(
        account_id="A-1",
        credit_note_id="C-1",
        amount="20.00",
        currency="EUR",
        credited_on=date(2025, 2, 3),
    )
    tell(line, "2025-02-05", paid("P-1", "60.00", "2025-02-02"), note)
    tell(line, "2025-02-10", invoice("I-1", "2025-03-31", issued_on="2025-02-08"))
    tell(line, "2025-03-01")

    def held(day: str, known: str = "") -> tuple[dict[str, str], dict[str, str]]:
        moment = at(known) if known else None
        found = position(line.party("A-1"), "A-1", date.fromisoformat(day), known_at=moment)
        assert found is not None
        return found.unapplied_cash, found.unapplied_credit

    assert [({}, {}), ({"EUR": "60.00"}, {}), ({"EUR": "60.00"}, {"EUR": "20.00"})] == [
        held(day) for day in ("2025-02-01", "2025-02-02", "2025-02-07")
    ]
    assert ({}, {"EUR": "20.00"}) == held("2025-02-08")
    assert ({"EUR": "60.00"}, {"EUR": "20.00"}) == held("2025-02-08", "2025-02-10")
    assert ({}, {}) == held("2025-02-08", "2025-02-05")


@pytest.mark.parametrize(
    ("day", "days", "amount"),
    [
        ("2012-02-06", 5, "1033.33"),
        ("2012-02-09", 8, "1033.33"),
        ("2012-02-13", 12, "1033.33"),
        ("2012-02-23", 22, "1033.33"),
        ("2012-03-12", 40, "2049.99"),
    ],
)
def test_worked_example_e_past_due_days_know_no_holds(day: str, days: int, amount: str) -> None:
    """Two instalments, due on 1 February and 1 March; the age is the oldest one's, day by day."""
    line = books()
    parts = tuple(
        billing.Installment(item_id=f"I-1/{n}", due_on=date(2012, n, 1), amount=part)
        for n, part in ((2, "1033.33"), (3, "1016.66"))
    )
    whole = billing.InvoiceIssued(
        account_id="A-1",
        invoice_id="I-1",
        issued_on=date(2012, 1, 1),
        due_on=date(2012, 2, 1),
        amount="2049.99",
        currency="EUR",
        installments=parts,
    )
    tell(line, "2012-01-01", whole)
    tell(line, day)

    late = [each for each in seen(line, day) if each[2] > 0]

    assert days == late[0][2]
    assert amount == text(sum(minor(each[1], "EUR") for each in late), "EUR")


def test_the_next_oldest_item_ages_from_its_own_due_date_when_the_oldest_is_paid() -> None:
    """No bucket of it is skipped, however the oldest one's payment falls between two checks.

    The counter-example is a system that chains its next check from "now", and so passes over a
    stage of the item that has become the oldest (Kill Bill issue 2297).
    """
    line = books()
    tell(line, "2025-01-01", invoice("I-1", "2025-01-01"), invoice("I-2", "2025-01-20"))
    for day in range(2, 32):
        line.tick(datetime(2025, 1, day, tzinfo=UTC))
    tell(line, "2025-02-09", paid("P-1", "100.00", "2025-02-09", "I-1"))
    line.tick(at("2025-06-30"))

    stages = [
        (sent.data.bucket, sent.data.changed_on.isoformat())
        for sent in line.out
        if isinstance(sent.data, ledger.InvoiceBucketChanged) and sent.data.item_id == "I-2"
    ]

    assert [
        ("1-30", "2025-01-21"),
        ("31-60", "2025-02-20"),
        ("61-90", "2025-03-22"),
        ("91-120", "2025-04-21"),
        ("121+", "2025-05-21"),
    ] == stages


def test_the_ends_of_buckets_belong_to_them() -> None:
    """Due today is current, day 120 is the last of 91-120; and a creditor may have its own."""
    line = books()
    tell(line, "2025-01-01", invoice("I-1", "2025-01-01"))
    own = {"buckets": ["1-10", "11-120", "121+"]}
    config = {
        "kind": "creditors",
        "number": 1,
        "from": at("2025-02-01"),
        "document": {"creditors": {"default": own}},
    }
    ends = ("2025-01-01", "2025-01-02", "2025-01-31", "2025-02-01", "2025-05-01", "2025-05-02")

    before = [seen(line, day)[0][2:] for day in ends]
    line.tell(billing.ConfigPublished.model_validate(config), time=at("2025-01-01"))
    line.tick(at("2025-02-01"))
    after = [seen(line, day)[0][3] for day in ends]

    assert [
        (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (120, "91-120"), (121, "121+"),
    ] == before  # fmt: skip
    assert ["current", "1-10", "11-120", "11-120", "11-120", "121+"] == after
