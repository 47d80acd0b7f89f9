"""Dated stories of what readers see: late entries, disputes, the payment behind an entry."""

from datetime import UTC, date, datetime

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.creditor import DEFAULT
from services.ingest.domain.identity import Audit
from services.ingest.domain.reckoning import Balance, Reckoning
from services.ingest.domain.statement import Section, Statement, TooManyMovements
from shared.core import Refusal
from shared.events import billing
from shared.events.base import Fact
from shared.testing.line import Line
from tests.unit.ingest.test_reading_reckoning import all_of, needed

ACCOUNT = "A-1"


def at(day: str) -> datetime:
    """The first moment of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def tell(line: Line, day: str, *facts: Fact) -> None:
    """Let a day begin, and tell facts on it; none is refused."""
    line.tick(at(day))
    for fact in facts:
        assert not isinstance(line.tell(fact, time=at(day)), Refusal)


def invoice(name: str, due_on: str, amount: str = "100.00", issued_on: str = "2025-01-01") -> Fact:
    """An invoice of the account."""
    return billing.InvoiceIssued(
        account_id=ACCOUNT,
        invoice_id=name,
        issued_on=date.fromisoformat(issued_on),
        due_on=date.fromisoformat(due_on),
        amount=amount,
        currency="EUR",
    )


def paid(name: str, amount: str, on: str) -> Fact:
    """A payment that goes where the creditor's rule sends it."""
    return billing.PaymentReceived(
        account_id=ACCOUNT,
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date.fromisoformat(on),
    )


def books() -> Line:
    """A line that checks itself."""
    return Line(IngestCore(Audit(every=1, strict=True)))


def balance(line: Line, day: str, known: str = "") -> Balance:
    """The account in euros at the end of a day, from what changed since then alone."""
    on, known_at = date.fromisoformat(day), at(known) if known else None
    since = on.fromordinal(on.toordinal() + 1)
    reckoning = Reckoning(ACCOUNT, on, DEFAULT.aging, known_at=known_at)
    for document in needed(
        all_of(line.party("A-1")), min(since, known_at.date()) if known_at else since, on
    ):
        reckoning.add(document)
    return reckoning.balances().get("EUR") or Balance()


def statement(line: Line, begin: str, end: str) -> Section:
    """The statement in euros."""
    days = (date.fromisoformat(begin), date.fromisoformat(end))
    found = Statement(ACCOUNT, *days, DEFAULT.aging, lines_max=1_000)
    for document in needed(all_of(line.party(ACCOUNT)), *days):
        found.add(document)
    return found.sections()[0]


def test_what_came_late_was_not_known_then() -> None:
    """Paid on the 5th and told on the 20th: on the 10th it was settled, and nobody knew."""
    line = books()
    tell(line, "2025-01-02", invoice("I-1", "2025-01-03"))
    tell(line, "2025-01-20", paid("P-1", "100.00", "2025-01-05"))
    tell(line, "2025-01-21")

    assert 0 == balance(line, "2025-01-10").open
    assert 10_000 == balance(line, "2025-01-10", "2025-01-15").open
    assert 10_000 == balance(line, "2025-01-10", "2025-01-15").overdue


@pytest.mark.parametrize(
    ("disputes", "disputed"),
    [
        ([("I-1", "30.00")], 3_000),
        ([("I-1", "30.00"), ("I-1", "90.00")], 10_000),
        ([("I-1", None), ("I-2", "1.00")], 10_100),
        ([(None, "150.00")], 15_000),
        ([(None, None)], 20_000),
    ],
)
def test_what_is_disputed_is_no_more_than_is_open(
    disputes: list[tuple[str | None, str | None]], disputed: int
) -> None:
    """Of an invoice, or of the account; asked for twice the answer is the same."""
    line = books()
    tell(line, "2025-01-02", invoice("I-1", "2025-01-31"), invoice("I-2", "2025-02-28"))
    for number, (invoice_id, amount) in enumerate(disputes):
        objection = billing.DisputeOpened(
            account_id=ACCOUNT,
            dispute_id=f"D-{number}",
            invoice_id=invoice_id,
            amount=amount,
            opened_on=date(2025, 1, 10),
        )
        tell(line, "2025-01-10", objection)

    assert 0 == balance(line, "2025-01-09").disputed
    assert disputed == balance(line, "2025-01-10").disputed


def test_a_statement_of_a_month() -> None:
    """Brought over from before, each entry with its balance and what paid it, and the rest."""
    line = books()
    tell(line, "2025-01-02", invoice("I-1", "2025-01-31"))
    tell(line, "2025-02-10", paid("P-1", "130.00", "2025-02-10"))
    tell(line, "2025-02-20", invoice("I-2", "2025-03-20", "50.00", "2025-02-20"))
    tell(line, "2025-03-05", paid("P-2", "20.00", "2025-03-05"))

    found = statement(line, "2025-02-01", "2025-02-28")

    assert (10_000, 2_000) == (found.opening.net, found.closing.net)
    assert {"billed": 5_000, "collected": -13_000, "cash_held": 0} == found.steps
    assert [
        ("2025-02-10", "collected", -10_000, "I-1", "P-1", 0),
        ("2025-02-10", "unapplied_cash", -3_000, "", "P-1", -3_000),
        ("2025-02-20", "billed", 5_000, "I-2", "", 2_000),
        ("2025-02-20", "collected", -3_000, "I-2", "P-1", -1_000),
        ("2025-02-20", "unapplied_cash", 3_000, "", "P-1", 2_000),
    ] == [
        (
            one.movement.on.isoformat(),
            one.movement.kind,
            one.movement.effect,
            one.movement.invoice_id,
            one.movement.document_id,
            one.balance,
        )
        for one in found.lines
    ]


def test_two_payments_that_cannot_be_told_apart_are_not_named() -> None:
    """The same amount of the same invoice on the same day: the event's id says which is which."""
    line = books()
    tell(line, "2025-01-02", invoice("I-1", "2025-01-31"))
    tell(line, "2025-01-05", paid("P-1", "10.00", "2025-01-05"), paid("P-2", "10.00", "2025-01-05"))

    lines = statement(line, "2025-01-05", "2025-01-05").lines

    assert ["", ""] == [one.movement.document_id for one in lines]
    assert 2 == len({one.movement.cause for one in lines})


def test_a_statement_has_an_end() -> None:
    """More entries than it may show are an error, and not a long answer."""
    line = books()
    tell(line, "2025-01-02", *(invoice(f"I-{n}", "2025-01-31") for n in range(11)))
    found = Statement(ACCOUNT, date(2025, 1, 1), date(2025, 1, 31), DEFAULT.aging, lines_max=10)

    documents = iter(all_of(line.party(ACCOUNT)))

    with pytest.raises(TooManyMovements):
        list(map(found.add, documents))
