"""The ledger while one event is booked: entries, what they do to items, and what is told of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final, Literal, Protocol, TypeVar

from msgspec import Struct

from services.ingest.domain import written
from services.ingest.domain.account import Account
from services.ingest.domain.aging import day_of
from services.ingest.domain.creditor import Creditor
from services.ingest.domain.invoice import SEPARATOR, Held, Invoice, Item, Posting, invoice_of
from shared.core import Document, Effects, Party
from shared.events import ledger as facts
from shared.events.base import Fact
from shared.money import text
from shared.topics import COLLECTIONS_LEDGER

D = TypeVar("D", bound=Document)
ENTRIES_MAX: Final = 300
"""How many entries one fact tells at most: with the longest of ids it still fits a record."""


class Touch(Struct):
    """An item that this event books on, and what was open before (None: there was no item)."""

    invoice: Invoice
    item: Item
    before: int | None
    fell: Posting | None = None
    rose: Posting | None = None
    due_on: date | None = None
    """The due date that it had."""
    bucket: str = ""
    """The bucket that it was in, if it was overdue."""


class Holding(Protocol):
    """A payment or credit note: what of it has no item yet, and every entry about that."""

    currency: str
    unapplied: int
    held: list[Held]


class Ledger:
    """One account's book, open for one event.

    `digest` is that of what is being booked now, `own_id` its business id ("" if it has none).

    `sweep` asks for cash held without a purpose to be put to work, once the event is booked;
    `freed` says that more came to be held.
    `came` lists what others may be waiting for: (kind, id). `ignored` counts what changed nothing
    because the ledger knew better, by what it was.
    """

    __slots__ = (
        "_emitted", "account", "came", "creditor", "digest", "effects", "freed", "ignored",
        "own_id", "party", "sweep", "time", "touched",
    )  # fmt: skip

    def __init__(
        self,
        party: Party,
        account: Account,
        creditor: Creditor,
        effects: Effects,
        time: datetime,
        *,
        ignored: Counter[str] | None = None,
    ) -> None:
        """Open the book of `account`; facts will bear `time`."""
        self.party = party
        self.account = account
        self.creditor = creditor
        self.effects = effects
        self.time = time
        self.digest = ""
        self.own_id = ""
        self.ignored = Counter() if ignored is None else ignored
        self.sweep = False
        self.freed = False
        self.came: list[tuple[str, str]] = []
        self.touched: dict[tuple[str, str], Touch] = {}
        self._emitted: dict[tuple[str, str], int] = {}

    def invoice(self, invoice_id: str) -> Invoice | None:
        """The account's invoice of this id."""
        return invoice_of(self.party, self.account.account_id, invoice_id)

    def find(self, kind: type[D], name: str) -> D | None:
        """The account's document of this kind and id, settled or not."""
        return self.party.settled(kind, f"{self.account.account_id}{SEPARATOR}{name}")

    def coin(self, kind: type[Document], name: str) -> None:
        """Note that a name was made up just now, so that no document of this kind can have it."""
        self.party.know(kind.prefix, f"{self.account.account_id}{SEPARATOR}{name}")

    def open_item(self, invoice: Invoice, item: Item) -> None:
        """Note that `item` is new, before the first entry on it."""
        self.touched[(invoice.invoice_id, item.item_id)] = Touch(invoice, item, None)
        self.party.keep(invoice)

    def post(
        self,
        invoice: Invoice,
        item: Item,
        kind: facts.EntryKind,
        amount: int,
        on: date,
        *,
        days_late: int | None = None,
        due_on: date | None = None,
    ) -> facts.Entry:
        """Book a signed amount on an item, effective `on`: its entry, for the fact that tells it.

        `due_on` is the entry's own where the item has just moved to another one.
        """
        name = (invoice.invoice_id, item.item_id)
        touch = self.touched.get(name)
        if touch is None:
            touch = self.touched[name] = Touch(invoice, item, item.open, due_on=item.due_on)
            if item.overdue:
                touch.bucket = item.bucket
            self.party.keep(invoice)
        posting = Posting(on, kind, amount, self.effects.now, self.effects.cause)
        item.postings.append(posting)
        item.open += amount
        if amount > 0:
            touch.rose = posting
        else:
            touch.fell = posting
        currency = invoice.currency
        return written.Entry(
            kind=kind,
            amount=text(amount, currency),
            effective_on=on,
            item_id=item.item_id,
            invoice_id=invoice.invoice_id,
            issued_on=invoice.issued_on,
            due_on=due_on or item.due_on,
            open_amount=text(item.open, currency),
            overdue=item.overdue,
            days_late=days_late,
            sales=invoice.sales,
        )

    def hold(
        self,
        kind: Literal["unapplied_cash", "unapplied_credit"],
        source: Holding,
        amount: int,
        on: date,
        *,
        invoice_id: str = "",
    ) -> facts.Entry:
        """Book a signed amount of what is held without an item; `source.unapplied` is the caller's.

        It is not part of the receivable.
        """
        source.held.append(Held(on, amount, self.effects.now, self.effects.cause))
        if amount > 0:
            self.freed = True
        return written.Entry(
            kind=kind, amount=text(amount, source.currency), effective_on=on, invoice_id=invoice_id
        )

    def emit(self, fact: Fact, *names: str) -> None:
        """Tell a fact about the account; `names` are the ids of what it is about."""
        account_id = self.account.account_id
        entity = SEPARATOR.join((account_id, *names))
        known = (fact.type, entity)
        if known in self._emitted:
            self._emitted[known] += 1
            entity = f"{entity}{SEPARATOR}{self._emitted[known]}"
        else:
            self._emitted[known] = 1
        self.effects.emit(
            fact, topic=COLLECTIONS_LEDGER, subject=account_id, entity=entity, time=self.time
        )

    def today(self) -> date:
        """The creditor's date at the latest tick."""
        return day_of(self.effects.now, self.creditor.time_zone)


def ask_for(party: Party, wanted: Sequence[tuple[type[Document], str]]) -> None:
    """Make sure, before anything changes, that these documents are at hand or known to be none."""
    for kind, key in wanted:
        party.settled(kind, key)


def in_records(
    booked: Sequence[tuple[int, facts.Entry]],
) -> Iterator[tuple[int, tuple[facts.Entry, ...]]]:
    """Entries with their share of a fact's amount, in portions that fit a record: sum, entries."""
    if len(booked) == 1:
        yield booked[0][0], (booked[0][1],)
        return
    for first in range(0, len(booked), ENTRIES_MAX):
        portion = booked[first : first + ENTRIES_MAX]
        yield sum(amount for amount, _ in portion), tuple(entry for _, entry in portion)
