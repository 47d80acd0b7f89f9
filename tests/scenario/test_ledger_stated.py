"""Stories of a source that states totals only: the difference is booked, by version."""

from datetime import UTC, date, datetime
from itertools import permutations

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.position import position
from services.ingest.domain.stated import STALE
from shared.core import Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.testing.line import Line

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
ISSUED = billing.InvoiceIssued(
    account_id="A-1",
    invoice_id="I-1",
    issued_on=date(2025, 1, 1),
    due_on=date(2025, 1, 31),
    amount="100.00",
    currency="EUR",
)


def stated(
    version: int, total: str, paid: str, credited: str, left: str, *, as_of: str = "2025-02-10"
) -> Fact:
    """What the source says of the invoice."""
    return billing.InvoiceStated(
        account_id="A-1",
        invoice_id="I-1",
        as_of=date.fromisoformat(as_of),
        version=version,
        total=total,
        paid=paid,
        credited=credited,
        open=left,
    )


def line_of(*facts: Fact) -> Line:
    """A line that was told these facts, none of which was refused; it checks its books."""
    line = Line(IngestCore(Audit(every=1, strict=True)))
    for fact in facts:
        answer = line.tell(fact, time=NOON)
        assert not isinstance(answer, Refusal), answer
    return line


def open_on(line: Line, day: date = date.max) -> list[str]:
    """What is open at the end of a day."""
    found = position(line.party("A-1"), "A-1", day)
    assert found is not None
    return [item.open_amount for item in found.open_items]


def entries(sent: list[Outgoing] | Refusal) -> list[tuple[str, str, str]]:
    """The entries of facts: kind, amount, day."""
    assert not isinstance(sent, Refusal)
    return [
        (entry.kind, entry.amount, entry.effective_on.isoformat())
        for outgoing in sent
        if isinstance(outgoing.data, ledger.Moved)
        for entry in outgoing.data.entries
    ]


def test_the_difference_is_booked_as_of_the_day_of_the_statement() -> None:
    """A higher total, money and credit that came: each as what it is."""
    line = line_of(ISSUED)

    sent = line.tell(stated(1, "120.00", "70.00", "20.00", "30.00"), time=NOON)

    assert [
        ("adjusted", "20.00", "2025-02-10"),
        ("collected", "-70.00", "2025-02-10"),
        ("credited", "-20.00", "2025-02-10"),
    ] == entries(sent)
    assert (["100.00"], ["30.00"]) == (open_on(line, date(2025, 2, 9)), open_on(line))


def test_what_it_said_before_is_no_difference() -> None:
    """The next statement books only what came since; the same totals book nothing."""
    line = line_of(ISSUED, stated(1, "100.00", "40.00", "0.00", "60.00"))

    more = line.tell(stated(2, "100.00", "55.00", "0.00", "45.00"), time=NOON)
    same = line.tell(stated(3, "100.00", "55.00", "0.00", "45.00"), time=NOON)

    assert ([("collected", "-15.00", "2025-02-10")], []) == (entries(more), entries(same))


def test_what_it_does_not_say_any_more_is_taken_back() -> None:
    """Less paid is a reversal, of the latest money first; less credited voids and credits anew."""
    line = line_of(
        ISSUED,
        stated(1, "100.00", "40.00", "10.00", "50.00"),
        stated(2, "100.00", "60.00", "30.00", "10.00"),
    )

    sent = line.tell(stated(3, "80.00", "30.00", "25.00", "25.00"), time=NOON)

    assert [
        ("reversed", "20.00", "2025-02-10"),
        ("reversed", "10.00", "2025-02-10"),
        ("credit_voided", "20.00", "2025-02-10"),
        ("credit_voided", "10.00", "2025-02-10"),
        ("adjusted", "-20.00", "2025-02-10"),
        ("credited", "-25.00", "2025-02-10"),
    ] == entries(sent)
    assert ["25.00"] == open_on(line)


def test_statements_in_any_order_come_to_what_the_newest_says() -> None:
    """Also before the invoice, and twice; those that came too late are counted."""
    facts = [
        ISSUED,
        stated(1, "100.00", "40.00", "10.00", "50.00", as_of="2025-02-01"),
        stated(2, "110.00", "20.00", "30.00", "60.00", as_of="2025-02-05"),
        stated(3, "110.00", "60.00", "30.00", "20.00", as_of="2025-02-09"),
    ]

    found = [open_on(line_of(*order, facts[1])) for order in permutations(facts)]

    assert [["20.00"]] * 24 == found


def test_one_that_is_older_than_the_ledger_changes_nothing_and_is_counted() -> None:
    """By its version, or by its day: a payment of a later day is known already."""
    audit = Audit(every=1, strict=True)
    line = Line(IngestCore(audit))
    line.tell(ISSUED, time=NOON)
    line.tell(stated(5, "100.00", "40.00", "0.00", "60.00"), time=NOON)

    by_version = line.tell(stated(4, "100.00", "90.00", "0.00", "10.00"), time=NOON)
    by_day = line.tell(stated(6, "100.00", "0.00", "0.00", "100.00", as_of="2025-02-09"), time=NOON)

    assert ([], [], ["60.00"], 2) == (by_version, by_day, open_on(line), audit.ignored[STALE])


PAID = billing.PaymentReceived(
    account_id="A-1",
    payment_id="P-1",
    amount="50.00",
    currency="EUR",
    received_on=date(2025, 2, 1),
    allocations=(billing.Allocation(invoice_id="I-1", amount="50.00"),),
)


@pytest.mark.parametrize(
    ("fact", "reason", "field"),
    [
        (stated(2, "100.00", "50.00", "0.00", "49.99"), "invalid", "open"),
        (stated(2, "100.001", "50.00", "0.00", "50.00"), "invalid", "total"),
        (stated(2, "100.00", "49.00", "0.00", "51.00"), "conflict", "paid"),
        (stated(1, "100.00", "60.00", "0.00", "40.00"), "conflict", "version"),
    ],
)
def test_a_statement_that_cannot_be_right_is_refused(fact: Fact, reason: str, field: str) -> None:
    """It does not add up, it lacks what was told one by one, or it says a version's words anew."""
    line = line_of(ISSUED, PAID, stated(1, "100.00", "50.00", "0.00", "50.00"))

    answer = line.tell(fact, time=NOON)

    assert isinstance(answer, Refusal)
    assert (reason, field) == (answer.reason, answer.field)
    assert ["50.00"] == open_on(line)


def test_a_statement_of_a_void_invoice_waits_for_it_to_be_owed_again() -> None:
    """And takes back then what an earlier statement had brought."""
    void = billing.InvoiceVoided(account_id="A-1", invoice_id="I-1", voided_on=date(2025, 2, 11))
    back = billing.InvoiceReinstated(
        account_id="A-1", invoice_id="I-1", reinstated_on=date(2025, 2, 13)
    )
    line = line_of(
        ISSUED,
        stated(1, "100.00", "40.00", "0.00", "60.00"),
        void,
        stated(2, "100.00", "25.00", "0.00", "75.00", as_of="2025-02-14"),
    )
    assert [] == open_on(line)

    line.tell(back, time=NOON)

    assert ["75.00"] == open_on(line)


def test_an_invoice_that_came_to_nothing_may_come_to_something_again() -> None:
    """A total of zero takes all back; a later one is owed again."""
    line = line_of(ISSUED, stated(1, "0.00", "0.00", "0.00", "0.00"))
    assert [] == open_on(line)

    line.tell(stated(2, "30.00", "0.00", "0.00", "30.00"), time=NOON)

    assert ["30.00"] == open_on(line)
