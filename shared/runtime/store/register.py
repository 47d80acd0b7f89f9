"""Which ids from outside a door has registered: read by those who would send something again."""

from collections.abc import Collection
from typing import Final

from shared.runtime.store.client import answers
from shared.runtime.store.reader import MongoReader

_AT_ONCE: Final = 1_000
"""Ids asked for in one go: of 1,200 characters each, they stay far below a request's 16 MB."""


class RegisterReader(MongoReader):
    """Reads a door's register and writes nothing. Every call may raise `Unavailable`."""

    async def registered(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names (`shared.line.door.Door.id_of`) that were taken."""
        wanted = sorted(set(names))
        found: set[str] = set()
        for first in range(0, len(wanted), _AT_ONCE):
            some = {"_id": {"$in": wanted[first : first + _AT_ONCE]}}
            with answers():
                taken = self._database.taken.find(some, {"_id": True})
                found.update([document["_id"] async for document in taken])
        return frozenset(found)
