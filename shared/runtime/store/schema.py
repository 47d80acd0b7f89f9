"""The collections of a service's database, and their indexes."""

from collections.abc import Mapping, Sequence
from typing import Final

from motor.core import AgnosticDatabase
from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from shared.runtime.store.names import Json

_EXISTS: Final = 48

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "cursors": (),
    "documents": (
        IndexModel(
            [("y", ASCENDING), ("_id", ASCENDING)],
            name="open_by_id",
            partialFilterExpression={"o": True},
        ),
        IndexModel([("l.$**", ASCENDING)], name="lists"),
    ),
    "parties": (
        IndexModel(
            [("p", ASCENDING), ("w", ASCENDING), ("_id", ASCENDING)],
            name="wakes",
            partialFilterExpression={"w": {"$exists": True}},
        ),
        IndexModel([("p", ASCENDING), ("_id", ASCENDING)], name="everyone"),
        IndexModel(
            [("p", ASCENDING)],
            name="parked",
            partialFilterExpression={"parked": {"$exists": True}},
        ),
    ),
    "cells": (IndexModel([("row", ASCENDING)], name="row"),),
    "taken": (),
    "outbox": (),
    "parked": (IndexModel([("p", ASCENDING), ("y", ASCENDING), ("n", ASCENDING)], name="order"),),
    "bindings": (),
}
"""All collections. A transaction should not have to make one. Their fields: see `statements`."""


async def make_collections(database: AgnosticDatabase[Json]) -> None:
    """Make what is missing; several processes may do so at the same time."""
    there = set(await database.list_collection_names())
    for name, indexes in INDEXES.items():
        if indexes:
            await database[name].create_indexes(list(indexes))
        elif name not in there:
            try:
                await database.create_collection(name, check_exists=False)
            except OperationFailure as error:
                if error.code != _EXISTS:
                    raise
