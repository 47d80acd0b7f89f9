"""Stories of parents whose cash without a purpose pays for their children, by the rule."""

from datetime import date, timedelta

import pytest
from typing_extensions import override

from services.ingest.domain.position import Position, position
from shared.core import Outgoing
from shared.events import billing
from shared.events.base import Fact
from tests.scenario.crossing import NOON, Crossing

ACCOUNTS = ("PA", "K1", "K2")
KILL_BILLS = {
    "10": "1-9", "11": "10-17", "18": "10-17", "19": "18-25", "26": "18-25", "27": "26+",
}  # fmt: skip
"""The days of June 2012 about each change of its states: 1-9 is clear, then OD1, OD2, OD3."""


class Family(Crossing):
    """A parent and two children, each a party of its own; messages are read when a test says so."""

    def __init__(self, **creditor: object) -> None:
        super().__init__()
        told = {"kind": "creditors", "number": 1, "from": NOON - timedelta(9)}
        document = {"creditors": {"default": {"parents_pay": True} | creditor}}
        self.line.tell(
            billing.ConfigPublished.model_validate(told | {"document": document}),
            time=NOON - timedelta(9),
        )
        self.line.tick(NOON)
        for child in ("K1", "K2"):
            self.tell(billing.AccountUpdated(account_id=child, parent_account_id="PA"))

    @override
    def tell(self, *facts: Fact, arrive: bool = True) -> list[Outgoing]:
        """Tell facts, and read what they send, unless it shall stay on its way."""
        sent: list[Outgoing] = []
        for fact in facts:
            sent += super().tell(fact)
            if arrive:
                self.arrive()
        return sent

    def of(self, account: str) -> Position:
        """The position of an account."""
        party = self.line._bound.get(account, account)
        return position(self.line.party(party), account, date.max) or Position(account, "")

    def open(self) -> dict[str, str]:
        """What is open of all of them."""
        return {
            item.item_id: item.open_amount
            for account in ACCOUNTS
            for item in self.of(account).open_items
        }

    def stages(self, day: date) -> dict[str, dict[str, str]]:
        """The bucket of each item that is open at the end of a day, by the account that owes it."""
        found: dict[str, dict[str, str]] = {}
        for account in ACCOUNTS:
            there = position(self.line.party(account), account, day, self.line.shared)
            for item in there.open_items if there else ():
                found.setdefault(account, {})[item.item_id] = item.bucket
        return found

    def held(self) -> dict[str, str]:
        """The cash that each holds."""
        return {
            account: cash
            for account in ACCOUNTS
            if (cash := self.of(account).unapplied_cash.get("EUR"))
        }


def owed(name: str, account: str, amount: str, due: int = 1) -> Fact:
    """An invoice, due on a day of January."""
    return billing.InvoiceIssued(
        account_id=account,
        invoice_id=name,
        issued_on=date(2025, 1, 1),
        due_on=date(2025, 1, due),
        amount=amount,
        currency="EUR",
    )


def paid(name: str, amount: str, account: str = "PA") -> Fact:
    """A payment that nobody told the purpose of."""
    return billing.PaymentReceived(
        account_id=account,
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date(2025, 2, 1),
    )


def test_its_own_come_first_and_then_the_children_by_the_rule() -> None:
    """Of all children's items what was due first, whichever child's it is."""
    family = Family()
    family.tell(
        owed("K1-a", "K1", "40.00", due=9),
        owed("K2-a", "K2", "30.00", due=5),
        owed("K1-b", "K1", "30.00", due=2),
        owed("P-a", "PA", "50.00", due=20),
        paid("P-1", "120.00"),
    )

    assert {"K1-a": "30.00"} == family.open()
    assert {} == family.held()


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("newest_due", {"K1-a": "40.00", "K2-a": "20.00"}),
        ("largest", {"K1-a": "40.00", "K2-a": "20.00"}),
        ("proportional", {"K1-a": "24.00", "K2-a": "36.00"}),
        ("source_only", {"K1-a": "40.00", "K2-a": "60.00"}),
    ],
)
def test_by_each_rule(rule: str, left: dict[str, str]) -> None:
    """As the creditor's `allocation` says of an account's own items."""
    family = Family(allocation=rule)
    family.tell(owed("K1-a", "K1", "40.00", due=2), owed("K2-a", "K2", "60.00", due=9))

    family.tell(paid("P-1", "40.00"))

    assert left == family.open()


def test_cash_that_was_there_before_pays_once_a_child_owes() -> None:
    """And what is left stays with the parent."""
    family = Family()
    family.tell(paid("P-1", "100.00"))

    family.tell(owed("K1-a", "K1", "30.00"), owed("K2-a", "K2", "50.00"))

    assert ({}, {"PA": "20.00"}) == (family.open(), family.held())


