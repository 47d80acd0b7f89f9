"""Questions to a snapshot: several are read in one round trip, which is what costs most."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.line.ports import Binding, Cursor, Row
from shared.runtime.store.names import Json, amounts_of, place, row_id, row_of, starting_with
from shared.runtime.store.outbox import FIELD
from shared.runtime.store.takeover import cursor_of

T = TypeVar("T")
Name = tuple[str, str, str, int]
"""A row's party, prefix, key and partition (which counts for party "" alone)."""
Placed = tuple[str, Row]
"""A row, with its place in the order that it was asked for in."""
Cells = tuple[str, dict[str, int]]
"""One partition's share of a row of figures, with the row's name."""


@dataclass(slots=True)
class Ask(Generic[T]):
    """One question; what there is stands in `found` once a snapshot has read it."""

    collection: str
    wanted: Json
    made: Callable[[Json], T]
    """Makes a value of a stored document."""
    limit: int = 0
    """The first so many of it; 0 is all."""
    order: str = ""
    without: str = ""
    """A field that is left out, as it may be large."""
    found: list[T] = field(default_factory=list)

    def stages(self) -> list[Json]:
        """The stages of a pipeline that answer it. Mostly whole: choosing fields costs more."""
        return [
            {"$match": self.wanted},
            *([{"$sort": {self.order: 1}}] if self.order else ()),
            *([{"$limit": self.limit}] if self.limit else ()),
            *([{"$unset": self.without}] if self.without else ()),
        ]


def binding(account: str) -> Ask[Binding]:
    """The party and creditor of an account; none if no event has named it."""
    return Ask("bindings", {"_id": account}, _binding, limit=1)


def cursors(partitions: Sequence[int] = ()) -> Ask[Cursor]:
    """How far partitions have come, in order; all that have had an owner, unless some are named."""
    wanted: Json = {"_id": {"$in": list(partitions)}} if partitions else {}
    return Ask("cursors", wanted, cursor_of, order="_id", without=FIELD)


def rows(*names: Name) -> Ask[Row]:
    """Those of the rows that there are, in any order."""
    wanted = [row_id(place(party, part), prefix, key) for party, prefix, key, part in names]
    return Ask("documents", {"_id": {"$in": wanted}}, row_of, len(names))


def opened(
    party: str,
    *,
    prefix: str = "",
    begin: str = "",
    kinds: Sequence[str] = (),
    after: str = "",
    limit: int,
) -> Ask[Placed]:
    """The open rows of a party in the order of their names, each with that; behind `after`.

    With `prefix` only those of a kind whose keys start with `begin`; with `kinds` only of these.
    """
    where = place(party, 0)
    within = starting_with(row_id(where, prefix, begin)) if prefix else {}
    if after:
        within["$gt"] = after
    wanted: Json = {"y": where, "o": True, **({"_id": within} if within else {}), **_of(kinds)}
    return Ask("documents", wanted, _by_name, limit, "_id")


def listed(
    order: str,
    within: Mapping[str, str],
    *,
    kinds: Sequence[str] = (),
    at_least: str = "",
    after: str = "",
    limit: int,
) -> Ask[Placed]:
    """Rows in the order of one list, each with its text there.

    `within` has what the texts must begin with, by list; `order` names one of its lists. The page
    begins with the text `at_least`, or behind the text `after`; with `kinds` only rows of these.
    """
    wanted: Json = {f"l.{name}": starting_with(begin) for name, begin in within.items()}
    place_in = f"l.{order}"
    if at_least:
        wanted[place_in]["$gte"] = max(wanted[place_in]["$gte"], at_least)
    if after:
        wanted[place_in]["$gt"] = after

    def made(document: Json) -> Placed:
        return document["l"][order], row_of(document)

    return Ask("documents", wanted | _of(kinds), made, limit, place_in)


def cells(prefix: str) -> Ask[Cells]:
    """Each partition's share of the rows of figures whose name starts with `prefix`."""
    return Ask("cells", {"row": starting_with(prefix)}, _cells)


def _of(kinds: Sequence[str]) -> Json:
    """Rows of these kinds."""
    return {"k": {"$in": list(kinds)}} if kinds else {}


def _binding(document: Json) -> Binding:
    return Binding(party=document["party"], creditor=document["creditor"])


def _by_name(document: Json) -> Placed:
    return document["_id"], row_of(document)


def _cells(document: Json) -> Cells:
    return document["row"], amounts_of(document)
