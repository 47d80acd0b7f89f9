"""Stories of accounts that get another party: their books go there whole, in two legs."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from services.ingest.domain import moving
from services.ingest.domain.account import Account
from services.ingest.domain.core import IngestCore
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.position import Position, position
from services.ingest.wiring import WIRING as INGEST
from services.kpi.domain.core import KpiCore
from services.kpi.domain.report import report
from services.kpi.wiring import WIRING as KPI
from services.outreach.domain.account import Account as Worked
from services.outreach.domain.account import Profile
from services.outreach.domain.core import OutreachCore
from services.outreach.sources import read_policy
from shared.cli.routing import records_of
from shared.core import Refusal
from shared.events import billing, commands, ledger
from shared.events.base import Fact
from shared.line.ports import Record
from shared.money import minor
from shared.simulation import Simulation, Stage
from shared.testing.line import Line
from shared.topics import BILLING_EVENTS
from tests.scenario.crossing import NOON, Crossing
from tests.scenario.test_ledger_transfers import MERGED, WON, bounced, issued, paid

MOVED_ON = date(2025, 3, 1)


class Books(Crossing):
    """Books that were told some facts, with nothing in transit."""

    def __init__(self, *facts: Fact) -> None:
        super().__init__()
        self.tell(*facts)
        self.arrive()

    def of(self, party: str, day: date = date.max, account: str = "A") -> Position | None:
        """The account's position with a party."""
        return position(self.line.party(party), account, day)

    def open(self, party: str) -> dict[str, str]:
        """What is open of the account's items there."""
        found = self.of(party)
        return {} if found is None else {one.item_id: one.open_amount for one in found.open_items}


def goes(party: str, **more: object) -> Fact:
    """The account is another party's."""
    return billing.AccountUpdated.model_validate({"account_id": "A", "party_id": party} | more)


DISPUTED = billing.DisputeOpened(
    account_id="A", dispute_id="D-1", invoice_id="I-1", amount="40.00", opened_on=date(2025, 2, 20)
)
PROMISE = commands.PromiseMake(
    account_id="A",
    command_id="K-1",
    user="U",
    promise_id="M-1",
    amount="70.00",
    currency="EUR",
    due_on=date(2025, 3, 20),
)
LIFE = (
    goes("A", name="Ann"),
    issued("I-0", amount="50.00"),
    paid("P-0", "50.00"),
    issued("I-1"),
    paid("P-1", "30.00", ("I-1", "30.00")),
    paid("P-2", "7.00", ("I-9", "7.00")),
    billing.InvoiceCredited(
        account_id="A",
        credit_note_id="C-1",
        amount="5.00",
        currency="EUR",
        credited_on=date(2025, 2, 5),
    ),
    DISPUTED,
)


def test_all_that_is_open_and_held_is_the_other_partys_and_nothing_the_old_ones() -> None:
    """An item with its due date, cash with what it was told to be for, credit."""
    books = Books(*LIFE)

    books.tell(goes("P"))
    books.arrive()

    found = books.of("P")
    assert found is not None
    assert (None, {"I-1": "70.00"}) == (books.of("A"), books.open("P"))
    assert ({"EUR": "7.00"}, {"EUR": "5.00"}) == (found.unapplied_cash, found.unapplied_credit)
    books.tell(issued("I-9", amount="10.00"))
    assert {"I-1": "70.00", "I-9": "3.00"} == books.open("P")


def test_the_past_goes_with_it() -> None:
    """On each day, as known now and as known then, the position is what it was."""
    books = Books(*LIFE)
    days = [date(2025, month, day) for month in (1, 2, 3) for day in (1, 15, 28)]
    before = [books.of("A", day) for day in days]

    books.tell(goes("P"))
    books.arrive()

    assert before == [books.of("P", day) for day in days]
    then = position(books.line.party("P"), "A", date.max, known_at=books.line.now)
    assert then is not None
    assert () == then.open_items


def test_what_leaves_is_what_arrives() -> None:
    """Over both parties the entries sum to nothing, on the day of the move, kind by kind."""
    books = Books(*LIFE)

    told = [*books.tell(goes("P")), *books.arrive()]

    sums: Counter[tuple[str, str]] = Counter()
    counted: Counter[str] = Counter()
    for sent in told:
        if isinstance(sent.data, ledger.Moved):
            for entry in sent.data.entries:
                assert MOVED_ON == entry.effective_on
                sums[entry.kind, entry.item_id] += minor(entry.amount.lstrip("-"), "EUR") * (
                    -1 if entry.amount.startswith("-") else 1
                )
                counted[sent.party] += 1
    assert {"A": 3, "P": 3} == counted
    assert {0} == set(sums.values())


