"""What the store makes of names, moments and records before MongoDB sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import example, given
from hypothesis import strategies as st

from shared.line.ports import Cursor, Record, Row
from shared.runtime.store import outbox
from shared.runtime.store.names import (
    cell_field,
    cell_of,
    micros,
    moment,
    place,
    row_id,
    row_of,
    starting_with,
    whole,
)

NAMES = st.text(alphabet=st.one_of(st.sampled_from("\x1f0a%.$\0"), st.characters(codec="utf-8")))
BYTES = st.one_of(st.none(), st.binary(max_size=8))
RECORDS = st.lists(
    st.builds(
        Record,
        topic=st.sampled_from(["collections.ledger", "ingest.dlq"]),
        partition=st.integers(0, 3),
        key=BYTES,
        value=BYTES,
        headers=st.lists(st.tuples(NAMES, BYTES), max_size=3),
    )
)


@given(party=NAMES, key=NAMES, partition=st.integers(0, 10**6))
@example(party="\x1f1", key="\x1f\x1f", partition=1)
def test_a_row_is_found_again_from_its_id(party: str, key: str, partition: int) -> None:
    """An id tells party, prefix and key, whatever they hold: so no two rows share one."""
    name = row_id(place(party, partition), "item", key)

    row = row_of({"_id": name, "d": "{}", "o": True})

    assert Row(party=party, prefix="item", key=key, text="{}") == row


@given(cell=NAMES)
def test_a_cell_is_a_field_and_no_path(cell: str) -> None:
    """A field has a name, no dot, no operator, no NUL; and tells its cell."""
    field = cell_field(cell)

    assert field
    assert not set(field) & set(".$\0")
    assert cell == cell_of(field)


@given(amount=st.integers(-(10**34) + 1, 10**34 - 1))
@example(amount=0)
@example(amount=2**112 - 1)
@example(amount=-(2**112))
def test_an_amount_comes_back_whole(amount: int) -> None:
    """Whatever fits the database's decimals, 34 digits, of either sign."""
    assert amount == whole(Decimal128(str(amount)))


@pytest.mark.parametrize(("text", "amount"), [("1E+3", 1000), ("-20.0", -20), ("-0", 0)])
def test_an_amount_may_be_written_otherwise(text: str, amount: int) -> None:
    """With an exponent, or as less than nothing."""
    assert amount == whole(Decimal128(text))


@given(prefix=NAMES, name=NAMES)
def test_a_prefix_is_a_range(prefix: str, name: str) -> None:
    """Exactly the strings that begin with the prefix lie in its range."""
    bounds = starting_with(prefix)
    for candidate in (name, prefix, prefix + name, prefix[:-1] + name):
        inside = bounds["$gte"] <= candidate and ("$lt" not in bounds or candidate < bounds["$lt"])

        assert candidate.startswith(prefix) == inside


@given(at=st.datetimes(timezones=st.just(UTC)))
@example(at=datetime.max.replace(tzinfo=UTC))
@example(at=datetime.min.replace(tzinfo=UTC))
def test_a_moment_keeps_its_microseconds(at: datetime) -> None:
    """Any moment of a datetime is a whole number that fits 64 bits, and comes back."""
    assert at == moment(micros(at))
    assert -(2**63) <= micros(at) < 2**63


@given(records=RECORDS, limit=st.integers(1, 2000), kept=st.sampled_from((0, outbox.KEPT_BYTES)))
def test_records_are_unpacked_as_they_were(records: list[Record], limit: int, kept: int) -> None:
    """However they are kept and cut: all records, in order, with null and any bytes in place."""
    cursor = Cursor(partition=3, version=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "DOCUMENT_BYTES", limit)
        patch.setattr(outbox, "KEPT_BYTES", kept)
        packed = outbox.pack(cursor, records)

    document: dict[str, Any] = {"_id": 3, "outbox": {"7": packed.kept} if packed.kept else {}}
    left = outbox.leftovers(document, map(dict, packed.apart))

    assert records == [record for one in left for record in one.records]
    assert packed.names == tuple(one.id for one in left)
    assert bool(packed.apart) == (bool(records) and not kept)
    for apart, one in zip(packed.apart, left, strict=False):
        assert outbox.size_of(apart) <= limit or len(one.records) == 1


@pytest.mark.parametrize(
    ("number", "apart", "kept"),
    [(None, [], {3: ["outbox.7"]}), (0, ["3:7:0"], {}), (12, ["3:7:12"], {})],
    ids=str,
)
def test_a_name_tells_where_records_are(
    number: int | None, apart: list[str], kept: dict[int, list[str]]
) -> None:
    """In a field of a cursor's document, or in a document of their own."""
    name = outbox.name_of(Cursor(partition=3, version=7), number)

    assert (apart, kept) == outbox.parted([name])
