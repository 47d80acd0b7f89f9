"""Records to publish, packed into documents, and unpacked by the next owner.

What fits is kept within the cursor's own document, which each commit writes anyway: one write for
a lane instead of three. What is larger has numbered documents of its own.

A batch repeats few topics and few sets of header names, so each document has a table of both; a
record is the flat list ``[topic, names, key, value, *header values]``. That costs the driver little
and keeps null and any bytes as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bson
from bson.raw_bson import RawBSONDocument

from shared.line.ports import Cursor, Leftover, Record
from shared.runtime.store.names import Json

KEPT_BYTES: Final = 32_000
"""An outbox up to this is kept with the cursor. Above it, MongoDB's work is the same either way."""
DOCUMENT_BYTES: Final = 4_000_000
"""A document is split above this; a single record may be larger, up to MongoDB's own 16 MB."""
FIELD: Final = "outbox"
"""Of a cursor's document: what is kept there, by version."""

_Row = list[int | bytes | None]


@dataclass(frozen=True, slots=True)
class Outbox:
    """The records of a commit as they are stored, in the order in which they are published."""

    names: tuple[str, ...]
    """One for each document, or for what the cursor keeps."""
    kept: RawBSONDocument | None
    """What the cursor's document keeps, if it is small."""
    apart: Sequence[RawBSONDocument]
    """The documents of their own otherwise."""


def pack(cursor: Cursor, records: Sequence[Record]) -> Outbox:
    """The outbox of a commit."""
    if not records:
        return Outbox((), None, ())
    topics: dict[tuple[str, int], int] = {}
    names: dict[tuple[str, ...], int] = {}
    rows = list(_rows(records, topics, names))
    table = {"t": list(topics), "h": list(names)}
    if sum(len(record.value or b"") for record in records) <= KEPT_BYTES:
        raw = bson.encode({**table, "r": rows})
        if len(raw) <= KEPT_BYTES:
            return Outbox((name_of(cursor),), RawBSONDocument(raw), ())
    done: list[RawBSONDocument] = []
    waiting = [rows]
    while waiting:
        part = waiting.pop()
        name, number = name_of(cursor, len(done)), len(done)
        found_by = {"_id": name, "p": cursor.partition, "v": cursor.version, "n": number}
        raw = bson.encode({**found_by, **table, "r": part})
        if len(raw) > DOCUMENT_BYTES and len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
        else:
            done.append(RawBSONDocument(raw))
    return Outbox(tuple(name_of(cursor, n) for n in range(len(done))), None, done)


def _rows(
    records: Iterable[Record],
    topics: dict[tuple[str, int], int],
    names: dict[tuple[str, ...], int],
) -> Iterator[_Row]:
    values: tuple[bytes | None, ...]
    for record in records:
        header_names, values = zip(*record.headers, strict=True) if record.headers else ((), ())
        row: _Row = [
            topics.setdefault((record.topic, record.partition), len(topics)),
            names.setdefault(header_names, len(names)),
            record.key,
            record.value,
        ]
        row += values
        yield row


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
    kept: Mapping[str, Any] = cursor.get(FIELD, {})
    found = {(int(v), 0): (f"{cursor['_id']}:{v}", box) for v, box in kept.items()}
    found |= {(one["v"], one["n"]): (one["_id"], one) for one in apart}
    return tuple(
        Leftover(id=name, records=tuple(_records(box))) for _, (name, box) in sorted(found.items())
    )


def _records(document: Mapping[str, Any]) -> Iterator[Record]:
    for topic_number, names_number, key, value, *header_values in document["r"]:
        topic, partition = document["t"][topic_number]
        names = document["h"][names_number]
        headers = tuple(zip(names, header_values, strict=True))
        yield Record(topic=topic, partition=partition, key=key, value=value, headers=headers)
