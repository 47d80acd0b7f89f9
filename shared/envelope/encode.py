"""From a fact to a record: binary mode, the smallest JSON that reads back as the same fact."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Final
from uuid import UUID

from shared.core import Event, Outgoing
from shared.envelope.attributes import written

Headers = list[tuple[str, bytes]]
NAMESPACE: Final = UUID("6d3a1d6e-54c7-5b5c-9a0e-8d0f2f6b7c11")
"""The UUIDv5 namespace of all event ids that Arrears gives."""

_NAMESPACE_BYTES: Final = NAMESPACE.bytes
_JSON: Final = ("content-type", b"application/json")
_VERSION: Final = ("ce_specversion", b"1.0")
_SEQUENCE: Final = "ce_sequence"
_SEQUENCE_AT: Final = 6
"""Where in the headers of an internal record its sequence stands."""
_WOKEN: Final = ("ce_woken", b"true")
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def encode(
    outgoing: Outgoing, *, source: str, sequence: int, recorded_at: datetime | None
) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of a fact's record. The same arguments give the same bytes."""
    data = outgoing.data
    headers = _required(event_id(outgoing), source, data.type, outgoing.time, sequence)
    _optional(headers, outgoing.subject, outgoing.party, recorded_at)
    if outgoing.cause:
        headers.append(("ce_causationid", outgoing.cause.encode()))
    if outgoing.expires_at is not None:
        headers.append(("ce_expirytime", written(outgoing.expires_at)))
    if outgoing.woken:
        headers.append(_WOKEN)
    return outgoing.party.encode(), data.smallest(), headers


def passed_on(
    event: Event, *, sequence: int, recorded_at: datetime | None
) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of an event that goes on as it came: same id, same bytes of data."""
    headers = _required(event.id, event.source, event.type, event.time, sequence)
    _optional(headers, event.subject, event.party, recorded_at)
    if event.woken:
        headers.append(_WOKEN)
    return event.party.encode(), event.value, headers


def renumbered(
    headers: Sequence[tuple[str, bytes | None]], sequence: int
) -> list[tuple[str, bytes | None]] | None:
    """Headers that we wrote before, with another sequence; None if they are not ours."""
    if len(headers) <= _SEQUENCE_AT or headers[_SEQUENCE_AT][0] != _SEQUENCE:
        return None
    renewed = list(headers)
    renewed[_SEQUENCE_AT] = (_SEQUENCE, b"%016d" % sequence)
    return renewed


def event_id(outgoing: Outgoing) -> str:
    """The UUIDv5 of a fact's cause, type, account, entity and moment: the same however often.

    The account is part of it, since ids of items are unique within their account only, and one
    tick is the cause of facts on many. Ids hold no control characters, so the parts stay apart.
    """
    data = outgoing.data
    name = (
        f"{outgoing.cause}\x1f{data.type}\x1f{outgoing.party}\x1f{outgoing.subject}"
        f"\x1f{outgoing.entity}\x1f"
    )
    hashed = sha1(_NAMESPACE_BYTES + name.encode() + written(outgoing.time), usedforsecurity=False)
    digest = hashed.hexdigest()
    return (
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}"
        f"-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"
    )


def _required(id_: str, source: str, type_: str, time: datetime, sequence: int) -> Headers:
    return [
        _JSON,
        _VERSION,
        ("ce_id", id_.encode()),
        _constant("ce_source", source),
        _constant("ce_type", type_),
        ("ce_time", written(time)),
        (_SEQUENCE, b"%016d" % sequence),
    ]


def _optional(headers: Headers, subject: str, party: str, recorded_at: datetime | None) -> None:
    if subject:
        headers.append(("ce_subject", subject.encode()))
    if party:
        headers.append(("ce_partitionkey", party.encode()))
    if recorded_at is not None:
        headers.append(("ce_recordedtime", written(recorded_at)))


@lru_cache(maxsize=1024)
def _constant(name: str, text: str) -> tuple[str, bytes]:
    return name, text.encode()
