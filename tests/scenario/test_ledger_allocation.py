"""Stories of cash that finds its way: by rule, told later, told anew, after a write-off."""

from datetime import UTC, date, datetime
from itertools import permutations
from json import dumps
from typing import Any

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.invoice import Invoice, key_of
from services.ingest.domain.payment import Payment
from services.ingest.domain.position import Position, position
from shared.core import Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.testing.line import Line

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
JAN_1 = date(2025, 1, 1)


def issued(name: str, amount: str, due_on: str, currency: str = "EUR") -> Fact:
    """An invoice of the account."""
    return billing.InvoiceIssued(
        account_id="A-1",
        invoice_id=name,
        issued_on=JAN_1,
        due_on=date.fromisoformat(due_on),
        amount=amount,
        currency=currency,
    )


def to(invoice: str, amount: str, *deducted: str, **more: Any) -> billing.Allocation:  # noqa: ANN401 - fields of the model
    """An allocation."""
    deductions = tuple(billing.Deduction(kind="bank_fee", amount=each) for each in deducted)
    return billing.Allocation(invoice_id=invoice, amount=amount, deductions=deductions, **more)


def paid(name: str, amount: str, *parts: billing.Allocation, on: str = "2025-02-01") -> Fact:
    """A payment of the account."""
    return billing.PaymentReceived(
        account_id="A-1",
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date.fromisoformat(on),
        allocations=parts or None,
    )


def allocated(version: int, *parts: billing.Allocation, payment: str = "P-1") -> Fact:
    """Where a payment goes, told later."""
    return billing.PaymentAllocated(
        account_id="A-1",
        payment_id=payment,
        version=version,
        allocations=parts,
        allocated_on=date(2025, 2, 10),
    )


def told(*facts: Fact, creditor: dict[str, Any] | None = None) -> Line:
    """A line that was told these facts, none of which was refused."""
    line = Line(IngestCore(Audit(every=1, strict=True)))
    if creditor is not None:
        config = {
            "kind": "creditors",
            "number": 1,
            "from": "2025-01-01T00:00:00Z",
            "document": {"creditors": {"default": creditor}},
        }
        line.tell(billing.ConfigPublished.model_validate_json(dumps(config)), time=NOON)
    line.tick(NOON)
    for fact in facts:
        answer = line.tell(fact, time=NOON)
        assert not isinstance(answer, Refusal), answer
    return line


def owed(line: Line) -> Position:
    """The account's position."""
    found = position(line.party("A-1"), "A-1", date.max, line.shared)
    assert found is not None
    return found


def open_of(line: Line) -> dict[str, str]:
    """What is open of each item."""
    return {item.item_id: item.open_amount for item in owed(line).open_items}


def entries(sent: list[Outgoing]) -> list[tuple[str, str, str]]:
    """The entries of facts: kind, item, amount."""
    return [
        (entry.kind, entry.item_id, entry.amount)
        for outgoing in sent
        if isinstance(outgoing.data, ledger.Moved)
        for entry in outgoing.data.entries
    ]


THREE = (
    issued("I-1", "100.00", "2025-01-10"),
    issued("I-2", "300.00", "2025-01-20"),
    issued("I-3", "200.00", "2025-01-30"),
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("oldest_due", {"I-2": "250.00", "I-3": "200.00"}),
        ("newest_due", {"I-1": "100.00", "I-2": "300.00", "I-3": "50.00"}),
        ("largest", {"I-1": "100.00", "I-2": "150.00", "I-3": "200.00"}),
        ("proportional", {"I-1": "75.00", "I-2": "225.00", "I-3": "150.00"}),
        ("source_only", {"I-1": "100.00", "I-2": "300.00", "I-3": "200.00"}),
    ],
)
def test_cash_that_nobody_told_the_purpose_of_goes_by_the_creditors_rule(
    rule: str, expected: dict[str, str]
) -> None:
    """150 of 600: to one end, to the largest, to all in proportion, or nowhere."""
    line = told(*THREE, paid("P-1", "150.00"), creditor={"allocation": rule})

    assert expected == open_of(line)
    assert ({"EUR": "150.00"} if rule == "source_only" else {}) == owed(line).unapplied_cash


def test_the_cents_that_a_proportion_leaves_go_to_what_was_due_first() -> None:
    """1.00 over three times 1.00 is 0.34, 0.33, 0.33; no cent is lost."""
    items = [issued(f"I-{n}", "1.00", f"2025-01-1{n}") for n in range(3)]

    line = told(*items, paid("P-1", "1.00"), creditor={"allocation": "proportional"})

    assert {"I-0": "0.66", "I-1": "0.67", "I-2": "0.67"} == open_of(line)


