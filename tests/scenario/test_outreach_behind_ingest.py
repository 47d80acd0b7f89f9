"""Dated stories through ingest's own ledger: what billing says, and whom outreach then contacts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.domain.core import IngestCore
from services.outreach.domain.core import OutreachCore
from services.outreach.domain.standing import standing
from shared.core import Outgoing, Refusal
from shared.events import billing, outreach
from shared.events.base import REGISTRY
from shared.testing.line import Line
from tests.unit.outreach.stories import DEFAULT, cancelled, contacts, facts, on, only_task, utc


class Flow:
    """Ingest, and outreach behind it, in one line."""

    def __init__(self) -> None:
        self.ingest = Line(IngestCore())
        self.outreach = Line(OutreachCore(DEFAULT))
        self.told = 0

    def bill(self, kind: str, when: str, **fields: object) -> list[Outgoing]:
        """A billing event; what outreach says of it."""
        self.told += 1
        model: Any = REGISTRY[f"billing.{kind}.v1"]
        data = model.model_validate({"account_id": "A"} | fields)
        sent = self.ingest.tell(data, time=utc(when), id=f"b-{self.told}")
        assert not isinstance(sent, Refusal), sent
        return self._down(sent)

    def tick(self, at: datetime) -> list[Outgoing]:
        """A tick, right behind what it caused."""
        return self._down(self.ingest.tick(at)) + self.outreach.tick(at)

    def hourly(self, first: str, last: str) -> list[Outgoing]:
        """A tick each hour, both ends included."""
        moment, sent = utc(first), []
        while moment <= utc(last):
            sent += self.tick(moment)
            moment += timedelta(hours=1)
        return sent

    def _down(self, ledger: list[Outgoing]) -> list[Outgoing]:
        sent: list[Outgoing] = []
        for each in ledger:
            more = self.outreach.follow(each)
            assert not isinstance(more, Refusal)
            sent += more
        return sent


def owed() -> Flow:
    """A debtor with an invoice of 100.00 in two instalments, due on 10 and 20 March."""
    flow = Flow()
    flow.bill(
        "account.updated",
        "03-01 09:00",
        name="Erika",
        contact_points=(
            billing.ContactPoint(id="e", channel="email", address="erika@example.com"),
        ),
    )
    flow.bill(
        "invoice.issued",
        "03-01 09:00",
        invoice_id="V1",
        number="2026-001",
        issued_on=on("03-01"),
        due_on=on("03-20"),
        amount="100.00",
        currency="EUR",
        installments=(
            billing.Installment(item_id="V1-1", due_on=on("03-10"), amount="60.00"),
            billing.Installment(item_id="V1-2", due_on=on("03-20"), amount="40.00"),
        ),
    )
    flow.tick(utc("03-01 10:00"))
    return flow


def test_an_instalment_is_reminded_of_and_a_payment_withdraws_it() -> None:
    """The first instalment falls overdue: a reminder for 60.00, withdrawn when they come."""
    flow = owed()
    sent = flow.hourly("03-11 00:00", "03-13 08:00")

    (task,) = [task for task in facts(sent, outreach.ContactRequested) if task.step == "reminder"]
    paid = flow.bill(
        "payment.received",
        "03-13 08:30",
        payment_id="P1",
        amount="60.00",
        currency="EUR",
        received_on=on("03-12"),
    )

    assert ("60.00", ["V1-1"]) == (task.amounts[0].amount, [item.item_id for item in task.items])
    assert cancelled(paid) == ["paid"]
    assert len(facts(sent, outreach.CaseOpened)) == 1
    assert [each.reason for each in facts(paid, outreach.CaseClosed)] == ["cured"]


def test_a_payment_that_bounces_reopens_with_the_old_due_date() -> None:
    """Paid on the 12th, taken back on the 26th: late by 16 days, the firm reminder is due."""
    flow = owed()
    flow.tick(utc("03-11 01:00"))
    flow.bill(
        "payment.received",
        "03-12 09:00",
        payment_id="P1",
        amount="100.00",
        currency="EUR",
        received_on=on("03-12"),
    )
    assert [] == contacts(flow.hourly("03-12 10:00", "03-26 08:00"))

    flow.bill(
        "payment.reversed",
        "03-26 09:00",
        reversal_id="R1",
        payment_id="P1",
        reversed_on=on("03-26"),
        reason="bounced",
    )
    task = only_task(flow.tick(utc("03-26 10:00")))

    assert ("firm_reminder", "V1-1", "100.00") == (
        task.step,
        task.decision.anchor_item_id,
        task.amounts[0].amount,
    )
    assert "2026-001" in task.body


def test_an_amended_due_date_starts_the_count_anew() -> None:
    """On the 13th the invoice is put off to the 30th: the reminder is withdrawn, a note comes."""
    flow = owed()
    flow.hourly("03-11 00:00", "03-13 08:00")

    sent = flow.bill(
        "invoice.amended",
        "03-13 09:00",
        invoice_id="V1",
        amended_on=on("03-13"),
        installments=(
            billing.Installment(item_id="V1-1", due_on=on("03-30"), amount="60.00"),
            billing.Installment(item_id="V1-2", due_on=on("04-30"), amount="40.00"),
        ),
    )

    assert cancelled(sent) == ["changed"]
    assert [each.reason for each in facts(sent, outreach.CaseClosed)] == ["cured"]
    assert [] == contacts(flow.hourly("03-13 10:00", "03-25 07:00"))
    assert contacts(flow.tick(utc("03-25 08:00"))) == [("friendly_reminder", "email")]


def test_a_void_and_a_dispute_through_the_ledger() -> None:
    """A disputed instalment is left out; a void withdraws what is left."""
    flow = owed()
    flow.hourly("03-20 00:00", "03-23 08:00")

    disputed = flow.bill(
        "dispute.opened",
        "03-23 08:10",
        dispute_id="D1",
        invoice_id="V1",
        amount="30.00",
        opened_on=on("03-23"),
    )
    again = only_task(flow.tick(utc("03-23 09:00")))
    voided = flow.bill("invoice.voided", "03-23 09:30", invoice_id="V1", voided_on=on("03-23"))

    assert cancelled(disputed) == ["hold_dispute"]
    assert "70.00" == again.amounts[0].amount
    assert cancelled(voided) == ["paid"]
    party = flow.outreach.party("A")
    assert "settled" == standing(party, "A", on("03-23"))["stage"]


def test_the_tick_that_makes_an_item_overdue_decides_right_behind_it() -> None:
    """Overdue since midnight, told by the tick of eight: case, stage and what follows, at once."""
    flow = owed()

    sent = flow.tick(datetime(2026, 3, 16, 8, 30, tzinfo=UTC))

    opened = [each for each in sent if isinstance(each.data, outreach.CaseOpened)]
    assert [utc("03-11 00:00")] == [each.time for each in opened]
    assert contacts(sent) == [("reminder", "email")]