def test_the_old_party_is_told_first_that_it_left_and_the_new_one_who_it_is() -> None:
    """So that what was agreed ends before the money goes, and nothing is owed by a stranger."""
    books = Books(*LIFE)

    left, came = books.tell(goes("P")), books.arrive()

    said = [sent.data for sent in left if isinstance(sent.data, ledger.OnAccount)]
    known = [sent.data for sent in came if isinstance(sent.data, ledger.OnAccount)]
    assert ledger.AccountLeft(
        account_id="A", creditor_id="default", to_party_id="P", left_on=MOVED_ON
    ) == said[0]  # fmt: skip
    assert isinstance(known[0], ledger.AccountChanged)
    assert ("P", "P", "Ann") == (
        known[0].party_id,
        known[0].account.party_id,
        known[0].account.name,
    )
    disputes = [
        (type(fact).__name__, fact.amount, fact.moved)
        for fact in (*said, *known)
        if isinstance(fact, ledger.DisputeOpened | ledger.DisputeResolved)
    ]
    assert [("DisputeResolved", "40.00", True), ("DisputeOpened", "40.00", True)] == disputes


def test_what_is_settled_is_known_there() -> None:
    """A payment of long ago bounces after the move; an invoice told again is the same one."""
    books = Books(*LIFE, goes("P"))

    books.tell(bounced("P-0"), issued("I-0", amount="50.00"))
    other = books.line.tell(issued("I-0", amount="51.00"), time=NOON)

    assert {"I-0": "50.00", "I-1": "70.00"} == books.open("P")
    assert isinstance(other, Refusal)
    assert "conflict" == other.reason
    books.tell(WON)
    assert {"I-1": "70.00"} == books.open("P")


@pytest.mark.parametrize("early", [True, False])
def test_what_is_on_its_way_to_the_old_party_follows(early: bool) -> None:  # noqa: FBT001 - a case
    """Before the books arrive there and after, money and commands alike; nothing is refused."""
    books = Books(*LIFE)
    books.tell(goes("P"))
    for fact in (paid("P-3", "20.00", ("I-1", "20.00")), PROMISE):
        assert [] == books.line.tell(fact, time=NOON, party="A")
    if early:
        assert [] == books.line.go_on()  # too early: they are sent on again
    books.arrive()

    assert ({"I-1": "50.00"}, []) == (books.open("P"), books.line.refused)


def test_what_goes_with_its_party_and_comes_back_while_it_is_on_its_way() -> None:
    """The second move waits for the first; then all is where it was."""
    books = Books(*LIFE)
    before = books.of("A")

    books.tell(goes("P"))
    books.line.tell(goes("A"), time=NOON)  # on the way: it is sent on
    books.tell(paid("P-4", "1.00", ("I-8", "1.00")))  # and so is this
    books.arrive()

    after = books.of("A")
    assert before is not None
    assert after is not None
    assert (None, before.open_items) == (books.of("P"), after.open_items)
    assert {"EUR": "8.00"} == after.unapplied_cash
    account = books.line.party("A").find(Account, "A")
    assert account is not None
    assert (2, "") == (account.moves, account.moved_to)


def test_an_older_update_does_not_take_it_back() -> None:
    """Of versions the highest says whose it is, whichever came last."""
    books = Books(goes("P", version=5), issued("I-1"), goes("Q", version=3))

    assert ({"I-1": "100.00"}, {}) == (books.open("P"), books.open("Q"))
    books.tell(goes("Q", version=6))
    books.arrive()
    assert ({}, {"I-1": "100.00"}) == (books.open("P"), books.open("Q"))


def test_the_same_update_again_moves_nothing() -> None:
    """With its version or without."""
    for update in (goes("P"), goes("P", version=5)):
        books = Books(*LIFE, update)

        assert [] == books.tell(update)
        assert {"I-1": "70.00"} == books.open("P")


def test_an_account_whose_first_word_is_another_party() -> None:
    """Its key named itself, its data a party: nothing was here, and nobody is told that it left."""
    books = Books()

    sent = books.tell(goes("P", name="Ann"))
    came = books.arrive()

    assert [BILLING_EVENTS] == [each.topic for each in sent]
    assert [ledger.AccountChanged.type] == [each.data.type for each in came]


def test_an_account_that_went_up_in_another_one_goes_on_doing_so() -> None:
    """What is told of it reaches the account that has its books."""
    books = Books(issued("I-1"), MERGED, goes("P"), issued("I-2"))

    found = books.of("B", account="B")
    assert found is not None
    assert ["I-1", "I-2"] == [item.item_id for item in found.open_items]