def test_what_is_on_its_way_is_not_sent_twice() -> None:
    """The child tells again what it owes, before the cash has come; there is more to spare."""
    family = Family()
    family.tell(owed("K1-a", "K1", "30.00"))
    family.tell(paid("P-1", "100.00"), arrive=False)
    cash, family.transit = family.transit, []
    family.tell(owed("K1-b", "K1", "5.00"))

    family.transit += cash
    family.arrive()

    assert ({}, {"PA": "65.00"}) == (family.open(), family.held())


def test_a_parent_that_does_not_pay() -> None:
    """Unless the creditor says so, its cash is its own; so is what it was told the purpose of."""
    off, on = Family(parents_pay=False), Family()
    told = paid("P-1", "100.00").model_copy(
        update={"allocations": (billing.Allocation(invoice_id="X", amount="100.00"),)}
    )

    off.tell(owed("K1-a", "K1", "30.00"), paid("P-1", "100.00"))
    on.tell(owed("K1-a", "K1", "30.00"), told)

    for family in (off, on):
        assert ({"K1-a": "30.00"}, {"PA": "100.00"}) == (family.open(), family.held())


def test_a_payment_that_bounces_is_taken_back_from_the_children() -> None:
    """Told of the parent; what it paid is owed again, and paid by what comes next."""
    family = Family()
    family.tell(owed("K1-a", "K1", "30.00"), owed("P-a", "PA", "50.00"), paid("P-1", "80.00"))
    assert {} == family.open()

    family.tell(
        billing.PaymentReversed(
            account_id="PA",
            reversal_id="R",
            payment_id="P-1",
            reversed_on=date(2025, 2, 9),
            reason="bounced",
        )
    )
    owing = family.open()
    family.tell(paid("P-2", "80.00"))

    assert {"P-a": "50.00", "K1-a": "30.00"} == owing
    assert ({}, {}) == (family.open(), family.held())


def test_a_child_that_leaves_and_comes_back() -> None:
    """While it has no parent nobody pays for it; later it is paid for again."""
    family = Family()
    family.tell(owed("K1-a", "K1", "30.00"), paid("P-1", "30.00"))
    family.tell(billing.AccountUpdated(account_id="K1", parent_account_id=None))
    family.tell(owed("K1-b", "K1", "20.00"), paid("P-2", "25.00"))
    assert ({"K1-b": "20.00"}, {"PA": "25.00"}) == (family.open(), family.held())

    family.tell(billing.AccountUpdated(account_id="K1", parent_account_id="PA"))

    assert ({}, {"PA": "5.00"}) == (family.open(), family.held())


def test_a_child_or_parent_that_changes_party_stays_of_the_family() -> None:
    """What the parent knows, and what the child has had, go with their books."""
    family = Family()
    family.tell(owed("K1-a", "K1", "30.00"), paid("P-1", "10.00"))

    family.tell(billing.AccountUpdated(account_id="PA", party_id="group"))
    family.tell(billing.AccountUpdated(account_id="K1", party_id="group"))
    family.tell(paid("P-2", "50.00"), owed("K1-b", "K1", "5.00"))

    assert ({}, {"PA": "25.00"}) == (family.open(), family.held())


def test_kill_bills_children_whose_parent_is_charged() -> None:
    """Worked example A, its variant with 10, 18 and 26 days (Kill Bill's tests, K13).

    What a child was billed on May 31 is charged to its parent on June 1 and ages there from then
    on, for both; a child that pays for itself is clear on every day.
    """
    family = Family(buckets=["1-9", "10-17", "18-25", "26+"])
    begin, charged = date(2012, 5, 31), date(2012, 6, 1)
    for child, due_on in (("K1", charged), ("K2", begin)):
        family.tell(
            billing.InvoiceIssued(
                account_id=child,
                invoice_id=f"{child}-I",
                issued_on=begin,
                due_on=due_on,
                amount="249.95",
                currency="EUR",
            )
        )
    family.tell(
        billing.ItemTransferred(
            transfer_id="charged",
            from_account_id="K1",
            to_account_id="PA",
            item_id="K1-I",
            amount="249.95",
            transferred_on=charged,
        ),
        billing.PaymentReceived(
            account_id="K2",
            payment_id="own",
            amount="249.95",
            currency="EUR",
            received_on=begin,
        ),
    )

    found = {day: family.stages(date.fromisoformat(f"2012-06-{day}")) for day in KILL_BILLS}
    family.tell(paid("P", "249.95"))

    assert {day: {"PA": {"K1-I": stage}} for day, stage in KILL_BILLS.items()} == found
    assert {} == family.open()
