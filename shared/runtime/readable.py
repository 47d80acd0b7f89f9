"""Makes records readable whose headers have names that are not UTF-8.

Kafka's brokers take such a record from any client that does not think of encodings. aiokafka's
reader then raises each time it comes to it: the partition stands still for ever, and with it all
that are read together (tests/integration/test_facts.py). No option helps, so its reader is wrapped.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBase, _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH: Final = slice(8, 12)
"""Where in a batch its length stands, which counts from its own end."""


def read_any_header() -> None:
    """From now on all consumers of this process read records with any header; may be repeated."""
    fetcher.MemoryRecords = ReadableRecords


class Readable(NamedTuple):
    """A record, with the attributes that aiokafka's own have."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    checksum: None = None


class ReadableRecords:
    """The batches of one fetch, as aiokafka's `MemoryRecords`."""

    def __init__(self, raw: bytes) -> None:
        """Read `raw`, whole batches and perhaps the beginning of one more."""
        self._records = MemoryRecords(raw)
        self._raw = memoryview(raw)
        self._at = 0
        self.has_next = self._records.has_next
        self.size_in_bytes = self._records.size_in_bytes

    def next_batch(self) -> Any:  # noqa: ANN401 - aiokafka has no types
        """The next batch, which cannot fail for a header's name."""
        batch = self._records.next_batch()
        end = self._at + _LENGTH.stop + int.from_bytes(self._raw[self._at :][_LENGTH])
        raw, self._at = self._raw[self._at : end], end
        return batch if batch.is_control_batch else _ReadableBatch(batch, raw)


class _ReadableBatch:
    """One batch. It is read by aiokafka's fast code, and from where that raises by ours."""

    def __init__(self, batch: Any, raw: memoryview) -> None:  # noqa: ANN401 - aiokafka has no types
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - aiokafka has no types
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        last = -1
        try:
            for record in self._batch:
                last = record.offset
                yield record
        except UnicodeDecodeError:
            yield from (record for record in _read(self._raw) if record.offset > last)


def _read(raw: memoryview) -> Iterator[Readable]:
    """Read a batch of format v2. Bytes of a name that are not UTF-8 come out as their hex codes."""
    batch = _DefaultRecordBatchPy(raw)  # for its header fields, and to decompress
    batch._maybe_uncompress()  # noqa: SLF001 - there is no public way to
    cursor = _Cursor(bytes(batch._buffer), batch._pos)  # noqa: SLF001 - as above
    appended = batch.timestamp_type == DefaultRecordBase.LOG_APPEND_TIME
    for _ in range(batch._num_records):  # noqa: SLF001 - as above
        cursor.number()  # the record's length
        cursor.take(1)  # its attributes, which have no meaning yet
        after, offset = cursor.number(), batch.base_offset + cursor.number()
        yield Readable(
            offset=offset,
            timestamp=batch.max_timestamp if appended else batch.first_timestamp + after,
            timestamp_type=batch.timestamp_type,
            key=cursor.text(),
            value=cursor.text(),
            headers=[
                ((cursor.text() or b"").decode(errors="backslashreplace"), cursor.text())
                for _ in range(cursor.number())
            ],
        )


class _Cursor:
    """Reads Kafka's numbers and byte strings, one after the other."""

    def __init__(self, buffer: bytes, at: int) -> None:
        self._buffer = buffer
        self._at = at

    def take(self, length: int) -> bytes:
        """The next bytes."""
        start, self._at = self._at, self._at + length
        return self._buffer[start : self._at]

    def number(self) -> int:
        """A number of variable length: seven bits a byte, lowest first, the sign in the last."""
        bits = shift = 0
        while True:
            byte = self._buffer[self._at]
            self._at += 1
            bits |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more come
                return (bits >> 1) ^ -(bits & 1)

    def text(self) -> bytes | None:
        """Bytes with their length before them; None for a negative one."""
        length = self.number()
        return None if length < 0 else self.take(length)
