"""A write set as MongoDB's own commands: encoded once, sent as often as it takes.

They are commands rather than the driver's bulk writes because those cost twice the time of our
process, for each statement of each batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from bson.decimal128 import Decimal128

from shared.line.ports import Cursor, Parked, Row, WriteSet
from shared.runtime.store.names import Json, cell_field, micros, place, row_id
from shared.runtime.store.outbox import FIELD, Outbox, pack, parted, size_of

Step = tuple[str, str]
"""What is done, and to which collection."""

STEPS: Final[tuple[Step, ...]] = (
    ("insert", "documents"),
    ("update", "documents"),
    ("delete", "documents"),
    ("update", "bindings"),
    ("update", "parties"),
    ("update", "cells"),
    ("delete", "taken"),
    ("insert", "taken"),
    ("delete", "parked"),
    ("insert", "parked"),
    ("insert", "outbox"),
    ("delete", "outbox"),
)
"""All that a commit writes once its cursors are moved, in order."""

_STATEMENTS: Final = {"insert": "documents", "update": "updates", "delete": "deletes"}
_IF_THERE: Final = {"documents": "$set", "taken": "$setOnInsert"}
"""What to do with a document that turns out to be there: a row is replaced, an id stays."""
_MESSAGE_BYTES: Final = 24_000_000
"""Half of what MongoDB takes in one message."""
_SMALL_BYTES: Final = 2_000
"""More than a statement has besides its text: names of 200 characters, at most 4 bytes each."""


@dataclass(frozen=True, slots=True)
class Statements:
    """A write set, encoded; `size` is about how many bytes it has."""

    cursor: Cursor
    size: int
    outbox_ids: tuple[str, ...]
    move: Json
    """The statement that moves the cursor."""
    by_step: dict[Step, list[Any]]


def encode(write: WriteSet) -> Statements:
    """Encode a write set; what cannot be encoded is a defect of its maker."""
    partition = write.partition
    outbox = pack(write.cursor, write.outbox)
    apart, kept = parted(write.published)
    by_step: dict[Step, list[Any]] = {
        ("insert", "documents"): [_new_row(row, partition) for row in write.rows if row.new],
        ("update", "documents"): [_row(row, partition) for row in write.rows if not row.new],
        ("delete", "documents"): [
            {"q": {"_id": row_id(place(party, partition), prefix, key)}, "limit": 1}
            for party, prefix, key in write.gone
        ],
        ("update", "bindings"): [
            {
                "q": {
                    "_id": account,
                    "$or": [{"number": {"$lt": number}}, {"number": {"$exists": False}}],
                },
                "u": {"$set": {"party": party, "number": number}},
            }
            for account, (party, number) in write.rebound.items()
        ],
        ("update", "parties"): _parties(write),
        ("update", "cells"): _cells(write),
        ("delete", "taken"): [{"q": {"_id": name}, "limit": 1} for name in write.left],
        ("insert", "taken"): [{"_id": name, "h": digest} for name, digest in write.taken.items()],
        ("delete", "parked"): [
            {"q": {"p": partition, "y": party}, "limit": 0}
            for party, count in write.parkings.items()
            if count < 0
        ],
        ("insert", "parked"): [_parked(event, partition) for event in write.parked],
        ("insert", "outbox"): list(outbox.apart),
        ("delete", "outbox"): [{"q": {"_id": {"$in": apart}}, "limit": 0}] if apart else [],
    }
    return Statements(
        cursor=write.cursor,
        size=sum(len(row.text) for row in write.rows) + outbox.size,
        outbox_ids=outbox.names,
        move=_move(write.cursor, outbox, kept.get(partition, ())),
        by_step=by_step,
    )


def move_cursors(sets: Iterable[Statements]) -> Json:
    """The command that moves all cursors, each only from where its owner left it."""
    return {"update": "cursors", "updates": [written.move for written in sets]}


def commands(sets: Iterable[Statements], *, careful: bool) -> Iterator[Json]:
    """All else that the sets write, as few commands as MongoDB's message size allows.

    With `careful`, nothing is inserted that may be there already: what is new was guessed wrong.
    """
    all_sets = list(sets)
    for verb, collection in STEPS:
        statements = [one for written in all_sets for one in written.by_step[verb, collection]]
        sent = verb
        if careful and verb == "insert" and collection in _IF_THERE:
            sent = "update"
            statements = [_upsert(document, _IF_THERE[collection]) for document in statements]
        for chunk in _chunks(statements, _WEIGHTS.get(collection)):
            yield {sent: collection, _STATEMENTS[sent]: chunk}


def _chunks(statements: list[Any], weigh: Callable[[Any], int] | None) -> Iterator[list[Any]]:
    """Cut what would not fit into one message."""
    chunk: list[Any] = []
    total = 0
    for statement in statements:
        weight = weigh(statement) if weigh else _SMALL_BYTES
        if chunk and total + weight > _MESSAGE_BYTES:
            yield chunk
            chunk, total = [], 0
        chunk.append(statement)
        total += weight
    if chunk:
        yield chunk


def _row_weight(statement: Json) -> int:
    if "limit" in statement:
        return _SMALL_BYTES
    text: str = statement["d"] if "d" in statement else statement["u"]["$set"]["d"]
    return 4 * len(text) + _SMALL_BYTES


def _outbox_weight(statement: Json) -> int:
    if "limit" in statement:
        return 100 * len(statement["q"]["_id"]["$in"])
    return size_of(statement) + _SMALL_BYTES


_WEIGHTS: Final[dict[str, Callable[[Any], int]]] = {
    "documents": _row_weight,
    "outbox": _outbox_weight,
    "parked": lambda statement: len(statement.get("value") or b"") + 10 * _SMALL_BYTES,
}


def _move(cursor: Cursor, outbox: Outbox, published: Iterable[str]) -> Json:
    """Moves the cursor, keeps its new outbox, and drops the fields of what is published."""
    fields: Json = {
        "version": cursor.version,
        # Names of topics have dots, so they are no fields.
        "offsets": list(cursor.offsets.items()),
        "heard": list(cursor.heard.items()),
        "sequences": list(cursor.sequences.items()),
        "watermarks": [[topic, micros(at)] for topic, at in cursor.watermarks.items()],
        "resume": cursor.resume,
    }
    if outbox.kept:
        fields[f"{FIELD}.{cursor.version}"] = outbox.kept
    gone = dict.fromkeys(published, "")
    return {
        "q": {"_id": cursor.partition, "epoch": cursor.epoch, "version": cursor.version - 1},
        "u": {"$set": fields, **({"$unset": gone} if gone else {})},
    }


def _new_row(row: Row, partition: int) -> Json:
    where = place(row.party, partition)
    return {
        "_id": row_id(where, row.prefix, row.key),
        "p": partition,
        "y": where,
        "k": row.prefix,
        **_content(row, listed=bool(row.listed)),
    }


def _content(row: Row, *, listed: bool) -> Json:
    if not listed or row.listed is None:
        return {"o": row.open, "d": row.text}
    return {"o": row.open, "d": row.text, "l": dict(row.listed)}


def _row(row: Row, partition: int) -> Json:
    where = place(row.party, partition)
    return {
        "q": {"_id": row_id(where, row.prefix, row.key)},
        "u": {
            "$set": _content(row, listed=row.listed is not None),
            "$setOnInsert": {"p": partition, "y": where, "k": row.prefix},
        },
        "upsert": True,
    }


def _upsert(document: Json, operator: str) -> Json:
    rest = {name: value for name, value in document.items() if name != "_id"}
    return {"q": {"_id": document["_id"]}, "u": {operator: rest}, "upsert": True}


def _parties(write: WriteSet) -> list[Json]:
    """One statement for each party whose wake or parking changed."""
    updates: dict[str, Json] = {}
    for party, wake in write.wakes.items():
        updates[party] = _mark("w", None if wake is None else micros(wake))
    for party, count in write.parkings.items():
        mark = {"$unset": dict(_UNPARKED)} if count < 0 else {"$set": {"parked": count}}
        for operator, fields in updates.setdefault(party, {}).items():
            mark.setdefault(operator, {}).update(fields)
        updates[party] = mark
    for party, why in write.still_parked.items():
        update = updates.setdefault(party, {})
        update.setdefault("$unset", {}).update(asked="")
        update.setdefault("$set", {}).update(why=why)
    for update in updates.values():
        update["$setOnInsert"] = {"p": write.partition}
    return [{"q": {"_id": party}, "u": update, "upsert": True} for party, update in updates.items()]


_UNPARKED: Final = {"parked": "", "asked": "", "why": ""}


def _mark(name: str, value: int | None) -> Json:
    return {"$unset": {name: ""}} if value is None else {"$set": {name: value}}


def _cells(write: WriteSet) -> list[Json]:
    """One statement for each row of figures; a sum may need more than 64 bits."""
    rows: dict[str, Json] = {}
    for (row, cell), amount in write.cells.items():
        rows.setdefault(row, {})[f"c.{cell_field(cell)}"] = _decimal(amount)
    partition = write.partition
    return [
        {
            "q": {"_id": f"{partition}\x1f{row}"},
            "u": {"$inc": amounts, "$setOnInsert": {"p": partition, "row": row}},
            "upsert": True,
        }
        for row, amounts in rows.items()
    ]


@lru_cache(maxsize=4_096)  # most are counts
def _decimal(amount: int) -> Decimal128:
    return Decimal128(str(amount))


def _parked(event: Parked, partition: int) -> Json:
    return {
        "_id": row_id(place(event.party, partition), str(partition), str(event.number)),
        "p": partition,
        "y": event.party,
        "n": event.number,
        "topic": event.topic,
        "offset": event.offset,
        "key": event.key,
        "value": event.value,
        "headers": list(event.headers),
        "reason": event.reason,
        "stamp": None if event.stamp is None else micros(event.stamp),
        "now": None if event.now is None else micros(event.now),
    }
