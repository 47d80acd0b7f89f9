"""What ingest writes, folded by kpi and scoring: both agree with ingest's own documents."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.core import IngestCore
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.position import position
from services.kpi.domain.core import KpiCore
from services.kpi.domain.report import report
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.sources import read_scorecard, read_segments
from shared.core import Outgoing, Refusal
from shared.events import billing
from shared.events.base import Fact
from shared.money import minor, text
from shared.testing.line import Line
from tests.unit.kpi.books import midnight, noon

DAY_0 = date(2025, 1, 1)
ACCOUNT = "A"
CARD = read_scorecard()
SEGMENTS = read_segments()

amounts = st.integers(1, 30_000).map(lambda amount: text(amount, "EUR"))
numbers = st.integers(1, 2)


@dataclass
class Flow:
    """Ingest, with scoring and kpi behind it, on one line."""

    ingest: Line = field(default_factory=lambda: Line(IngestCore()))
    scoring: Line = field(default_factory=lambda: Line(ScoringCore(CARD, SEGMENTS)))
    kpi: Line = field(default_factory=lambda: Line(KpiCore()))

    def day(self, today: date) -> None:
        """A day begins everywhere."""
        self._follow(self.ingest.tick(midnight(today)))
        self.scoring.tick(midnight(today))
        self.kpi.tick(midnight(today))

    def tell(self, fact: Fact, today: date) -> None:
        """Something comes in; what ingest refuses changes nothing."""
        told = self.ingest.tell(fact, time=noon(today))
        if not isinstance(told, Refusal):
            self._follow(told)

    def _follow(self, sent: list[Outgoing]) -> None:
        for outgoing in sent:
            self.scoring.follow(outgoing)
            self.kpi.follow(outgoing)


@st.composite
def told(draw: st.DrawFn) -> Fact:
    """Any of the events that move money; a few ids, so that they meet, or come too early."""
    number = draw(numbers)
    invoice_id = f"I{number}"
    on = DAY_0 + timedelta(days=draw(st.integers(0, 90)))
    due = on + timedelta(days=draw(st.integers(0, 40)))
    amount = draw(amounts)
    moves: list[Fact] = [
                billing.InvoiceIssued(
                    account_id=ACCOUNT, invoice_id=invoice_id, issued_on=on, due_on=due,
                    amount=amount, currency="EUR",
                ),
                billing.InvoiceAmended(
                    account_id=ACCOUNT, invoice_id=invoice_id, amended_on=on, due_on=due
                ),
                billing.InvoiceAmended(
                    account_id=ACCOUNT, invoice_id=invoice_id, amended_on=on, amount=amount
                ),
                billing.InvoiceVoided(account_id=ACCOUNT, invoice_id=invoice_id, voided_on=on),
                billing.InvoiceCredited(
                    account_id=ACCOUNT, credit_note_id=f"C{number}", invoice_id=invoice_id,
                    amount=amount, currency="EUR", credited_on=on,
                ),
                billing.InvoiceWrittenOff(
                    account_id=ACCOUNT, write_off_id=f"W{number}", invoice_id=invoice_id,
                    written_off_on=on,
                ),
                billing.PaymentReceived(
                    account_id=ACCOUNT, payment_id=f"P{number}", amount=amount,
                    currency="EUR", received_on=on,
                ),
                billing.PaymentReversed(
                    account_id=ACCOUNT, reversal_id=f"R{number}", payment_id=f"P{number}",
                    reversed_on=on, reason="chargeback",
                ),
    ]  # fmt: skip
    issue, *_, pay, reverse = moves
    return draw(st.sampled_from([*moves, issue, issue, pay, reverse]))


@settings(max_examples=60)
@given(st.lists(st.tuples(told(), st.integers(0, 15)), min_size=3, max_size=25))
def test_both_agree_with_the_ledgers_documents(history: list[tuple[Fact, int]]) -> None:
    """Open, overdue and unapplied amounts come out of the facts as ingest has them."""
    flow, today = Flow(), DAY_0
    for fact, days in history:
        today += timedelta(days=days)
        flow.day(today)
        flow.tell(fact, today)
    flow.day(today + timedelta(days=1))

    party = flow.ingest.party(ACCOUNT)
    items = [item for invoice in party.all(Invoice) for item in invoice.items if item.open]
    at_last = date(2030, 1, 1)
    found = position(party, ACCOUNT, at_last)
    for part in report(flow.kpi.cells, as_of=at_last)["receivables"]:
        amounts = part["amounts"]
        assert sum(item.open for item in items) == minor(amounts["gross"], "EUR")
        assert found is not None
        for held, expected in (
            ("unapplied_cash", found.unapplied_cash),
            ("unapplied_credit", found.unapplied_credit),
        ):
            assert minor(expected.get("EUR", "0"), "EUR") == minor(amounts[held], "EUR")
        assert part["roll_forward"]["holds"]
    behaviour = flow.scoring.party(ACCOUNT).find(Behaviour, ACCOUNT)
    overdue = [item.open for item in items if item.overdue]
    if behaviour is not None and (owed := behaviour.owed.get("EUR")) is not None:
        assert sum(overdue) == owed.overdue.amount
        assert len(overdue) == behaviour.overdue_items()
        assert sum(item.open for item in items) == owed.overdue.amount + owed.coming.amount
    else:
        assert not items
