"""Most records of a quiet day are ticks; their copies are read once, and to the same effect."""

from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import envelope
from shared.core import Event, Refusal
from shared.line.arrivals import Arrival, arrive
from shared.line.wiring import Wiring
from shared.testing.toy import DOOR, EVENTS, LINE, READER

TOLD = {
    "content-type": b"application/json",
    "ce_specversion": b"1.0",
    "ce_id": b"tick-1",
    "ce_source": b"arrears:clock",
    "ce_type": b"clock.ticked.v1",
    "ce_time": b"2026-03-01T00:00:00Z",
    "ce_sequence": b"0000000000000017",
    "ce_recordedtime": b"2026-03-01T00:00:01Z",
}
"""In the order in which our own services write them."""
MORE = {"ce_woken": b"true", "ce_subject": b"", "ce_partitionkey": b"P-1"}
CHANGING = ["ce_sequence", "ce_recordedtime"]
COPIES = [b"2026-03-01T00:00:02Z", b"2026-03-01T00:00:03.5Z"]
SPOILED = st.sampled_from(
    [None, b"", b"\xff", b"0", b"-1", b"9" * 30, b"2026-03-01T00:00:00Z", b"2026-03-01", b"x"]
)


@st.composite
def headers(draw: st.DrawFn) -> list[tuple[str, bytes | None]]:
    """A tick's, whole or with something wrong; two draws have most in common."""
    names = st.sampled_from(sorted(TOLD | MORE))
    more = draw(st.lists(st.sampled_from(sorted(MORE)), max_size=1))
    spoiled = draw(st.dictionaries(names, SPOILED, max_size=2))
    spoiled |= draw(st.dictionaries(st.sampled_from(CHANGING), st.sampled_from(COPIES)))
    told = TOLD | {name: MORE[name] for name in more} | spoiled
    left_out = draw(st.sets(names, max_size=2))
    found = [(name, content) for name, content in told.items() if name not in left_out]
    return found + draw(st.lists(st.sampled_from([*found, *TOLD.items()]), max_size=1))


VALUE = b'{"at":"2026-03-01T00:00:00Z"}'
WHOLE = list(TOLD.items())
EARLY = [("ce_recordedtime", COPIES[0]), *WHOLE[1:7]]
WOKEN = [*WHOLE, ("ce_woken", b"true")]
OTHER = [*WHOLE[:7], ("ce_subject", COPIES[0])]
NO_TEXT = [*WHOLE[:7], ("ce_recordedtime", b"\xff")]


@example(records=[EARLY], value=VALUE, wiring=READER)
@example(records=[WOKEN, WHOLE], value=VALUE, wiring=READER)
@example(records=[WHOLE, OTHER], value=VALUE, wiring=READER)
@example(records=[WHOLE[:7], NO_TEXT], value=VALUE, wiring=READER)
@given(
    records=st.lists(headers(), min_size=1, max_size=4),
    value=st.sampled_from([VALUE, b'{"at":"2027-01-01T00:00:00Z"}', b"{}", b"[", None]),
    wiring=st.sampled_from([DOOR, READER]),
)
def test_a_tick_reads_the_same_as_any_event(
    records: list[list[tuple[str, bytes | None]]], value: bytes | None, wiring: Wiring
) -> None:
    """Remembered or not, whatever was read before it, and whatever is wrong with it."""
    for told in records:
        for _ in range(2):
            found = _arrive(wiring, value, told)
            read = (found.event, found.refusal, found.sequence)
            assert read == _plain(wiring, value, told)


def test_the_copies_of_a_tick_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They differ in their sequence and when they were recorded, from partition to partition."""
    decode = Mock(wraps=envelope.decode)
    monkeypatch.setattr(envelope, "decode", decode)
    value = b'{"at":"2026-03-02T00:00:00Z"}'
    for number, copy in enumerate(COPIES):
        told = TOLD | {"ce_sequence": b"%016d" % (number + 1), "ce_recordedtime": copy}

        found = _arrive(READER, value, list(told.items()))

        assert found.sequence == number + 1
        assert found.event is not None
        assert found.event.recorded_at == envelope.moment(copy.decode())

    assert decode.call_count == 1


def _arrive(
    wiring: Wiring, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> Arrival:
    topic = EVENTS if wiring.door else LINE
    return arrive(wiring, topic=topic, offset=0, stamp=None, key=None, value=value, headers=headers)


def _plain(
    wiring: Wiring, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> tuple[Event | None, Refusal | None, int]:
    """The way that all events are read."""
    read = envelope.decode(headers, value, None)
    if isinstance(read, Refusal):
        return None, read, 0
    if not wiring.door and not read.sequence:
        refused = Refusal("unreadable", "a record without a sequence", "ce_sequence")
        return None, refused, 0
    sequence = 0 if wiring.door else read.sequence or 0
    topic = EVENTS if wiring.door else LINE
    event = envelope.event(read, accepted=wiring.accepted[topic], foreign=wiring.door)
    if isinstance(event, Refusal):
        return None, event, sequence
    return event, None, sequence
