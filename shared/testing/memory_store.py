"""The store in memory: the same rules as on MongoDB, and failures wherever a test wants them."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.line.ports import (
    Acquired,
    Binding,
    Committed,
    Cursor,
    Leftover,
    Parked,
    Parking,
    Record,
    Row,
    WriteSet,
    rebind,
)

CrashPoint = Callable[[str], None]
"""Told of each step, as "commit.before" or "commit.after"; may raise, `Unavailable` or its own.

Raising at "commit.after" is a commit whose answer is lost: it is stored.
"""
DOCUMENT_BYTES: Final = 4_000_000

Place = tuple[str, int]
"""A party, or ("", the partition) for its shared rows."""


@dataclass(slots=True)
class PartyMark:
    """What the store knows of a party besides its rows."""

    partition: int
    wake: datetime | None = None
    parked: int | None = None
    asked: bool = field(default=False, compare=False)
    """Whether somebody asked to unpark it."""
    why: str = ""
    """Why it stayed parked when it was asked for last."""


@dataclass(slots=True)
class MemoryData:
    """What is stored: it outlives the stores that are opened over it, as a database would."""

    cursors: dict[int, Cursor] = field(default_factory=dict)
    rows: dict[Place, dict[tuple[str, str], Row]] = field(default_factory=dict)
    parties: dict[str, PartyMark] = field(default_factory=dict)
    cells: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    outbox: dict[str, tuple[int, int, int, tuple[Record, ...]]] = field(default_factory=dict)
    """Documents by id: partition, version, number, records."""
    parked: dict[tuple[int, str], dict[int, Parked]] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)

    def ask_to_unpark(self, *parties: str) -> int:
        """Ask for parties to be unparked; how many of them are parked."""
        marks = [self.parties[party] for party in set(parties) if party in self.parties]
        found = [mark for mark in marks if mark.parked is not None]
        for mark in found:
            mark.asked = True
        return len(found)


class MemoryStore:
    """`shared.line.ports.Store`, and what read models ask, over a `MemoryData`."""

    def __init__(
        self,
        data: MemoryData | None = None,
        *,
        crash: CrashPoint = lambda _: None,
        document_bytes: int = DOCUMENT_BYTES,
    ) -> None:
        """Open a store over `data`; two over the same are two processes."""
        self.data = MemoryData() if data is None else data
        self._crash = crash
        self._document_bytes = document_bytes

    async def start(self) -> None:
        """Nothing is to be connected."""
        self._crash("start.before")

    async def stop(self) -> None:
        """Nothing is to be closed."""

    async def ping(self) -> None:
        """It answers, unless the test says otherwise."""
        self._crash("ping.before")

    async def acquire(self, partitions: Iterable[int]) -> dict[int, Acquired]:
        """Take partitions over; whoever had them before can write nothing from now on."""
        self._crash("acquire.before")
        acquired = {number: self._acquired(number) for number in sorted(set(partitions))}
        self._crash("acquire.after")
        return acquired

    def _acquired(self, number: int) -> Acquired:
        data = self.data
        cursor = data.cursors.setdefault(number, Cursor(partition=number))
        cursor.epoch += 1
        left = sorted(
            (version, n, name, records)
            for name, (partition, version, n, records) in data.outbox.items()
            if partition == number
        )
        return Acquired(
            cursor=cursor.copy(),
            leftovers=tuple(Leftover(id=name, records=records) for _, _, name, records in left),
            parkings={
                party: mark.parked
                for party, mark in data.parties.items()
                if mark.partition == number and mark.parked is not None
            },
            shared=tuple(data.rows.get(("", number), {}).values()),
        )

    async def release(self, partitions: Iterable[int], published: Iterable[str]) -> None:
        """Hand partitions over cleanly; only the outbox remembers anything of it."""
        self._crash("release.before")
        del partitions
        for name in published:
            self.data.outbox.pop(name, None)
        self._crash("release.after")

    async def load(self, parties: Iterable[str], keys: Iterable[tuple[str, str, str]]) -> list[Row]:
        """All open rows of `parties`, and the rows (party, prefix, key) named in `keys`, once."""
        self._crash("load.before")
        rows = self.data.rows
        found = {
            (row.party, row.prefix, row.key): row
            for party in parties
            for row in rows.get((party, 0), {}).values()
            if party and row.open
        }
        for party, prefix, key in keys:
            if not prefix:
                whole = rows.get((party, 0), {})
                found.update({(party, *name): row for name, row in whole.items()})
            row = rows.get((party, 0), {}).get((prefix, key))
            if row is not None:
                found[party, prefix, key] = row
        return list(found.values())

    async def wakes(
        self, partition: int, after: datetime | None, until: datetime, limit: int
    ) -> list[tuple[datetime, str]]:
        """Parties with after < wake <= until, by (wake, party); fewer than `limit` are all."""
        self._crash("wakes.before")
        due = sorted(
            (mark.wake, party)
            for party, mark in self.data.parties.items()
            if mark.partition == partition
            and mark.wake is not None
            and (after is None or after < mark.wake)
            and mark.wake <= until
        )
        end = limit
        while 0 < end < len(due) and due[end][0] == due[limit - 1][0]:
            end += 1
        return due[:end]

    async def everyone(self, partition: int, after: str, limit: int) -> list[str]:
        """The partition's parties with an id above `after`, in order, at most `limit`."""
        self._crash("everyone.before")
        parties = self.data.parties.items()
        ids = (name for name, mark in parties if mark.partition == partition and name > after)
        return sorted(ids)[:limit]

    async def to_unpark(self, partitions: Iterable[int]) -> list[tuple[int, str]]:
        """The partitions' parked parties that somebody asked to unpark, in order."""
        self._crash("to_unpark.before")
        wanted = set(partitions)
        return sorted(
            (mark.partition, party)
            for party, mark in self.data.parties.items()
            if mark.partition in wanted and mark.asked
        )

    async def taken(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The digests of those ids from outside that were taken before."""
        self._crash("taken.before")
        return {name: self.data.taken[name] for name in ids if name in self.data.taken}

    async def bind(self, wanted: Mapping[str, Binding | None]) -> dict[str, Binding]:
        """Bind accounts that are not bound yet, first wins, and say how all are bound."""
        self._crash("bind.before")
        bindings = self.data.bindings
        for account, binding in wanted.items():
            if binding is not None:
                bindings.setdefault(account, binding)
        self._crash("bind.after")
        return {account: bindings[account] for account in wanted if account in bindings}

    async def commit(self, writes: Sequence[WriteSet]) -> Committed:
        """Write all sets at once, but those that another owner has fenced off."""
        self._crash("commit.before")
        fenced: set[int] = set()
        outbox_ids: dict[int, tuple[str, ...]] = {}
        for write in writes:
            mine, partition = write.cursor, write.partition
            stored = self.data.cursors.get(partition, Cursor(partition=partition))
            if stored.epoch != mine.epoch or mine.version - stored.version not in (0, 1):
                fenced.add(partition)
                continue
            documents = list(self._documents(write.outbox))
            ids = tuple(f"{partition}:{mine.version}:{n}" for n in range(len(documents)))
            outbox_ids[partition] = ids
            if stored.version == mine.version:  # it was written before, and the answer got lost
                continue
            for n, (name, records) in enumerate(zip(ids, documents, strict=True)):
                self.data.outbox[name] = (partition, mine.version, n, records)
            self._write(write)
        self._crash("commit.after")
        return Committed(outbox_ids, frozenset(fenced))

    def _write(self, write: WriteSet) -> None:
        data, partition = self.data, write.partition
        data.cursors[partition] = write.cursor.copy()
        for row in write.rows:
            place = (row.party, 0 if row.party else partition)
            data.rows.setdefault(place, {})[row.prefix, row.key] = row
        for party, prefix, key in write.gone:
            data.rows.get((party, 0), {}).pop((prefix, key), None)
        rebind(data.bindings, write.rebound)
        for party, wake in write.wakes.items():
            data.parties.setdefault(party, PartyMark(partition)).wake = wake
        self._write_parkings(write)
        for (name, cell), amount in write.cells.items():
            cells = data.cells.setdefault((partition, name), {})
            cells[cell] = cells.get(cell, 0) + amount
        for name in write.left:
            data.taken.pop(name, None)
        for name, digest in write.taken.items():
            data.taken.setdefault(name, digest)
        for name in write.published:
            data.outbox.pop(name, None)

    def _write_parkings(self, write: WriteSet) -> None:
        data, partition = self.data, write.partition
        for party, count in write.parkings.items():
            mark = data.parties.setdefault(party, PartyMark(partition))
            mark.parked = None if count < 0 else count
            if count < 0:
                data.parked.pop((partition, party), None)
                mark.asked, mark.why = False, ""
        for party, why in write.still_parked.items():
            data.parties[party].asked, data.parties[party].why = False, why
        for event in write.parked:
            data.parked.setdefault((partition, event.party), {})[event.number] = event

    def _documents(self, records: Sequence[Record]) -> Iterable[tuple[Record, ...]]:
        """Cut an outbox into documents of a bounded size."""
        part: list[Record] = []
        total = 0
        for record in records:
            pieces = (record.key, record.value, *(value for _, value in record.headers))
            size = sum(len(piece) for piece in pieces if piece is not None)
            if part and total + size > self._document_bytes:
                yield tuple(part)
                part, total = [], 0
            part.append(record)
            total += size
        if part:
            yield tuple(part)

    async def cells(self, prefix: str) -> list[tuple[int, str, dict[str, int]]]:
        """Each partition's share of the rows whose name starts with `prefix`: add them up."""
        self._crash("cells.before")
        return [
            (partition, name, dict(cells))
            for (partition, name), cells in self.data.cells.items()
            if name.startswith(prefix)
        ]

    async def cursors(self) -> list[Cursor]:
        """How far each partition has come, in order."""
        return [cursor.copy() for _, cursor in sorted(self.data.cursors.items())]

    async def document(
        self, party: str, prefix: str, key: str, *, partition: int = 0
    ) -> Row | None:
        """One document of a party; of party "", the `partition`'s own."""
        return self.data.rows.get((party, 0 if party else partition), {}).get((prefix, key))

    async def documents(self, prefix: str, *, open_only: bool = False) -> AsyncIterator[Row]:
        """All documents of one kind, in the order of their ids."""
        for _, rows in sorted(self.data.rows.items()):
            for _, row in sorted(rows.items()):
                if row.prefix == prefix and (row.open or not open_only):
                    yield row

    async def parked(self, partition: int, party: str) -> list[Parked]:
        """The events kept for a parked party, in order."""
        kept = self.data.parked.get((partition, party), {})
        return [event for _, event in sorted(kept.items())]

    async def parkings(self) -> list[Parking]:
        """The parked parties, by id."""
        return [
            Parking(party, mark.partition, mark.parked, mark.asked, mark.why)
            for party, mark in sorted(self.data.parties.items())
            if mark.parked is not None
        ]

    async def ask_to_unpark(self, parties: Iterable[str]) -> int:
        """Ask for parties to be unparked; how many of them are parked."""
        return self.data.ask_to_unpark(*parties)
