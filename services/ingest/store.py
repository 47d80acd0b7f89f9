"""What the reading doors ask of ingest's own store: an account's book, and who is overdue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, TypeVar

from services.ingest.domain.account import Account
from services.ingest.domain.core import IngestCore
from services.ingest.domain.creditor import Creditor, Creditors, creditor_of
from services.ingest.domain.invoice import DONE, SEPARATOR, Invoice, done_from, key_of
from services.ingest.domain.standing import FIGURES, Standing
from services.ingest.domain.tally import Tally
from shared.core import Document, Party
from shared.line.parties import DocumentCodec
from shared.line.ports import Row, Unavailable
from shared.runtime.store import MongoReader, Snapshot
from shared.topics import partition_of

T = TypeVar("T")
CHUNK: Final = 500
"""Documents that are read in one go."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Placed = list[tuple[str, Document]]
"""Documents, each with its place in the order that they were asked for in."""


class UnknownAccount(LookupError):
    """No event has named the account."""


class Books:
    """Reads accounts and standings; every call may raise `Unavailable`."""

    def __init__(self, reader: MongoReader, *, partitions: int) -> None:
        """Read what `reader` reads, of topics with so many partitions."""
        self._reader = reader
        self._partitions = partitions
        self._codec = DocumentCodec(IngestCore.documents)

    async def read(self, account_id: str, work: Callable[["Book"], T]) -> T:
        """What `work` makes of an account's book, in a thread that is not the event loop's.

        Raises `UnknownAccount` if the ledger does not know the account, and `Unavailable` for the
        moments in which it is between two parties.
        """
        return await self._reader.in_snapshot(
            lambda snapshot: work(self._open(snapshot, account_id))
        )

    def _open(self, snapshot: Snapshot, account_id: str) -> "Book":
        binding = snapshot.binding(account_id)
        if binding is None:
            raise UnknownAccount(account_id)
        partition = partition_of(binding.party.encode(), self._partitions)
        rows = snapshot.documents(
            (binding.party, Account.prefix, account_id, partition),
            (binding.party, Tally.prefix, account_id, partition),
            ("", Creditors.prefix, "", partition),
        )
        documents = {prefix: self._codec.document(row) for prefix, row in rows.items()}
        account = documents.get(Account.prefix)
        if not isinstance(account, Account):
            raise UnknownAccount(account_id)
        if account.moved_to:
            raise Unavailable("the account's books are on their way to another party")
        cursor = snapshot.cursor(partition)
        tick = max(cursor.watermarks.values() if cursor else (), default=EPOCH)
        shared = Party("", filter(None, [documents.get(Creditors.prefix)]))
        creditor = creditor_of(shared, account.creditor_id, tick)
        tally = documents.get(Tally.prefix)
        live = tally if isinstance(tally, Tally) and tally.live else None
        return Book(snapshot, self._codec, binding.party, account, creditor, tick, live)

    async def standings(
        self, within: Mapping[str, str], order: str, *, after: str, limit: int
    ) -> list[tuple[str, Standing]]:
        """Who has something overdue, in the order of a list, each with its place there."""
        rows = await self._reader.listed(within, order, after=after, limit=limit)
        page: list[tuple[str, Standing]] = []
        for place, row in rows:
            document = self._codec.document(row)
            if isinstance(document, Standing):
                page.append((place, document))
        return page

    async def figures(self) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
        """By creditor and currency, by bucket and what it is: what is overdue over all accounts."""
        total: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for _, row, cells in await self._reader.cells(FIGURES + SEPARATOR):
            _, creditor_id, currency = row.split(SEPARATOR)
            sums = total.setdefault((creditor_id, currency), {})
            for cell, amount in cells.items():
                bucket, what = cell.split(SEPARATOR)
                sums[bucket, what] = sums.get((bucket, what), 0) + amount
        return total

    async def ticks(self) -> list[datetime]:
        """The latest tick that each partition has heard of; the epoch if it has heard of none."""
        return [
            max(cursor.watermarks.values(), default=EPOCH)
            for cursor in await self._reader.cursors()
        ]


@dataclass(frozen=True, slots=True)
class Book:
    """One account's documents as of one moment, after the tick `tick` of its partition.

    To be used where it was given: each call asks the database and waits.
    """

    snapshot: Snapshot
    codec: DocumentCodec
    party: str
    account: Account
    creditor: Creditor
    tick: datetime
    tally: Tally | None = None
    """What is open, if there is so much of it that it is kept added up."""

    def invoice(self, invoice_id: str) -> Invoice | None:
        """The account's invoice of this id."""
        key = key_of(self.account.account_id, invoice_id)
        rows = self.snapshot.documents((self.party, Invoice.prefix, key, 0))
        for row in rows.values():
            found = self.codec.document(row)
            if isinstance(found, Invoice):
                return found
        return None

    def opened(
        self, kind: type[Document] | None = None, *, after: str = "", limit: int = CHUNK
    ) -> Placed:
        """Documents of the party that are not settled, by kind and id, behind a place.

        Of one kind, only the account's own.
        """
        prefix = "" if kind is None else kind.prefix
        begin = key_of(self.account.account_id, "")
        rows = self.snapshot.opened(
            self.party, prefix=prefix, begin=begin, after=after, limit=limit
        )
        return self._decoded(rows)

    def done(self, since: date | None = None, *, after: str = "", limit: int = CHUNK) -> Placed:
        """Settled documents of the account on which something was booked on a day or later."""
        account_id = self.account.account_id
        at_least = done_from(account_id, since) if since else ""
        rows = self.snapshot.listed(
            DONE, f"{account_id}{SEPARATOR}", at_least=at_least, after=after, limit=limit
        )
        return self._decoded(rows)

    def changed_since(
        self, since: date, kinds: Iterable[type[Document] | None] = (None,)
    ) -> Iterator[Document]:
        """All that can matter to a day not before `since`; of what is open, only these `kinds`.

        That is what is not settled, and what was settled by entries of that day or later.
        """
        for kind in kinds:
            page = self.opened(kind)
            while page:
                yield from (document for _, document in page)
                page = self.opened(kind, after=page[-1][0]) if len(page) == CHUNK else []
        page = self.done(since)
        while page:
            yield from (document for _, document in page)
            page = self.done(since, after=page[-1][0]) if len(page) == CHUNK else []

    def _decoded(self, rows: Sequence[tuple[str, Row]]) -> Placed:
        return [(place, self.codec.document(row)) for place, row in rows]
