"""Webhooks through the line: whatever order they come in, the account ends up the same."""

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest

from services.ingest.domain.account import Account
from services.ingest.domain.core import IngestCore
from services.ingest.domain.foreign import Reference, Unresolved
from services.ingest.domain.position import Position, position
from services.ingest.doors.checking import record_of
from services.ingest.doors.webhooks import retell
from services.ingest.wiring import WIRING
from shared.core import Party, Refusal
from shared.events.billing import ReferenceBound
from shared.line.ports import Record
from shared.simulation import Simulation, Stage
from shared.testing.line import Line
from shared.testing.reading import header
from shared.topics import COLLECTIONS_LEDGER, INGEST_DLQ
from tests.unit.ingest.webhook_payloads import (
    DAY,
    NOW,
    STRIPE,
    Json,
    T,
    body_of,
    lago,
    lago_credit_note,
    lago_event,
    lago_invoice,
    lago_payment,
    lago_signed,
    stripe_credit_note,
    stripe_dispute,
    stripe_event,
    stripe_invoice,
    stripe_invoice_payment,
    stripe_refund,
    stripe_signed,
)

END = date(2026, 5, 1)
STRIPES = (
    stripe_event("invoice.finalized", stripe_invoice()),
    stripe_event("invoice_payment.paid", stripe_invoice_payment(), at=T + DAY),
    stripe_event("credit_note.created", stripe_credit_note(), at=T + 2 * DAY),
    stripe_event("charge.dispute.funds_withdrawn", stripe_dispute(), at=T + 9 * DAY),
    stripe_event("refund.created", stripe_refund(), at=T + 10 * DAY),
    stripe_event("invoice.overdue", stripe_invoice(), at=T + 31 * DAY),
)
"""120 billed, 50 paid, 20 credited, the 50 charged back, and a refund of what was never held."""
LAGOS = (
    lago_event("invoice.created", "invoice", lago_invoice()),
    lago_event("credit_note.created", "credit_note", lago_credit_note(customer=None)),
    lago_event("payment.succeeded", "payment", lago_payment(amount_cents=4_900)),
    lago_event("invoice.payment_overdue", "invoice", lago_invoice(payment_overdue=True)),
)
"""119 billed, 20 credited, 49 paid."""


class Ledger:
    """Ingest's line and core in memory, behind the doors of two providers."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self.stage = Stage(IngestCore(), WIRING)
        self.published: list[Record] = []
        self._simulation = Simulation([self.stage], self.published.append)

    def tell(self, event: Json) -> None:
        """Take a webhook of Stripe's, or of Lago's."""
        body = body_of(event)
        if "webhook_type" in event:
            told = retell(lago_signed(body), body, NOW, lago())
        else:
            told = retell(stripe_signed(body), body, NOW, STRIPE)
        assert not isinstance(told, Refusal), told
        for one in told:
            self._simulation.tell([record_of(one, partitions=1)])

    @property
    def refusals(self) -> list[str]:
        """Why anything became a dead letter."""
        letters = [record for record in self.published if record.topic == INGEST_DLQ]
        return [header(letter, "__dlq.errors.message") for letter in letters]

    def party(self, name: str) -> Party:
        """The party of this id."""
        return next(party for party in self.stage.parties() if party.id == name)

    def position(self, account_id: str) -> Position:
        """What the account owes at the end."""
        found = position(self.party(account_id), account_id, END, self.stage.lane.shared)
        assert found is not None
        return found


def told(events: Sequence[Json]) -> Ledger:
    """A ledger after these webhooks, in this order."""
    ledger = Ledger()
    for event in events:
        ledger.tell(event)
    return ledger


def open_of(place: Position) -> list[tuple[str, str, str]]:
    """Its open items: invoice, amount, bucket."""
    return [(item.invoice_id, item.open_amount, item.bucket) for item in place.open_items]


def test_stripe_in_its_order() -> None:
    """The chargeback reopens what the payment had closed; the due date makes it overdue."""
    ledger = told(STRIPES)

    place = ledger.position("cus_1")
    assert [] == ledger.refusals
    assert [("in_1", "100.00", "1-30")] == open_of(place)
    assert ({}, {}) == (place.unapplied_cash, place.unapplied_credit)
    assert "acme" == ledger.party("cus_1").find(Account, "cus_1").creditor_id  # type: ignore[union-attr] # it is there


@pytest.mark.parametrize("seed", range(60))
def test_stripe_in_any_order(seed: int) -> None:
    """What cannot be resolved yet waits; at the end all is booked, on the same account, once."""
    random = Random(seed)
    events = [*STRIPES, *random.choices(STRIPES, k=4)]
    random.shuffle(events)

    ledger = told(events)

    assert [] == ledger.refusals
    assert open_of(told(STRIPES).position("cus_1")) == open_of(ledger.position("cus_1"))
    notes = [note for party in ledger.stage.parties() for note in party.all(Unresolved)]
    assert [] == [note for note in notes if not note.done]


@pytest.mark.parametrize("seed", range(20))
def test_lago_in_any_order(seed: int) -> None:
    """A credit note without its customer finds it by the invoice; overdue adds nothing."""
    random = Random(seed)
    events = [*LAGOS, *random.choices(LAGOS, k=2)]
    random.shuffle(events)

    ledger = told(events)

    assert [] == ledger.refusals
    assert [("i-0001", "50.00", "31-60")] == open_of(ledger.position("customer-1"))


def test_a_chargeback_waits_for_two_steps() -> None:
    """It names a payment, whose invoice is not known, whose account is not known: it all waits."""
    finalized, paid, _, withdrawn, *_ = STRIPES
    ledger = told([withdrawn, paid])
    before = [record for record in ledger.published if record.topic == COLLECTIONS_LEDGER]

    ledger.tell(finalized)

    assert [] == before
    assert [("in_1", "120.00", "1-30")] == open_of(ledger.position("cus_1"))
    assert "cus_1" == ledger.party("stripe#pi_1").find(Reference).owner_id  # type: ignore[union-attr] # it is there


def test_ids_are_the_same_in_any_order() -> None:
    """What is told of a reference has an id of its cause, not of when the account became known."""
    finalized, paid, *_ = STRIPES

    def ids(events: Sequence[Json]) -> set[str]:
        records = told(events).published
        return {
            header(record, "ce_id")
            for record in records
            if header(record, "ce_type") == "billing.payment.received.v1"
        }

    assert ids([finalized, paid]) == ids([paid, finalized])
    assert 1 == len(ids([finalized, paid]))


def test_another_account_for_the_same_reference() -> None:
    """The first to say whose it is is right; the other is a conflict, and becomes a dead letter."""
    first = stripe_event("invoice.finalized", stripe_invoice())
    other = stripe_event("invoice.finalized", stripe_invoice(customer="cus_2"))

    ledger = told([first, {**other, "id": "evt_other"}])

    assert ["this source and id came before with other content"] * 2 == ledger.refusals
    assert "cus_1" == ledger.party("stripe#in_1").find(Reference).owner_id  # type: ignore[union-attr] # it is there


def test_a_reference_keeps_its_account() -> None:
    """Told again it is the same; told of another account, by whatever event, it is a conflict."""
    line = Line(IngestCore())
    bound = ReferenceBound(reference="shop#1", owner_id="A-1")

    first = line.tell(bound, time=NOW)
    again = line.tell(bound, time=NOW)
    other = line.tell(bound.model_copy(update={"owner_id": "A-2"}), time=NOW)

    assert [] == first == again
    assert isinstance(other, Refusal)
    assert ("conflict", "owner_id") == (other.reason, other.field)
