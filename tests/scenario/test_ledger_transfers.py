"""Stories of money and items that change accounts, in two legs, whichever party has the other."""

from datetime import date

import pytest

from services.ingest.domain.account import Account
from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import balances, rolled_forward
from services.ingest.domain.position import Position, position
from services.ingest.wiring import WIRING as INGEST
from services.kpi.domain.core import KpiCore
from services.kpi.domain.report import report
from services.kpi.wiring import WIRING as KPI
from shared.cli.routing import records_of
from shared.core import Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.line.ports import Record
from shared.simulation import Simulation, Stage
from tests.scenario.crossing import NOON, Crossing

JAN_1 = date(2025, 1, 1)
NOWHERE = Position("", "")


class Books(Crossing):
    """Books of several accounts."""

    def of(self, account: str) -> Position:
        """An account's position."""
        return position(self.line.party(account), account, date.max) or NOWHERE

    def open(self, account: str) -> dict[str, str]:
        """What is open of each of its items."""
        return {item.item_id: item.open_amount for item in self.of(account).open_items}


def told(*facts: Fact) -> Books:
    """Books that were told these facts, with nothing in transit."""
    books = Books()
    for fact in facts:
        books.tell(fact)
        books.arrive()
    return books


def issued(name: str, account: str = "A", amount: str = "100.00") -> Fact:
    """An invoice."""
    return billing.InvoiceIssued(
        account_id=account,
        invoice_id=name,
        issued_on=JAN_1,
        due_on=date(2025, 1, 31),
        amount=amount,
        currency="EUR",
    )


def paid(
    name: str, amount: str, *parts: tuple[str, str], account: str = "A", of: str | None = None
) -> Fact:
    """A payment, perhaps told what it is for: (invoice, amount)."""
    return billing.PaymentReceived(
        account_id=account,
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date(2025, 2, 1),
        allocations=tuple(
            billing.Allocation(invoice_id=invoice, amount=part, account_id=of)
            for invoice, part in parts
        )
        or None,
    )


def transferred(amount: str, *, to: str = "B", on: str = "2025-02-10", **thing: str) -> Fact:
    """An item or a payment that belongs to another account."""
    return billing.ItemTransferred(
        transfer_id="T-1",
        from_account_id="A",
        to_account_id=to,
        amount=amount,
        transferred_on=date.fromisoformat(on),
        **thing,
    )


def bounced(name: str = "P-1", amount: str | None = None) -> Fact:
    """A payment that never came."""
    return billing.PaymentReversed(
        account_id="A",
        reversal_id="R-1",
        payment_id=name,
        amount=amount,
        reversed_on=date(2025, 2, 20),
        reason="bounced",
    )


WON = billing.PaymentReinstated(account_id="A", reversal_id="R-1", reinstated_on=date(2025, 2, 25))
MERGED = billing.AccountMerged(account_id="A", into_account_id="B", merged_on=date(2025, 2, 10))


def test_unidentified_cash_waits_and_pays_once_its_payer_is_known() -> None:
    """It is received on the day it came, and applied there by the rule; what is left is held."""
    books = told(issued("I-1", "B"), paid("P-1", "130.00"))
    assert {"EUR": "130.00"} == books.of("A").unapplied_cash

    books.tell(transferred("130.00", payment_id="P-1"))
    books.arrive()

    assert NOWHERE.unapplied_cash == books.of("A").unapplied_cash
    assert ({}, {"EUR": "30.00"}) == (books.open("B"), books.of("B").unapplied_cash)


def test_what_is_in_transit_is_on_neither_account_and_not_lost() -> None:
    """Over both accounts the entries lack exactly what is on its way."""
    books = told(paid("P-1", "130.00"))

    sent = books.tell(transferred("130.00", payment_id="P-1"))

    assert (NOWHERE.unapplied_cash, {}) == (books.of("A").unapplied_cash, books.open("B"))
    assert {("A", "EUR", "unapplied_cash"): -13000} == rolled_forward({}, sent)
    (arrived,) = [each.data for each in books.transit]
    assert isinstance(arrived, billing.TransferArrived)
    assert ("B", "130.00") == (arrived.account_id, arrived.amount)


