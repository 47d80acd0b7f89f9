"""What outreach writes: a document costs the store more than the fold of its event costs us."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from pydantic import TypeAdapter

from services.outreach.domain.account import Account
from services.outreach.domain.caps import Contact, ContactLog
from services.outreach.domain.configuration import InForce
from services.outreach.domain.core import OutreachCore
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import spans_of
from services.outreach.domain.item import Item, item_key
from services.outreach.domain.policy import Policy
from services.outreach.domain.withdraw import put_away
from shared.core import Effects, Event, Party
from shared.events import ledger
from shared.events.outreach import ContactRequested
from tests.unit.outreach.stories import CREDITOR, Story, always_open, facts, on, step, utc

OPEN = Policy.from_document(always_open(steps=[step("first", 1), step("second", 9)]))
ACCOUNT = TypeAdapter(Account)


def debt(*bills: tuple[str, str]) -> Story:
    """A debtor with invoices of 100 euros, by number and due day, before any is due."""
    story = Story(OPEN).at("03-01 08:00")
    story.debtor()
    for item, due in bills:
        story.bill(item, "100.00", due)
    return story


def written(story: Story, act: Callable[[OutreachCore, Party, Effects], object]) -> set[str]:
    """The kinds of documents that something would write of the party, as it is stored now."""
    party = story.line.party("A")
    effects = Effects(now=story.clock, shared=story.line.shared)
    act(OutreachCore(OPEN), party, effects)
    return {prefix for prefix, _ in party.changed}


def attempt(sent: list[ContactRequested]) -> object:
    """The number of the one attempt that was asked for."""
    (task,) = sent
    return task.decision.facts["attempt"]


def test_an_invoice_behind_the_anchor_leaves_the_account_as_it_was() -> None:
    """The oldest item decides what is done next: later ones are written, and nothing else is."""
    story = debt(("I1", "03-10"))
    told = ledger.InvoiceOpened(
        account_id="A",
        creditor_id=CREDITOR,
        item_id="I2",
        invoice_id="I2",
        currency="EUR",
        amount="100.00",
        open_amount="100.00",
        issued_on=on("03-01"),
        due_on=on("03-20"),
    )
    event = Event("e", "ingest", told.type, "A", "A", story.clock, told, b"")

    kinds = written(story, lambda core, party, effects: core.fold(party, event, effects))

    assert {"item"} == kinds


def test_a_task_is_written_with_its_account_alone() -> None:
    """Its attempt and its place in the caps stand there until it is known what became of it."""
    story = debt(("I1", "03-10"))
    story.tick("03-11 00:00")
    story.report("expired", _open_task(story))

    kinds = written(story, lambda core, party, effects: core.decide(party, utc("03-12"), effects))

    assert {"account"} == kinds


def test_a_task_that_nobody_answers_leaves_no_more_than_the_note_of_it() -> None:
    """An expired task was no contact: the account and the closed task are written."""
    story = debt(("I1", "03-10"))
    story.tick("03-11 00:00")

    kinds = written(story, lambda core, party, effects: core.wake(party, utc("03-13"), effects))

    assert {"account", "past_task"} == kinds


def test_the_tries_of_an_item_go_back_to_it_when_another_one_is_worked() -> None:
    """Attempts go on being counted where they were left, whichever item was worked in between."""
    story = debt(("I1", "03-10"))
    first = attempt(facts(story.tick("03-11 00:00"), ContactRequested))
    story.report("expired", _open_task(story))
    story.bill("I0", "50.00", "03-05")
    other = attempt(facts(story.tick("03-11 01:00"), ContactRequested))
    own = story.line.party("A").find(Item, item_key("A", "I1"))
    story.pay("I0", "50.00")

    again = attempt(facts(story.tick("03-11 02:00"), ContactRequested))

    assert own is not None
    assert ({"first": 1}, {"first": 1}) == (own.attempts, own.misses)
    assert (1, 1, 2) == (first, other, again)


def test_tries_are_with_the_item_once_it_is_settled() -> None:
    """A settled item is let go of; when it reopens in the same case it comes with its numbers."""
    story = debt(("I1", "03-10"), ("I2", "03-10"))
    story.tick("03-11 00:00")
    story.report("expired", _open_task(story))
    story.pay("I1", "100.00")
    settled = story.account().tries
    story.bounce("I1", "100.00")

    again = attempt(facts(story.tick("03-11 01:00"), ContactRequested))

    assert (None, 2) == (settled, again)


def test_an_account_of_the_version_before_is_read() -> None:
    """It had a count of its open items, and no tries."""
    none = ACCOUNT.validate_json(b'{"account_id": "A", "open_items": 0}')
    some = ACCOUNT.validate_json(b'{"account_id": "A", "open_items": 2}')

    again = ACCOUNT.validate_json(ACCOUNT.dump_json(some))

    assert (False, True, True) == (none.owes, some.owes, again.owes)
    assert some.tries is None


def test_a_task_that_the_version_before_counted_counts_once_and_is_freed() -> None:
    """Its contact was written when it was released; when nobody carries it out, it is taken out."""
    story = debt(("I1", "03-10"))
    story.tick("03-11 00:00")
    party = story.line.party("A")
    account = story.account()
    assert account.task is not None
    task = account.task
    contact = Contact(task.task_id, "A", task.channel, task.not_before)
    party.keep(ContactLog([contact]))
    now = utc("03-11")
    docket = Docket(party, Effects(now=now, shared=Party("")), InForce(OPEN, {}), now, now)
    counted = docket.contacts()

    put_away(docket, party.keep(account), "missed")

    assert ([contact], []) == (counted, docket.contacts())
    assert on("03-11") == contact.at.date()


def _open_task(story: Story) -> str:
    task = story.account().task
    assert task is not None
    return task.task_id


def autopay(story: Story, item: str, day: str) -> None:
    """A debit for an invoice is announced."""
    told = ledger.AutopayScheduled(
        account_id="A", creditor_id=CREDITOR, invoice_ids=(item,), scheduled_on=on(day)
    )
    story.tell(told)


def test_an_account_does_not_grow_with_each_invoice_that_was_paid() -> None:
    """Holds of invoices that are paid count for nothing any more; the latest few are kept."""
    story = debt()
    sizes = []
    for month in range(1, 13):
        for number in (1, 2):
            name = f"I{month:02}{number}"
            story.at(f"2027-{month:02}-01 08:00").bill(name, "100.00", f"2027-{month:02}-10")
            autopay(story, name, f"2027-{month:02}-10")
            story.at(f"2027-{month:02}-10 08:00").pay(name, "100.00")
        story.tick(f"2027-{month:02}-28 08:00")
        account = story.line.party("A").find(Account, "A")
        assert account is not None
        sizes.append(len(ACCOUNT.dump_json(account)))

    assert sizes[11] < 1.1 * sizes[5]


def test_a_hold_is_kept_while_an_item_is_open_that_it_held() -> None:
    """Its days go on counting as held, however many other holds have ended since."""
    story = debt(("OLD", "2027-01-10"))
    story.at("2027-01-09 08:00")
    autopay(story, "OLD", "2027-01-15")
    story.tick("2027-01-20 08:00")
    old = story.line.party("A").find(Item, item_key("A", "OLD"))
    assert old is not None

    def held() -> list[tuple[date, date]]:
        account = story.line.party("A").find(Account, "A")
        assert account is not None
        return spans_of(account.holds, old)

    before = held()
    for number in range(20):
        name = f"I{number}"
        story.bill(name, "100.00", "2027-02-10")
        autopay(story, name, "2027-02-10")
        story.pay(name, "100.00")
        day = datetime(2027, 2, 20, 8, tzinfo=UTC) + timedelta(days=number)
        story.tick(day)

    assert before
    assert before == held()
