"""Records with any header: read as aiokafka reads them, and where it raises, all the same."""

import struct
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.readable import ReadableRecords, _read

BYTES = st.none() | st.binary(max_size=200)
NAMES = st.text(st.characters(codec="utf-8"), max_size=10)
RECORDS = st.lists(
    st.tuples(st.integers(0, 2**40), BYTES, BYTES, st.lists(st.tuples(NAMES, BYTES), max_size=4)),
    min_size=1,
    max_size=5,
)
CODECS = st.sampled_from([0, 1, 2, 3, 4])


def _built(records: list[Any], codec: int = 0) -> bytes:
    batch = BatchBuilder(1_000_000, codec)
    for timestamp, key, value, headers in records:
        batch.append(timestamp=timestamp, key=key, value=value, headers=headers)
    return bytes(batch._build())


def _spoiled(raw: bytes) -> bytes:
    """The batch with the header name "~~" made two bytes that are not UTF-8."""
    spoiled = bytearray(raw.replace(b"~~", b"\xff\xfe"))
    struct.pack_into(">I", spoiled, 17, calc_crc32c(bytes(spoiled[21:])))
    return bytes(spoiled)


def _parts(record: object) -> tuple[Any, ...]:
    names = ("offset", "timestamp", "timestamp_type", "key", "value", "headers", "checksum")
    return tuple(getattr(record, name) for name in names)


@given(RECORDS, CODECS)
def test_our_reader_reads_what_aiokafkas_does(records: list[Any], codec: int) -> None:
    """Whatever is in a batch, compressed or not, both readers find the same."""
    raw = _built(records, codec)

    expected = [_parts(record) for record in MemoryRecords(raw).next_batch()]

    assert expected == [_parts(record) for record in _read(memoryview(raw))]


def test_a_name_that_is_no_text_is_read() -> None:
    """Only the strange name is written in another way; the other records are as they were."""
    fine = (1, b"k", b"before", [("a", b"1")])
    odd = (2, b"k", b"odd", [("~~", b"2"), ("b", None)])
    raw = _built([fine]) + _spoiled(_built([fine, odd, fine])) + _built([fine])

    records = ReadableRecords(raw)
    found = []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc()
        found += [(record.offset, record.value, record.headers) for record in batch]

    assert [
        (0, b"before", [("a", b"1")]),
        (0, b"before", [("a", b"1")]),
        (1, b"odd", [("\\xff\\xfe", b"2"), ("b", None)]),
        (2, b"before", [("a", b"1")]),
        (0, b"before", [("a", b"1")]),
    ] == found


def test_aiokafka_cannot_read_it_yet() -> None:
    """If this fails, aiokafka reads such records, and ours is needed no longer."""
    raw = _spoiled(_built([(1, b"k", b"v", [("~~", b"x")])]))

    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(raw).next_batch())


def test_the_beginning_of_a_batch_is_left_for_the_next_fetch() -> None:
    """A fetch may end within a batch: that one is not there yet."""
    raw = _built([(1, b"k", b"v", [])])

    records = ReadableRecords(raw + raw[:30])

    assert records.next_batch() is not None
    assert not records.has_next()
    assert len(raw) + 30 == records.size_in_bytes()
