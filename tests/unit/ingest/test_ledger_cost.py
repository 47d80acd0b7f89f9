"""What an event costs: documents loaded and written, by how many settled ones the account has."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from typing_extensions import override

from services.ingest.domain.core import IngestCore
from shared.core import Effects, Elsewhere, Event, Party, Refusal
from shared.events import billing
from shared.testing.line import Line

ACCOUNT = "A-1"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


class Cost(NamedTuple):
    """What was at hand when an event was folded, and what was to be written after it."""

    loaded: int
    written: int


class Counting(IngestCore):
    """Ingest's core, which notes what each event costs."""

    costs: list[Cost]

    @override
    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
        loaded = party.count()
        refusal = super().fold(party, event, effects)
        self.costs.append(Cost(loaded, len(party.changed)))
        return refusal


def costs(*, settled: int) -> list[Cost]:
    """The costs of an invoice, its falling overdue and its payment, behind so many settled ones."""
    core = Counting()
    core.costs = []
    line = Line(core)
    for number in range(settled):
        _bill_and_pay(line, number, BEGIN + timedelta(days=number % 100))
    line.tick(BEGIN + timedelta(days=200))
    core.costs.clear()
    _bill_and_pay(line, settled, BEGIN + timedelta(days=300), days=40)
    return core.costs


def _bill_and_pay(line: Line, number: int, at: datetime, days: int = 0) -> None:
    line.tell(
        billing.InvoiceIssued(
            account_id=ACCOUNT,
            invoice_id=f"I-{number}",
            issued_on=at.date(),
            due_on=at.date() + timedelta(days=10),
            amount="10.00",
            currency="EUR",
        ),
        time=at,
    )
    if days:
        line.tick(at + timedelta(days=days))
    paid = billing.PaymentReceived(
        account_id=ACCOUNT,
        payment_id=f"P-{number}",
        amount="10.00",
        currency="EUR",
        received_on=at.date() + timedelta(days=days),
        allocations=(billing.Allocation(invoice_id=f"I-{number}", amount="10.00"),),
    )
    line.tell(paid, time=at + timedelta(days=days))


def test_an_events_cost_does_not_grow_with_what_is_settled() -> None:
    """The same documents are loaded and written behind one settled invoice as behind hundreds."""
    few, many = costs(settled=1), costs(settled=300)

    assert few == many
    assert all(cost.loaded <= 6 and cost.written <= 5 for cost in many), many


def test_what_is_settled_is_found_by_day() -> None:
    """A settled document is listed by the last day on which anything was booked on it."""
    line = Line(IngestCore())
    _bill_and_pay(line, 1, BEGIN, days=40)
    party = line.party(ACCOUNT)

    found = {
        document.key.rpartition("\x1e")[2]: document.listed
        for kind in IngestCore.documents[2:6]
        for document in party.all(kind)
    }

    day = date(2025, 2, 10).isoformat()
    assert {
        "I-1": {"done": f"A-1\x1e{day}\x1einvoice\x1eI-1"},
        "P-1": {"done": f"A-1\x1e{day}\x1epayment\x1eP-1"},
    } == found
