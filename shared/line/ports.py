"""What the stream shell asks of a store, as plain values: no driver, no broker.

`shared.runtime.store` answers with MongoDB; `shared.testing.memory_store` answers in memory and is
held to the same behaviour by the same tests.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from msgspec import Struct


@dataclass(slots=True)
class Cursor:
    """How far one partition number has come: the truth that the broker's offsets only echo.

    `epoch` rises with each owner, `version` with each commit. `offsets` is the next offset of each
    input topic, `heard` the last `sequence` taken from each internal input topic, `sequences` the
    next one of each output topic, `watermarks` the latest tick of each input topic.
    """

    partition: int
    epoch: int = 0
    version: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    watermarks: dict[str, datetime] = field(default_factory=dict)
    resume: str = ""
    """Within a tick worked through in chunks: where the next chunk starts ("" when none is)."""

    def copy(self) -> "Cursor":
        """A cursor that can be moved without touching this one."""
        return Cursor(
            partition=self.partition,
            epoch=self.epoch,
            version=self.version,
            offsets=dict(self.offsets),
            heard=dict(self.heard),
            sequences=dict(self.sequences),
            watermarks=dict(self.watermarks),
            resume=self.resume,
        )


@dataclass(slots=True)
class Row:
    """One stored document of a party: `text` is its JSON; `open` rows are loaded with the party.

    The partition's own shared documents are rows of party "". `new` is a hint that there is no such
    row yet, which makes writing it cheaper; a wrong one costs time and nothing else. `listed` has,
    by list, the text that readers find it by; it is written and never read back.
    """

    party: str
    prefix: str
    key: str
    text: str
    open: bool = True
    new: bool = field(default=False, compare=False)
    listed: Mapping[str, str] | None = field(default=None, compare=False)


class Record(Struct, array_like=True, gc=False):
    """One record to publish. Headers are as Kafka takes them; a value in them may be None.

    A store may write it as the list of its fields, so their order stays.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Leftover:
    """An outbox document that was committed but perhaps not published."""

    id: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Parked:
    """An event kept for a parked party, in order of `number` within (partition, party)."""

    party: str
    number: int
    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    reason: str
    stamp: datetime | None = None
    """When the broker appended it."""
    now: datetime | None = None
    """The line's time when it came: the latest tick before it (None: there was none)."""


@dataclass(frozen=True, slots=True)
class Parking:
    """A parked party, as whoever is to mend it finds it."""

    party: str
    partition: int
    events: int
    """How many were kept for it."""
    asked: bool
    """Whether it was asked to unpark it, and nothing was done about that yet."""
    why: str
    """Why it stayed parked when that was tried last; "" if it was not."""


@dataclass(slots=True)
class WriteSet:
    """All that one partition's batch changes: written whole or not at all.

    `cursor` is as it shall be; it is written only where the stored one has the same epoch and
    `cursor.version - 1`. `wakes` has the parties whose wake changed (None: none any more), and each
    party once when it is first seen: `Store.everyone` lists the parties that were in `wakes` or
    `parkings`. `parkings` maps a party to how many events it has parked (0: parked, none kept yet;
    below 0: parked no more, and what was kept for it is dropped).
    """

    cursor: Cursor
    rows: list[Row] = field(default_factory=list)
    wakes: dict[str, datetime | None] = field(default_factory=dict)
    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    parkings: dict[str, int] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    still_parked: dict[str, str] = field(default_factory=dict)
    """Parties that somebody asked to unpark, and why they are not: nobody asks any more."""
    left: set[str] = field(default_factory=set)
    """Ids from outside that were taken and are free again: their events are taken elsewhere."""
    outbox: list[Record] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    gone: list[tuple[str, str, str]] = field(default_factory=list)
    """Rows to remove: party, prefix, key."""
    rebound: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Accounts that have another party now: its id, and the number of the account's move. What is
    bound by a higher number stays."""

    @property
    def partition(self) -> int:
        """The partition number that all of this belongs to."""
        return self.cursor.partition


@dataclass(frozen=True, slots=True)
class Acquired:
    """What the new owner of a partition finds."""

    cursor: Cursor
    leftovers: tuple[Leftover, ...]
    parkings: Mapping[str, int]
    shared: tuple[Row, ...]
    """The partition's own documents (party "")."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An account's party and creditor, by the account's first event or by its `number`-th move."""

    party: str
    creditor: str
    number: int = 0


def rebind(bindings: MutableMapping[str, Binding], rebound: Mapping[str, tuple[str, int]]) -> None:
    """Take in what commits say of accounts that moved; of one that is not known here, nothing."""
    for account, (party, number) in rebound.items():
        known = bindings.get(account)
        if known is not None and known.number < number:
            bindings[account] = Binding(party, known.creditor, number)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: the outbox documents written per partition, and who was fenced off.

    A set that is fenced off is the next owner's affair: it was not written, or, if its answer got
    lost, it was written before the next owner came and is found by that one.
    """

    outbox_ids: Mapping[int, tuple[str, ...]]
    fenced: frozenset[int]


class Unavailable(Exception):
    """The store cannot be reached or cannot commit now; the same call may succeed later."""


class Store(Protocol):
    """Where a service's state lives. Every call may raise `Unavailable`, and be repeated then."""

    async def start(self) -> None:
        """Connect and make indexes."""
        ...

    async def stop(self) -> None:
        """End the session and close."""
        ...

    async def ping(self) -> None:
        """Return if the store answers."""
        ...

    async def acquire(self, partitions: Iterable[int]) -> dict[int, Acquired]:
        """Take partitions over: end predecessors' sessions, raise epochs, find leftovers."""
        ...

    async def release(self, partitions: Iterable[int], published: Iterable[str]) -> None:
        """Hand partitions over cleanly: drop published outbox documents and our session's mark."""
        ...

    async def load(self, parties: Iterable[str], keys: Iterable[tuple[str, str, str]]) -> list[Row]:
        """All open rows of `parties`, and the rows (party, prefix, key) named in `keys`.

        A key with neither prefix nor key is all that the party has.
        """
        ...

    async def wakes(
        self, partition: int, after: datetime | None, until: datetime, limit: int
    ) -> list[tuple[datetime, str]]:
        """Parties with after < wake <= until, by (wake, party).

        Fewer than `limit` are all of them; else the list is cut behind `limit`, once the wake time
        that it stands in is complete.
        """
        ...

    async def everyone(self, partition: int, after: str, limit: int) -> list[str]:
        """The partition's parties with an id above `after`, in order, at most `limit`."""
        ...

    async def to_unpark(self, partitions: Iterable[int]) -> list[tuple[int, str]]:
        """The partitions' parked parties that somebody asked to unpark, in order."""
        ...

    async def parked(self, partition: int, party: str) -> list[Parked]:
        """The events kept for a parked party, in order."""
        ...

    async def taken(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The digests of those ids from outside that were taken before."""
        ...

    async def bind(self, wanted: Mapping[str, Binding | None]) -> dict[str, Binding]:
        """Bind accounts that are not bound yet (majority, first wins) and say how all are bound.

        An account with None is only looked up; it is missing from the answer if it is not bound.
        """
        ...

    async def commit(self, writes: Sequence[WriteSet]) -> Committed:
        """Write all sets in one transaction.

        A set whose cursor was moved by another is dropped and the rest written again; an answer
        that was lost is recognised by reading back.
        """
        ...
