"""Records to publish, packed into documents, and unpacked by the next owner.

What fits is kept within the cursor's own document, which each commit writes anyway: one write for
a lane instead of three. What is larger has numbered documents of its own.

Either way the records are one byte string, MessagePack's list of `Record`: one call writes it, and
null and any bytes stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.msgpack import Decoder, Encoder

from shared.line.ports import Cursor, Leftover, Record
from shared.runtime.store.names import Json

KEPT_BYTES: Final = 32_000
"""An outbox up to this is kept with the cursor. Above it, MongoDB's work is the same either way."""
DOCUMENT_BYTES: Final = 4_000_000
"""A document is split above this; a single record may be larger, up to MongoDB's own 16 MB."""
FIELD: Final = "outbox"
"""Of a cursor's document: what is kept there, by version."""
_CONTENT: Final = "records"
"""Of a document of its own: what is in it."""
_ENCODER: Final = Encoder()
_DECODER: Final = Decoder(tuple[Record, ...])


@dataclass(frozen=True, slots=True)
class Outbox:
    """The records of a commit as they are stored, in the order in which they are published."""

    names: tuple[str, ...] = ()
    """One for each document, or for what the cursor keeps."""
    kept: bytes = b""
    """What the cursor's document keeps, if it is small."""
    apart: Sequence[Json] = ()
    """The documents of their own otherwise."""

    @property
    def size(self) -> int:
        """The bytes of all that is in documents of their own."""
        return sum(size_of(document) for document in self.apart)


def pack(cursor: Cursor, records: Sequence[Record]) -> Outbox:
    """The outbox of a commit."""
    if not records:
        return Outbox()
    packed = _ENCODER.encode(records)
    if len(packed) <= KEPT_BYTES:
        return Outbox((name_of(cursor),), packed)
    place: Json = {"p": cursor.partition, "v": cursor.version}
    apart = [
        place | {"_id": name_of(cursor, number), "n": number, _CONTENT: part}
        for number, part in enumerate(_parts(records, packed))
    ]
    return Outbox(tuple(document["_id"] for document in apart), apart=apart)


def _parts(records: Sequence[Record], packed: bytes) -> Iterator[bytes]:
    """What is packed, in halves of halves until each fits a document."""
    if len(packed) <= DOCUMENT_BYTES or len(records) == 1:
        yield packed
        return
    middle = len(records) // 2
    for half in (records[:middle], records[middle:]):
        yield from _parts(half, _ENCODER.encode(half))


def size_of(document: Json) -> int:
    """The bytes of the records in a document of their own."""
    return len(document[_CONTENT])


def name_of(cursor: Cursor, number: int | None = None) -> str:
    """The name of what a cursor keeps of its commit, or the id of the commit's `number`-th."""
    kept = f"{cursor.partition}:{cursor.version}"
    return kept if number is None else f"{kept}:{number}"


def parted(names: Iterable[str]) -> tuple[list[str], dict[int, list[str]]]:
    """The ids of documents among the names, and by partition the fields that its cursor keeps."""
    apart, kept = list[str](), dict[int, list[str]]()
    for name in names:
        partition, version, *numbers = name.split(":")
        if numbers:
            apart.append(name)
        else:
            kept.setdefault(int(partition), []).append(f"{FIELD}.{version}")
    return apart, kept


def leftovers(cursor: Json, apart: Iterable[Json]) -> tuple[Leftover, ...]:
    """All that is left to publish of a partition: kept with its cursor, or in documents apart."""
    kept: Mapping[str, bytes] = cursor.get(FIELD, {})
    found = {(int(v), 0): (f"{cursor['_id']}:{v}", packed) for v, packed in kept.items()}
    found |= {(one["v"], one["n"]): (one["_id"], one[_CONTENT]) for one in apart}
    return tuple(
        Leftover(id=name, records=_DECODER.decode(packed))
        for _, (name, packed) in sorted(found.items())
    )
