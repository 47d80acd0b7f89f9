"""Invoices and their items: what is owed, what is open of it, and all that was booked on it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import ClassVar, Final

from msgspec import field
from typing_extensions import override

from services.ingest.domain.aging import CURRENT
from shared.core import Compact, Party, Piece
from shared.events.ledger import EntryKind

SEPARATOR: Final = "\x1e"
"""Joins ids into keys: told ids have no control characters."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The record time of what was stored before record times were kept."""
SETTLING: Final[frozenset[EntryKind]] = frozenset(
    {"collected", "credited", "credit_voided", "reversed", "reopened"}
)
"""Kinds of entries that together say what the debtor has given for an item."""
WRITTEN_OFF: Final[frozenset[EntryKind]] = frozenset({"written_off", "write_off_reversed"})


DONE: Final = "done"
"""The list of an account's settled documents, by the last day on which anything was booked."""


def key_of(account_id: str, name: str) -> str:
    """The key of a document that has the id `name` within its account."""
    return f"{account_id}{SEPARATOR}{name}"


def done_from(account_id: str, day: date) -> str:
    """What the texts in `DONE` of this account and of this day or later do not sort before."""
    return f"{account_id}{SEPARATOR}{day.isoformat()}"


def in_done(account_id: str, last: date, prefix: str, name: str) -> dict[str, str]:
    """Where a settled document is found: a reader of a past day needs only what changed since."""
    return {DONE: SEPARATOR.join((account_id, last.isoformat(), prefix, name))}


def last_day(first: date, entries: "Iterable[Posting | Held]") -> date:
    """The last day that any of the entries is effective on or was taken on, at least `first`."""
    last = first
    for entry in entries:
        last = max(last, entry.on, entry.at.date())
    return last


class Posting(Piece):
    """One entry on an item, in minor units: effective `on` a day, taken after the tick `at`.

    `cause` is the id of the event that it follows from.
    """

    on: date
    kind: EntryKind
    amount: int
    at: datetime = LONG_AGO
    cause: str = ""


class Held(Piece):
    """One entry on cash or credit that is held without an item, in minor units."""

    on: date
    amount: int
    at: datetime = LONG_AGO
    cause: str = ""


class Due(Piece):
    """A due date that an item has been given: effective `on` a day, taken after the tick `at`."""

    due_on: date
    on: date
    at: datetime


def counts(entry: Posting | Held | Due, day: date, known_at: datetime | None = None) -> bool:
    """Whether an entry counts at the end of `day`, as now known or as it was known at a tick."""
    return entry.on <= day and (known_at is None or entry.at < known_at)


class Item(Piece):
    """What is open and ages on its own: an invoice, or one instalment of it. Minor units.

    `from_on` is the first day on which it counts; `aged_from` is the day from which its age is
    announced (after a settlement was undone or the due date moved). `wakes_on` is the day of its
    next change of bucket.
    """

    item_id: str
    due_on: date
    amount: int
    open: int
    from_on: date
    bucket: str = CURRENT
    overdue: bool = False
    aged_from: date = date.min
    wakes_on: date | None = None
    first_overdue_on: date | None = None
    settled_on: date | None = None
    settled_by: str = ""
    was_overdue: bool = False
    postings: list[Posting] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)
    """The due dates it was given after the first, which then is in `first_due_on`."""
    first_due_on: date | None = None
    small: int = 0
    """What of it was written off by itself, because no more than a small balance was left."""

    @property
    def given_up(self) -> int:
        """What is written off of it: money that comes after all takes that back first."""
        return -self.booked(WRITTEN_OFF)

    def booked(self, kinds: Iterable[EntryKind]) -> int:
        """The sum of all entries of these kinds."""
        return sum(posting.amount for posting in self.postings if posting.kind in kinds)

    def free_from(self, amount: int) -> date:
        """The first day since which this much was open all the time.

        What takes `amount` away takes effect on that day or later, so that on no day less than
        nothing was open, whatever came late.
        """
        if len(self.postings) == 1:
            return self.postings[0].on
        postings = sorted(self.postings, key=lambda posting: posting.on, reverse=True)
        balance, free = self.open, postings[0].on
        for posting in postings:
            if posting.on < free:
                if balance < amount:
                    break
                free = posting.on
            balance -= posting.amount
        return free

    def open_on(self, day: date, known_at: datetime | None = None) -> int:
        """What was open at the end of `day`, as now known or as it was known at a tick."""
        return sum(posting.amount for posting in self.postings if counts(posting, day, known_at))

    def move_due(self, due_on: date, on: date, at: datetime) -> None:
        """Give it another due date, and remember what it had been."""
        if self.first_due_on is None:
            self.first_due_on = self.due_on
        self.dues.append(Due(due_on, on, at))
        self.due_on = due_on

    def due_as_of(self, day: date, known_at: datetime | None = None) -> date:
        """The due date that held at the end of `day`, as now known or as known at a tick."""
        found = self.due_on if self.first_due_on is None else self.first_due_on
        for due in self.dues:
            if counts(due, day, known_at):
                found = due.due_on
        return found