def test_an_item_moves_with_its_due_date_and_is_no_sale_again() -> None:
    """It leaves and comes by entries of kind moved, which sum to zero; the invoice is the same."""
    books = told(issued("I-1"))

    books.tell(transferred("100.00", item_id="I-1"))
    books.arrive()

    (item,) = books.of("B").open_items
    assert ({}, "I-1", date(2025, 1, 31)) == (books.open("A"), item.invoice_id, item.due_on)
    kinds = [
        (entry.kind, entry.amount)
        for sent in books.line.out
        if isinstance(sent.data, ledger.Moved)
        for entry in sent.data.entries
    ]
    assert [("billed", "100.00"), ("moved", "-100.00"), ("moved", "100.00")] == kinds


def test_part_of_an_item_may_move_and_come_back() -> None:
    """It is the same item there and here."""
    books = told(issued("I-1"), transferred("60.00", item_id="I-1"))
    assert ({"I-1": "40.00"}, {"I-1": "60.00"}) == (books.open("A"), books.open("B"))

    books.tell(
        billing.ItemTransferred(
            transfer_id="T-2",
            from_account_id="B",
            to_account_id="A",
            item_id="I-1",
            amount="60.00",
            transferred_on=date(2025, 2, 12),
        )
    )
    books.arrive()

    assert ({"I-1": "100.00"}, {}) == (books.open("A"), books.open("B"))


def test_another_item_of_that_name_is_not_mixed_up_with_it() -> None:
    """The account has an invoice of the same number of its own."""
    books = told(issued("I-1"), issued("I-1", "B", "7.00"), transferred("100.00", item_id="I-1"))

    names = [(item.invoice_id, item.open_amount) for item in books.of("B").open_items]
    assert [("I-1", "7.00"), ("I-1@A", "100.00")] == sorted(names)


def test_a_transfer_before_its_payment_waits_and_moves_no_more_than_there_is() -> None:
    """Cash that an item had got by rule goes with it: the item is owed again."""
    books = told(transferred("130.00", payment_id="P-1"), issued("I-1"), paid("P-1", "100.00"))

    assert ({"I-1": "100.00"}, {"EUR": "100.00"}) == (
        books.open("A"),
        books.of("B").unapplied_cash,
    )


def test_a_transfer_is_booked_once() -> None:
    """The same again changes nothing; with other content it is a conflict; to itself, invalid."""
    books = told(paid("P-1", "130.00"), transferred("30.00", payment_id="P-1"))

    again = books.line.tell(transferred("30.00", payment_id="P-1"), time=NOON)
    other = books.line.tell(transferred("31.00", payment_id="P-1"), time=NOON)
    nowhere = books.line.tell(
        billing.ItemTransferred(
            transfer_id="T-9",
            from_account_id="A",
            to_account_id="A",
            payment_id="P-1",
            amount="1.00",
        ),
        time=NOON,
    )

    assert isinstance(other, Refusal)
    assert isinstance(nowhere, Refusal)
    assert ([], "conflict", "invalid") == (again, other.reason, nowhere.reason)


def test_a_payment_that_bounces_is_taken_back_where_its_cash_went() -> None:
    """Told of the account that received it; won back, it goes there again."""
    books = told(issued("I-1", "B"), paid("P-1", "130.00"), transferred("100.00", payment_id="P-1"))

    books.tell(bounced())
    books.arrive()
    owed = (books.open("B"), books.of("A").unapplied_cash, books.of("B").unapplied_cash)
    books.tell(WON)
    books.arrive()

    assert ({"I-1": "100.00"}, {}, {}) == owed
    assert ({}, {"EUR": "30.00"}) == (books.open("B"), books.of("A").unapplied_cash)


