"""CloudEvents 1.0, for Kafka and HTTP: `decode` and `event` read, `encode` and `passed_on` write.

Pure and fast, since every message passes here twice; tested against the CloudEvents SDK.
"""

from shared.envelope.attributes import Envelope, moment
from shared.envelope.decode import decode, event, path
from shared.envelope.encode import (
    NAMESPACE,
    TYPE_AT,
    Headers,
    encode,
    event_id,
    parted,
    passed_on,
    renumbered,
)
from shared.envelope.http import BATCH_EVENTS_MAX, http, problem
from shared.envelope.internal import internal
from shared.envelope.structured import from_structured, structured

__all__ = [
    "BATCH_EVENTS_MAX",
    "NAMESPACE",
    "TYPE_AT",
    "Envelope",
    "Headers",
    "decode",
    "encode",
    "event",
    "event_id",
    "from_structured",
    "http",
    "internal",
    "moment",
    "parted",
    "passed_on",
    "path",
    "problem",
    "renumbered",
    "structured",
]