class Invoice(Compact):
    """An invoice with its items; settled while nothing is open on any of them.

    `told` has the digests of events without an id of their own (amended, voided, reinstated);
    `given_back` is what amendments turned into credit because it had been paid already.
    """

    prefix: ClassVar[str] = "invoice"
    account_id: str
    invoice_id: str
    digest: str
    currency: str
    issued_on: date
    sales: bool
    items: list[Item]
    number: str = ""
    kind: str = "invoice"
    policy: str = ""
    tags: list[str] = field(default_factory=list)
    pay_url: str = ""
    document_url: str = ""
    void: bool = False
    state_on: date | None = None
    due_amended_on: date | None = None
    amount_amended_on: date | None = None
    given_back: int = 0
    told: list[str] = field(default_factory=list)
    stated_version: int = -1
    """The version of the latest statement of its totals, with its digest; below 0: none came."""
    stated_digest: str = ""
    stated_payments: list[str] = field(default_factory=list)
    stated_credits: list[str] = field(default_factory=list)
    """The ids of the payments and credit notes that statements brought."""
    home_id: str = ""
    """The account that it was issued to, if it came from there by a transfer."""
    moved_to: str = ""
    """The account that has had something of it since, if any."""

    @property
    @override
    def key(self) -> str:
        return f"{self.account_id}{SEPARATOR}{self.invoice_id}"

    @property
    @override
    def settled(self) -> bool:
        for item in self.items:  # noqa: SIM110 - a loop is twice as fast, and this runs each time
            if item.open:
                return False
        return True

    @property
    @override
    def listed(self) -> dict[str, str]:
        """Among what is done, once nothing is open."""
        if not self.settled:
            return {}
        last = self.issued_on
        for item in self.items:
            last = last_day(last, item.postings)
        return in_done(self.account_id, last, self.prefix, self.invoice_id)

    def item(self, item_id: str) -> Item | None:
        """The item of this id."""
        for item in self.items:
            if item.item_id == item_id:
                return item
        return None

    def oldest_first(self) -> list[Item]:
        """The items, by due date."""
        if len(self.items) == 1:
            return self.items
        return sorted(self.items, key=lambda item: (item.due_on, item.item_id))


class Installment(Compact):
    """Which invoice an instalment's id belongs to: item ids are unique within their account."""

    prefix: ClassVar[str] = "installment"
    account_id: str
    item_id: str
    invoice_id: str

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.item_id)

    @property
    @override
    def settled(self) -> bool:
        return True


def invoice_of(party: Party, account_id: str, invoice_id: str) -> Invoice | None:
    """The invoice, settled or not; `Core.wants` must have named it if it may be settled."""
    return party.settled(Invoice, key_of(account_id, invoice_id))
