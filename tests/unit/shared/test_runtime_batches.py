"""Record batches: in order, as full as they may be, and never larger than foretold."""

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from shared.line.ports import Record
from shared.line.size import size_of
from shared.runtime.batches import (
    BATCH_BYTES,
    RecordTooLargeError,
    by_partition,
    fill,
    refuse_large,
)
from shared.topics import MESSAGE_BYTES_MAX

BYTES = st.none() | st.binary(max_size=300)
RECORDS = st.builds(
    Record,
    topic=st.sampled_from(["a", "b"]),
    partition=st.integers(0, 3),
    key=BYTES,
    value=BYTES,
    headers=st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=20), BYTES)),
)


def _batch(size: int = BATCH_BYTES) -> BatchBuilder:
    return BatchBuilder(size, 0)


@given(RECORDS)
def test_no_record_is_larger_than_foretold(record: Record) -> None:
    """`size_of` is an upper bound of what Kafka's batch with this one record has."""
    batch = _batch()
    fill(batch, [record], 0)

    assert len(batch._build()) <= size_of(record.key, record.value, record.headers)


@given(RECORDS)
def test_what_is_foretold_is_not_far_off(record: Record) -> None:
    """The bound is within 100 bytes and ten per header, so that little is refused that would go."""
    batch = _batch()
    fill(batch, [record], 0)

    assert size_of(record.key, record.value, record.headers) - len(
        batch._build()
    ) <= 100 + 10 * len(record.headers)


@given(st.lists(RECORDS))
def test_partitions_keep_their_order(records: list[Record]) -> None:
    """Grouping loses nothing, and leaves the records of a partition in their order."""
    stretches = by_partition(records)

    for stretch in stretches:
        spot = (stretch.topic, stretch.partition)
        assert [one for one in records if (one.topic, one.partition) == spot] == stretch.records
    assert len(records) == sum(len(stretch.records) for stretch in stretches)


def test_a_full_batch_takes_no_more() -> None:
    """Three of ten records of 400 bytes fit into 1,500 bytes; a fourth does not."""
    records = [Record("a", 0, b"k", b"v" * 400, []) for _ in range(10)]

    assert 3 == fill(_batch(1_500), records, 0)
    assert 2 == fill(_batch(1_500), records, 8)


def test_one_record_always_fits() -> None:
    """A record larger than a batch is a batch of its own."""
    assert 1 == fill(_batch(100), [Record("a", 0, b"k", b"v" * 400, [])] * 2, 0)


def test_a_record_that_no_topic_takes_is_refused() -> None:
    """A record whose bound is above the topics' limit is refused; one at the limit is not."""
    small = Record("a", 0, b"k", b"", [("h", None)])
    room = MESSAGE_BYTES_MAX - size_of(small.key, small.value, small.headers)

    refuse_large([Record("a", 0, b"k", b"v" * room, [("h", None)])])
    with pytest.raises(RecordTooLargeError, match="at most 1048576"):
        refuse_large([small, Record("a", 0, b"k", b"v" * (room + 1), [("h", None)])])