def test_a_parent_pays_for_its_children() -> None:
    """One payment with invoices of other accounts; each part is told where it belongs."""
    mine = billing.Allocation(invoice_id="I-1", amount="100.00")
    payment = paid("P-1", "250.00", ("K-1", "70.00"), of="B").model_copy()
    assert isinstance(payment, billing.PaymentReceived)
    whole = payment.model_copy(update={"allocations": (mine, *(payment.allocations or ()))})
    books = told(issued("I-1"), issued("K-1", "B"), whole)

    assert ({}, {"K-1": "30.00"}) == (books.open("A"), books.open("B"))
    assert {"EUR": "80.00"} == books.of("A").unapplied_cash
    books.tell(bounced())
    books.arrive()
    assert ({"I-1": "100.00"}, {"K-1": "100.00"}) == (books.open("A"), books.open("B"))
    assert ({}, {}) == (books.of("A").unapplied_cash, books.of("B").unapplied_cash)


HELD_CREDIT = billing.InvoiceCredited(
    account_id="A",
    credit_note_id="C-1",
    invoice_id="I-1",
    amount="120.00",
    currency="EUR",
    credited_on=date(2025, 2, 5),
)


def test_an_account_that_goes_up_in_another_takes_all_that_is_open_and_held_with_it() -> None:
    """Items, cash and credit; what was settled stays where it was."""
    books = told(
        issued("I-0", amount="50.00"),
        paid("P-0", "50.00"),
        HELD_CREDIT,
        paid("P-1", "10.00", ("I-9", "10.00")),
        issued("I-2"),
        MERGED,
    )

    assert ({}, {}, {}) == (
        books.open("A"),
        books.of("A").unapplied_cash,
        books.of("A").unapplied_credit,
    )
    assert {"I-2": "100.00"} == books.open("B")
    assert ({"EUR": "10.00"}, {"EUR": "120.00"}) == (
        books.of("B").unapplied_cash,
        books.of("B").unapplied_credit,
    )
    books.tell(issued("I-1"), issued("I-9"))
    books.arrive()
    assert {"I-2": "100.00", "I-9": "90.00"} == books.open("B")
    assert {"EUR": "20.00"} == books.of("B").unapplied_credit


@pytest.mark.parametrize(
    ("fact", "left"),
    [
        (paid("P-2", "40.00", ("I-1", "40.00")), {"I-1": "60.00"}),
        (paid("P-2", "40.00"), {"I-1": "60.00"}),
        (issued("I-2"), {"I-1": "100.00", "I-2": "100.00"}),
        (HELD_CREDIT, {}),
        (billing.InvoiceVoided(account_id="A", invoice_id="I-1", voided_on=date(2025, 3, 1)), {}),
        (
            billing.InvoiceWrittenOff(
                account_id="A",
                write_off_id="W",
                invoice_id="I-1",
                amount="1.00",
                written_off_on=date(2025, 3, 1),
            ),
            {"I-1": "99.00"},
        ),
        (bounced("P-0"), {"I-0": "50.00", "I-1": "100.00"}),
        (issued("I-1"), {"I-1": "100.00"}),
    ],
)
def test_what_is_told_of_the_old_account_afterwards_follows(
    fact: Fact, left: dict[str, str]
) -> None:
    """A source that does not know of the merger goes on as before; nothing is refused."""
    books = told(issued("I-0", amount="50.00"), paid("P-0", "50.00"), issued("I-1"), MERGED)

    books.tell(fact)
    books.arrive()

    assert ({}, left) == (books.open("A"), books.open("B"))


def test_what_waited_goes_on_waiting_there() -> None:
    """A reversal before its payment, of an account that is gone by then."""
    books = told(bounced("P-5"), MERGED, paid("P-5", "10.00"))

    assert ({}, {}) == (books.of("A").unapplied_cash, books.of("B").unapplied_cash)