def test_a_rule_never_crosses_currencies() -> None:
    """Not by proportion either."""
    items = [issued("I-1", "50.00", "2025-01-10", "USD"), issued("I-2", "50.00", "2025-01-20")]

    line = told(*items, paid("P-1", "80.00"), creditor={"allocation": "proportional"})

    assert ({"I-1": "50.00"}, {"EUR": "30.00"}) == (open_of(line), owed(line).unapplied_cash)


def test_cash_on_the_suspense_account_is_not_applied() -> None:
    """Even if an invoice were booked there."""
    line = told(*THREE, paid("P-1", "600.00"), creditor={"suspense_account": "A-1"})

    assert {"EUR": "600.00"} == owed(line).unapplied_cash


def test_an_allocation_told_later_replaces_what_the_rule_did() -> None:
    """What leaves an item reopens it and is held for a moment; then it goes where it was told."""
    line = told(*THREE, paid("P-1", "150.00"))

    sent = line.tell(allocated(1, to("I-3", "150.00")), time=NOON)

    assert not isinstance(sent, Refusal)
    assert {"I-1": "100.00", "I-2": "300.00", "I-3": "50.00"} == open_of(line)
    assert entries(sent) == [
        ("reversed", "I-2", "50.00"),
        ("reversed", "I-1", "100.00"),
        ("unapplied_cash", "", "150.00"),
        ("collected", "I-3", "-150.00"),
        ("unapplied_cash", "", "-150.00"),
    ]
    reopened = [out.data for out in sent if isinstance(out.data, ledger.InvoiceReopened)]
    assert [("I-1", date(2025, 1, 10))] == [(fact.item_id, fact.due_on) for fact in reopened]


def test_what_a_new_set_has_too_is_not_touched() -> None:
    """Confirming what the rule did books nothing; more of the same books the difference."""
    line = told(*THREE, paid("P-1", "150.00"))

    same = line.tell(allocated(1, to("I-1", "100.00"), to("I-2", "50.00")), time=NOON)
    less = line.tell(allocated(2, to("I-1", "100.00"), to("I-2", "20.00")), time=NOON)

    assert ([], [("reversed", "I-2", "30.00"), ("unapplied_cash", "", "30.00")]) == (
        same,
        entries(less if isinstance(less, list) else []),
    )
    assert {"EUR": "30.00"} == owed(line).unapplied_cash


def test_the_highest_version_holds_in_any_order() -> None:
    """Also before the payment, and before the invoices."""
    facts = [
        *THREE[1:],
        paid("P-1", "150.00", to("I-1", "100.00")),
        allocated(1, to("I-2", "150.00")),
        allocated(2, to("I-3", "120.00"), to("I-2", "30.00")),
    ]

    found = [open_of(told(THREE[0], *order)) for order in permutations(facts)]

    assert [{"I-1": "100.00", "I-2": "270.00", "I-3": "80.00"}] * len(found) == found


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        (allocated(1, to("I-2", "1.00")), "version"),
        (allocated(2, to("I-1", "150.01")), "allocations.0.amount"),
        (allocated(2, to("I-1", "100.00"), to("I-2", "50.01")), "allocations.1.amount"),
    ],
)
def test_a_set_that_cannot_be_right_is_refused_and_changes_nothing(fact: Fact, field: str) -> None:
    """The same version with other content; more than there is."""
    line = told(*THREE, paid("P-1", "150.00"), allocated(1, to("I-3", "150.00")))

    answer = line.tell(fact, time=NOON)

    assert isinstance(answer, Refusal)
    assert field == answer.field
    assert {"I-1": "100.00", "I-2": "300.00", "I-3": "50.00"} == open_of(line)


def test_deductions_come_back_with_the_cash_that_they_came_with() -> None:
    """Moved to another invoice, the fee that closed the first one is owed again."""
    line = told(*THREE, paid("P-1", "98.00", to("I-1", "98.00", "2.00")))
    assert "I-1" not in open_of(line)

    line.tell(allocated(1, to("I-2", "98.00")), time=NOON)

    assert {"I-1": "100.00", "I-2": "202.00", "I-3": "200.00"} == open_of(line)


def test_a_deduction_that_the_new_set_does_not_have_is_owed_again() -> None:
    """Even where the cash stays with the same invoice."""
    line = told(THREE[0], paid("P-1", "98.00", to("I-1", "98.00", "2.00")))

    line.tell(allocated(1, to("I-1", "98.00")), time=NOON)

    assert ({"I-1": "2.00"}, {}) == (open_of(line), owed(line).unapplied_cash)


