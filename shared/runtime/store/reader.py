"""What read models ask of a service's own store: figures, positions, documents by kind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, Self, TypeVar

from shared.line.ports import Cursor, Row
from shared.runtime.store import asking, client
from shared.runtime.store.asking import Ask
from shared.runtime.store.client import answers
from shared.runtime.store.names import Json, amounts_of, place, row_id, row_of, starting_with
from shared.runtime.store.snapshot import Snapshot

T = TypeVar("T")
_SNAPSHOTS_AT_ONCE: Final = 4
_AT_ONCE = 10_000
"""Rows asked for in one go; MongoDB stops at 16 MB by itself."""
_FEW: Final = 500
"""As many, where they are added up on the event loop: others have their turn in between."""


class MongoReader:
    """Reads a service's database and writes nothing. Every call may raise `Unavailable`."""

    def __init__(self, uri: str, database: str, *, owner: str) -> None:
        """Read `database` at `uri`; `owner` names this process in the server's logs."""
        self._client = client.connect(uri, owner)
        self._database = self._client[database]
        self._threads = ThreadPoolExecutor(_SNAPSHOTS_AT_ONCE, "snapshots")

    async def __aenter__(self) -> Self:
        """Connect, for as long as a block lasts."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self.stop()

    async def start(self) -> None:
        """Connect."""
        await self.ping()

    async def stop(self) -> None:
        """Close the connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        # The driver says goodbye to the server, and would keep the event loop waiting for it.
        await asyncio.to_thread(self._client.close)

    async def ping(self) -> None:
        """Return if the server answers within a few seconds."""
        await client.ping(self._client)

    async def version(self) -> str:
        """The server's version."""
        with answers():
            told = await self._client.server_info()
        return str(told["version"])

    async def cells(self, prefix: str) -> list[tuple[int, str, dict[str, int]]]:
        """Each partition's share of the rows whose name starts with `prefix`: add them up."""
        return [share async for share in self._each_share(starting_with(prefix))]

    def each_share_from(self, first: str) -> AsyncIterator[tuple[int, str, dict[str, int]]]:
        """As `cells`, of all rows but those whose name is before `first`.

        They come one after the other: all of them may be more than is good to hold.
        """
        return self._each_share({"$gte": first})

    async def _each_share(self, named: Json) -> AsyncIterator[tuple[int, str, dict[str, int]]]:
        with answers():
            async for row in self._database.cells.find({"row": named}).batch_size(_FEW):
                yield row["p"], row["row"], amounts_of(row)

    async def first_row(self, prefix: str) -> str | None:
        """Of the names of rows of figures that start with `prefix`, the first in their order."""
        with answers():
            found = await self._database.cells.find_one(
                {"row": starting_with(prefix)}, {"row": 1}, sort=[("row", 1)]
            )
        return None if found is None else str(found["row"])

    async def cursors(self) -> list[Cursor]:
        """How far each partition has come, in order."""
        return await self._answer(asking.cursors())

    async def in_snapshot(self, work: Callable[[Snapshot], T]) -> T:
        """What `work` makes of the database as of one moment: of whole batches, none of them half.

        It runs in a thread of its own; when nobody waits for it any longer its next read fails.
        """
        abandoned = Event()
        client, database = self._client.delegate, self._database.delegate

        def run() -> T:
            with answers(), client.start_session(snapshot=True) as session:
                return work(Snapshot(database, session, abandoned))

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        finally:
            abandoned.set()

    async def document(
        self, party: str, prefix: str, key: str, *, partition: int = 0
    ) -> Row | None:
        """One document of a party; of party "", the `partition`'s own."""
        name = row_id(place(party, partition), prefix, key)
        with answers():
            found = await self._database.documents.find_one({"_id": name})
        return None if found is None else row_of(found)

    async def documents(self, prefix: str, *, open_only: bool = False) -> AsyncIterator[Row]:
        """All documents of one kind, in the order of their ids.

        It looks at every document there is, for few questions need this: an index by kind takes a
        fifth of MongoDB's work for each row that is written.
        """
        wanted: Json = {"k": prefix, "o": True} if open_only else {"k": prefix}
        with answers():
            found = self._database.documents.find(wanted).sort("_id", 1).batch_size(_AT_ONCE)
            async for document in found:
                yield row_of(document)

    async def listed(
        self, within: Mapping[str, str], order: str, *, after: str = "", limit: int
    ) -> list[tuple[str, Row]]:
        """Rows in the order of one list, each with its text there.

        `within` has what the texts must begin with, by list; `order` names one of its lists. The
        page begins behind the text `after`.
        """
        return await self._answer(asking.listed(order, within, after=after, limit=limit))

    async def _answer(self, ask: Ask[T]) -> list[T]:
        """What one question finds, outside of any snapshot."""
        with answers():
            fields = {ask.without: False} if ask.without else None
            found = self._database[ask.collection].find(ask.wanted, fields)
            if ask.order:
                found = found.sort(ask.order, 1)
            return [ask.made(document) for document in await found.to_list(ask.limit or None)]

    async def latest(self, party: str, prefix: str, *, begin: str, limit: int) -> list[Row]:
        """The rows of a party whose keys start with `begin`, the last key first."""
        wanted = starting_with(row_id(place(party, 0), prefix, begin))
        with answers():
            found = await (
                self._database.documents.find({"_id": wanted}).sort("_id", -1).to_list(limit)
            )
        return [row_of(document) for document in found]
