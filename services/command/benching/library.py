"""A large store of ingest, filled directly: with the rows that ingest itself would have written.

A few accounts are folded, event by event, through ingest's own core and codec; all others have
the rows of one of them, under an id of their own.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from typing import Final

from services.ingest.domain.core import IngestCore
from shared.core import Effects, Event, NotLoaded, Party
from shared.events.base import Fact
from shared.events.billing import AccountUpdated, Allocation, InvoiceIssued, PaymentReceived
from shared.line.parties import DocumentCodec
from shared.line.ports import Binding, Committed, Row, WriteSet
from shared.runtime.store import MongoStore
from shared.topics import BILLING_EVENTS, PARTITIONS, partition_of

TODAY: Final = date(2026, 1, 31)
INVOICES_EACH: Final = 50
"""Of an ordinary account: two years, two of them open, one of these overdue."""
MANY_OPEN: Final = "bench-many-open"
MANY_SETTLED: Final = "bench-many-settled"
_PROTOTYPE: Final = "bench-000000"
_ROWS_AT_ONCE: Final = 6_000
_FOLDED_MAX: Final = 1_000
_CODEC: Final = DocumentCodec(IngestCore.documents)
Cells = dict[tuple[str, str], int]


@dataclass(slots=True)
class _Account:
    """One account's books, as its events are folded."""

    party: Party
    core: IngestCore
    effects: Effects
    told: int = 0
    kept: dict[tuple[str, str], Row] = field(default_factory=dict)
    """The rows as they would be stored; what is settled is let go of, as ingest does."""

    @classmethod
    def new(cls, account_id: str) -> "_Account":
        """An account with a name."""
        account = cls(
            Party(account_id), IngestCore(), Effects(datetime(2024, 1, 1, tzinfo=UTC), Party(""))
        )
        account.tell(date(2024, 1, 1), AccountUpdated(account_id=account_id, name="Bench & Co"))
        return account

    def tell(self, day: date, fact: Fact) -> None:
        """Fold one event on a day."""
        self.told += 1
        at = datetime.combine(day, time(), UTC)
        effects, name = self.effects, self.party.id
        effects.now, effects.cause, effects.party = at, f"{name}-event-{self.told}", name
        event = Event(effects.cause, "bench", fact.type, name, name, at, fact, b"")
        for kind, key in self.core.wants(event):
            self.party.know(kind.prefix, key)
        while True:
            try:
                self.core.fold(self.party, event, effects)
            except NotLoaded as missing:
                self.party.know(missing.prefix, missing.key)
            else:
                effects.out.clear()
                self._keep()
                return

    def bill(self, number: int, issued_on: date, due_on: date) -> None:
        """An invoice of 100 euros."""
        name = f"{self.party.id}-I{number:06d}"
        self.tell(
            issued_on,
            InvoiceIssued(
                account_id=self.party.id,
                invoice_id=name,
                number=f"2026-{number:06d}",
                issued_on=issued_on,
                due_on=due_on,
                amount="100.00",
                currency="EUR",
            ),
        )

    def pay(self, number: int, on: date) -> None:
        """All of that invoice."""
        name = f"{self.party.id}-I{number:06d}"
        self.tell(
            on,
            PaymentReceived(
                account_id=self.party.id,
                payment_id=f"{self.party.id}-P{number:06d}",
                amount="100.00",
                currency="EUR",
                received_on=on,
                allocations=(Allocation(invoice_id=name, amount="100.00"),),
            ),
        )

    def rows(self) -> list[Row]:
        """The rows of all of it, once the day of the measurement has begun."""
        self.core.wake(self.party, datetime.combine(TODAY, time(), UTC), self.effects)
        self._keep()
        return list(self.kept.values())

    def _keep(self) -> None:
        for name, document in self.party.changed.items():
            self.kept[name] = _CODEC.row(self.party.id, document, new=True)
        self.party.saved()


def _ordinary() -> _Account:
    account = _Account.new(_PROTOTYPE)
    for number in range(INVOICES_EACH):
        due_on = TODAY + timedelta(days=10 - 14 * (INVOICES_EACH - 1 - number))
        account.bill(number, due_on - timedelta(days=30), due_on)
        if number < INVOICES_EACH - 2:
            account.pay(number, due_on + timedelta(days=4))
    return account


