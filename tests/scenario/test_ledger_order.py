"""Stories of disorder: out of order, twice, in conflict, not yet supported."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.core import IngestCore
from services.ingest.domain.position import Position, position
from services.ingest.domain.waiting import Waiting
from shared.core import Refusal
from shared.events import billing, ledger, outcomes
from shared.events.base import Fact
from shared.testing.line import Line

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
DAY = date(2025, 1, 15)
ISSUED = billing.InvoiceIssued(
    account_id="A-1", invoice_id="I-1", issued_on=DAY, due_on=DAY, amount="100.00", currency="EUR"
)
PAID = billing.PaymentReceived(
    account_id="A-1",
    payment_id="P-1",
    amount="60.00",
    currency="EUR",
    received_on=DAY,
    allocations=(billing.Allocation(invoice_id="I-1", amount="50.00"),),
)
BOUNCED = billing.PaymentReversed(
    account_id="A-1", reversal_id="R-1", payment_id="P-1", reversed_on=DAY, reason="bounced"
)
WON = billing.PaymentReinstated(account_id="A-1", reversal_id="R-1", reinstated_on=DAY)
CREDITED = billing.InvoiceCredited(
    account_id="A-1",
    credit_note_id="C-1",
    invoice_id="I-1",
    amount="10.00",
    currency="EUR",
    credited_on=DAY,
)
UNCREDITED = billing.CreditVoided(account_id="A-1", credit_note_id="C-1", voided_on=DAY)
WRITTEN_OFF = billing.InvoiceWrittenOff(
    account_id="A-1", write_off_id="W-1", invoice_id="I-1", amount="5.00", written_off_on=DAY
)
DISPUTED = billing.DisputeOpened(
    account_id="A-1", dispute_id="D-1", invoice_id="I-1", amount="20.00", opened_on=DAY
)
RESOLVED = billing.DisputeResolved(
    account_id="A-1", dispute_id="D-1", outcome="rejected", resolved_on=DAY
)
REFUNDED = billing.PaymentRefunded(
    account_id="A-1",
    refund_id="F-1",
    payment_id="P-1",
    amount="10.00",
    currency="EUR",
    refunded_on=DAY,
)
AMENDED = billing.InvoiceAmended(
    account_id="A-1", invoice_id="I-1", amended_on=DAY, due_on=date(2025, 2, 28), amount="90.00"
)
VOIDED = billing.InvoiceVoided(account_id="A-1", invoice_id="I-1", voided_on=DAY)
REINSTATED = billing.InvoiceReinstated(
    account_id="A-1", invoice_id="I-1", reinstated_on=date(2025, 1, 16)
)
STORY = (ISSUED, PAID, BOUNCED, WON, CREDITED, UNCREDITED, WRITTEN_OFF, DISPUTED, RESOLVED, AMENDED)


def told(*facts: Fact) -> Line:
    """A line that was told these facts, none of which was refused."""
    line = Line(IngestCore())
    for fact in facts:
        answer = line.tell(fact, time=NOON)
        assert not isinstance(answer, Refusal), answer
    return line


def owed(line: Line) -> Position | None:
    """The account's position."""
    return position(line.party("A-1"), "A-1", date.max)


def waiting(line: Line) -> list[str]:
    """The types of events that still wait for something."""
    return [note.type for note in line.party("A-1").all(Waiting) if not note.done]


def kinds(line: Line, kind: type[Fact]) -> int:
    """How many facts of a kind were sent."""
    return sum(isinstance(sent.data, kind) for sent in line.out)


@pytest.mark.parametrize(
    "facts",
    [
        (ISSUED, PAID),
        (ISSUED, PAID, BOUNCED),
        (ISSUED, PAID, BOUNCED, WON),
        (ISSUED, CREDITED),
        (ISSUED, CREDITED, UNCREDITED),
        (ISSUED, WRITTEN_OFF),
        (ISSUED, DISPUTED, RESOLVED),
        (ISSUED, PAID, REFUNDED),
        (ISSUED, AMENDED),
        (ISSUED, VOIDED, REINSTATED),
        (ISSUED, AMENDED, VOIDED, REINSTATED),
    ],
)
def test_any_order_comes_to_the_same(facts: Sequence[Fact]) -> None:
    """What came before the document that it names waits for it."""
    expected = owed(told(*facts))

    lines = [told(*order) for order in permutations(facts)]

    assert [expected] * len(lines) == [owed(line) for line in lines]
    assert not any(waiting(line) for line in lines)


