"""What a dead letter says: whose it is, what is wrong with it, where it came from. No I/O."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from sys import intern
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from pydantic_core import from_json

from services.ingest.wiring import WIRING
from shared import envelope
from shared.envelope import Envelope
from shared.line.arrivals import arrive

Header = tuple[str, bytes | None]

_ADDED: Final = "__dlq.errors."
_FIRST: Final = f"{_ADDED}topic"
"""The first of what a letter has besides its record's own headers (`shared.line.arrivals`)."""

_DIGITS: Final = 19
"""Those of the largest offset."""


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class Letter(Struct, frozen=True, gc=False):
    """One dead letter without its bytes, which may be a megabyte. Text that is absent is ""."""

    place: Place
    at: datetime
    """When it was written, which is when its record was refused."""
    origin: Place
    """Where its record came from; its partition and offset are -1 where the letter tells none."""
    appended_at: str
    """When its record came, in ISO 8601."""
    fingerprint: str
    reason: str
    field: str
    message: str
    omitted: bool
    """Whether the bytes are not in the letter, but only where they came from."""
    source: str = ""
    id: str = ""
    type: str = ""
    named: bool = False
    """Whether ingest can read the source and id, by which it takes each event once."""
    identity: bytes = b""
    """Equal for letters of the same input."""
    still_refused: bool = False
    """Whether this version of the contract refuses it too: sent as it is, it is a letter again."""

    @property
    def for_all(self) -> bool:
        """Whether it concerns all parties: each partition has its own copy, and registers it."""
        return self.type in WIRING.broadcasts

    @property
    def registered_as(self) -> str:
        """How ingest has registered its id, if it has (`shared.line.door.Door.id_of`)."""
        name = f"{self.source}\x1f{self.id}"
        return f"{self.origin.partition}\x1f{name}" if self.for_all else name


def parted(headers: Sequence[Header]) -> tuple[list[Header], dict[str, str]]:
    """A letter's headers: those that its record came with, and what was added, by short names.

    A record may have come with headers of the same names: what was added is what stands last.
    """
    names = [name for name, _ in headers]
    if _FIRST not in names:
        return [*headers], {}
    first = len(names) - 1 - names[::-1].index(_FIRST)
    added = {
        name.removeprefix(_ADDED): (content or b"").decode(errors="replace")
        for name, content in headers[first:]
    }
    return [*headers[:first]], added


def letter_of(
    place: Place,
    at: datetime,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[Header],
) -> Letter:
    """Read a record of a dead-letter topic, whatever is in it."""
    own, added = parted(headers)
    letter = Letter(
        place=place,
        at=at,
        origin=Place(
            intern(added.get("topic", "")),
            _number(added.get("partition", "")),
            _number(added.get("offset", "")),
        ),
        appended_at=added.get("appended-at", ""),
        # Letters of one cause say the same; there may be very many of them.
        fingerprint=intern(added.get("fingerprint", "")),
        reason=intern(added.get("reason", "")),
        field=intern(added.get("field", "")),
        message=intern(added.get("message", "")),
        omitted="omitted" in added,
    )
    return letter if letter.omitted else with_content(letter, key, value, own)


def with_content(
    letter: Letter, key: bytes | None, value: bytes | None, headers: Sequence[Header]
) -> Letter:
    """The letter, with what its record itself says of whose it is."""
    read = envelope.decode(headers, value, key)
    if isinstance(read, Envelope):
        named, (source, id_, type_) = True, (read.source, read.id, read.type)
    else:
        named, (source, id_, type_) = False, _as_far_as_told(value, headers)
    known = replace(letter, source=intern(source), id=id_, type=intern(type_), named=named)
    parts: list[bytes | None] = [known.registered_as.encode(errors="replace"), value]
    if not named:  # then nothing but the whole record says which input it is
        parts = [key, value]
        parts += [part for name, content in headers for part in (name.encode(), content)]
    still_refused = _is_refused(letter.origin.topic, key, value, headers)
    return replace(known, identity=_digest(parts), still_refused=still_refused)


def _is_refused(
    topic: str, key: bytes | None, value: bytes | None, headers: Sequence[Header]
) -> bool:
    if topic not in WIRING.inputs:
        return False
    arrival = arrive(
        WIRING, topic=topic, offset=0, stamp=None, key=key, value=value, headers=headers
    )
    return arrival.event is None


def _as_far_as_told(value: bytes | None, headers: Iterable[Header]) -> tuple[str, str, str]:
    """Source, id and type of what is no sound event: for people, and for nothing else."""
    told: dict[str, object] = {
        name.removeprefix("ce_"): (content or b"").decode(errors="replace")
        for name, content in headers
        if name.startswith("ce_")
    }
    if "source" not in told:
        try:
            inner = from_json(value or b"")
        except ValueError:
            inner = None
        told = inner if isinstance(inner, dict) else told
    source, id_, type_ = (told.get(name) for name in ("source", "id", "type"))
    return _text(source), _text(id_), _text(type_)


def _text(told: object) -> str:
    return told if isinstance(told, str) else ""


def _digest(parts: Iterable[bytes | None]) -> bytes:
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(b"-" if part is None else b"%d:" % len(part))
        found.update(part or b"")
    return found.digest()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else -1
