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
_RECORDED: Final = "ce_recordedtime"
BEGINNING: Final = (_JSON, _VERSION)
"""The first headers of whatever we write."""
NAMES: Final = ("ce_id", "ce_source", "ce_type", "ce_time", _SEQUENCE)
"""Those that come next; all others come behind them, if there are any."""
TYPE_AT: Final = len(BEGINNING) + NAMES.index("ce_type")
"""Where in the headers of whatever we write its type stands."""
_SEQUENCE_AT: Final = len(BEGINNING) + NAMES.index(_SEQUENCE)
"""Where in the headers of an internal record its sequence stands."""
_WOKEN: Final = ("ce_woken", b"true")
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def encode(
    outgoing: Outgoing, *, source: str, sequence: int, recorded_at: datetime | None
) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of a fact's record. The same arguments give the same bytes."""
    data, party, time = outgoing.data, outgoing.party.encode(), written(outgoing.time)
    headers = [
        *BEGINNING,
        ("ce_id", _id(outgoing, time).encode()),
        *_origin(source, data.type),
        ("ce_time", time),
        (_SEQUENCE, b"%016d" % sequence),
    ]
    if outgoing.subject:
        headers.append(("ce_subject", outgoing.subject.encode()))
    if party:
        headers.append(("ce_partitionkey", party))
    if recorded_at is not None:
        headers.append((_RECORDED, written(recorded_at)))
    if outgoing.cause:
        headers.append(("ce_causationid", outgoing.cause.encode()))
    if outgoing.expires_at is not None:
        headers.append(("ce_expirytime", written(outgoing.expires_at)))
    if outgoing.woken:
        headers.append(_WOKEN)
    return party, outgoing.value or data.smallest(), headers


def passed_on(
    event: Event, *, sequence: int, recorded_at: datetime | None
) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of an event that goes on as it came: same id, same bytes of data."""
    if event.cover is None:
        event.cover = _cover(event)
    before, behind, rest = event.cover
    headers = [*before, (_SEQUENCE, b"%016d" % sequence), *behind]
    if recorded_at is not None:
        headers.append((_RECORDED, written(recorded_at)))
    headers += rest
    return event.party.encode(), event.value, headers


def _cover(event: Event) -> tuple[Headers, Headers, Headers]:
    """An event's own headers: before its sequence, behind that, and behind its recorded time.

    A tick is one event that goes on from every partition.
    """
    before = [
        *BEGINNING,
        ("ce_id", event.id.encode()),
        *_origin(event.source, event.type),
        ("ce_time", written(event.time)),
    ]
    behind = [("ce_subject", event.subject.encode())] if event.subject else []
    if event.party:
        behind.append(("ce_partitionkey", event.party.encode()))
    return before, behind, [_WOKEN] if event.woken else []


def renumbered(
    headers: Sequence[tuple[str, bytes | None]], sequence: int
) -> list[tuple[str, bytes | None]] | None:
    """Headers that we wrote before, with another sequence; None if they are not ours."""
    if not _are_ours(headers):
        return None
    renewed = list(headers)
    renewed[_SEQUENCE_AT] = (_SEQUENCE, b"%016d" % sequence)
    return renewed


def parted(
    headers: Sequence[tuple[str, bytes | None]],
) -> tuple[Sequence[tuple[str, bytes | None]], bytes, bytes] | None:
    """Of headers that `passed_on` wrote of what concerns all: what every copy of it has alike.

    Behind that its own sequence and recorded time (b"" if it has none). None if they are not ours,
    or say more.
    """
    if not _are_ours(headers) or len(headers) > _SEQUENCE_AT + 2:
        return None
    recorded: bytes | None = None
    if len(headers) == _SEQUENCE_AT + 2:
        name, recorded = headers[-1]
        if name != _RECORDED:
            return None
    return headers[:_SEQUENCE_AT], headers[_SEQUENCE_AT][1] or b"", recorded or b""


def _are_ours(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    return len(headers) > _SEQUENCE_AT and headers[_SEQUENCE_AT][0] == _SEQUENCE


def event_id(outgoing: Outgoing) -> str:
    """The UUIDv5 of a fact's cause, type, account, entity and moment: the same however often.

    The account is part of it, since ids of items are unique within their account only, and one
    tick is the cause of facts on many. Ids hold no control characters, so the parts stay apart.
    """
    return _id(outgoing, written(outgoing.time))


def _id(outgoing: Outgoing, time: bytes) -> str:
    name = (
        f"{outgoing.cause}\x1f{outgoing.data.type}\x1f{outgoing.party}\x1f{outgoing.subject}"
        f"\x1f{outgoing.entity}\x1f"
    )
    digest = sha1(_NAMESPACE_BYTES + name.encode() + time, usedforsecurity=False).hexdigest()
    return (
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}"
        f"-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"
    )


@lru_cache(maxsize=1024)
def _origin(source: str, type_: str) -> Headers:
    """Who says it, and what kind of thing it says."""
    return [("ce_source", source.encode()), ("ce_type", type_.encode())]
