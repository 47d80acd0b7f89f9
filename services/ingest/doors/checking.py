"""What every door does with an event before Kafka has it: the same rules as on Kafka."""

from typing import Final

from services.ingest.doors.sources import OURS
from services.ingest.wiring import WIRING
from shared import envelope
from shared.core import Event, Refusal
from shared.events import ACCEPTED, input_topic
from shared.line.arrivals import ADDED_BYTES_MAX, FOREIGN_BYTES_MAX
from shared.line.ports import Record
from shared.topics import partition_of

DATA_BYTES_MAX: Final = FOREIGN_BYTES_MAX - ADDED_BYTES_MAX
"""What 202 is said to must fit in a record together with its attributes."""


def check(told: envelope.Envelope | Refusal) -> Event | Refusal:
    """The event that was posted, or why it cannot be taken."""
    if isinstance(told, Refusal):
        return told
    if len(told.data) > DATA_BYTES_MAX:
        return Refusal("oversize", f"the data may have {DATA_BYTES_MAX} bytes at most", "data")
    if told.source in WIRING.clock_sources:
        return Refusal("untrusted_tick", "the clock does not come through this door", "source")
    if told.type in OURS:
        return Refusal("forbidden", "only Arrears itself tells this", "type")
    return envelope.event(told, accepted=ACCEPTED[input_topic(told.type)], foreign=True)


def record_of(event: Event, partitions: int) -> Record:
    """The record that tells an event on its topic, by the key of its party."""
    _, value, headers = envelope.passed_on(event, sequence=0, recorded_at=None)
    key = (event.party or event.subject or event.id).encode()
    return Record(input_topic(event.type), partition_of(key, partitions), key, value, headers)
