"""Taking partitions over from owners who may be dead, frozen, or not know it yet."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bson.binary import Binary
from motor.core import AgnosticDatabase
from pymongo import ReturnDocument
from pymongo.errors import OperationFailure

from shared.line.ports import Acquired, Cursor
from shared.runtime.store.names import SEPARATOR, Json, moment, place, row_of, starting_with
from shared.runtime.store.outbox import leftovers

_BLOCKED_MS: Final = 300
"""How long a cursor may be held by a transaction before its owner's session is looked up anew."""
_TRIES: Final = 8


async def raise_epochs(
    database: AgnosticDatabase[Json], partitions: Sequence[int], *, session_id: Binary, owner: str
) -> dict[int, Json]:
    """Make `session_id` the owner of all `partitions`; their cursors' documents from now on."""
    for attempt in range(1, _TRIES + 1):
        await _end_sessions(database, partitions, but=session_id)
        raised = await asyncio.gather(
            *(_raise_epoch(database, number, session_id, owner) for number in partitions),
            return_exceptions=True,
        )
        failures = [failure for failure in raised if isinstance(failure, BaseException)]
        if not failures:
            return {found["_id"]: found for found in raised if isinstance(found, dict)}
        # Someone came between: its transaction holds a cursor, and its session is known by now.
        lasting = [error for error in failures if not isinstance(error, OperationFailure)]
        if lasting or attempt == _TRIES:
            raise (lasting or failures)[0]
    return {}


async def _end_sessions(
    database: AgnosticDatabase[Json], partitions: Sequence[int], *, but: Binary
) -> None:
    """End the sessions of former owners: an open transaction would block us for a minute."""
    left = database.cursors.find(
        {"_id": {"$in": list(partitions)}, "lsid": {"$exists": True, "$ne": but}}, {"lsid": True}
    )
    sessions = [{"id": lsid} for lsid in {cursor["lsid"] async for cursor in left}]
    if sessions:
        await database.client.admin.command({"killSessions": sessions})


async def _raise_epoch(
    database: AgnosticDatabase[Json], partition: int, session_id: Binary, owner: str
) -> Json:
    found: Json = await database.cursors.find_one_and_update(
        {"_id": partition},
        {
            "$inc": {"epoch": 1},
            "$set": {"lsid": session_id, "owner": owner},
            "$setOnInsert": {
                "version": 0,
                **{name: [] for name in ("offsets", "heard", "sequences", "watermarks")},
                "resume": "",
            },
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
        maxTimeMS=_BLOCKED_MS,
    )
    return found


def cursor_of(document: Json) -> Cursor:
    """The cursor that a stored document is."""
    return Cursor(
        partition=document["_id"],
        epoch=document["epoch"],
        version=document["version"],
        offsets=dict(document["offsets"]),
        heard=dict(document["heard"]),
        sequences=dict(document["sequences"]),
        watermarks={topic: moment(micros) for topic, micros in document["watermarks"]},
        resume=document["resume"],
    )


async def find_left(
    database: AgnosticDatabase[Json], cursors: dict[int, Json]
) -> dict[int, Acquired]:
    """What was committed before us: cursors, unpublished records, parkings, shared documents."""
    owned = {"$in": list(cursors)}
    shared = [{"_id": starting_with(place("", number) + SEPARATOR)} for number in cursors]
    outbox, parties, documents = await asyncio.gather(
        database.outbox.find({"p": owned}).to_list(None),
        database.parties.find({"p": owned, "parked": {"$exists": True}}).to_list(None),
        database.documents.find({"$or": shared}).to_list(None),
    )
    return {
        number: Acquired(
            cursor=cursor_of(cursor),
            leftovers=leftovers(cursor, (one for one in outbox if one["p"] == number)),
            parkings={party["_id"]: party["parked"] for party in parties if party["p"] == number},
            shared=tuple(row_of(document) for document in documents if document["p"] == number),
        )
        for number, cursor in cursors.items()
    }
