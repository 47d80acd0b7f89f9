"""Files of events: read as they were written, merged by time, with the clock's ticks between."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli.eventfile import (
    TICK_TYPE,
    BadLine,
    Line,
    UnsortedError,
    encode,
    lines,
    read,
    structured,
    tick,
    with_ticks,
    write,
)
from shared.events import ACCEPTED, input_topic

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
offsets = st.lists(st.integers(0, 200_000), max_size=40).map(sorted)


def event(seconds: float, name: str = "one") -> dict[str, Any]:
    """An event so many seconds after `DAY`."""
    return structured(
        id=f"{name}-{seconds}",
        source="test",
        type="billing.payment.received.v1",
        subject="account-1",
        time=(DAY + timedelta(seconds=seconds)).isoformat(),
        data={"account_id": "account-1"},
    )


def at(hours: float) -> datetime:
    """So many hours after `DAY`."""
    return DAY + hours * HOUR


def never(bad: BadLine) -> None:
    """No line is expected to be refused."""
    raise AssertionError(str(bad))


def moments(stream: Iterator[Line]) -> list[tuple[float, bool]]:
    """Hours after `DAY`, and whether it is a tick."""
    return [((line.time - DAY) / HOUR, line.event["type"] == TICK_TYPE) for line in stream]


class TestRead:
    @given(seconds=offsets)
    def test_what_was_written_is_read(
        self, seconds: list[int], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Events come back whole, with their time in UTC and the number of their line."""
        path = tmp_path_factory.mktemp("events") / "events.jsonl"
        events = [event(second) for second in seconds]

        count = write(events, path)
        found = list(read([path], never))

        assert len(events) == count
        assert events == [line.event for line in found]
        assert list(range(1, count + 1)) == [line.number for line in found]
        assert [encode(each) for each in events] == [line.raw for line in found]

    @given(first=offsets, second=offsets)
    def test_several_files_are_merged_by_time(
        self, first: list[int], second: list[int], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """All lines of all files, in order; at the same time, those of the file named first."""
        folder = tmp_path_factory.mktemp("events")
        write([event(n, "a") for n in first], folder / "a.jsonl")
        write([event(n, "b") for n in second], folder / "b.jsonl")

        found = list(read([folder / "a.jsonl", folder / "b.jsonl"], never))

        assert sorted([(n, "a") for n in first] + [(n, "b") for n in second]) == [
            ((line.time - DAY).total_seconds(), Path(line.file).stem) for line in found
        ]

    def test_offsets_windows_line_ends_blank_lines_and_a_byte_order_mark_do_no_harm(
        self, tmp_path: Path
    ) -> None:
        """What editors do to a file changes nothing; 10:00+02:00 is 08:00 in UTC."""
        path = tmp_path / "events.jsonl"
        early = {**event(0), "time": "2026-03-02T10:00:00+02:00"}
        path.write_bytes(b"\xef\xbb\xbf" + encode(early) + b"\r\n\r\n" + encode(event(40_000)))

        found = list(read([path], never))

        assert [at(8), at(40_000 / 3600)] == [line.time for line in found]
        assert [1, 3] == [line.number for line in found]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            (b"{", "not JSON: Expecting property name enclosed in double quotes at column 2"),
            (b"\xff\xfe{}", "not UTF-8 at byte 1"),
            (b"[" * 100_000, "not JSON that can be read: nested too deep"),
            (b"[1]", "not a JSON object"),
            (b"null", "not a JSON object"),
            (b"{}", 'specversion: must be "1.0"'),
            ({"id": None}, "id: must be a text that is not empty"),
            ({"source": ""}, "source: must be a text that is not empty"),
            ({"type": 7}, "type: must be a text that is not empty"),
            (
                {"time": "2026-03-02T10:00:00"},
                "time: '2026-03-02T10:00:00' is no instant like 2026-",
            ),
            ({"time": "yesterday"}, "time: 'yesterday' is no instant like 2026-01-31T09:30:00Z"),
            ({"time": 7}, "time: '7' is no instant like 2026-01-31T09:30:00Z"),
            ({"time": "0001-01-01T00:00:00+14:00"}, "time: '0001-01-01T00:00:00+14:00' is no inst"),
        ],
    )
    def test_a_bad_line_is_told_with_file_line_and_field_and_the_rest_is_read(
        self, line: bytes | dict[str, Any], said: str, tmp_path: Path
    ) -> None:
        """One bad line stops nothing."""
        path = tmp_path / "events.jsonl"
        text = line if isinstance(line, bytes) else encode({**event(0), **line})
        path.write_bytes(b"\n".join([encode(event(1)), text, encode(event(2))]))
        bad: list[BadLine] = []

        found = list(read([path], bad.append))

        assert [1, 3] == [each.number for each in found]
        assert [True] == [str(each).startswith(f"{path}:2: {said}") for each in bad]

    @pytest.mark.parametrize("name", ["id", "source", "type", "time"])
    def test_a_missing_attribute_is_named(self, name: str, tmp_path: Path) -> None:
        """Each of the attributes that a line cannot do without."""
        path = tmp_path / "events.jsonl"
        path.write_bytes(encode({key: value for key, value in event(0).items() if key != name}))
        bad: list[BadLine] = []

        assert [] == list(read([path], bad.append))
        assert [name] == [each.field for each in bad]
        assert bad[0].reason.startswith("is missing")

    def test_a_file_that_is_not_in_order_is_refused_with_both_lines(self, tmp_path: Path) -> None:
        """Merged, it would put other files' events in the wrong place too."""
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"\n".join([encode(event(60)), b"{", encode(event(59))]))
        bad: list[BadLine] = []

        with pytest.raises(UnsortedError, match=r"events.jsonl:3: time: .*:59.* of line 1;"):
            list(read([path], bad.append))

    def test_a_file_is_read_no_faster_than_it_is_used(self, tmp_path: Path) -> None:
        """A fault far down is not met before the lines above it are used: reading is streaming."""
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"\n".join([encode(event(2)), encode(event(1))]))

        stream = read([path], never)

        assert at(2 / 3600) == next(stream).time
        with pytest.raises(UnsortedError):
            next(stream)


