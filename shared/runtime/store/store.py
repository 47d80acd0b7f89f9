"""The store of the stream shell on MongoDB."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
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
from shared.runtime.store.outbox import field_of
from shared.runtime.store.reader import MongoReader
from shared.runtime.store.schema import make_collections
from shared.runtime.store.statements import encode
from shared.runtime.store.takeover import find_left, raise_epochs
from shared.runtime.store.transaction import Transactions

_AT_ONCE: Final = 1_000_000
"""Documents in the driver's first answer; MongoDB stops at 16 MB by itself."""


class MongoStore(MongoReader):
    """`shared.line.ports.Store` on a MongoDB replica set; one session, so one commit at a time."""

    def __init__(self, uri: str, database: str, *, owner: str) -> None:
        """Keep state in `database` at `uri`; `owner` names this process beside its cursors."""
        super().__init__(uri, database, owner=owner)
        self._owner = owner
        self._session: AgnosticClientSession | None = None
        self._transactions: Transactions | None = None

    @override
    async def start(self) -> None:
        """Connect, open the session, and make what collections and indexes are missing."""
        with answers():
            await make_collections(self._database)
            if self._session is None:
                self._session = await self._client.start_session()
                self._transactions = Transactions(self._database, self._session)

    @override
    async def stop(self) -> None:
        """End the session, and with it what it left open, and close the connection."""
        session, self._session = self._session, None
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            transactions.close()
        if session is not None:
            # Without a server to tell it, the next owner of our partitions ends the session.
            with contextlib.suppress(PyMongoError):
                await session.end_session()
        await super().stop()

    def _session_id(self) -> Binary:
        if self._session is None:
            message = "the store was not started"
            raise Unavailable(message)
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
        drops: dict[int, Json] = {number: {"lsid": "", "owner": ""} for number in partitions}
        apart = []
        for name in published:
            field = field_of(name)
            if field is None:
                apart.append(name)
            elif field[0] in drops:
                drops[field[0]][field[1]] = ""
        ours = self._session_id()
        marks = [
            UpdateOne({"_id": number, "lsid": ours}, {"$unset": gone})
            for number, gone in drops.items()
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
        wanted: Json = {"_id": {"$in": names}}
        with answers():
            of_parties, named = await asyncio.gather(
                self._rows({"y": {"$in": places}, "o": True}, places),
                self._rows({"$or": [wanted, *wholes]} if wholes else wanted, names or wholes),
            )
        if of_parties and named:
            seen = {document["_id"] for document in of_parties}
            of_parties += [document for document in named if document["_id"] not in seen]
        return [row_of(document) for document in of_parties or named]

    async def _rows(self, wanted: Json, names: Sequence[object]) -> list[Json]:
        if not names:
            return []
        fields = {"d": True, "o": True}
        found = self._database.documents.find(wanted, fields).batch_size(_AT_ONCE)
        return await found.to_list(None)

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
        with answers():
            found = await (
                self._database.taken.find({"_id": {"$in": wanted}})
                .batch_size(_AT_ONCE)
                .to_list(None)
            )
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
