"""Many write sets in one transaction: fenced, retried, and recognised when its answer was lost.

Only the writes are repeated, never what led to them. Whatever goes wrong, the cursors tell how it
ended: a set has landed when its cursor has the epoch and version that it wrote, and is fenced off
when the cursor has moved otherwise.

A transaction is half a dozen commands. Motor would carry each of them to a thread and back, and
wait for its answer; here the whole of it is carried there once, to the driver that motor stands on,
and all commands between the first and the last are sent together.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from motor.core import AgnosticClientSession, AgnosticDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.line.ports import Unavailable
from shared.runtime.store.names import Json
from shared.runtime.store.pipeline import met, send_together
from shared.runtime.store.statements import Statements, commands, move_cursors

SNAPSHOT: Final = ReadConcern("snapshot")
DURABLE: Final = WriteConcern("majority", j=True)
PATIENCE_S: Final = 4.0
"""How long one call tries before it says that the store is unavailable."""
TRANSACTION_BYTES: Final = 24_000_000
"""More at once may not fit into the cache of a small server, which then keeps refusing."""


def _pauses_s() -> Iterator[float]:
    """Growing pauses between tries."""
    pause_s = 0.005
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, 1.0)


def _portions(sets: Iterable[Statements]) -> Iterator[list[Statements]]:
    """The sets that go together: all of them, but for what a server with a small cache refuses."""
    portion: list[Statements] = []
    for one in sets:
        if portion and sum(other.size for other in portion) + one.size > TRANSACTION_BYTES:
            yield portion
            portion = []
        portion.append(one)
    if portion:
        yield portion


class Transactions:
    """The one session of this process, in which its commits follow each other."""

    def __init__(self, database: AgnosticDatabase[Json], session: AgnosticClientSession) -> None:
        """Write to `database` in `session`, which serves nothing else."""
        self._database = database
        self._session = session.delegate
        self._driver = database.delegate
        self._one_at_a_time = asyncio.Lock()
        # One thread: whatever befalls who waits, a session never has two transactions at once.
        self._thread = ThreadPoolExecutor(1, "transactions")

    def close(self) -> None:
        """Write no more; what is under way is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def write(self, sets: Collection[Statements]) -> frozenset[int]:
        """Write all sets but those fenced off; these are returned.

        One transaction has all of them, unless they are uncommonly large (`TRANSACTION_BYTES`).

        Raises:
            Unavailable: it is not known to be written. The same sets may be written again.
        """
        fenced: set[int] = set()
        async with self._one_at_a_time:
            for portion in _portions(sets):
                await self._write({one.cursor.partition: one for one in portion}, fenced)
        return frozenset(fenced)

    async def _write(self, pending: dict[int, Statements], fenced: set[int]) -> None:
        """Write in one transaction what is pending; what is fenced off goes over to `fenced`."""
        clock = asyncio.get_running_loop().time
        end = clock() + PATIENCE_S
        pauses_s = _pauses_s()
        careful = doubtful = False
        while pending:
            failure: PyMongoError | None = None
            try:
                if doubtful:
                    fenced |= await self._settle(pending)
                if not pending or await self._in_thread(pending.values(), careful=careful):
                    return
            except PyMongoError as error:
                failure = error
                careful = careful or isinstance(error, DuplicateKeyError)
            if clock() > end or isinstance(failure, ServerSelectionTimeoutError):
                message = f"the transaction could not be written: {failure or 'cursors differ'}"
                raise Unavailable(message) from failure
            await asyncio.sleep(next(pauses_s))
            doubtful = True

    async def _in_thread(self, sets: Collection[Statements], *, careful: bool) -> bool:
        attempt = partial(self._attempt, list(sets), careful=careful)
        return await asyncio.get_running_loop().run_in_executor(self._thread, attempt)

    def _attempt(self, sets: Collection[Statements], *, careful: bool) -> bool:
        """One transaction; false, and nothing written, if a cursor is not where it should be."""
        session = self._session
        session.start_transaction(read_concern=SNAPSHOT, write_concern=DURABLE)
        try:
            # The cursors come first: who was fenced off must not hold anything else.
            moved = self._driver.command(move_cursors(sets), session=session)
            if met(moved) < len(sets):
                return False
            send_together(self._driver, session, commands(sets, careful=careful))
            session.commit_transaction()
            return True
        finally:
            if session.in_transaction:
                session.abort_transaction()

    async def _settle(self, pending: dict[int, Statements]) -> set[int]:
        """Take out of `pending` what has landed, and what is fenced off, which is returned."""
        stored = {
            cursor["_id"]: (cursor["epoch"], cursor["version"])
            async for cursor in self._database.cursors.find(
                {"_id": {"$in": list(pending)}}, {"epoch": True, "version": True}
            )
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
