"""Most records of a quiet day are ticks; their copies are read once, and to the same effect."""

from hypothesis import given
from hypothesis import strategies as st

from shared import envelope
from shared.core import Event, Refusal
from shared.line.arrivals import Arrival, arrive
from shared.line.wiring import Wiring
from shared.testing.toy import DOOR, EVENTS, LINE, READER

TOLD = {
    "ce_specversion": b"1.0",
    "ce_id": b"tick-1",
    "ce_source": b"arrears:clock",
    "ce_type": b"clock.ticked.v1",
    "ce_time": b"2026-03-01T00:00:00Z",
    "ce_sequence": b"0000000000000017",
    "ce_recordedtime": b"2026-03-01T00:00:01Z",
    "ce_woken": b"true",
    "ce_subject": b"",
}
SPOILED = st.sampled_from(
    [None, b"", b"\xff", b"0", b"-1", b"9" * 30, b"2026-03-01T00:00:00Z", b"2026-03-01", b"x"]
)


@given(
    spoiled=st.dictionaries(st.sampled_from(sorted(TOLD)), SPOILED, max_size=2),
    left_out=st.sets(st.sampled_from(sorted(TOLD)), max_size=2),
    value=st.sampled_from(
        [b'{"at":"2026-03-01T00:00:00Z"}', b'{"at":"2027-01-01T00:00:00Z"}', b"{}", b"[", None]
    ),
    wiring=st.sampled_from([DOOR, READER]),
)
def test_a_tick_reads_the_same_as_any_event(
    spoiled: dict[str, bytes | None], left_out: set[str], value: bytes | None, wiring: Wiring
) -> None:
    """Remembered or not, and whatever is wrong with it."""
    told = {name: content for name, content in (TOLD | spoiled).items() if name not in left_out}
    headers = list(told.items())

    first, again = (_arrive(wiring, value, headers) for _ in range(2))

    assert _plain(wiring, value, headers) == (first.event, first.refusal, first.sequence)
    assert (first.event, first.refusal) == (again.event, again.refusal)


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