def test_an_amount_that_does_not_fit_its_currency_is_refused_whatever_stands_beside_it() -> None:
    """With an amount in the payment's currency, too."""
    line = told(THREE[0], paid("P-1", "50.00"))

    answer = line.tell(allocated(1, to("I-1", "40.001", payment_amount="40.00")), time=NOON)

    assert isinstance(answer, Refusal)
    assert ("invalid", {"I-1": "50.00"}) == (answer.reason, open_of(line))


def test_a_credit_note_is_told_later_what_it_is_for() -> None:
    """Held until then; told anew, it moves; void, it is gone from where it is."""
    note = billing.InvoiceCredited(
        account_id="A-1",
        credit_note_id="C-1",
        amount="80.00",
        currency="EUR",
        credited_on=date(2025, 2, 1),
    )
    first, second = (
        billing.PaymentAllocated(
            account_id="A-1",
            credit_note_id="C-1",
            version=version,
            allocations=parts,
            allocated_on=date(2025, 2, 5),
        )
        for version, parts in ((1, (to("I-1", "80.00"),)), (2, (to("I-3", "50.00"),)))
    )
    facts = [THREE[0], THREE[2], note, first, second]

    found = {(*open_of(told(THREE[1], *order)).values(),) for order in permutations(facts)}
    line = told(THREE[1], *facts)

    assert {("100.00", "300.00", "150.00")} == found
    assert {"EUR": "30.00"} == owed(line).unapplied_credit
    line.tell(
        billing.CreditVoided(account_id="A-1", credit_note_id="C-1", voided_on=date(2025, 2, 9)),
        time=NOON,
    )
    assert {"I-1": "100.00", "I-2": "300.00", "I-3": "200.00"} == open_of(line)


def test_cash_told_for_an_item_without_room_has_the_next_claim_on_it() -> None:
    """When the payment that was in its place bounces, and before any cash without a purpose."""
    bounced = billing.PaymentReversed(
        account_id="A-1",
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on=date(2025, 2, 20),
        reason="bounced",
    )
    line = told(
        issued("I-1", "100.00", "2025-01-10"),
        paid("P-1", "100.00", to("I-1", "100.00")),
        paid("P-2", "100.00", to("I-1", "100.00")),
        paid("P-0", "70.00"),
        bounced,
    )

    assert ({}, {"EUR": "70.00"}) == (open_of(line), owed(line).unapplied_cash)
    applied = {
        payment.payment_id: [(part.item_id, part.amount) for part in payment.applied]
        for payment in line.party("A-1").all(Payment)
    }
    assert {"P-0": [], "P-1": [], "P-2": [("I-1", 10000)]} == applied


def test_a_chargeback_won_after_the_money_was_told_anew_goes_where_it_is_now_for() -> None:
    """Not to the item that it once paid."""
    line = told(
        *THREE,
        paid("P-1", "100.00", to("I-1", "100.00")),
        billing.PaymentReversed(
            account_id="A-1",
            reversal_id="R-1",
            payment_id="P-1",
            reversed_on=date(2025, 2, 8),
            reason="chargeback",
        ),
        allocated(1, to("I-3", "100.00")),
        billing.PaymentReinstated(
            account_id="A-1", reversal_id="R-1", reinstated_on=date(2025, 2, 12)
        ),
    )

    assert {"I-1": "100.00", "I-2": "300.00", "I-3": "100.00"} == open_of(line)


WRITTEN_OFF = billing.InvoiceWrittenOff(
    account_id="A-1", write_off_id="W-1", invoice_id="I-1", written_off_on=date(2025, 2, 15)
)
BOUNCED = billing.PaymentReversed(
    account_id="A-1",
    reversal_id="R-1",
    payment_id="P-1",
    reversed_on=date(2025, 2, 25),
    reason="bounced",
)


def test_money_for_what_was_written_off_takes_the_write_off_back() -> None:
    """A recovery: cash came in, and that much was not lost after all; nothing opens in between."""
    line = told(THREE[0], WRITTEN_OFF)

    sent = line.tell(paid("P-1", "60.00", to("I-1", "60.00"), on="2025-02-20"), time=NOON)

    assert isinstance(sent, list)
    assert entries(sent) == [
        ("write_off_reversed", "I-1", "60.00"),
        ("collected", "I-1", "-60.00"),
    ]
    assert (["collections.payment.applied.v1"], {}) == (
        [out.data.type for out in sent],
        open_of(line),
    )
    (invoice,) = [line.party("A-1").find(Invoice, key_of("A-1", "I-1"))]
    assert invoice is not None
    assert 4000 == invoice.items[0].given_up


