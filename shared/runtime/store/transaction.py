"""Many write sets in one transaction: fenced, retried, and recognised when its answer was lost.

Only the writes are repeated, never what led to them. Whatever goes wrong, the cursors tell how it
ended: a set has landed when its cursor has the epoch and version that it wrote, and is fenced off
when the cursor has moved otherwise.
"""

import asyncio
from collections.abc import Collection, Iterator
from typing import Final

from motor.core import AgnosticClientSession, AgnosticDatabase
from pymongo.errors import (
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.line.ports import Unavailable
from shared.runtime.store.names import Json
from shared.runtime.store.statements import Statements, commands, move_cursors

SNAPSHOT: Final = ReadConcern("snapshot")
DURABLE: Final = WriteConcern("majority", j=True)
PATIENCE_S: Final = 4.0
"""How long one call tries before it says that the store is unavailable."""
_DUPLICATE_KEY: Final = 11000
_TOO_LARGE: Final = 388
"""A transaction must fit into a share of the server's cache."""


class _TooLargeError(Exception):
    """What is pending is too much for one transaction, and can be parted."""


def _pauses_s() -> Iterator[float]:
    """Growing pauses between tries."""
    pause_s = 0.005
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, 1.0)


def _code(error: PyMongoError) -> int | None:
    return error.code if isinstance(error, OperationFailure) else None


class Transactions:
    """The one session of this process, in which its commits follow each other."""

    def __init__(self, database: AgnosticDatabase[Json], session: AgnosticClientSession) -> None:
        """Write to `database` in `session`, which serves nothing else."""
        self._database = database
        self._session = session
        self._one_at_a_time = asyncio.Lock()

    async def write(self, sets: Collection[Statements]) -> frozenset[int]:
        """Write all sets but those fenced off; these are returned.

        One transaction has all of them, unless that is more than the server's cache can hold.

        Raises:
            Unavailable: it is not known to be written. The same sets may be written again.
        """
        fenced: set[int] = set()
        portions = [{written.cursor.partition: written for written in sets}]
        async with self._one_at_a_time:
            while portions:
                pending = portions.pop()
                try:
                    fenced |= await self._write(pending)
                except _TooLargeError:
                    partitions = sorted(pending)
                    middle = len(partitions) // 2
                    portions += [
                        {number: pending[number] for number in half}
                        for half in (partitions[middle:], partitions[:middle])
                    ]
        return frozenset(fenced)

    async def _write(self, pending: dict[int, Statements]) -> set[int]:
        """Write what is pending in one transaction, and take it out; those fenced off."""
        clock = asyncio.get_running_loop().time
        end = clock() + PATIENCE_S
        pauses_s = _pauses_s()
        fenced: set[int] = set()
        careful = doubtful = False
        while pending:
            failure: PyMongoError | None = None
            try:
                if doubtful:
                    fenced |= await self._settle(pending)
                if not pending or await self._attempt(pending.values(), careful=careful):
                    break
            except DuplicateKeyError as error:
                failure, careful = error, True
            except PyMongoError as error:
                failure = error
                if _code(error) == _TOO_LARGE and len(pending) > 1:
                    raise _TooLargeError from error
            if clock() > end or isinstance(failure, ServerSelectionTimeoutError):
                message = f"the transaction could not be written: {failure or 'cursors differ'}"
                raise Unavailable(message) from failure
            await asyncio.sleep(next(pauses_s))
            doubtful = True
        return fenced

    async def _attempt(self, sets: Collection[Statements], *, careful: bool) -> bool:
        """One transaction; false, and nothing written, if a cursor is not where it should be."""
        session = self._session
        session.start_transaction(read_concern=SNAPSHOT, write_concern=DURABLE)
        try:
            # The cursors come first: who was fenced off must not hold anything else.
            if await self._send(move_cursors(sets)) < len(sets):
                return False
            for command in commands(sets, careful=careful):
                await self._send(command)
            await session.commit_transaction()
            return True
        finally:
            if session.delegate.in_transaction:
                await session.abort_transaction()

    async def _send(self, command: Json) -> int:
        """Send one command; how many documents it met."""
        # The driver adds to a command what belongs to this attempt alone.
        answer = await self._database.command(dict(command), session=self._session)
        for error in answer.get("writeErrors", ()):
            kind = DuplicateKeyError if error["code"] == _DUPLICATE_KEY else OperationFailure
            raise kind(error["errmsg"], error["code"])
        met: int = answer["n"]
        return met

    async def _settle(self, pending: dict[int, Statements]) -> set[int]:
        """Take out of `pending` what has landed, and what is fenced off, which is returned."""
        stored = {
            cursor["_id"]: (cursor["epoch"], cursor["version"])
            async for cursor in self._database.cursors.find({"_id": {"$in": list(pending)}})
        }
        fenced = set()
        for partition, written in list(pending.items()):
            epoch, version = written.cursor.epoch, written.cursor.version
            found = stored.get(partition)
            if found == (epoch, version - 1):
                continue
            del pending[partition]
            if found != (epoch, version):
                fenced.add(partition)
        return fenced