def test_mergers_in_a_row_and_in_a_circle_end() -> None:
    """All is on the last account; and one that takes everybody back is itself again."""
    to_c = billing.AccountMerged(account_id="B", into_account_id="C", merged_on=date(2025, 2, 11))
    home = billing.AccountMerged(account_id="C", into_account_id="A", merged_on=date(2025, 2, 12))
    books = told(issued("I-1"), issued("J-1", "B"), MERGED, to_c)
    assert {"I-1", "J-1"} == set(books.open("C"))

    books.tell(home)
    books.arrive()
    books.tell(issued("I-2"), issued("J-2", "B"))
    books.arrive()

    assert {"I-1", "J-1", "I-2", "J-2"} == set(books.open("A"))
    account = books.line.party("A").find(Account, "A")
    assert account is not None
    assert "" == account.merged_into


def test_a_merger_is_said_once_and_not_of_itself() -> None:
    """Into another one afterwards is a conflict."""
    books = told(MERGED)

    answers = [
        books.line.tell(
            billing.AccountMerged(account_id="A", into_account_id=into, merged_on=JAN_1), time=NOON
        )
        for into in ("C", "A")
    ]

    assert ["conflict", "invalid"] == [
        answer.reason for answer in answers if isinstance(answer, Refusal)
    ]


def test_nobody_else_can_write_a_second_leg() -> None:
    """Else what never left an account would come to another one."""
    books = told(paid("P-1", "130.00"))
    books.tell(transferred("130.00", payment_id="P-1"), MERGED)

    answers = [books.line.follow(sent, source="/billing") for sent in books.transit]

    assert [("invalid", "source")] * 2 == [
        (answer.reason, answer.field) for answer in answers if isinstance(answer, Refusal)
    ]


def test_both_legs_pass_the_real_door_and_the_figures_stay_whole() -> None:
    """Published as records, read back, routed and registered; KPI's roll-forward holds."""
    simulation = Simulation([Stage(IngestCore(), INGEST), Stage(KpiCore(), KPI)])
    letters: list[Record] = []
    simulation.seen = lambda record: letters.append(record) if "dlq" in record.topic else None
    facts = [
        issued("I-1"),
        issued("J-1", "B", "80.00"),
        paid("P-1", "130.00"),
        transferred("50.00", payment_id="P-1"),
        MERGED,
        bounced(),
        WON,
    ]
    events = [
        {
            "specversion": "1.0",
            "id": f"{number}",
            "source": "/billing",
            "type": fact.type,
            "subject": getattr(fact, "account_id", ""),
            "time": "2025-03-01T12:00:00Z",
            "data": fact.model_dump(mode="json", exclude_none=True),
        }
        for number, fact in enumerate(facts)
    ]

    for event in events:
        simulation.tell(records_of(event, partitions=1))

    ingest, kpi = simulation.stages
    parties = {party.id: party for party in ingest.parties()}
    there = [position(parties[name], name, date.max) for name in ("A", "B")]
    assert [] == letters
    assert [(0, {}), (2, {})] == [
        (len(each.open_items), each.unapplied_cash) for each in there if each
    ]
    (part,) = report(kpi.cells, as_of=date(2025, 3, 31))["receivables"]
    assert ("50.00", True) == (part["amounts"]["gross"], part["roll_forward"]["holds"])


def test_nothing_is_lost_over_all_accounts() -> None:
    """All entries that were told are all that is there, after transfers and mergers."""
    books = told(
        issued("I-1"),
        issued("J-1", "B", "80.00"),
        paid("P-1", "130.00"),
        transferred("50.00", payment_id="P-1"),
        MERGED,
        bounced(),
        WON,
    )

    there: dict[tuple[str, str, str], int] = {}
    for account in ("A", "B"):
        there |= {name: sum_ for name, sum_ in balances(books.line.party(account)).items() if sum_}
    entries = {name: sum_ for name, sum_ in rolled_forward({}, books.line.out).items() if sum_}
    assert entries == there
    assert 18000 - 13000 == sum(
        amount if kind == "receivable" else -amount for (_, _, kind), amount in there.items()
    )


def allocated(version: int, *parts: tuple[str, str, str]) -> Fact:
    """Told anew: (account, invoice, amount)."""
    return billing.PaymentAllocated(
        account_id="A",
        payment_id="P-1",
        version=version,
        allocations=tuple(
            billing.Allocation(account_id=account, invoice_id=invoice, amount=amount)
            for account, invoice, amount in parts
        ),
        allocated_on=date(2025, 2, 15),
    )