class TestWrite:
    def test_nothing_half_written_is_left(self, tmp_path: Path) -> None:
        """What goes wrong in the middle leaves the old file, and no other."""
        path = tmp_path / "events.jsonl"
        write([event(1)], path)

        with pytest.raises(UnsortedError, match=r"event 3: time: .* is before"):
            write([event(5), event(6), event(4)], path)

        assert [path] == list(tmp_path.iterdir())
        assert event(1) == json.loads(path.read_text())

    def test_lines_are_written_as_they_were_read(self, tmp_path: Path) -> None:
        """Byte for byte, unusual spaces and unknown attributes included."""
        path = tmp_path / "events.jsonl"
        path.write_text(json.dumps({**event(1), "note": "ä"}, indent=None, sort_keys=True) + "\n")

        write(read([path], never), tmp_path / "again.jsonl")

        assert path.read_bytes() == (tmp_path / "again.jsonl").read_bytes()


class TestTicks:
    def test_a_tick_comes_after_all_events_up_to_its_moment(self) -> None:
        """An event at the very moment of a tick is before it."""
        stream = lines([event(0), event(1800), event(3600), event(3601)])

        told = moments(with_ticks(stream, every=HOUR, start=at(0), until=at(2)))

        assert [
            (0, False), (0, True), (0.5, False), (1, False), (1, True), (3601 / 3600, False),
            (2, True)
        ] == told  # fmt: skip

    def test_quiet_hours_have_their_ticks(self) -> None:
        """Nothing is skipped between events, nor before the first or after the last."""
        stream = lines([event(3 * 3600 + 1)])

        told = moments(with_ticks(stream, every=HOUR, start=at(1), until=at(5.5)))

        assert [1, 2, 3, 3 + 1 / 3600, 4, 5] == [hours for hours, _ in told]

    def test_without_bounds_the_ticks_are_on_whole_multiples_around_the_events(self) -> None:
        """From the first boundary that is not before the first event to that of the last event."""
        stream = lines([event(10), event(7200)])

        told = moments(with_ticks(stream, every=HOUR))

        assert [(10 / 3600, False), (1, True), (2, False), (2, True)] == told

    def test_what_is_after_until_is_left_out(self) -> None:
        """The line ends with what was known then."""
        stream = lines([event(10), event(3600), event(3601), event(9000)])

        told = moments(with_ticks(stream, every=HOUR, until=at(1)))

        assert [(10 / 3600, False), (1, False), (1, True)] == told

    def test_no_events_have_ticks_only_between_bounds(self) -> None:
        """Time passes without events, but not without an end."""
        assert [] == list(with_ticks(iter(()), every=HOUR))
        assert [0, 1] == [
            hours
            for hours, _ in moments(with_ticks(iter(()), every=HOUR, start=at(0), until=at(1)))
        ]

    def test_time_must_pass_between_ticks(self) -> None:
        """Else there would be no end of them."""
        with pytest.raises(ValueError, match="more than nothing"):
            next(with_ticks(iter(()), every=timedelta(0)))

    def test_a_tick_is_the_same_for_the_same_moment(self) -> None:
        """Its id follows from its moment, and its data is what the contract asks for."""
        told = tick(at(1)).event

        assert "tick-2026-03-02T01:00:00Z" == told["id"]
        assert {"at": "2026-03-02T01:00:00Z"} == told["data"]
        ACCEPTED["billing.events"][told["type"]].model_validate_json(encode(told["data"]))

    @given(seconds=offsets, minutes=st.sampled_from([1, 7, 60, 1440]))
    def test_order_and_completeness(self, seconds: Sequence[int], minutes: int) -> None:
        """Events keep their order, ticks are evenly spaced, and each is behind its past."""
        every = timedelta(minutes=minutes)
        stream = list(with_ticks(lines([event(n) for n in seconds]), every=every))

        ticks = [line.time for line in stream if line.event["type"] == TICK_TYPE]
        events = [line.time for line in stream if line.event["type"] != TICK_TYPE]
        assert list(seconds) == [(time - DAY).total_seconds() for time in events]
        assert all(later - earlier == every for earlier, later in pairwise(ticks))
        assert all(earlier.time <= later.time for earlier, later in pairwise(stream))
        for earlier, later in pairwise(stream):
            assert not (earlier.event["type"] == TICK_TYPE and earlier.time == later.time)


def test_each_type_has_the_topic_that_takes_it() -> None:
    """An unknown one goes to ingest's own topic, where it is refused with a reason."""
    for topic in ("billing.events", "outreach.commands", "outreach.outcomes"):
        for kind in ACCEPTED[topic]:
            assert topic == input_topic(kind)
    assert "billing.events" == input_topic("billing.invoice.mislaid.v1")
