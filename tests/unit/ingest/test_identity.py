"""The audit: it finds books that do not add up, and says so as it was told to."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from prometheus_client import CollectorRegistry
from typing_extensions import override

from services.ingest.domain.core import IngestCore
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.identity import Audit, IdentityBroken, balances
from services.ingest.domain.invoice import Invoice, Posting
from services.ingest.domain.payment import Payment
from services.ingest.domain.stated import STALE
from services.ingest.metrics import LedgerMetrics
from shared.core import Effects, Elsewhere, Event, Outgoing, Party, Refusal
from shared.events import billing
from shared.events.base import Fact
from shared.testing.line import Line

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
DAY = date(2025, 1, 1)
STORY: tuple[Fact, ...] = (
    billing.InvoiceIssued(
        account_id="A", invoice_id="I", issued_on=DAY, due_on=DAY, amount="100.00", currency="EUR"
    ),
    billing.InvoiceCredited(
        account_id="A", credit_note_id="C", amount="7.00", currency="EUR", credited_on=DAY
    ),
    billing.PaymentReceived(
        account_id="A", payment_id="P", amount="130.00", currency="EUR", received_on=DAY
    ),
)


def told() -> tuple[Party, list[Outgoing]]:
    """A party's documents after a story, and all that was sent of it."""
    line = Line(IngestCore())
    for fact in STORY:
        line.tell(fact, time=NOON)
    return line.party("A"), line.out


def _item(party: Party) -> None:
    invoice = next(party.all(Invoice))
    invoice.items[0].open += 1


def _entry(party: Party) -> None:
    invoice = next(party.all(Invoice))
    invoice.items[0].postings.append(Posting(DAY, "adjusted", 5))
    invoice.items[0].open += 5


def _below(party: Party) -> None:
    invoice = next(party.all(Invoice))
    invoice.items[0].postings.append(Posting(DAY, "adjusted", -5))
    invoice.items[0].open -= 5


def _cash(party: Party) -> None:
    next(party.all(Payment)).unapplied -= 1


def _place(party: Party) -> None:
    next(party.all(Payment)).refunded += 1


def _credit(party: Party) -> None:
    next(party.all(CreditNote)).unapplied += 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_item, "receivable of 'A' in EUR: 0 by the entries, 1 there"),
        (_entry, "receivable of 'A' in EUR: 0 by the entries, 5 there"),
        (_below, "receivable of 'A' in EUR: 0 by the entries, -5 there"),
        (_cash, "unapplied_cash of 'A' in EUR: 3000 by the entries, 2999 there"),
        (_place, "payment 'P': 13000 came"),
        (_credit, "unapplied_credit of 'A' in EUR: 700 by the entries, 701 there"),
    ],
)
def test_what_does_not_add_up_is_found_and_named(spoil: Callable[[Party], None], said: str) -> None:
    """A cent too many or too few, in the documents or in what was told of them."""
    party, sent = told()
    audit = Audit(every=1)
    spoil(party)

    audit.check({}, sent, party)

    assert (1, 1, said) == (audit.checked, audit.broken, audit.latest[: len(said)])


def test_books_that_add_up_pass() -> None:
    """What was there before counts, too."""
    party, sent = told()
    audit = Audit(every=1, strict=True)

    audit.check({}, sent, party)
    audit.check(balances(party), [], party)

    assert (2, 0, "") == (audit.checked, audit.broken, audit.latest)


def test_a_fact_that_is_not_told_is_found() -> None:
    """Strict, it is a defect of the core: the shell parks the party."""
    party, sent = told()

    with pytest.raises(IdentityBroken, match="receivable"):
        Audit(every=1, strict=True).check({}, sent[1:], party)


@pytest.mark.parametrize(("every", "checked"), [(0, 0), (1, 6), (2, 3), (4, 1), (100, 0)])
def test_one_event_in_so_many_is_checked(every: int, checked: int) -> None:
    """None, each, or a sample."""
    audit = Audit(every=every)
    line = Line(IngestCore(audit))

    for fact in (*STORY, *STORY):
        line.tell(fact, time=NOON)

    assert (checked, 0) == (audit.checked, audit.broken)


def test_an_event_whose_books_break_is_not_taken_when_strict() -> None:
    """Through the core as it runs: what it told and what it changed differ by a defect."""

    class Forgetful(IngestCore):
        """Its facts get lost."""

        @override
        def _fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
            refusal = super()._fold(party, event, effects)
            effects.out.clear()
            return refusal

    line = Line(Forgetful(Audit(every=1, strict=True)))

    with pytest.raises(IdentityBroken):
        line.tell(STORY[0], time=NOON)


def test_the_counts_are_told_to_prometheus() -> None:
    """By names that rules of alerts can rely on."""
    registry = CollectorRegistry()
    audit = Audit(checked=12, broken=1)
    audit.ignored[STALE] = 3
    registry.register(LedgerMetrics(audit))

    found = [
        registry.get_sample_value(f"collections_ledger_{name}_total", {"service": "ingest"})
        for name in ("identity_checked", "identity_broken", "stale_statements")
    ]

    assert [12.0, 1.0, 3.0] == found
