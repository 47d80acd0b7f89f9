"""Structured mode: the whole event as one JSON object, as in files and in HTTP bodies."""

from base64 import b64decode
from collections.abc import Iterable
from typing import Any, Final

from pydantic_core import from_json, to_json

from shared.core import Refusal
from shared.envelope.attributes import Envelope, build
from shared.topics import MESSAGE_BYTES_MAX

_PREFIX: Final = "ce_"
_FIRST: Final = ("specversion", "id", "source", "type", "subject", "time")


def structured(
    key: bytes | None, value: bytes, headers: Iterable[tuple[str, bytes | None]]
) -> dict[str, Any]:
    """A binary-mode record of Arrears as a structured CloudEvent, for files: one object per line.

    The record must be one that `encode` or `passed_on` wrote.
    """
    told = {
        name[3:]: content.decode()
        for name, content in headers
        if name.startswith(_PREFIX) and content is not None
    }
    event: dict[str, Any] = {name: told.pop(name) for name in _FIRST if name in told}
    event["datacontenttype"] = "application/json"
    if key and "partitionkey" not in told:
        event["partitionkey"] = key.decode()
    event.update(told)
    if event.get("woken") == "true":
        event["woken"] = True
    event["data"] = from_json(value)
    return event


def from_structured(line: bytes, key: bytes | None = None) -> Envelope | Refusal:
    """An envelope from the JSON of one structured CloudEvent. Never raises."""
    if len(line) > MESSAGE_BYTES_MAX:
        return too_large(len(line))
    try:
        event = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        return Refusal("malformed", f"no JSON: {error}")
    return from_object(event, key)


def from_object(event: object, key: bytes | None = None) -> Envelope | Refusal:
    """An envelope from a parsed structured CloudEvent. Never raises."""
    if not isinstance(event, dict):
        return Refusal("malformed", "a CloudEvent is a JSON object")
    attributes: dict[str, str] = {}
    for name, value in event.items():
        if type(value) is str:
            attributes[name] = value
        elif name in _KNOWN and value is not None:
            if name in _TEXT_ONLY:
                return Refusal("malformed", "the attribute is a string", name)
            attributes[name] = str(value).lower()
    data = _data(event)
    if isinstance(data, Refusal):
        return data
    return build(attributes, data, key)


def too_large(size: int) -> Refusal:
    """The refusal of what is larger than a record may be."""
    return Refusal("oversize", f"{size} bytes are more than the {MESSAGE_BYTES_MAX} of a record")


_TEXT_ONLY: Final = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "partitionkey"}
)
_KNOWN: Final = _TEXT_ONLY | {"sequence", "woken"}


def _data(event: dict[str, Any]) -> bytes | Refusal:
    """The event's data as bytes; text that is said not to be JSON is taken as it is."""
    data, encoded = event.get("data"), event.get("data_base64")
    if data is not None and encoded is not None:
        return Refusal("malformed", "either data or data_base64 is expected", "data_base64")
    if encoded is not None:
        try:
            return b64decode(encoded, validate=True)
        except (ValueError, TypeError):
            return Refusal("malformed", "no base64", "data_base64")
    if data is None:
        return Refusal("malformed", "the event has no data", "data")
    if isinstance(data, str) and "json" not in str(event.get("datacontenttype", "json")).lower():
        return data.encode()
    return to_json(data)