def test_large_books_go_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are opened once all are there, in whichever order they come."""
    monkeypatch.setattr(moving, "PIECE", 100)
    books = Books(*LIFE)
    books.tell(goes("P"))
    pieces = [one.data for one in books.transit if isinstance(one.data, billing.AccountArrived)]
    books.transit.reverse()
    last = books.transit.pop()

    books.arrive()
    assert {} == books.open("P")
    books.transit.append(last)
    books.arrive()

    assert len(pieces) > 10
    assert {"I-1": "70.00"} == books.open("P")
    assert [] == list(books.line.party("P").all(moving.Arriving))


def test_names_that_look_like_ends_of_lines() -> None:
    """They are part of the name: only our own ends of lines cut books into documents."""
    books = Books(goes("A", name="Ann\u2028Lee\x85"), issued("I\u20281"))

    books.tell(goes("P"))
    books.arrive()

    assert {"I\u20281": "100.00"} == books.open("P")


def test_nobody_else_can_bring_books() -> None:
    """Else what never was would be owed."""
    books = Books(*LIFE)
    books.tell(goes("P"))

    answer = books.line.follow(books.transit[0], source="/billing")

    assert isinstance(answer, Refusal)
    assert ("invalid", "source") == (answer.reason, answer.field)


def test_it_is_overdue_there_too() -> None:
    """It was announced with the old party; the new one is told at the next tick."""
    books = Books(*LIFE)
    books.line.tick(datetime(2025, 3, 2, 0, tzinfo=UTC))
    books.tell(goes("P"))
    came = books.arrive()

    told = books.line.tick(datetime(2025, 3, 3, 0, tzinfo=UTC))

    opened = [one.data for one in came if isinstance(one.data, ledger.InvoiceOpened)]
    assert [date(2025, 2, 1)] == [fact.first_overdue_on for fact in opened]
    assert [
        ("P", ledger.InvoiceOverdue.type),
        ("P", ledger.InvoiceBucketChanged.type),  # 1-30, on the day of the move
        ("P", ledger.InvoiceBucketChanged.type),
    ] == [(one.party, one.data.type) for one in told]
    (bucket,) = (
        item.bucket
        for invoice in books.line.party("P").all(Invoice)
        for item in invoice.items
        if item.open
    )
    assert "31-60" == bucket


def test_outreach_lets_go_of_it() -> None:
    """Promises end without a verdict, holds end, addresses go; the other accounts go on."""
    line = Line(OutreachCore(read_policy()))
    profile = billing.AccountProfile(name="Ann")
    changed = ledger.AccountChanged(
        account_id="A", creditor_id="default", party_id="A", account=profile
    )
    for fact in (
        changed,
        ledger.DisputeOpened(
            account_id="A", creditor_id="default", dispute_id="D", opened_on=MOVED_ON
        ),
        PROMISE,
    ):
        line.tell(fact, time=NOON)

    told = line.tell(
        ledger.AccountLeft(
            account_id="A", creditor_id="default", to_party_id="P", left_on=MOVED_ON
        ),
        time=NOON,
    )

    assert not isinstance(told, Refusal)
    party = line.party("A")
    account = party.find(Worked, "A")
    assert account is not None
    assert ([], None) == (account.holds, party.find(Profile, "A"))
    assert "outreach.promise.cancelled.v1" in {one.data.type for one in told}
    assert ["cancelled"] == [one.state for one in account.promises]


def test_both_legs_pass_the_real_door_and_the_figures_stay_whole() -> None:
    """Published as records, read back, routed and registered; KPI's roll-forward holds."""
    simulation = Simulation([Stage(IngestCore(), INGEST), Stage(KpiCore(), KPI)])
    letters: list[Record] = []
    simulation.seen = lambda record: letters.append(record) if "dlq" in record.topic else None
    facts = [*LIFE, goes("P"), bounced("P-0"), issued("I-9"), goes("A"), WON, goes("Q")]
    events = [
        {
            "specversion": "1.0",
            "id": f"{number}",
            "source": "/billing",
            "type": fact.type,
            "subject": "A",
            "partitionkey": "A",
            "time": NOON.isoformat(),
            "data": fact.model_dump(mode="json", exclude_none=True),
        }
        for number, fact in enumerate(facts)
    ]

    for event in events:
        simulation.tell(records_of(event, partitions=1))

    ingest, kpi = simulation.stages
    where = {
        party.id: [one.open_amount for one in found.open_items]
        for party in ingest.parties()
        if (found := position(party, "A", date.max)) is not None
    }
    assert ([], {"Q": ["70.00", "93.00"]}) == (letters, where)
    (part,) = report(kpi.cells, as_of=date(2025, 3, 31))["receivables"]
    assert ("163.00", True) == (part["amounts"]["gross"], part["roll_forward"]["holds"])
