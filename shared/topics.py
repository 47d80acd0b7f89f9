"""The topics: who writes them, who reads them, and what the broker must know of each.

All topics that carry a line have the same number of partitions: a message keyed by party *p* stays
on the same partition number all the way (see docs/decisions). Stamps: "append" means that the
broker's own clock dates the record (LogAppendTime), which ingest merges its inputs by.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

BILLING_EVENTS: Final = "billing.events"
OUTREACH_COMMANDS: Final = "outreach.commands"
OUTREACH_OUTCOMES: Final = "outreach.outcomes"
COLLECTIONS_LEDGER: Final = "collections.ledger"
COLLECTIONS_SCORES: Final = "collections.scores"
OUTREACH_ACTIVITY: Final = "outreach.activity"
CHANNELS: Final = ("email", "sms", "phone", "letter")
OUTREACH_TASKS: Final = {channel: f"outreach.tasks.{channel}" for channel in CHANNELS}
INGEST_DLQ: Final = "ingest.dlq"
SCORING_DLQ: Final = "scoring.dlq"
OUTREACH_DLQ: Final = "outreach.dlq"
KPI_DLQ: Final = "kpi.dlq"

PARTITIONS: Final = 12
MESSAGE_BYTES_MAX: Final = 1_048_576
"""Largest record that a topic takes: headers, key and value together, in bytes."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and how it is made."""

    name: str
    written_by: str
    read_by: tuple[str, ...]
    stamp: Literal["append", "create"] = "create"
    kept_for: Literal["ever", "a month"] = "a month"


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(BILLING_EVENTS, "billing systems, ingest's door and clock", ("ingest",), "append"),
    Topic(OUTREACH_COMMANDS, "people, the console, other systems", ("ingest",), "append"),
    Topic(OUTREACH_OUTCOMES, "channels", ("ingest",), "append"),
    Topic(COLLECTIONS_LEDGER, "ingest", ("scoring", "kpi"), kept_for="ever"),
    Topic(COLLECTIONS_SCORES, "scoring", ("outreach",)),
    *(Topic(name, "outreach", (f"{channel} channel",)) for channel, name in OUTREACH_TASKS.items()),
    Topic(OUTREACH_ACTIVITY, "outreach", ("kpi",), kept_for="ever"),
    Topic(INGEST_DLQ, "ingest", ("operators",), kept_for="ever"),
    Topic(SCORING_DLQ, "scoring", ("operators",), kept_for="ever"),
    Topic(OUTREACH_DLQ, "outreach", ("operators",), kept_for="ever"),
    Topic(KPI_DLQ, "kpi", ("operators",), kept_for="ever"),
)
BY_NAME: Final = {topic.name: topic for topic in TOPICS}


@lru_cache(maxsize=16_384)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: Kafka's default partitioner (murmur2 of the key, positive part)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Kafka's 32-bit murmur2 hash, as its Java client computes it (seed 0x9747b28c)."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    length = len(data)
    h = (0x9747B28C ^ length) & mask
    body = length & ~3
    for i in range(0, body, 4):
        k = int.from_bytes(data[i : i + 4], "little")
        k = (k * m) & mask
        k = ((k ^ (k >> 24)) * m) & mask
        h = ((h * m) & mask) ^ k
    if length > body:
        h ^= int.from_bytes(data[body:], "little")
        h = (h * m) & mask
    h = ((h ^ (h >> 13)) * m) & mask
    return h ^ (h >> 15)