@given(st.randoms(use_true_random=False))
def test_a_whole_story_in_any_order_comes_to_the_same(random: Random) -> None:
    """Also with each event told twice; a dispute is opened once and resolved once."""
    expected = owed(told(*STORY))
    order = [*STORY, *STORY]
    random.shuffle(order)

    line = told(*order)

    assert expected == owed(line)
    assert (1, 1) == (kinds(line, ledger.DisputeOpened), kinds(line, ledger.DisputeResolved))


def test_a_dispute_is_told_with_its_items_once_the_invoice_is_there() -> None:
    """Until then nobody could know what is disputed; it keeps its own date."""
    line = Line(IngestCore())
    line.tell(DISPUTED, time=NOON)
    before = list(line.out)

    line.tell(ISSUED, time=NOON)

    assert [] == before
    assert [(("I-1",), DAY, "20.00")] == [
        (sent.data.item_ids, sent.data.opened_on, sent.data.amount)
        for sent in line.out
        if isinstance(sent.data, ledger.DisputeOpened)
    ]


def test_of_two_amendments_the_later_date_holds() -> None:
    """An older one that comes late changes nothing of what the newer set."""
    older = billing.InvoiceAmended(
        account_id="A-1", invoice_id="I-1", amended_on=DAY, due_on=date(2025, 2, 10), amount="70.00"
    )
    newer = billing.InvoiceAmended(
        account_id="A-1", invoice_id="I-1", amended_on=date(2025, 1, 20), due_on=date(2025, 3, 10)
    )

    found = {owed(told(ISSUED, *order)).__repr__() for order in permutations((older, newer))}

    assert 1 == len(found)
    assert "open_amount='70.00', due_on=datetime.date(2025, 3, 10)" in found.pop()


CONFLICTS = (
    ((ISSUED,), ISSUED.model_copy(update={"amount": "100.01"}), "invoice_id"),
    ((PAID,), PAID.model_copy(update={"amount": "60.01"}), "payment_id"),
    ((ISSUED, PAID, BOUNCED), BOUNCED.model_copy(update={"reason": "error"}), "reversal_id"),
    ((BOUNCED,), BOUNCED.model_copy(update={"reason": "error"}), "reversal_id"),
    (
        (ISSUED, PAID, BOUNCED, WON),
        WON.model_copy(update={"reinstated_on": NOON.date()}),
        "reversal_id",
    ),
    ((CREDITED,), CREDITED.model_copy(update={"amount": "10.01"}), "credit_note_id"),
    ((UNCREDITED,), UNCREDITED.model_copy(update={"voided_on": NOON.date()}), "credit_note_id"),
    ((ISSUED, WRITTEN_OFF), WRITTEN_OFF.model_copy(update={"amount": "5.01"}), "write_off_id"),
    ((WRITTEN_OFF,), WRITTEN_OFF.model_copy(update={"invoice_id": "I-2"}), "write_off_id"),
    ((PAID, REFUNDED), REFUNDED.model_copy(update={"amount": "9.99"}), "refund_id"),
    ((DISPUTED,), DISPUTED.model_copy(update={"amount": "20.01"}), "dispute_id"),
    (
        (ISSUED, DISPUTED, RESOLVED),
        RESOLVED.model_copy(update={"outcome": "accepted"}),
        "dispute_id",
    ),
    ((ISSUED,), billing.AccountUpdated(account_id="A-1", creditor_id="acme"), "creditor_id"),
    (
        (billing.AccountUpdated(account_id="A-1", version=3, name="one"),),
        billing.AccountUpdated(account_id="A-1", version=3, name="two"),
        "version",
    ),
    (
        (ISSUED,),
        ISSUED.model_copy(
            update={
                "invoice_id": "I-2",
                "installments": (billing.Installment(item_id="I-1", due_on=DAY, amount="100.00"),),
            }
        ),
        "installments.0.item_id",
    ),
)


