"""Ticks and wakes: who is woken by a tick, in which order, and what a tick may be."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.line.lane import Limits
from shared.line.wakes import FOR_EVER, LONG_AGO, WakeIndex
from shared.testing.bench import Bench
from shared.testing.log import START
from shared.testing.toy import COMMANDS, FACTS, LINE, READER, Added, ToyCore, tick


def woken(bench: Bench) -> list[tuple[str, str, str]]:
    """What a tick led to, in order."""
    return [entry for entry in bench.line() if entry[0] in {"woken", "decided", "ticked"}]


def test_parties_are_woken_by_their_first_wake_then_by_their_id() -> None:
    """A party runs all its wakes, each at its own time, is decided once; then comes the next."""
    bench = Bench()
    bench.tell(Added(account_id="cyd", wake_in_s=(20, 40)))
    bench.tell(Added(account_id="bob", wake_in_s=(30,)))
    bench.tell(Added(account_id="ann", wake_in_s=(30, 90)))

    bench.tick(seconds=60)
    bench.run()

    assert [
        ("woken", "cyd", "01-05T00:00:20"),
        ("woken", "cyd", "01-05T00:00:40"),
        ("decided", "cyd", "01-05T00:01:00"),
        ("woken", "ann", "01-05T00:00:30"),
        ("decided", "ann", "01-05T00:01:00"),
        ("woken", "bob", "01-05T00:00:30"),
        ("decided", "bob", "01-05T00:01:00"),
        ("ticked", "", "01-05T00:01:00"),
    ] == woken(bench)


def test_one_tick_makes_up_for_those_that_were_missed() -> None:
    """Bookkeeping is done for each wake at its time; decided is once, at the tick's time."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(60, 120, 180)))

    bench.tick(seconds=3600)
    bench.run()

    assert [
        ("woken", "ann", "01-05T00:01:00"),
        ("woken", "ann", "01-05T00:02:00"),
        ("woken", "ann", "01-05T00:03:00"),
        ("decided", "ann", "01-05T01:00:00"),
        ("ticked", "", "01-05T01:00:00"),
    ] == woken(bench)


@pytest.mark.parametrize("fault", ["stuck", "naive", "wake", "decide"])
def test_a_wake_that_fails_or_stands_still_parks_its_party(fault: str) -> None:
    """After a tick a party wakes later or never; else it would be woken for ever."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(30,)))
    bench.tell(Added(account_id="bob", wake_in_s=(30,), fault=fault))
    bench.tell(Added(account_id="cyd", wake_in_s=(30,)))

    bench.tick(seconds=60)
    bench.run()

    assert {"bob"} == set(bench.parked)
    assert ["ann", "cyd"] == [who for what, who, _ in bench.line() if what == "decided"]
    assert ["bob"] == [who for what, who, _ in bench.line() if what == "parked"]
    assert bench.data.parties["bob"].wake is None
    assert [] == bench.worker.stopped


def test_a_tick_not_above_the_watermark_is_ignored() -> None:
    """Two clocks may tick, and an old tick may come late: nothing happens twice."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(30, 90)))
    bench.tick(seconds=60)

    bench.put(tick(bench.now), tick(bench.now - timedelta(seconds=1)))
    bench.run()

    assert ["woken", "decided", "ticked"] == [what for what, _, _ in woken(bench)]
    assert {"applied": 2, "duplicate": 2} == dict(bench.worker.observer.outcomes)


def test_the_watermark_outlives_the_process() -> None:
    """A tick that was acted on before a restart is not acted on again."""
    bench = Bench()
    bench.tick(seconds=60)
    bench.run()

    bench.restart()
    bench.put(tick(bench.now))
    bench.run()

    assert ["ticked"] == [what for what, _, _ in bench.line()]


@pytest.mark.parametrize(
    ("at", "source", "field"),
    [
        (timedelta(), "billing", "source"),
        (timedelta(seconds=2, microseconds=1), "arrears:clock", "data.at"),
    ],
)
def test_a_tick_that_cannot_be_believed_is_a_dead_letter(
    at: timedelta, source: str, field: str
) -> None:
    """Only the clock says what time it is, and not more than 2 s ahead of the broker's time."""
    bench = Bench()
    bench.put(tick(bench.now + at, source=source))

    bench.run()

    letter = bench.said(bench.wiring.dead_letters)[0]
    assert ["untrusted_tick"] == bench.reasons()
    assert field.encode() == letter.headers["__dlq.errors.field"]
    assert {} == bench.data.cursors[0].watermarks


