"""The short way for our own records: taken for all that we write, and never to other effect."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared import envelope
from shared.core import Event, Outgoing, Refusal
from shared.events import ACCEPTED
from shared.events.ledger import AutopayScheduled
from shared.testing.comparing import said
from shared.topics import COLLECTIONS_LEDGER, MESSAGE_BYTES_MAX

Headers = list[tuple[str, bytes | None]]
ACCEPTS = ACCEPTED[COLLECTIONS_LEDGER]
AT = datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
FACT = AutopayScheduled(
    account_id="A-1", creditor_id="C-1", invoice_ids=("I-1",), scheduled_on=AT.date()
)
KEY, VALUE, WRITTEN = envelope.encode(
    Outgoing(
        topic=COLLECTIONS_LEDGER,
        subject="A-1",
        party="Grüße",
        data=FACT,
        time=AT,
        entity="",
        woken=True,
        cause="tick-1",
        expires_at=AT,
    ),
    source="arrears:ingest",
    sequence=17,
    recorded_at=AT,
)
WHOLE: Headers = list(WRITTEN)
NAMES = [name for name, _ in WHOLE]
ODD = (
    None, b"", b"\xff", b"0", b"00", b"-1", b"9" * 20, b"9" * 19, b"x", b"x" * 201, b"x" * 1001,
    b"a\x1fb", b"true", b"TRUE", b"A-1", b"1.0", b"2026-03-01T00:00:00Z", b"2026-03-01",
    b"2026-03-01T00:00:00.1234567+02:00", b"clock.ticked.v1", b"application/cloudevents+json",
    b"application/json; charset=utf-8",
)  # fmt: skip
ODDLY = st.sampled_from(ODD)


@st.composite
def headers(draw: st.DrawFn) -> Headers:
    """What we write, or that with a few headers spoiled, moved, left out, doubled or added."""
    spoiled = draw(st.dictionaries(st.sampled_from(NAMES), ODDLY, max_size=2))
    left_out = draw(st.sets(st.sampled_from(NAMES), max_size=2))
    found = [(name, spoiled.get(name, told)) for name, told in WHOLE if name not in left_out]
    for extra in draw(
        st.lists(
            st.tuples(st.sampled_from([*NAMES, "Content-Type", "arrears-broadcast"]), ODDLY),
            max_size=1,
        )
    ):
        found.insert(draw(st.sampled_from([len(found), 0, 3])), extra)
    if draw(st.booleans()):
        return found
    return draw(st.permutations(found))


def the_long_way(told: Headers, value: bytes | None, key: bytes | None) -> tuple[Event, int] | None:
    """What a record says, read as any other; None if it is refused."""
    decoded = envelope.decode(told, value, key)
    if isinstance(decoded, Refusal) or not decoded.sequence:
        return None
    event = envelope.event(decoded, accepted=ACCEPTS)
    return None if isinstance(event, Refusal) else (event, decoded.sequence)


def alike(found: tuple[Event, int] | None) -> object:
    """What was read, its data by all that it says: it may be a struct of its model."""
    return found and (replace(found[0], data=FACT), said(found[0].data), found[1])


def without(*names: str) -> Headers:
    """What we write, less some of it."""
    return [header for header in WHOLE if header[0] not in names]


@pytest.mark.parametrize("name", NAMES)
def test_each_header_counts_as_much_as_on_the_long_way(name: str) -> None:
    """Left out, standing elsewhere, named otherwise, or with any odd content, at either end too."""
    others = [header for header in WHOLE if header[0] != name]
    told = dict(WHOLE)[name]
    cases = [others, [*others, (name, told)], [(name, told), *others], [*WHOLE, (name, b"x")]]
    cases += [[(f"x{one}" if one == name else one, had) for one, had in WHOLE]]
    cases += [[(one, odd if one == name else had) for one, had in WHOLE] for odd in ODD]
    cases += [[*WHOLE, (name, odd)] for odd in ODD]
    for case in cases:
        found = envelope.internal(case, VALUE, KEY, ACCEPTS)

        assert found is None or alike(found) == alike(the_long_way(case, VALUE, KEY))


@example(told=without("ce_partitionkey"), value=VALUE, key=b"K-1")
@example(told=without("ce_partitionkey"), value=VALUE, key=None)
@example(told=without("ce_partitionkey"), value=VALUE, key=b"\xff")
@example(told=WHOLE, value=b" " * MESSAGE_BYTES_MAX + VALUE, key=KEY)
@given(
    told=headers(),
    value=st.sampled_from([VALUE, b"{}", b"[", b"", None]),
    key=st.sampled_from([KEY, b"", b"\xff", None]),
)
def test_it_comes_to_the_same_as_the_long_way(
    told: Headers, value: bytes | None, key: bytes | None
) -> None:
    """Whatever is wrong with a record: it is left to the long way, or there is nothing wrong."""
    found = envelope.internal(told, value, key, ACCEPTS)

    assert found is None or alike(found) == alike(the_long_way(told, value, key))


@pytest.mark.parametrize(
    "told",
    [
        WHOLE,
        without("ce_woken"),
        without("ce_expirytime", "ce_causationid"),
        without("ce_subject", "ce_partitionkey", "ce_recordedtime", "ce_woken"),
        [*without("ce_recordedtime"), WHOLE[NAMES.index("ce_recordedtime")]],
    ],
    ids=len,
)
def test_what_we_write_goes_the_short_way(told: Headers) -> None:
    """With and without what is not always said."""
    found = envelope.internal(told, VALUE, KEY, ACCEPTS)

    assert found is not None
    assert alike(found) == alike(the_long_way(told, VALUE, KEY))
    assert 17 == found[1]


def test_what_concerns_all_has_no_party() -> None:
    """Whatever its headers say."""
    value = b'{"at":"2026-03-01T00:00:00Z"}'
    told = [(name, b"clock.ticked.v1" if name == "ce_type" else had) for name, had in WHOLE]

    found = envelope.internal(told, value, KEY, ACCEPTS)

    assert found is not None
    assert alike(found) == alike(the_long_way(told, value, KEY))
    assert not found[0].party


def test_what_goes_on_as_it_came_goes_the_short_way() -> None:
    """Commands and outcomes pass through the ledger."""
    event, _ = the_long_way(WHOLE, VALUE, KEY) or pytest.fail("refused")
    key, value, written = envelope.passed_on(event, sequence=18, recorded_at=AT)
    told: Headers = list(written)

    found = envelope.internal(told, value, key, ACCEPTS)

    assert found is not None
    assert alike(found) == alike(the_long_way(told, value, key))
    assert 18 == found[1]
