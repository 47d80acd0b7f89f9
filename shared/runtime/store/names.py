"""How parties, rows, cells and moments are called in MongoDB. Every mapping is one-to-one.

Ids come from outside and may hold anything, the separator included; so a party's separators are
doubled, and a single one always ends its name.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from bson.decimal128 import Decimal128

from shared.line.ports import Row

Json = dict[str, Any]
"""A MongoDB document as the driver takes and gives it."""

SEPARATOR: Final = "\x1f"
_ID: Final = re.compile(r"(?:\x1f\d+|((?:[^\x1f]|\x1f\x1f)+))\x1f([^\x1f]+)\x1f(.*)", re.DOTALL)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CELL: Final = str.maketrans({"%": "%25", ".": "%2E", "$": "%24", "\0": "%00"})
_NO_NAME: Final = "%"
_POSITIVE: Final = b"\x40\x30"
_NEGATIVE: Final = b"\x40\xb0"


def place(party: str, partition: int) -> str:
    """The first part of a row's id: the party's, or the partition's own for its shared rows."""
    if not party:
        return f"{SEPARATOR}{partition}"
    return party.replace(SEPARATOR, SEPARATOR * 2) if SEPARATOR in party else party


def row_id(place: str, prefix: str, key: str) -> str:
    """The `_id` of a row."""
    return f"{place}{SEPARATOR}{prefix}{SEPARATOR}{key}"


def row_of(document: Json) -> Row:
    """The row that a stored document is."""
    party, prefix, key = _split(document["_id"])
    return Row(party=party, prefix=prefix, key=key, text=document["d"], open=document["o"])


def _split(name: str) -> tuple[str, str, str]:
    """Party, prefix and key of a row's id."""
    party, prefix, key = name.split(SEPARATOR, 2)
    if party and prefix:
        return party, prefix, key
    # A shared row's id begins with a separator, and a party's own separators leave gaps.
    match = _ID.fullmatch(name)
    if match is None:
        message = f"no row is called {name!r}"
        raise ValueError(message)
    return (match[1] or "").replace(SEPARATOR * 2, SEPARATOR), match[2], match[3]


def starting_with(prefix: str) -> Json:
    """A condition for all strings that start with `prefix`, as a range that an index can serve."""
    below = prefix.rstrip("\U0010ffff")
    if not below:
        return {"$gte": prefix}
    following = ord(below[-1]) + 1
    after_surrogates = 0xE000 if following == 0xD800 else following  # noqa: PLR2004 - a gap in Unicode
    return {"$gte": prefix, "$lt": below[:-1] + chr(after_surrogates)}


def cell_field(cell: str) -> str:
    """The field of a cell: a name that is no path, no operator and not empty."""
    return cell.translate(_CELL) or _NO_NAME


def cell_of(field: str) -> str:
    """The cell that a field is for."""
    return "" if field == _NO_NAME else unquote(field)


def amounts_of(document: Json) -> dict[str, int]:
    """The cells of a stored row of figures, with what each adds up to."""
    return {cell_of(name): whole(amount) for name, amount in document["c"].items()}


def whole(amount: Decimal128) -> int:
    """A stored amount, which has no fraction.

    Read from its bytes: sums of whole numbers have an exponent of 0, which with the sign is in the
    last two (IEEE 754-2008, decimal128, binary encoding), and the driver's own way by `Decimal`
    takes a dozen times as long.
    """
    bits: bytes = amount.bid
    if bits[14:] == _POSITIVE:
        return int.from_bytes(bits[:14], "little")
    if bits[14:] == _NEGATIVE:
        return -int.from_bytes(bits[:14], "little")
    return int(amount.to_decimal())


def micros(moment: datetime) -> int:
    """A moment in whole microseconds since 1970; MongoDB's own dates end at the millisecond."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)