def _many_open(count: int) -> _Account:
    account = _Account.new(MANY_OPEN)
    for number in range(count):
        due_on = TODAY - timedelta(days=number % 360 - 30)
        account.bill(number, due_on - timedelta(days=30), due_on)
    return account


def _many_settled(count: int) -> Iterator[Row]:
    """The rows of an account with so many settled invoices, most of them copies of others."""
    account = _Account.new(MANY_SETTLED)
    first = min(count, _FOLDED_MAX)
    for number in range(first):
        due_on = TODAY - timedelta(days=1 + (first - number) * 700 // first)
        account.bill(number, due_on - timedelta(days=30), due_on)
        account.pay(number, due_on)
    for number in range(first, first + 10):
        account.bill(number, TODAY, TODAY + timedelta(days=30))
    for row in account.rows():
        yield row
        if not row.open:
            for copy in range(1, count // first):
                yield _renamed(row, row.party, ("-I0", f"-I{copy}x"), ("-P0", f"-P{copy}x"))


@dataclass(frozen=True, slots=True)
class Library:
    """What was filled in."""

    accounts: tuple[str, ...]
    """The ordinary ones."""
    invoices: int
    rows: int


async def fill(
    store: MongoStore, *, invoices: int, open_: int, settled: int, told: Callable[[str], None]
) -> Library:
    """Fill an empty store of ingest with so many invoices in all."""
    told(f"an account with {open_:,} open invoices, and one with {settled:,} settled ones")
    many_open = _many_open(open_)
    prototype = _ordinary()
    names = tuple(
        f"bench-{number:06d}" for number in range((invoices - open_ - settled) // INVOICES_EACH)
    )
    cursors = {p: one.cursor for p, one in (await store.acquire(range(PARTITIONS))).items()}
    count = 0

    under_way: list[asyncio.Task[Committed]] = []

    async def write(rows: list[Row], cells: Cells) -> None:
        sets: dict[int, WriteSet] = {}
        for row in rows:
            partition = partition_of(row.party.encode(), PARTITIONS)
            if partition not in sets:
                cursor = cursors[partition] = cursors[partition].copy()
                cursor.version += 1
                cursor.watermarks = {BILLING_EVENTS: datetime.combine(TODAY, time(), UTC)}
                sets[partition] = WriteSet(cursor)
            sets[partition].rows.append(row)
        next(iter(sets.values())).cells = cells
        for task in under_way:  # one at a time, while the next one is prepared
            await task
        under_way[:] = [asyncio.create_task(store.commit(list(sets.values())))]
        await asyncio.sleep(0)

    cells = many_open.effects.cells
    special = chain(many_open.rows(), _many_settled(settled))
    while batch := list(islice(special, _ROWS_AT_ONCE)):
        await write(batch, cells)
        count += len(batch)
        cells = {}
    told(f"{len(names):,} accounts with {INVOICES_EACH} invoices each")
    rows = prototype.rows()
    bound = [*names, MANY_OPEN, MANY_SETTLED]
    each = _ROWS_AT_ONCE // len(rows)
    waiting = iter(names)
    while some := list(islice(waiting, each)):
        copies = [row for name in some for row in _copies(rows, name)]
        cells = {cell: len(some) * sum_ for cell, sum_ in prototype.effects.cells.items()}
        await write(copies, cells)
        count += len(copies)
    await asyncio.gather(*under_way)
    for begin in range(0, len(bound), _ROWS_AT_ONCE):
        part = bound[begin : begin + _ROWS_AT_ONCE]
        await store.bind({name: Binding(party=name, creditor="default") for name in part})
    await store.release(range(PARTITIONS), ())
    return Library(names, len(names) * INVOICES_EACH + open_ + settled + 10, count)


def _copies(rows: list[Row], name: str) -> Iterator[Row]:
    """The prototype's rows as those of another account: its id is in all that names it."""
    for row in rows:
        yield _renamed(row, name, (_PROTOTYPE, name))


def _renamed(row: Row, party: str, *names: tuple[str, str]) -> Row:
    key, text, listed = row.key, row.text, row.listed
    for old, new in names:
        key, text = key.replace(old, new), text.replace(old, new)
        listed = listed and {order: place.replace(old, new) for order, place in listed.items()}
    return Row(party, row.prefix, key, text, open=row.open, new=True, listed=listed)
