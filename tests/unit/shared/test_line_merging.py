"""Ingest's three inputs become one line: what the broker appended first comes first."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.wiring import WIRING
from shared.line.arrivals import Arrival
from shared.line.lane import Lane, Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Acquired, Cursor
from shared.topics import BILLING_EVENTS, OUTREACH_COMMANDS, OUTREACH_OUTCOMES

START = datetime(2026, 1, 1, tzinfo=UTC)
BILLING, COMMANDS, OUTCOMES = BILLING_EVENTS, OUTREACH_COMMANDS, OUTREACH_OUTCOMES


def a_lane(*waiting: tuple[str, int], most: int = 1_000) -> Lane:
    """A lane that was given records of these topics, appended so many seconds after the start."""
    lane = Lane(
        core=IngestCore(),
        wiring=WIRING,
        codec=DocumentCodec(IngestCore().documents),
        acquired=Acquired(Cursor(partition=0), (), {}, ()),
        partitions=1,
        limits=Limits(records_max=most),
    )
    offsets = dict.fromkeys(WIRING.inputs, 0)
    for topic, second in waiting:
        stamp = START + timedelta(seconds=second)
        lane.receive(Arrival(topic, offsets[topic], stamp, b"", b"", []))
        offsets[topic] += 1
    return lane


def line_of(lane: Lane, *read_up: str) -> list[tuple[str, int]]:
    """The lane's line where these topics were read to their ends, as (topic, offset)."""
    return [(one.topic, one.offset) for one in lane.line(lambda topic: topic in read_up)]


def test_append_times_decide() -> None:
    """Records of all topics are taken in the order of their append times."""
    lane = a_lane((BILLING, 1), (COMMANDS, 2), (BILLING, 3), (OUTCOMES, 4), (COMMANDS, 5))

    line = line_of(lane, BILLING, COMMANDS, OUTCOMES)

    assert [(BILLING, 0), (COMMANDS, 0), (BILLING, 1), (OUTCOMES, 0), (COMMANDS, 1)] == line


def test_at_the_same_time_billing_comes_first() -> None:
    """Within a millisecond the order of the topics counts: an invoice, then what is said of it."""
    lane = a_lane((OUTCOMES, 1), (COMMANDS, 1), (BILLING, 1))

    assert [(BILLING, 0), (COMMANDS, 0), (OUTCOMES, 0)] == line_of(lane, *WIRING.inputs)


@pytest.mark.parametrize("unread", WIRING.inputs)
def test_what_may_have_come_before_is_waited_for(unread: str) -> None:
    """While a topic has records that were not brought yet, nothing of the others is taken."""
    others = [topic for topic in WIRING.inputs if topic != unread]
    lane = a_lane(*((topic, 1) for topic in others))

    assert [] == line_of(lane, *others)
    assert len(others) == len(line_of(lane, *WIRING.inputs))


def test_a_later_record_says_that_nothing_comes_before() -> None:
    """A topic under steady load is never read to its end, and need not be."""
    lane = a_lane((BILLING, 1), (BILLING, 2), (BILLING, 5), (COMMANDS, 3))

    assert [(BILLING, 0), (BILLING, 1), (COMMANDS, 0)] == line_of(lane, BILLING, OUTCOMES)


def test_a_line_has_an_end() -> None:
    """No more than a batch is taken at once."""
    lane = a_lane(*((BILLING, second) for second in range(10)), most=4)

    assert [(BILLING, number) for number in range(4)] == line_of(lane, *WIRING.inputs)


@pytest.mark.parametrize("seed", range(20))
def test_any_line_is_in_the_order_of_appending(seed: int) -> None:
    """The line is what was appended, up to the last record of a topic that has more to come."""
    random = Random(seed)
    records = [(random.choice(WIRING.inputs), second) for second in range(40)]
    seen = {topic: random.randrange(20) for topic in WIRING.inputs}
    counts = dict.fromkeys(WIRING.inputs, 0)
    brought = []
    for topic, second in records:
        counts[topic] += 1
        if counts[topic] <= seen[topic]:
            brought.append((topic, second))
    read_up = [topic for topic in WIRING.inputs if counts[topic] <= seen[topic]]

    line = a_lane(*brought).line(lambda topic: topic in read_up)

    last = {topic: records.index((topic, second)) for topic, second in brought}
    ends = [last.get(topic, -1) + 1 for topic in WIRING.inputs if topic not in read_up]
    assert records[: min(ends, default=len(records))] == [
        (one.topic, int((one.stamp - START).total_seconds())) for one in line if one.stamp
    ]