FAMILY = (issued("I-1"), issued("K-1", "B"), issued("L-1", "C"))
SETS = (
    (("A", "I-1", "60.00"), ("B", "K-1", "40.00")),
    (("B", "K-1", "10.00"), ("C", "L-1", "90.00")),
    (("C", "L-1", "30.00"),),
    (),
    (("A", "I-1", "100.00"),),
    (("B", "K-1", "55.00"), ("C", "L-1", "45.00")),
)


def family(books: Books) -> dict[str, str]:
    """What is open of all of them."""
    return {**books.open("A"), **books.open("B"), **books.open("C")}


def left_by(parts: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """What a set leaves open."""
    paid_ = {invoice: float(amount) for _, invoice, amount in parts}
    owed = {name: 100 - paid_.get(name, 0) for name in ("I-1", "K-1", "L-1")}
    return {name: f"{amount:.2f}" for name, amount in owed.items() if amount}


@pytest.mark.parametrize("first", SETS)
@pytest.mark.parametrize("second", SETS)
@pytest.mark.parametrize("late", [True, False])
def test_a_set_told_anew_moves_cash_between_accounts(
    first: tuple[tuple[str, str, str], ...],
    second: tuple[tuple[str, str, str], ...],
    late: bool,  # noqa: FBT001 - a case
) -> None:
    """What others have beyond it comes back and goes on; what the set says is what is paid."""
    books = told(*FAMILY, paid("P-1", "100.00", ("X", "1.00")))

    for version, parts in enumerate((first, second)):
        books.tell(allocated(version, *parts))
        if not late:
            books.arrive()
    books.arrive()

    assert left_by(second) == family(books)
    spare = 100 - sum(float(amount) for _, _, amount in second)
    held = [books.of(account).unapplied_cash.get("EUR", "0") for account in ("A", "B", "C")]
    assert [spare, 0, 0] == [float(amount) for amount in held]
    books.tell(bounced())
    books.arrive()
    assert left_by(()) == family(books)
    assert [{}, {}, {}] == [books.of(account).unapplied_cash for account in ("A", "B", "C")]


def test_a_set_for_other_accounts_waits_for_its_payment_and_is_no_more_than_came() -> None:
    """It replaces what came with the payment, where that had gone to a child."""
    books = told(
        *FAMILY,
        allocated(3, ("C", "L-1", "100.00")),
        paid("P-1", "100.00", ("K-1", "70.00"), of="B"),
    )

    too_much = books.line.tell(
        allocated(4, ("A", "I-1", "60.00"), ("B", "K-1", "60.00")), time=NOON
    )

    assert {"I-1": "100.00", "K-1": "100.00"} == family(books)
    assert isinstance(too_much, Refusal)
    assert "invalid" == too_much.reason


PARTS = billing.InvoiceIssued(
    account_id="A",
    invoice_id="I-1",
    issued_on=JAN_1,
    due_on=date(2025, 1, 31),
    amount="100.00",
    currency="EUR",
    installments=(
        billing.Installment(item_id="I-1/1", due_on=date(2025, 1, 31), amount="60.00"),
        billing.Installment(item_id="I-1/2", due_on=date(2025, 2, 28), amount="40.00"),
    ),
)


def test_an_instalment_is_transferred_before_its_invoice_came_and_further_on() -> None:
    """It waits for the invoice that brings it; on the other account it goes by its id as well."""
    onwards = billing.ItemTransferred(
        transfer_id="T-2",
        from_account_id="B",
        to_account_id="C",
        item_id="I-1/2",
        amount="40.00",
        transferred_on=date(2025, 2, 12),
    )
    books = told(onwards, transferred("40.00", item_id="I-1/2"), PARTS)

    assert ({"I-1/1": "60.00"}, {}, {"I-1/2": "40.00"}) == (
        books.open("A"),
        books.open("B"),
        books.open("C"),
    )
