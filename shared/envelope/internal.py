"""The short way for records that our own services wrote: their headers begin in one order.

Half of all reading is of such records, and to look at each header by itself takes as long as to
check the data. Whatever is not as `encode` and `passed_on` write it goes the long way, which also
says what is wrong with it. What goes this way comes to the same
(tests/unit/shared/test_envelope_internal.py).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import MsgspecError

from shared.core import Event
from shared.envelope.attributes import (
    ID_CHARACTERS,
    SEQUENCE_DIGITS,
    SOURCE_CHARACTERS,
    moment,
)
from shared.envelope.encode import BEGINNING, NAMES
from shared.events.base import Fact
from shared.events.reader import reader
from shared.topics import MESSAGE_BYTES_MAX

_OTHERS: Final = frozenset(
    {
        "ce_subject", "ce_partitionkey", "ce_recordedtime", "ce_causationid", "ce_expirytime",
        "ce_woken",
    }
)  # fmt: skip


class _Otherwise(Exception):
    """It is not as we write it."""


def internal(
    headers: Sequence[tuple[str, bytes | None]],
    value: bytes | None,
    key: bytes | None,
    accepted: Mapping[str, type[Fact]],
) -> tuple[Event, int] | None:
    """The event of an internal record and its sequence; None if it is to be read the long way."""
    try:
        return _read(headers, value, key, accepted)
    except (_Otherwise, MsgspecError, ValueError, KeyError, AttributeError, TypeError):
        return None  # among them: no UTF-8, data that is not valid, nulls


def _read(
    headers: Any,  # noqa: ANN401 - whatever is in them, as long as it can be taken apart
    value: Any,  # noqa: ANN401 - as above
    key: bytes | None,
    accepted: Mapping[str, type[Fact]],
) -> tuple[Event, int]:
    first, second, (n1, id_), (n2, source), (n3, kind), (n4, time), (n5, number), *more = headers
    others = dict(more)
    if (
        (n1, n2, n3, n4, n5) != NAMES
        or (first, second) != BEGINNING
        or not _OTHERS.issuperset(others)
        or not number.isdigit()
        or len(number) > SEQUENCE_DIGITS
        or len(value) > MESSAGE_BYTES_MAX
    ):
        raise _Otherwise
    get = others.get
    recorded, woken = get("ce_recordedtime"), get("ce_woken")
    name: str = id_.decode()
    subject: str = (get("ce_subject") or b"").decode()
    party = (get("ce_partitionkey") or key or b"").decode() or subject
    told, sequence = moment(time.decode()), int(number)
    if (
        not name
        or not sequence
        or told is None
        or len(name) + len(subject) + len(party) > ID_CHARACTERS
        or not (name.isprintable() and subject.isprintable() and party.isprintable())
        or (woken and woken != b"true")
        or not (get("ce_causationid") or b"").isascii()
        or not (get("ce_expirytime") or b"").isascii()
    ):
        raise _Otherwise
    type_ = _text(kind)
    model = accepted[type_]
    read = reader(model)
    event = Event(
        name,
        _text(source),
        type_,
        subject,
        "" if model.broadcast else party,
        told,
        model.__pydantic_validator__.validate_json(value) if read is None else read(value),
        value,
        bool(woken),
        moment(recorded.decode()) if recorded else None,
    )
    return event, sequence


@lru_cache(maxsize=1024)
def _text(written: bytes) -> str:
    """A source or a type: there are few of them."""
    text = written.decode()
    if not text or len(text) > SOURCE_CHARACTERS or not text.isprintable():
        raise _Otherwise
    return text
