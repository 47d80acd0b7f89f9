"""CloudEvents over HTTP: one event in binary or structured mode, or a batch."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from pydantic_core import from_json

from shared.core import Refusal
from shared.envelope.attributes import Envelope, build
from shared.envelope.structured import from_object, from_structured, too_large
from shared.topics import MESSAGE_BYTES_MAX

BATCH_EVENTS_MAX: Final = 1_000
_PREFIX: Final = "ce-"
_BATCH: Final = "application/cloudevents-batch"
_STRUCTURED: Final = "application/cloudevents"
_ESCAPED: Final = re.compile(r"\\(.)")


def http(headers: Mapping[str, str], body: bytes) -> list[Envelope | Refusal]:
    """The envelopes of a request, in order; what cannot be read is a refusal at its place.

    A batch that as a whole cannot be read, or is too long, is one refusal. Never raises.
    """
    told = {name.lower(): value for name, value in headers.items()}
    kind = told.get("content-type", "").strip().lower()
    if kind.startswith(_BATCH):
        return _batch(body)
    if kind.startswith(_STRUCTURED):
        return [from_structured(body)]
    return [_binary(told, body)]


def problem(refusal: Refusal) -> dict[str, str]:
    """What a caller is told of a refusal, as a JSON object."""
    return {"reason": refusal.reason, "field": refusal.field, "detail": refusal.detail}


def _batch(body: bytes) -> list[Envelope | Refusal]:
    try:
        events = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return [Refusal("malformed", f"no JSON: {error}")]
    if not isinstance(events, list):
        return [Refusal("malformed", "a batch is a JSON array of CloudEvents")]
    if len(events) > BATCH_EVENTS_MAX:
        detail = f"{len(events)} events are more than the {BATCH_EVENTS_MAX} of a batch"
        return [Refusal("oversize", detail)]
    return [_fitting(from_object(event)) for event in events]


def _fitting(told: Envelope | Refusal) -> Envelope | Refusal:
    if isinstance(told, Envelope) and len(told.data) > MESSAGE_BYTES_MAX:
        return too_large(len(told.data))
    return told


def _binary(headers: Mapping[str, str], body: bytes) -> Envelope | Refusal:
    """Attributes are in headers, percent-encoded; the body is the data."""
    if len(body) > MESSAGE_BYTES_MAX:
        return too_large(len(body))
    attributes: dict[str, str] = {}
    for header, value in headers.items():
        if header.startswith(_PREFIX):
            try:
                attributes[header[3:]] = _plain(value)
            except UnicodeDecodeError:
                return Refusal("malformed", "the header is no percent-encoded UTF-8", header)
    if not attributes:
        detail = (
            "no CloudEvent: send ce- headers, or the content type application/cloudevents+json"
            " or application/cloudevents-batch+json"
        )
        return Refusal("malformed", detail, "content-type")
    return build(attributes, body)


def _plain(value: str) -> str:
    """A header's text: out of its quotes, if it has some, and percent-decoded."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    return unquote(value, errors="strict") if "%" in value else value
