"""Reading several things as they were at one moment, so that they fit together."""

from collections.abc import Sequence
from threading import Event

from pymongo.client_session import ClientSession
from pymongo.database import Database

from shared.line.ports import Binding, Cursor, Row
from shared.runtime.store.names import Json, place, row_id, row_of, starting_with
from shared.runtime.store.takeover import cursor_of

Name = tuple[str, str, str, int]
"""A row's party, prefix, key and partition (which counts for party "" alone)."""


class Abandoned(Exception):
    """Nobody waits for the answer any longer."""


class Snapshot:
    """A service's database as of the first read; to be used in one thread, not the event loop's.

    It stands on the driver under motor: an answer is made of half a dozen queries, and carrying
    each of them to a thread and back would take as long as the queries themselves.
    """

    def __init__(self, database: Database[Json], session: ClientSession, abandoned: Event) -> None:
        """Read `database` within `session`, which was opened for a snapshot.

        Once `abandoned` is set every read raises `Abandoned`.
        """
        self._database = database
        self._session = session
        self._abandoned = abandoned

    def binding(self, account: str) -> Binding | None:
        """The party and creditor of an account; None if no event has named it."""
        found = self._database.bindings.find_one({"_id": account}, session=self._session)
        return None if found is None else Binding(party=found["party"], creditor=found["creditor"])

    def cursor(self, partition: int) -> Cursor | None:
        """How far a partition has come; None if nobody has owned it yet."""
        found = self._database.cursors.find_one({"_id": partition}, session=self._session)
        return None if found is None else cursor_of(found)

    def documents(self, *names: Name) -> dict[str, Row]:
        """Those of the rows that there are, by prefix; no two asked for have the same."""
        wanted = [row_id(place(party, part), prefix, key) for party, prefix, key, part in names]
        found = self._database.documents.find({"_id": {"$in": wanted}}, session=self._session)
        return {document["k"]: row_of(document) for document in found}

    def opened(
        self, party: str, *, prefix: str = "", begin: str = "", after: str = "", limit: int
    ) -> list[tuple[str, Row]]:
        """The open rows of a party in the order of their names, each with that; behind `after`.

        With `prefix` only those of a kind whose keys start with `begin`.
        """
        where = place(party, 0)
        within = starting_with(row_id(where, prefix, begin)) if prefix else {}
        if after:
            within["$gt"] = after
        wanted: Json = {"y": where, "o": True, **({"_id": within} if within else {})}
        return [
            (document["_id"], row_of(document)) for document in self._find(wanted, "_id", limit)
        ]

    def listed(
        self, name: str, begin: str, *, at_least: str = "", after: str = "", limit: int
    ) -> list[tuple[str, Row]]:
        """Rows in the order of a list, each with its text there, which begins with `begin`.

        The page begins with the text `at_least`, or behind the text `after`.
        """
        within = starting_with(begin)
        if at_least:
            within["$gte"] = max(within["$gte"], at_least)
        if after:
            within["$gt"] = after
        field = f"l.{name}"
        found = self._find({field: within}, field, limit)
        return [(document["l"][name], row_of(document)) for document in found]

    def _find(self, wanted: Json, order: str, limit: int) -> Sequence[Json]:
        if self._abandoned.is_set():
            raise Abandoned
        found = self._database.documents.find(wanted, session=self._session)
        return list(found.sort(order, 1).limit(limit).batch_size(limit + 1))
