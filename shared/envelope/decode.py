"""From a record to an event: never raises, whatever the record holds."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic_core import ValidationError

from shared.core import Event, Refusal
from shared.envelope.attributes import Envelope, build
from shared.envelope.structured import from_structured, too_large
from shared.events.base import REGISTRY, Fact
from shared.topics import MESSAGE_BYTES_MAX

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STRUCTURED: Final = b"application/cloudevents"
_NAMES: Final = {
    f"ce_{name}": name
    for name in (
        "specversion", "id", "source", "type", "subject", "time", "partitionkey",
        "sequence", "recordedtime", "causationid", "expirytime", "woken",
    )
}  # fmt: skip
_FAULTS_SHOWN: Final = 3
_DETAIL_CHARACTERS: Final = 500


def decode(
    headers: Iterable[tuple[str, bytes | None]], value: bytes | None, key: bytes | None
) -> Envelope | Refusal:
    """The envelope of a Kafka record, in binary or structured mode; the content type decides.

    Headers that are not CloudEvents' are never looked into; a null one counts as absent.
    """
    if value is None:
        return Refusal("malformed", "the record has no value")
    if len(value) > MESSAGE_BYTES_MAX:
        return too_large(len(value))
    told = dict(headers)
    kind = told.get("content-type")
    if kind is None:
        kind = next((told[name] for name in told if name.lower() == "content-type"), None)
    if kind and kind[: len(_STRUCTURED)].lower() == _STRUCTURED:
        return from_structured(value, key)
    attributes: dict[str, str] = {}
    header = ""
    try:
        for header, content in told.items():
            if content and header in _NAMES:
                attributes[_NAMES[header]] = content.decode()
    except UnicodeDecodeError:
        return Refusal("malformed", "the header is no UTF-8", header)
    return build(attributes, value, key)


def event(
    envelope: Envelope,
    *,
    accepted: Mapping[str, type[Fact]] = REGISTRY,
    foreign: bool = False,
    recorded_at: datetime | None = None,
) -> Event | Refusal:
    """The event of an envelope, its data validated on bytes by the model of its type.

    `foreign` is for input from outside: its time is required, its subject is its account, and what
    only Arrears may say (woken, recorded time) is not believed. `recorded_at` is when it was taken.
    """
    model = accepted.get(envelope.type)
    if model is None:
        return Refusal("unknown_type", f"{envelope.type[:200]!r} is not in the contract", "type")
    try:
        data: Fact = model.__pydantic_validator__.validate_json(envelope.data)
    except ValidationError as error:
        return _faults(error)
    time, subject = envelope.time, envelope.subject
    if foreign:
        if time is None:
            return Refusal("invalid", "the time when it happened is required", "time")
        if not model.broadcast:
            account: str = getattr(data, "account_id", subject)
            if subject and subject != account:
                return Refusal("invalid", "the subject is not the data's account", "subject")
            subject = account
    return Event(
        envelope.id,
        envelope.source,
        envelope.type,
        subject,
        "" if model.broadcast else envelope.partitionkey or subject,
        time or envelope.recordedtime or _EPOCH,
        data,
        envelope.data,
        envelope.woken and not foreign,
        recorded_at or (None if foreign else envelope.recordedtime),
    )


def path(location: Iterable[str | int]) -> str:
    """A field's path as people write it: ``data.installments[1].due_on``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "data" + "".join(steps)


def _faults(error: ValidationError) -> Refusal:
    """The first fault's field; in words this one and a few more, without values (personal data)."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    reason = "malformed" if first["type"] == "json_invalid" else "invalid"
    others = [f"{path(fault['loc'])}: {fault['msg']}" for fault in faults[1:_FAULTS_SHOWN]]
    if len(faults) > _FAULTS_SHOWN:
        others.append(f"{len(faults) - _FAULTS_SHOWN} more")
    detail = "; ".join([first["msg"], *others])
    return Refusal(reason, detail[:_DETAIL_CHARACTERS], path(first["loc"]))
