"""Kafka in memory: a log, a consumer and a publisher. Nothing waits for time.

Every call that would cross a wire passes through a `Step`, which a test may hold, let fail, or let
pass: that is how it brings about each order of events.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.line.ports import Record

Step = Callable[[str], Awaitable[None]]
"""Told of each step, as "commit.before"; returns when it may go on, raises if it shall fail."""

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""When a `MemoryLog` begins."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


async def unhindered(_name: str) -> None:
    """Let every step pass."""


class Logged(NamedTuple):
    """A record as a consumer sees it; the names are aiokafka's."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class MemoryLog:
    """Topics of `partitions` partitions each. `now` is the broker's clock, which a test sets."""

    def __init__(self, partitions: int) -> None:
        """Start empty, at `START`."""
        self.partitions = partitions
        self.now = START
        self._records: dict[tuple[str, int], list[Logged]] = {}
        self._ends: dict[tuple[str, int], int] = {}

    def append(self, record: Record) -> Logged:
        """Add a record at the end of its partition, dated by the broker's clock."""
        records = self._records.setdefault((record.topic, record.partition), [])
        logged = Logged(
            record.topic,
            record.partition,
            self.end(record.topic, record.partition),
            (self.now - _EPOCH) // _MILLISECOND,
            record.key,
            record.value,
            record.headers,
        )
        records.append(logged)
        self._ends[record.topic, record.partition] = logged.offset + 1
        return logged

    def cut(self, topic: str, partition: int, offset: int) -> None:
        """Make a hole: the record is gone, as a transaction's marker is for a reader."""
        records = self._records[topic, partition]
        self._records[topic, partition] = [one for one in records if one.offset != offset]

    def read(self, topic: str, partition: int, offset: int = 0) -> list[Logged]:
        """The records from an offset on."""
        records = self._records.get((topic, partition), [])
        return [record for record in records if record.offset >= offset]

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record will have."""
        return self._ends.get((topic, partition), 0)

    async def last_sequences(
        self, spots: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], int | None]:
        """The `ce_sequence` of the last record of each partition."""
        found: dict[tuple[str, int], int | None] = {}
        for topic, partition in spots:
            records = self._records.get((topic, partition))
            found[topic, partition] = sequence_of(records[-1]) if records else None
        return found


def sequence_of(record: Logged) -> int:
    """The record's place among what its service writes to this topic and partition."""
    return int(dict(record.headers)["ce_sequence"] or b"0")


class MemoryConsumer:
    """As much of a consumer as the shell asks for; its group is whoever assigns partitions."""

    def __init__(self, log: MemoryLog) -> None:
        """Read `log`, nothing of it for now."""
        self.log = log
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def assign(self, spots: Iterable[TopicPartition]) -> None:
        """Read these from their beginnings, until told otherwise."""
        self._positions = dict.fromkeys(spots, 0)
        self._paused.clear()

    def assignment(self) -> frozenset[TopicPartition]:
        """What is read."""
        return frozenset(self._positions)

    def paused(self) -> set[TopicPartition]:
        """What is assigned and brings nothing for now."""
        return self._paused & self._positions.keys()

    def poll(self, limit: int = 1_000_000) -> list[Logged]:
        """What comes next, at most `limit` of each partition; the positions move behind it."""
        found: list[Logged] = []
        for spot, position in self._positions.items():
            if spot not in self._paused:
                records = self.log.read(spot.topic, spot.partition, position)[:limit]
                found += records
                if records:
                    self._positions[spot] = records[-1].offset + 1
        return found

    def pause(self, *spots: TopicPartition) -> None:
        """Bring nothing of these, which must be assigned."""
        self._check(spots)
        self._paused.update(spots)

    def resume(self, *spots: TopicPartition) -> None:
        """Bring something of these again, which must be assigned."""
        self._check(spots)
        self._paused.difference_update(spots)

    def _check(self, spots: Iterable[TopicPartition]) -> None:
        if foreign := set(spots) - self._positions.keys():
            message = f"not assigned: {foreign}"
            raise IllegalStateError(message)

    def seek(self, spot: TopicPartition, offset: int) -> None:
        """Go on at an offset, if the partition is still ours."""
        if spot in self._positions:
            self._positions[spot] = offset

    def pass_over(self, topic: str, partition: int) -> None:
        """Go to the end, as a consumer does behind a mark that it brings no record of."""
        self._positions[TopicPartition(topic, partition)] = self.log.end(topic, partition)

    async def position(self, spot: TopicPartition) -> int:
        """The offset of what comes next."""
        return self._positions.get(spot, 0)

    async def beginning_offsets(self, spots: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition begins."""
        return dict.fromkeys(spots, 0)

    async def end_offsets(self, spots: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition ends."""
        return {spot: self.log.end(spot.topic, spot.partition) for spot in spots}

    def last_stable_offset(self, spot: TopicPartition) -> int:
        """Where the partition ends."""
        return self.log.end(spot.topic, spot.partition)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Take advice, and forget it."""


class MemoryPublisher:
    """Appends to the log, in two halves, so that one may be there without the other."""

    def __init__(self, log: MemoryLog, step: Step = unhindered) -> None:
        """Publish to `log`."""
        self._log = log
        self._step = step

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all records are appended."""
        await self._step("publish.before")
        half = len(records) // 2
        self._append(records[:half])
        if half:
            await self._step("publish.between")
        self._append(records[half:])
        await self._step("publish.after")

    def _append(self, records: Iterable[Record]) -> None:
        for record in records:
            self._log.append(record)
