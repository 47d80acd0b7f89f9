"""Topics: one table, one partitioner, the same as Kafka's."""

import pytest
from aiokafka.partitioner import murmur2 as clients_murmur2
from hypothesis import given
from hypothesis import strategies as st

from shared.events import ACCEPTED
from shared.topics import BY_NAME, INGEST_DLQ, TOPICS, murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_kafkas(key: bytes, hashed: int) -> None:
    """The values that Kafka's own tests use for its Java murmur2 (signed there, unsigned here)."""
    assert hashed % 2**32 == murmur2(key)


@given(key=st.binary(max_size=40), partitions=st.integers(1, 100))
def test_a_key_goes_where_other_clients_send_it(key: bytes, partitions: int) -> None:
    """A billing system's producer and ours put the same party on the same partition."""
    expected = (clients_murmur2(key) & 0x7FFFFFFF) % partitions

    assert expected == partition_of(key, partitions)


def test_every_topic_says_what_it_carries() -> None:
    """All topics but the dead letters have a table of types."""
    carrying = {topic.name for topic in TOPICS if not topic.name.endswith(".dlq")}

    assert carrying == set(ACCEPTED)
    assert INGEST_DLQ in BY_NAME


def test_only_the_three_inputs_are_stamped_by_the_broker() -> None:
    """Ingest merges its inputs by the broker's append time."""
    stamped = {topic.name for topic in TOPICS if topic.stamp == "append"}

    assert {"billing.events", "outreach.commands", "outreach.outcomes"} == stamped