@pytest.mark.parametrize(("before", "fact", "field"), CONFLICTS)
def test_an_id_with_other_content_is_a_conflict_that_names_it(
    before: Sequence[Fact], fact: Fact, field: str
) -> None:
    """The first one stands."""
    line = told(*before)
    expected = owed(line)

    answer = line.tell(fact, time=NOON)

    assert isinstance(answer, Refusal)
    assert ("conflict", field, False) == (answer.reason, answer.field, answer.redrivable)
    assert expected == owed(line)


def test_accounts_have_ids_of_their_own() -> None:
    """Two accounts of one party may both have an invoice I-1, and the same moment tells both."""
    line = Line(IngestCore())
    for account in ("A-1", "A-2"):
        fact = ISSUED.model_copy(update={"account_id": account})
        assert not isinstance(line.tell(fact, time=NOON, party="firm"), Refusal)

    sent = line.tick(NOON.replace(month=4))

    overdue = [fact for fact in sent if isinstance(fact.data, ledger.InvoiceOverdue)]
    assert ["A-1", "A-2"] == [fact.subject for fact in overdue]
    assert {"firm"} == {fact.party for fact in overdue}
    assert 2 == len({fact.entity for fact in overdue})


UPDATES = (
    billing.AccountUpdated(account_id="A-1", version=1, name="one", country="DE", language="de"),
    billing.AccountUpdated(account_id="A-1", version=2, name="two", tags=("vip",)),
    billing.AccountUpdated(account_id="A-1", version=3, language=None),
    billing.AccountUpdated(account_id="A-1", version=4, country="AT"),
)


@pytest.mark.parametrize("order", list(permutations(UPDATES)))
def test_updates_merge_the_same_in_any_order(order: Sequence[Fact]) -> None:
    """Absent stays, null clears, an older version never overwrites a newer; told whole."""
    line = told(*order, *order)

    last = [sent.data for sent in line.out if isinstance(sent.data, ledger.AccountChanged)][-1]
    assert (
        billing.AccountProfile(
            party_id="A-1",
            creditor_id="default",
            version=4,
            name="two",
            country="AT",
            language=None,
            tags=("vip",),
        )
        == last.account
    )


def test_an_update_that_changes_nothing_tells_nothing() -> None:
    """The first one is told even if it says no more than that the account is there."""
    line = told(billing.AccountUpdated(account_id="A-1"))

    again = line.tell(billing.AccountUpdated(account_id="A-1", name=None), time=NOON)

    assert [] == again
    assert 1 == kinds(line, ledger.AccountChanged)


@pytest.mark.parametrize(
    ("model", "reason"),
    [(outcomes.ContactOptedOut, "opted_out"), (outcomes.ContactComplained, "complained")],
)
def test_an_address_that_said_stop_is_told_to_all_without_the_address(
    model: type[outcomes.Inbound], reason: str
) -> None:
    """Its digest is that of the address in small letters."""
    line = Line(IngestCore())

    line.tell(
        model(account_id="A-1", channel="email", occurred_at=NOON, address="Ann@Example.com"),
        time=NOON,
    )
    line.tell(model(account_id="A-1", channel="email", occurred_at=NOON), time=NOON)

    assert [
        billing.AddressSuppressed(
            channel="email",
            address_digest=sha256(b"ann@example.com").hexdigest(),
            reason=reason,
        )
    ] == line.broadcasts


def test_autopay_is_told_on() -> None:
    """Scheduled and failed: they book nothing."""
    line = told(
        billing.PaymentScheduled(account_id="A-1", invoice_ids=("I-1",), on=DAY),
        billing.PaymentFailed(account_id="A-1", invoice_ids=("I-1",), code="no_funds"),
    )

    assert [
        ledger.AutopayScheduled(
            account_id="A-1", creditor_id="default", invoice_ids=("I-1",), scheduled_on=DAY
        ),
        ledger.AutopayFailed(
            account_id="A-1", creditor_id="default", invoice_ids=("I-1",), code="no_funds"
        ),
    ] == [sent.data for sent in line.out]
