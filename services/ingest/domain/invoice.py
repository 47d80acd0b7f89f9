"""Invoices and their items: what is owed, what is open of it, and all that was booked on it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final

from typing_extensions import override

from services.ingest.domain.aging import CURRENT
from shared.core import Document, Party
from shared.events.ledger import EntryKind

SEPARATOR: Final = "\x1e"
"""Joins ids into keys: told ids have no control characters."""
SETTLING: Final[frozenset[EntryKind]] = frozenset(
    {"collected", "credited", "credit_voided", "reversed", "reopened"}
)
"""Kinds of entries that together say what the debtor has given for an item."""


def key_of(account_id: str, name: str) -> str:
    """The key of a document that has the id `name` within its account."""
    return f"{account_id}{SEPARATOR}{name}"


@dataclass(slots=True)
class Posting:
    """One entry on an item, in minor units."""

    on: date
    kind: EntryKind
    amount: int


@dataclass(slots=True)
class Item:
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

    def open_on(self, day: date) -> int:
        """What was open at the end of `day`, as now known."""
        return sum(posting.amount for posting in self.postings if posting.on <= day)


@dataclass(slots=True)
class Invoice(Document):
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


@dataclass(slots=True)
class Installment(Document):
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
