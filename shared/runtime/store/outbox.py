"""Records to publish, packed into numbered documents, and unpacked by the next owner.

A batch repeats few topics and few sets of header names, so each document has a table of both; a
record is the flat list ``[topic, names, key, value, *header values]``. That costs the driver little
and keeps null and any bytes as they are.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import bson
from bson.raw_bson import RawBSONDocument

from shared.line.ports import Cursor, Leftover, Record
from shared.runtime.store.names import Json

DOCUMENT_BYTES: Final = 4_000_000
"""A document is split above this; a single record may be larger, up to MongoDB's own 16 MB."""

Packed = list[int | bytes | None]


def pack(cursor: Cursor, records: Sequence[Record]) -> list[RawBSONDocument]:
    """The outbox documents of a commit, numbered in the order in which they are published."""
    topics: dict[tuple[str, int], int] = {}
    names: dict[tuple[str, ...], int] = {}
    packed: list[Packed] = []
    for record in records:
        values: tuple[bytes | None, ...]
        header_names, values = zip(*record.headers, strict=True) if record.headers else ((), ())
        row: Packed = [
            topics.setdefault((record.topic, record.partition), len(topics)),
            names.setdefault(header_names, len(names)),
            record.key,
            record.value,
        ]
        row += values
        packed.append(row)
    done: list[RawBSONDocument] = []
    waiting = [packed] if packed else []
    while waiting:
        part = waiting.pop()
        raw = bson.encode(
            {
                "_id": name_of(cursor, len(done)),
                "p": cursor.partition,
                "v": cursor.version,
                "n": len(done),
                "t": list(topics),
                "h": list(names),
                "r": part,
            }
        )
        if len(raw) > DOCUMENT_BYTES and len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
        else:
            done.append(RawBSONDocument(raw))
    return done


def name_of(cursor: Cursor, number: int) -> str:
    """The id of a commit's outbox document."""
    return f"{cursor.partition}:{cursor.version}:{number}"


def unpack(document: Json) -> Leftover:
    """The records of a stored outbox document, as they were."""
    return Leftover(id=document["_id"], records=tuple(_records(document)))


def _records(document: Json) -> Iterator[Record]:
    for topic_number, names_number, key, value, *header_values in document["r"]:
        topic, partition = document["t"][topic_number]
        names = document["h"][names_number]
        headers = tuple(zip(names, header_values, strict=True))
        yield Record(topic=topic, partition=partition, key=key, value=value, headers=headers)