def test_two_shares_of_a_payment_recover_side_by_side() -> None:
    """The second takes what the first left of the write-off, and no cash is taken back for it."""
    line = told(THREE[0], WRITTEN_OFF)
    both = paid("P-1", "80.00", to("I-1", "50.00"), to("I-1", "30.00"), on="2025-02-20")

    sent = line.tell(both, time=NOON)

    assert isinstance(sent, list)
    assert entries(sent) == [
        ("write_off_reversed", "I-1", "50.00"),
        ("collected", "I-1", "-50.00"),
        ("write_off_reversed", "I-1", "30.00"),
        ("collected", "I-1", "-30.00"),
    ]


def test_what_recovered_a_void_invoice_and_bounced_comes_back_to_be_held() -> None:
    """All of it and no more: two shares of a payment had been for the one that was written off."""
    line = told(
        THREE[0],
        WRITTEN_OFF,
        paid("P-1", "180.00", to("I-1", "100.00"), to("I-1", "80.00")),
        BOUNCED,
        billing.InvoiceVoided(
            account_id="A-1", invoice_id="I-1", voided_on=date(2025, 2, 26), reason=None
        ),
        billing.PaymentReinstated(
            account_id="A-1", reversal_id="R-1", reinstated_on=date(2025, 2, 27)
        ),
    )

    assert ({}, {"EUR": "180.00"}) == (open_of(line), owed(line).unapplied_cash)


def test_a_recovery_comes_to_the_same_whether_it_came_before_the_write_off_or_after() -> None:
    """What is paid is paid, and what is lost is the rest."""
    facts = [THREE[0], WRITTEN_OFF, paid("P-1", "60.00", to("I-1", "60.00"))]

    found = []
    for order in permutations(facts):
        party = told(*order).party("A-1")
        invoice = party.find(Invoice, key_of("A-1", "I-1"))
        assert invoice is not None
        item = invoice.items[0]
        found.append((item.open, item.given_up, item.booked(("collected",))))

    assert [(0, 4000, -6000)] * 6 == found


def test_a_recovery_that_bounces_is_written_off_again() -> None:
    """Nobody is chased for it: it stays closed, and won back it is recovered once more."""
    line = told(
        THREE[0],
        WRITTEN_OFF,
        paid("P-1", "60.00", to("I-1", "60.00")),
        BOUNCED,
    )
    assert ({}, {}) == (open_of(line), owed(line).unapplied_cash)

    line.tell(
        billing.PaymentReinstated(
            account_id="A-1", reversal_id="R-1", reinstated_on=date(2025, 2, 27)
        ),
        time=NOON,
    )

    assert ({}, {}) == (open_of(line), owed(line).unapplied_cash)


def test_what_is_open_is_paid_before_what_was_written_off_is_recovered() -> None:
    """Of one invoice's instalments, too."""
    parts = tuple(
        billing.Installment(item_id=f"I-1/{n}", due_on=date(2025, 1, 9 + n), amount="50.00")
        for n in range(2)
    )
    whole = billing.InvoiceIssued(
        account_id="A-1",
        invoice_id="I-1",
        issued_on=JAN_1,
        due_on=JAN_1,
        amount="100.00",
        currency="EUR",
        installments=parts,
    )
    first_lost = WRITTEN_OFF.model_copy(update={"amount": "50.00"})

    line = told(whole, first_lost, paid("P-1", "70.00", to("I-1", "70.00")))

    invoice = line.party("A-1").find(Invoice, key_of("A-1", "I-1"))
    assert invoice is not None
    assert [(0, 3000), (0, 0)] == [(item.open, item.given_up) for item in invoice.items]


SMALL = {"small_balance": "0.05"}


@pytest.mark.parametrize(
    ("amount", "left"), [("99.96", {}), ("99.95", {}), ("99.94", {"I-1": "0.06"})]
)
def test_a_small_rest_is_written_off(amount: str, left: dict[str, str]) -> None:
    """Up to the creditor's limit, which is included; and the item is settled by the cash."""
    line = told(THREE[0], paid("P-1", amount), creditor=SMALL)

    settled = [out.data.by for out in line.out if isinstance(out.data, ledger.InvoiceSettled)]
    assert (left, [] if left else ["cash"]) == (open_of(line), settled)


def test_an_invoice_that_is_small_by_itself_is_owed() -> None:
    """Only what money or credit leaves is given up."""
    line = told(issued("I-1", "0.03", "2025-01-10"), creditor=SMALL)

    assert {"I-1": "0.03"} == open_of(line)


def test_a_small_rest_is_owed_again_when_the_money_never_came() -> None:
    """All of the item is open then, to the cent."""
    line = told(
        THREE[0],
        paid("P-1", "99.96"),
        BOUNCED,
        creditor=SMALL,
    )

    assert {"I-1": "100.00"} == open_of(line)
