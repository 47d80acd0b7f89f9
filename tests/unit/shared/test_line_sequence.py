"""Between services: what comes twice is dropped, what is missing stops the lane."""

import pytest

from shared.line.lane import Gap, Limits
from shared.line.ports import Record
from shared.testing.bench import Bench
from shared.testing.toy import FACTS, FACTS_DLQ, LINE, READER, Added, ToyCore, tick


def door() -> Bench:
    """A door whose line has a bit of everything."""
    bench = Bench()
    for number in range(3):
        bench.tell(Added(account_id=f"p{number}", items={"i": 1}, wake_in_s=(30,)))
    bench.tell(Added(account_id="p0", closes=("i",)))
    bench.tell(Added(account_id="p0", reopens=("i",)))
    bench.tick(seconds=60)
    bench.run()
    return bench


def line() -> list[Record]:
    """Its line, as records."""
    return [Record(LINE, 0, one.key, one.value, one.headers) for one in door().log.read(LINE, 0)]


def reader(records: list[Record], **limits: int) -> Bench:
    """A reader that has worked off such a line."""
    bench = Bench(core=ToyCore(FACTS), wiring=READER, limits=Limits(**limits))
    bench.put(*records)
    bench.run()
    return bench


def facts(bench: Bench) -> list[tuple[bytes, dict[str, bytes | None]]]:
    """What it published."""
    return [(said.data, said.headers) for said in bench.said(FACTS)]


@pytest.mark.parametrize("records_max", [1, 1000])
def test_a_duplicate_changes_nothing(records_max: int) -> None:
    """A zombie or a new owner may publish again what is there: below the last heard is dropped."""
    records = line()
    again = [one for n, record in enumerate(records) for one in (record, *records[: n + 1])]

    bench = reader(again, records_max=records_max)

    assert facts(reader(records)) == facts(bench)
    assert len(records) == bench.data.cursors[0].heard[LINE]


@pytest.mark.parametrize("missing", [0, 1, -2])
def test_a_gap_stops_the_lane_and_nothing_is_folded(missing: int) -> None:
    """What is missing was lost upstream; to go on would make the loss ours."""
    records = line()
    del records[missing]

    bench = reader(records)

    assert 1 == len(bench.worker.stopped)
    assert "sequence" in bench.worker.stopped[0]
    assert {} == bench.worker.rounds.lanes
    assert {} == bench.data.rows
    assert [] == facts(bench)
    assert 0 == bench.data.cursors[0].version


def test_a_gap_is_seen_across_batches_too() -> None:
    """What was folded before it stays; nothing behind it is."""
    records = line()
    bench = reader(records[:3])

    bench.put(*records[4:])
    bench.run()

    assert 1 == len(bench.worker.stopped)
    assert 3 == bench.data.cursors[0].offsets[LINE]
    assert issubclass(Gap, Exception)


def test_an_event_that_asks_for_a_document_is_not_taken_for_its_own_duplicate() -> None:
    """It is heard only when it is folded: asked for, loaded, and folded in the next batch."""
    bench = Bench(core=ToyCore(FACTS), wiring=READER)
    records = line()
    bench.put(*records)
    bench.run()

    assert "duplicate" not in bench.worker.observer.outcomes
    assert '"count":9' in (bench.document("p0", "tally") or "")  # 3 told, 5 noted, 1 wake
    assert '{"name":"i","amount":2,"done":false}' == bench.document("p0", "item", "i")


@pytest.mark.parametrize("sequence", [None, b"", b"x", b"-1", b"0"])
def test_a_record_without_a_sequence_is_unreadable(sequence: bytes | None) -> None:
    """Nobody but our own services writes there; what is not theirs is set aside."""
    records = line()
    stranger = Record(
        LINE,
        0,
        b"p0",
        records[0].value,
        [(name, sequence if name == "ce_sequence" else v) for name, v in records[0].headers],
    )

    bench = reader([stranger, *records])

    assert ["unreadable"] == bench.reasons()
    assert facts(reader(records)) == facts(bench)
    assert 1 == bench.log.end(FACTS_DLQ, 0)


def test_a_type_that_the_reader_does_not_know_keeps_its_place() -> None:
    """It is a dead letter, and its sequence is heard: what follows is no gap."""
    records = line()
    records[0] = Record(
        LINE,
        0,
        b"p0",
        records[0].value,
        [(name, b"toy.new.v1" if name == "ce_type" else v) for name, v in records[0].headers],
    )

    bench = reader(records)

    assert ["unknown_type"] == bench.reasons()
    assert [] == bench.worker.stopped


def test_the_readers_own_output_has_its_own_sequence() -> None:
    """Contiguous from one, and the tick passed on behind all that it caused."""
    bench = reader(line(), records_max=2, wakes_max=1)

    said = bench.said(FACTS)
    assert list(range(1, len(said) + 1)) == [int(one.headers["ce_sequence"] or b"") for one in said]
    assert "clock.ticked.v1" == said[-1].type


@pytest.mark.parametrize("wakes_max", [1, 2, 1000])
def test_a_tick_in_chunks_is_heard_when_it_is_done(wakes_max: int) -> None:
    """Between chunks, and after a restart there, the tick is not yet a duplicate."""
    records = line()
    bench = Bench(core=ToyCore(FACTS), wiring=READER, limits=Limits(wakes_max=wakes_max))
    upstream = [one for one in records if b"woken" not in (one.value or b"")]
    for number, record in enumerate(upstream, start=1):  # as if only our own wakes were due
        headers = [
            (name, b"%016d" % number if name == "ce_sequence" else value)
            for name, value in record.headers
        ]
        bench.put(Record(LINE, 0, record.key, record.value, headers))

    bench.run()

    assert ["p0", "p1", "p2"] == [who for what, who, _ in bench.line(FACTS) if what == "decided"]
    assert "ticked" == bench.line(FACTS)[-1][0]


def test_a_reader_believes_the_line_about_time() -> None:
    """Whether a tick may be believed was settled at the door."""
    at = tick(Bench().now).headers
    headers = [*((name, b"2031-01-01T00:00:00Z" if name == "ce_time" else v) for name, v in at)]
    record = Record(
        LINE, 0, None, b'{"at":"2031-01-01T00:00:00Z"}', [*headers, ("ce_sequence", b"1")]
    )

    bench = reader([record])

    assert [("ticked", "", "01-01T00:00:00")] == bench.line(FACTS)
