"""What the rules are told with: stores over the same data, write sets, an expectation."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from shared.line.ports import Cursor, Parking, Record, Row, Store, WriteSet


class ReadableStore(Store, Protocol):
    """A store, and what read models ask of it."""

    async def cells(self, prefix: str) -> list[tuple[int, str, dict[str, int]]]:
        """Each partition's share of the rows whose name starts with `prefix`."""
        ...

    async def cursors(self) -> list[Cursor]:
        """How far each partition has come, in order."""
        ...

    async def document(
        self, party: str, prefix: str, key: str, *, partition: int = 0
    ) -> Row | None:
        """One document of a party; of party "", the `partition`'s own."""
        ...

    def documents(self, prefix: str, *, open_only: bool = False) -> AsyncIterator[Row]:
        """All documents of one kind, in an order that does not vary."""
        ...

    async def parkings(self) -> list[Parking]:
        """The parked parties, by id."""
        ...

    async def ask_to_unpark(self, parties: Iterable[str]) -> int:
        """Ask for parties to be unparked; how many of them are parked."""
        ...


OpenStore = Callable[[], Awaitable[ReadableStore]]
"""Opens one more store over the same data, as one more process would."""
Behaviour = Callable[[OpenStore], Awaitable[None]]
"""A rule that every store keeps; raises AssertionError from one that does not."""

HOSTILE = (
    "$set",
    "a.b.c",
    ".",
    "$",
    "%2E",
    "%",
    "\x1f",
    "a\x1fb",
    "\x1f0",
    "a\x1f\x1f",
    "nul\0inside",
    "line\nbreak",
    "naïve-債務者-🏦",
    "#0",
    "0",
    "x" * 200,
    "\U0010ffff" * 200,
)
"""Names that come from outside: each is somebody's separator, operator or path."""


def expect(expected: object, actual: object) -> None:
    """Fail unless both are equal."""
    if expected != actual:
        message = f"expected {expected!r:.2000}\n  actual {actual!r:.2000}"
        raise AssertionError(message)


def on(day: int, hour: int = 0, microsecond: int = 0) -> datetime:
    """A moment in March 2026."""
    return datetime(2026, 3, day, hour, microsecond=microsecond, tzinfo=UTC)


async def owned(store: Store, *partitions: int) -> list[WriteSet]:
    """Take partitions over; an empty write set for each, which moves its cursor by one."""
    acquired = await store.acquire(partitions)
    return [after(acquired[number].cursor) for number in partitions]


def after(cursor: Cursor) -> WriteSet:
    """The next write set of the owner whose cursor this is."""
    moved = cursor.copy()
    moved.version += 1
    return WriteSet(moved)


def item(
    party: str, key: str, text: str = "{}", *, settled: bool = False, new: bool = False
) -> Row:
    """A row of the kind that these rules use."""
    return Row(party=party, prefix="item", key=key, text=text, open=not settled, new=new)


def record(value: bytes | None, *, partition: int = 0, topic: str = "collections.ledger") -> Record:
    """A record to publish."""
    return Record(topic=topic, partition=partition, key=b"party-1", value=value, headers=[])


def by_key(rows: Iterable[Row]) -> list[Row]:
    """Rows in an order that does not depend on the store."""
    return sorted(rows, key=lambda row: (row.party, row.prefix, row.key))
