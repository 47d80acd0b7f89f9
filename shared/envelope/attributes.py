"""The context attributes of an event, once they are text: what holds them, how they are read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from shared.core import Refusal

ID_CHARACTERS: Final = 200
SOURCE_CHARACTERS: Final = 1_000
SEQUENCE_DIGITS: Final = 19
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_SEQUENCE: Final = re.compile(f"[0-9]{{1,{SEQUENCE_DIGITS}}}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d", re.ASCII)
_TRUE: Final = "true"
_OURS: Final = frozenset({"sequence", "recordedtime", "causationid", "expirytime", "woken"})
"""What only Arrears itself says of an event."""


class Envelope(NamedTuple):
    """One CloudEvent, its data still bytes. Text that is absent is ""."""

    id: str
    source: str
    type: str
    subject: str
    partitionkey: str
    time: datetime | None
    data: bytes
    sequence: int | None = None
    recordedtime: datetime | None = None
    causationid: str = ""
    expirytime: datetime | None = None
    woken: bool = False


def build(
    attributes: Mapping[str, str], data: bytes, key: bytes | None = None
) -> Envelope | Refusal:
    """An envelope from attributes by their CloudEvents names, checked as the contract asks.

    Without a `partitionkey` the record's key counts, and without one of those the subject. What is
    only of use to Arrears itself (sequence, recorded time …) is ignored where it makes no sense:
    another producer may use these names for something else.
    """
    get = attributes.get
    if get("specversion") != "1.0":
        return _bad("specversion", "a CloudEvent of specversion 1.0 is expected")
    id_, source, type_ = get("id", ""), get("source", ""), get("type", "")
    if not id_ or not source or not type_:
        missing = "id" if not id_ else "type" if source else "source"
        return _bad(missing, "the attribute is required")
    subject = get("subject", "")
    party = get("partitionkey", "") or _text(key) or subject
    if len(id_) + len(subject) + len(party) > ID_CHARACTERS or not (
        id_.isprintable() and subject.isprintable() and party.isprintable()
    ):
        for name, text in (("id", id_), ("subject", subject), ("partitionkey", party)):
            if len(text) > ID_CHARACTERS or _CONTROL.search(text):
                return _bad(name, "at most 200 characters are expected, none a control character")
    if len(source) > SOURCE_CHARACTERS or (not source.isprintable() and _CONTROL.search(source)):
        return _bad("source", "at most 1,000 characters are expected, none a control character")
    time = None
    if told := get("time"):
        time = moment(told)
        if time is None:
            return _bad("time", "an RFC 3339 time with an offset is expected")
    ours = () if _OURS.isdisjoint(attributes) else _ours(attributes)
    return Envelope(id_, source, type_, subject, party, time, data, *ours)


def _ours(
    attributes: Mapping[str, str],
) -> tuple[int | None, datetime | None, str, datetime | None, bool]:
    """What only Arrears itself says: sequence, recorded time, cause, expiry, and what woke it."""
    get = attributes.get
    sequence = get("sequence", "")
    return (
        int(sequence) if sequence and _SEQUENCE.fullmatch(sequence) else None,
        moment(told) if (told := get("recordedtime", "")) else None,
        get("causationid", ""),
        moment(told) if (told := get("expirytime", "")) else None,
        get("woken") == _TRUE,
    )


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime | None:
    """An RFC 3339 time in UTC (digits beyond microseconds are cut off); None if it is none."""
    if not _TIME.match(text):
        return None
    try:
        told = datetime.fromisoformat(text if text[-1] != "z" else f"{text[:-1]}Z")
        if told.tzinfo is UTC:
            return told
        return None if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def written(time: datetime) -> bytes:
    """An RFC 3339 time in UTC, with microseconds only where there are some."""
    told = time if time.tzinfo is UTC else time.astimezone(UTC)
    return f"{told.isoformat()[:-6]}Z".encode()


def _text(key: bytes | None) -> str:
    try:
        return key.decode() if key else ""
    except UnicodeDecodeError:
        return ""


def _bad(field: str, detail: str) -> Refusal:
    return Refusal("malformed", detail, field)
