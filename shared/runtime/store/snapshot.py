"""Reading several things as they were at one moment, so that they fit together."""

from threading import Event
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.database import Database

from shared.runtime.store.asking import Ask
from shared.runtime.store.names import Json

_NUMBER: Final = "ask"
_AT_ONCE: Final = 10_000
"""Documents of an ask without a limit; MongoDB stops at 16 MB by itself."""


class Abandoned(Exception):
    """Nobody waits for the answer any longer."""


class Snapshot:
    """A service's database as of the first read; to be used in one thread, not the event loop's.

    It stands on the driver under motor: an answer is made of several reads, and carrying each of
    them to a thread and back would take as long as the reads themselves.
    """

    def __init__(self, database: Database[Json], session: ClientSession, abandoned: Event) -> None:
        """Read `database` within `session`, which was opened for a snapshot.

        Once `abandoned` is set every read raises `Abandoned`.
        """
        self._database = database
        self._session = session
        self._abandoned = abandoned

    def read(self, first: Ask[Any], *others: Ask[Any]) -> None:
        """Answer all of these questions, in one round trip unless there is very much to tell."""
        if self._abandoned.is_set():
            raise Abandoned
        asks = (first, *others)
        pipeline = _numbered(first, 0) if others else first.stages()
        for number, ask in enumerate(others, start=1):
            stages = _numbered(ask, number)
            pipeline.append({"$unionWith": {"coll": ask.collection, "pipeline": stages}})
        size = 1 + sum(ask.limit or _AT_ONCE for ask in asks)
        collection = self._database[first.collection]
        with collection.aggregate(pipeline, session=self._session, batchSize=size) as found:
            for document in found.to_list():  # as it came: one by one costs as much as decoding
                ask = asks[document.get(_NUMBER, 0)]
                ask.found.append(ask.made(document))


def _numbered(ask: Ask[Any], number: int) -> list[Json]:
    """Its stages, and one that marks each document as an answer to it."""
    return [*ask.stages(), {"$set": {_NUMBER: {"$literal": number}}}]