def test_a_tick_two_seconds_ahead_is_believed() -> None:
    """The clocks of the broker and of ingest may differ by 2 s."""
    bench = Bench()
    bench.put(tick(bench.now + timedelta(seconds=2)))

    bench.run()

    assert [] == bench.reasons()


def test_a_tick_whose_data_say_another_time_is_a_dead_letter() -> None:
    """What a tick says on its cover is what it says inside; else nobody knows what it means."""
    bench = Bench()
    record = tick(bench.now)
    cover = [
        (name, b"2026-01-04T00:00:00Z" if name == "ce_time" else value)
        for name, value in record.headers
    ]
    bench.put(type(record)(record.topic, 0, None, record.value, cover))

    bench.run()

    assert ["untrusted_tick"] == bench.reasons()


def test_a_tick_on_a_topic_that_has_no_clock_is_not_in_the_contract() -> None:
    """Ticks come on the first input alone."""
    bench = Bench()
    record = tick(bench.now)
    bench.put(type(record)(COMMANDS, 0, None, record.value, record.headers))

    bench.run()

    assert ["unknown_type"] == bench.reasons()


@pytest.mark.parametrize("wakes_max", [1, 2, 3, 1000])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_tick_in_chunks_does_the_same_as_at_once(wakes_max: int, *, restarts: bool) -> None:
    """A chunk is a commit of its own: the version moves, the offset not yet; the tick goes last."""
    bench = Bench(limits=Limits(wakes_max=wakes_max))
    for number in range(7):
        bench.tell(Added(account_id=f"party-{number}", wake_in_s=(30 - number % 3, 45)))
    bench.run()
    version = bench.data.cursors[0].version
    if restarts:
        bench.restart()

    bench.tick(seconds=60)
    bench.run()

    order = sorted(range(7), key=lambda number: (30 - number % 3, number))
    assert [f"party-{number}" for number in order] == [
        who for what, who, _ in bench.line() if what == "decided"
    ]
    assert ("ticked", "", "01-05T00:01:00") == bench.line()[-1]
    assert 14 == sum(what == "woken" for what, _, _ in bench.line())
    commits = bench.data.cursors[0].version - version
    assert commits == (1 if wakes_max > 7 else -(-7 // wakes_max) + (7 % wakes_max == 0))


def test_a_restart_between_chunks_loses_and_repeats_nothing() -> None:
    """What a chunk did is stored with it; the next owner wakes the others."""
    bench = Bench(limits=Limits(wakes_max=2))
    for number in range(5):
        bench.tell(Added(account_id=f"party-{number}", wake_in_s=(30,)))
    bench.run()
    bench.tick(seconds=60)
    commits = 0

    async def die(name: str) -> None:
        nonlocal commits
        commits += name == "commit.after"
        if commits == 2:
            raise KeyboardInterrupt

    bench.worker.rounds.store._step = die  # type: ignore[attr-defined] # a stepped one
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert bench.log.end(LINE, 0) == 10 + 2 * 2  # the second chunk is stored, not published
    bench.restart()
    bench.run()

    decided = [who for what, who, _ in bench.line() if what == "decided"]
    assert [f"party-{number}" for number in range(5)] == decided
    assert "ticked" == bench.line()[-1][0]


def test_an_event_that_a_wake_caused_upstream_runs_own_wakes_first() -> None:
    """A reader's own wakes up to w come before an event of time w that a wake upstream caused."""
    door = Bench()
    door.tell(Added(account_id="ann", wake_in_s=(30,)))
    door.tick(seconds=60)
    door.run()
    reader = Bench(core=ToyCore(FACTS), wiring=READER)
    reader.put(
        *(type(tick(START))(LINE, 0, r.key, r.value, r.headers) for r in door.log.read(LINE, 0))
    )

    reader.run(polls_of=1)

    assert ["noted", "woken", "decided", "ticked"] == [what for what, _, _ in door.line()][1:]
    assert [
        ("noted", "ann", "01-05T00:00:00"),
        ("woken", "ann", "01-05T00:00:30"),
        ("ticked", "", "01-05T00:01:00"),
    ] == reader.line(FACTS)


def test_a_woken_event_from_outside_is_not_believed() -> None:
    """Only services of ours say that a wake was the cause; a stranger's mark is ignored."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(10,)))
    bench.later(seconds=60)
    bench.tell(Added(account_id="ann"))
    records = bench.log.read("toy.events", 0)
    marked = [*records[1].headers, ("ce_woken", b"true")]
    bench.log._records["toy.events", 0][1] = records[1]._replace(headers=marked)

    bench.run()

    assert "woken" not in [what for what, _, _ in bench.line()]


def test_a_wake_in_9999_is_kept_and_does_not_hinder() -> None:
    """The last moment that there is may be waited for."""
    bench = Bench()
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    bench.tell(Added(account_id="ann", wake_at=last))
    bench.run()
    bench.restart()

    bench.tick(days=300)
    bench.run()

    assert last == bench.data.parties["ann"].wake
    assert "ticked" == bench.line()[-1][0]


def test_a_tick_with_nothing_due_asks_the_store_for_nothing() -> None:
    """The owner knows the earliest wakes for some days ahead."""
    bench = Bench()
    bench.tell(Added(account_id="ann", wake_in_s=(7200,)))
    bench.tick(seconds=60)
    bench.run()
    asked: list[str] = []

    async def note(name: str) -> None:
        asked.append(name)

    bench.worker.rounds.store._step = note  # type: ignore[attr-defined] # a stepped one
    bench.tick(seconds=60)
    bench.run()

    assert ["taken.before", "commit.before", "commit.after"] == asked


class TestWakeIndex:
    def test_what_lies_beyond_the_known_is_left_to_the_store(self) -> None:
        """A later wake is not held in memory: it is fetched when its time comes nearer."""
        index = WakeIndex()
        index.learn([(START, "ann")], START + timedelta(days=1))

        index.put("ann", START + timedelta(days=2))
        index.put("bob", START + timedelta(hours=1))

        assert (START + timedelta(hours=1), "bob") == index.first()

    def test_a_wake_that_moved_back_and_forth_counts_once(self) -> None:
        """Stale entries do not show."""
        index = WakeIndex(FOR_EVER)
        for wake in (START, START + timedelta(hours=1), START):
            index.put("ann", wake)

        assert ["ann"] == index.due(FOR_EVER, 10)
        assert ["ann"] == index.due(FOR_EVER, 10)
        index.put("ann", None)
        assert [] == index.due(FOR_EVER, 10)
        assert index.first() is None

    def test_nothing_is_known_at_first(self) -> None:
        """So the first tick asks the store."""
        assert LONG_AGO == WakeIndex().known_until

    def test_of_too_many_the_later_half_is_left_to_the_store(self) -> None:
        """What is forgotten lies after the known time, so that it is asked for again."""
        index = WakeIndex()
        hours = [START + timedelta(hours=n) for n in range(10)]
        index.learn([(hour, f"p{n}") for n, hour in enumerate(hours)], hours[-1])

        index.tidy(8)

        assert hours[5] == index.known_until
        assert [f"p{n}" for n in range(6)] == index.due(FOR_EVER, 100)

    def test_many_for_one_moment_are_all_kept(self) -> None:
        """The known time is one of theirs; it is not tried again for each of them."""
        index = WakeIndex()
        index.learn([(START, f"p{n:02}") for n in range(20)], START + timedelta(days=1))

        index.tidy(8)
        index.tidy(8)

        assert START == index.known_until
        assert 20 == len(index.due(START, 100))

    def test_entries_that_no_longer_hold_are_dropped_at_last(self) -> None:
        """A party whose wake moves with each event does not fill the memory."""
        index = WakeIndex(FOR_EVER)
        for minute in range(1_000):
            index.put("ann", START + timedelta(minutes=1_000 - minute))
            index.tidy(10)

        assert 20 > len(index._heap)
        assert (START + timedelta(minutes=1), "ann") == index.first()
