"""Accounts, and who is overdue, as ingest's own store has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from services.ingest.domain.account import Account
from services.ingest.domain.core import IngestCore
from services.ingest.domain.creditor import Creditors, creditor_of
from services.ingest.domain.invoice import SEPARATOR
from services.ingest.domain.standing import FIGURES, Standing
from services.ingest.domain.tally import Tally
from services.ingest.store.book import Ahead, Begun, Book, Page, ask_done, ask_opened
from shared.core import Party
from shared.line.parties import DocumentCodec
from shared.line.ports import Binding, Cursor, Row, Unavailable
from shared.runtime.store import Ask, MongoReader, Snapshot, asking
from shared.topics import partition_of

T = TypeVar("T")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Figures = dict[tuple[str, str], dict[tuple[str, str], int]]
"""By creditor and currency, by bucket and what it is: sums over all accounts."""
_GUESSES_MAX: Final = 100_000
_A_DAY: Final = timedelta(days=1)


class UnknownAccount(LookupError):
    """No event has named the account."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A page of who has something overdue, each with its place in the list; sums over all.

    `ticks` are the latest ticks that the partitions have heard of; `figures` is what is overdue in
    all, or None if nobody asked for it.
    """

    ticks: list[datetime]
    page: list[tuple[str, Standing]]
    figures: Figures | None


@dataclass(slots=True)
class _Read:
    """All that one round trip brings about an account."""

    binding: Ask[Binding]
    cursor: Ask[Cursor]
    rows: Ask[Row]
    opened: Ask[tuple[str, Row]] | None = None
    done: Ask[tuple[str, Row]] | None = None
    since: date | None = None

    def asks(self) -> list[Ask[Binding] | Ask[Cursor] | Ask[Row] | Ask[tuple[str, Row]]]:
        """In the order in which they are read."""
        return [
            self.binding, self.cursor, self.rows, *(ask for ask in (self.opened, self.done) if ask)
        ]  # fmt: skip

    def begun(self) -> Begun:
        """What was read ahead."""
        opened = Page.of(self.opened) if self.opened else None
        return Begun(opened, Page.of(self.done) if self.done else None, self.since)


class Books:
    """Reads accounts and standings; every call may raise `Unavailable`."""

    def __init__(self, reader: MongoReader, *, partitions: int) -> None:
        """Read what `reader` reads, of topics with so many partitions."""
        self._reader = reader
        self._partitions = partitions
        self._codec = DocumentCodec(IngestCore.documents)
        # What was true before is asked for first. It saves round trips, and is checked each time.
        self._parties: dict[str, str] = {}
        self._ticks: dict[int, datetime] = {}

    async def read(
        self, account_id: str, work: Callable[[Book], T], ahead: Ahead | None = None
    ) -> T:
        """What `work` makes of an account's book, in a thread that is not the event loop's.

        Raises `UnknownAccount` if the ledger does not know the account, and `Unavailable` for the
        moments in which it is between two parties.
        """
        return await self._reader.in_snapshot(
            lambda snapshot: work(self._open(snapshot, account_id, ahead or Ahead()))
        )

    def _open(self, snapshot: Snapshot, account_id: str, ahead: Ahead) -> Book:
        party, read = self._read(snapshot, account_id, ahead)
        documents = {row.prefix: self._codec.document(row) for row in read.rows.found}
        account = documents.get(Account.prefix)
        if not isinstance(account, Account):
            raise UnknownAccount(account_id)
        if account.moved_to:
            raise Unavailable("the account's books are on their way to another party")
        cursor = next(iter(read.cursor.found), None)
        tick = max(cursor.watermarks.values() if cursor else (), default=EPOCH)
        self._ticks[self._partition(party)] = tick
        shared = Party("", filter(None, [documents.get(Creditors.prefix)]))
        creditor = creditor_of(shared, account.creditor_id, tick)
        tally = documents.get(Tally.prefix)
        live = tally if isinstance(tally, Tally) and tally.live else None
        return Book(
            snapshot, self._codec, party, account, creditor, tick, ahead, read.begun(), live
        )

    def _read(self, snapshot: Snapshot, account_id: str, ahead: Ahead) -> tuple[str, _Read]:
        """The account's party, and what it has."""
        party = self._parties.get(account_id, account_id)
        while True:
            read = self._asks(account_id, party, ahead)
            snapshot.read(*read.asks())
            if not read.binding.found:
                raise UnknownAccount(account_id)
            found = read.binding.found[0].party
            if found == party:
                return party, read
            party = found
            if len(self._parties) >= _GUESSES_MAX:
                self._parties.clear()
            self._parties[account_id] = party

    def _asks(self, account_id: str, party: str, ahead: Ahead) -> _Read:
        partition = self._partition(party)
        read = _Read(
            asking.binding(account_id),
            asking.cursors([partition]),
            asking.rows(
                (party, Account.prefix, account_id, partition),
                (party, Tally.prefix, account_id, partition),
                ("", Creditors.prefix, "", partition),
            ),
        )
        if ahead.opened:
            read.opened = ask_opened(
                party, ahead.kinds, after=ahead.opened_after, limit=ahead.opened
            )
        tick = self._ticks.get(partition)
        if ahead.done and tick is not None and tick > EPOCH:
            # No creditor's date is earlier than that of the day before in UTC.
            read.since = ahead.since(tick.date() - _A_DAY)
            read.done = ask_done(
                account_id, read.since, ahead.kinds, after=ahead.done_after, limit=ahead.done
            )
        return read

    def _partition(self, party: str) -> int:
        return partition_of(party.encode(), self._partitions)

    async def overdue(
        self, within: Mapping[str, str], order: str, *, after: str, limit: int, figures: bool
    ) -> Overdue:
        """Who has something overdue, in the order of a list.

        `within` has what the places must begin with, by list: `order` names one of them.
        """
        return await self._reader.in_snapshot(
            lambda snapshot: self._overdue(snapshot, within, order, after, limit, figures=figures)
        )

    def _overdue(
        self, snapshot: Snapshot, within: Mapping[str, str], order: str, after: str, limit: int,
        *, figures: bool,
    ) -> Overdue:  # fmt: skip
        cursors, cells = asking.cursors(), asking.cells(FIGURES + SEPARATOR)
        listed = asking.listed(order, within, after=after, limit=limit)
        snapshot.read(cursors, listed, *([cells] if figures else ()))
        page: list[tuple[str, Standing]] = []
        for place, row in listed.found:
            document = self._codec.document(row)
            if isinstance(document, Standing):
                page.append((place, document))
        ticks = [max(cursor.watermarks.values(), default=EPOCH) for cursor in cursors.found]
        return Overdue(ticks, page, _sums(cells.found) if figures else None)


def _sums(cells: list[tuple[str, dict[str, int]]]) -> Figures:
    total: Figures = {}
    for name, shares in cells:
        _, creditor_id, currency = name.split(SEPARATOR)
        sums = total.setdefault((creditor_id, currency), {})
        for cell, amount in shares.items():
            bucket, what = cell.split(SEPARATOR)
            sums[bucket, what] = sums.get((bucket, what), 0) + amount
    return total
