"""The store of the stream shell on MongoDB."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from bson.binary import Binary
from motor.core import AgnosticClientSession
from pymongo import UpdateOne
from pymongo.errors import PyMongoError
from typing_extensions import override

from shared.line.ports import Acquired, Binding, Committed, Row, Unavailable, WriteSet
from shared.runtime.store.bindings import bind
from shared.runtime.store.client import answers
from shared.runtime.store.names import (
    Json,
    micros,
    moment,
    place,
    row_id,
    row_of,
    starting_with,
)
from shared.runtime.store.outbox import parted
from shared.runtime.store.parkings import MongoParkings
from shared.runtime.store.schema import make_collections
from shared.runtime.store.statements import encode
from shared.runtime.store.takeover import find_left, raise_epochs
from shared.runtime.store.transaction import Transactions

_AT_ONCE: Final = 1_000_000
"""Documents in the driver's first answer; MongoDB stops at 16 MB by itself."""
_NOT_STARTED: Final = "the store was not started"
_READERS: Final = 2
"""A round asks for documents and for ids at the same time."""


class MongoStore(MongoParkings):
    """`shared.line.ports.Store` on a MongoDB replica set; one session, so one commit at a time."""

    def __init__(self, uri: str, database: str, *, owner: str) -> None:
        """Keep state in `database` at `uri`; `owner` names this process beside its cursors."""
        super().__init__(uri, database, owner=owner)
        self._owner = owner
        self._session: AgnosticClientSession | None = None
        self._transactions: Transactions | None = None
        self._readers: ThreadPoolExecutor | None = None
        """Threads of our own: a round waits for no reader's snapshot."""

    @override
    async def start(self) -> None:
        """Connect, open the session, and make what collections and indexes are missing."""
        with answers():
            await make_collections(self._database)
            if self._session is None:
                self._readers = ThreadPoolExecutor(_READERS, "loading")
                self._session = await self._client.start_session()
                self._transactions = Transactions(self._database, self._session)

    @override
    async def stop(self) -> None:
        """End the session, and with it what it left open, and close the connection."""
        session, self._session = self._session, None
        transactions, self._transactions = self._transactions, None
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.shutdown(wait=False, cancel_futures=True)
        if transactions is not None:
            transactions.close()
        if session is not None:
            # Without a server to tell it, the next owner of our partitions ends the session.
            with contextlib.suppress(PyMongoError):
                await session.end_session()
        await super().stop()

    def _session_id(self) -> Binary:
        if self._session is None:
            raise Unavailable(_NOT_STARTED)
        name: Binary = self._session.delegate.session_id["id"]
        return name

    async def acquire(self, partitions: Iterable[int]) -> dict[int, Acquired]:
        """Take partitions over; whoever had them before can write nothing from now on."""
        wanted = sorted(set(partitions))
        with answers():
            cursors = await raise_epochs(
                self._database, wanted, session_id=self._session_id(), owner=self._owner
            )
            return await find_left(self._database, cursors)

    async def release(self, partitions: Iterable[int], published: Iterable[str]) -> None:
        """Hand partitions over cleanly: our session needs not be ended by the next owner."""
        apart, kept = parted(published)
        ours = self._session_id()
        marks = [
            UpdateOne(
                {"_id": number, "lsid": ours},
                {"$unset": dict.fromkeys(["lsid", "owner", *kept.get(number, ())], "")},
            )
            for number in partitions
        ]
        with answers():
            await self._database.outbox.delete_many({"_id": {"$in": apart}})
            if marks:
                await self._database.cursors.bulk_write(marks)

    async def load(self, parties: Iterable[str], keys: Iterable[tuple[str, str, str]]) -> list[Row]:
        """All open rows of `parties`, and the rows (party, prefix, key) named in `keys`, once.

        A key with neither prefix nor key is all that the party has.
        """
        places = [place(party, 0) for party in parties if party]
        names, wholes = list[str](), list[Json]()
        for party, prefix, key in keys:
            where = place(party, 0)
            if prefix:
                names.append(row_id(where, prefix, key))
            else:  # a range that an index can serve; it may have rows of a party of a longer name
                wholes.append({"_id": starting_with(row_id(where, "", "")[:-1]), "y": where})
        wanted: list[Json] = [{"_id": {"$in": names}}] if names else []
        wanted += wholes
        pipelines = [_rows({"y": {"$in": places}, "o": True})] if places else []
        pipelines += [_rows({"$or": wanted} if wholes else wanted[0])] if wanted else []
        if not pipelines:
            return []
        first, *others = pipelines
        first += [{"$unionWith": {"coll": "documents", "pipeline": other}} for other in others]
        found = await self._read("documents", first)
        return [row_of(row) for row in {row["_id"]: row for row in found}.values()]

    async def _read(self, collection: str, pipeline: list[Json]) -> list[Json]:
        """What a pipeline finds, by the driver that motor stands on: one way to a thread and back.

        Motor goes there for each step of a cursor, which takes as long again.
        """
        if self._readers is None:
            raise Unavailable(_NOT_STARTED)
        source = self._database.delegate[collection]

        def read() -> list[Json]:
            with source.aggregate(pipeline, batchSize=_AT_ONCE) as found:
                return list(found)

        with answers():
            return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def wakes(
        self, partition: int, after: datetime | None, until: datetime, limit: int
    ) -> list[tuple[datetime, str]]:
        """Parties with after < wake <= until, by (wake, party); fewer than `limit` are all."""
        due: Json = {"$lte": micros(until)}
        if after is not None:
            due["$gt"] = micros(after)
        with answers():
            found = await self._woken({"p": partition, "w": due}, limit)
            if len(found) == limit > 0:
                last = found[-1]
                same = {"p": partition, "w": last["w"], "_id": {"$gt": last["_id"]}}
                found += await self._woken(same, 0)
        return [(moment(party["w"]), party["_id"]) for party in found]

    async def _woken(self, wanted: Json, limit: int) -> list[Json]:
        found = self._database.parties.find(wanted, {"w": True})
        return await (
            found.sort([("w", 1), ("_id", 1)]).limit(limit).batch_size(_AT_ONCE).to_list(None)
        )

    async def everyone(self, partition: int, after: str, limit: int) -> list[str]:
        """The partition's parties with an id above `after`, in order, at most `limit`."""
        with answers():
            found = await (
                self._database.parties.find({"p": partition, "_id": {"$gt": after}}, {"_id": True})
                .sort("_id", 1)
                .limit(limit)
                .batch_size(_AT_ONCE)
                .to_list(None)
            )
        return [party["_id"] for party in found]

    async def taken(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The digests of those ids from outside that were taken before."""
        wanted = list(ids)
        if not wanted:
            return {}
        found = await self._read("taken", [{"$match": {"_id": {"$in": wanted}}}])
        return {document["_id"]: document["h"] for document in found}

    async def bind(self, wanted: Mapping[str, Binding | None]) -> dict[str, Binding]:
        """Bind accounts that are not bound yet, first wins, and say how all are bound."""
        with answers():
            return await bind(self._database.bindings, wanted)

    async def commit(self, writes: Sequence[WriteSet]) -> Committed:
        """Write all sets in one transaction, but those that another owner has fenced off."""
        self._session_id()
        if not writes or self._transactions is None:
            return Committed({}, frozenset())
        sets = [encode(write) for write in writes]
        fenced = await self._transactions.write(sets)
        return Committed(
            outbox_ids={
                written.cursor.partition: written.outbox_ids
                for written in sets
                if written.cursor.partition not in fenced
            },
            fenced=fenced,
        )


def _rows(wanted: Json) -> list[Json]:
    return [{"$match": wanted}, {"$project": {"d": True, "o": True}}]
