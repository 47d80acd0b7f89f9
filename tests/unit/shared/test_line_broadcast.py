"""What concerns all parties: a copy per partition, folded once in each; everyone roused once."""

from datetime import timedelta

import pytest

from shared.line.lane import Limits
from shared.line.rousing import Rousing
from shared.simulation import Stage
from shared.testing.bench import Bench, read
from shared.testing.log import START, Logged
from shared.testing.toy import DOOR, EVENTS, LINE, Added, Configured, ToyCore, tick, told

PARTIES = tuple(f"party-{number}" for number in range(7))


def configured(bench: Bench, number: int = 1, **fields: object) -> Configured:
    """A configuration from now on."""
    return Configured.model_validate({"number": number, "factor": 2, "from_": bench.now} | fields)


def decided(bench: Bench, partition: int = 0) -> list[str]:
    """The parties that were woken and decided, in order."""
    return [who for what, who, _ in bench.line(partition=partition) if what == "decided"]


def test_a_broadcast_is_copied_to_every_other_partition_once() -> None:
    """Told to one partition, it is folded and passed on once in each; copies are not copied."""
    bench = Bench(partitions=3)
    bench.tell(configured(bench), partition=1)

    bench.run()

    assert [1, 1, 1] == [len(bench.log.read(EVENTS, number)) for number in range(3)]
    assert [["configured"]] * 3 == [
        [what for what, _, _ in bench.line(partition=number)] for number in range(3)
    ]
    assert {"applied": 3} == dict(bench.worker.observer.outcomes)


def test_a_broadcast_that_comes_twice_by_two_ways_is_folded_once() -> None:
    """The id is registered per partition: the copy and the second original are duplicates."""
    bench = Bench(partitions=3)
    for partition in range(3):
        bench.tell(configured(bench), id="c1", partition=partition)

    bench.run()

    assert [["configured"]] * 3 == [
        [what for what, _, _ in bench.line(partition=number)] for number in range(3)
    ]
    assert 3 == bench.worker.observer.outcomes["applied"]
    assert [] == bench.reasons()


def test_a_broadcast_with_other_content_under_the_same_id_is_a_conflict() -> None:
    """As any event from outside."""
    bench = Bench()
    bench.tell(configured(bench), id="c1")
    bench.tell(configured(bench, number=2), id="c1")

    bench.run()

    assert ["conflict"] == bench.reasons()


@pytest.mark.parametrize("wakes_max", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("records_max", [1, 1000])
def test_everyone_is_roused_once_at_the_first_tick_from_then_on(
    wakes_max: int, records_max: int
) -> None:
    """In the order of ids, in as many chunks as it takes, with or without a wake of their own."""
    bench = Bench(limits=Limits(wakes_max=wakes_max, records_max=records_max))
    for party in PARTIES[:4]:
        bench.tell(Added(account_id=party, wake_in_s=(3600,)))
    bench.tell(configured(bench, from_=bench.now + timedelta(seconds=90)))
    for party in PARTIES[4:]:
        bench.tell(Added(account_id=party))

    bench.tick(seconds=60)
    bench.tick(seconds=60)
    bench.tick(seconds=60)
    bench.run()

    assert list(PARTIES) == decided(bench)
    assert {"01-05T00:02:00"} == {at for what, _, at in bench.line() if what == "decided"}
    assert "" == bench.data.cursors[0].resume


def test_a_party_that_came_just_before_the_tick_is_roused_too() -> None:
    """Everyone is everyone: also who is not stored yet when the others are listed."""
    bench = Bench()
    bench.tell(configured(bench))
    bench.tell(Added(account_id="ann"))
    bench.run()
    bench.tell(Added(account_id="bob"))
    bench.tick(seconds=60)

    bench.run()

    assert ["ann", "bob"] == decided(bench)


def test_a_party_that_came_in_a_batch_cut_short_is_roused_too() -> None:
    """The list is made anew when something was folded since."""
    bench = Bench()
    bench.tell(configured(bench))
    bench.run()
    for number in range(80):
        bench.tell(Added(account_id=f"party-{number:02}"))
    bench.tick(seconds=60)
    bench.worker.rounds.batch_s = 0  # every batch ends at the first look at the time

    bench.run()

    assert 80 == len(decided(bench))
    assert bench.data.cursors[0].version > 3


def test_rousing_goes_on_where_it_was_after_a_restart() -> None:
    """How far it has come is stored with each chunk: nobody is left out, nobody decided twice."""
    for deaths in range(4):
        bench = Bench(limits=Limits(wakes_max=2))
        for party in PARTIES:
            bench.tell(Added(account_id=party, wake_in_s=(3600,)))
        bench.tell(configured(bench))
        bench.run()
        bench.tick(seconds=60)
        commits = 0

        async def die(name: str, limit: int = deaths) -> None:
            nonlocal commits
            commits += name == "commit.before"
            if commits > limit:
                raise KeyboardInterrupt

        bench.worker.rounds.store._step = die  # type: ignore[attr-defined] # a stepped one
        with pytest.raises(KeyboardInterrupt):
            bench.run()
        bench.restart()
        bench.run()

        assert list(PARTIES) == decided(bench)
        assert "ticked" == bench.line()[-1][0]


def test_a_defect_while_rousing_parks_that_party_and_the_others_are_roused_once() -> None:
    """Also when it comes in the midst of a chunk."""
    bench = Bench(limits=Limits(wakes_max=3))
    for party in PARTIES:
        bench.tell(Added(account_id=party, fault="decide" if party == PARTIES[4] else ""))
    bench.tell(configured(bench))

    bench.tick(seconds=60)
    bench.run()

    assert [PARTIES[4]] == list(bench.parked)
    assert [*PARTIES[:4], *PARTIES[5:]] == decided(bench)


def test_rousing_parked_parties_alone_comes_to_an_end() -> None:
    """They are not woken, and the tick is passed on."""
    bench = Bench(limits=Limits(wakes_max=1))
    for party in PARTIES:
        bench.tell(Added(account_id=party, fault="raise"))
    bench.tell(configured(bench))

    bench.tick(seconds=60)
    bench.run()

    assert [] == decided(bench)
    assert "ticked" == bench.line()[-1][0]


def test_two_configurations_of_one_moment_rouse_once() -> None:
    """One tick, one decision."""
    bench = Bench()
    bench.tell(Added(account_id="ann"))
    bench.tell(configured(bench))
    bench.tell(configured(bench, number=2))

    bench.tick(seconds=60)
    bench.run()

    assert ["ann"] == decided(bench)


def test_a_configuration_need_not_rouse() -> None:
    """The core says whether what concerns all lets all decide anew."""
    bench = Bench()
    bench.tell(Added(account_id="ann"))
    bench.tell(configured(bench, rouses=False))

    bench.tick(seconds=60)
    bench.run()

    assert [] == decided(bench)


def test_the_simulation_rouses_as_the_service_does() -> None:
    """Without a store everyone is at hand, and the same comes out, byte for byte."""
    bench = Bench()
    stage = Stage(ToyCore(), DOOR)
    inputs = [told(Added(account_id=party), id=party, time=START, party=party) for party in PARTIES]
    inputs.insert(3, told(configured(bench), id="c", time=START))
    inputs.append(tick(START + timedelta(seconds=60)))
    bench.put(*inputs[:-1])
    bench.later(seconds=60)
    bench.put(inputs[-1])

    bench.run()
    simulated = stage.take(inputs)

    def plain(records: list[Logged]) -> list[tuple[str, str, str, bytes]]:
        said = map(read, records)
        return [(one.type, one.party, one.time, one.data) for one in said]

    assert list(PARTIES) == decided(bench)
    assert plain(bench.log.read(LINE, 0)) == plain(
        [Logged(r.topic, 0, n, 0, r.key, r.value, r.headers) for n, r in enumerate(simulated)]
    )


@pytest.mark.parametrize("fault", ["raise", "unwritable"])
def test_the_simulation_refuses_what_cannot_be_folded_as_the_service_does(fault: str) -> None:
    """A configuration that a core cannot use changes nothing, and the line goes on."""
    bench = Bench()
    stage = Stage(ToyCore(), DOOR)
    inputs = [
        told(Added(account_id="ann"), id="1", time=START, party="ann"),
        told(configured(bench, fault=fault), id="c", time=START),
        told(Added(account_id="bob"), id="2", time=START, party="bob"),
    ]
    bench.put(*inputs)

    bench.run()
    simulated = stage.take(inputs)

    line = [record for record in simulated if record.topic == LINE]
    assert [read(one).data for one in bench.log.read(LINE, 0)] == [
        read(Logged(r.topic, 0, n, 0, r.key, r.value, r.headers)).data for n, r in enumerate(line)
    ]
    assert 5 == len(line)
    assert ["invalid"] == bench.reasons()
    assert [DOOR.dead_letters] == [r.topic for r in simulated if r.topic != LINE]


class TestRousing:
    def test_it_is_stored_as_text_and_read_back(self) -> None:
        """With the moments to come and how far the one under way has come."""
        rousing = Rousing([START, START + timedelta(days=1)], "ann")

        assert rousing == Rousing.from_text(rousing.to_text())

    def test_none_is_no_text(self) -> None:
        """So that a cursor without any is as it always was."""
        assert "" == Rousing().to_text()
        assert Rousing() == Rousing.from_text("")

    def test_what_is_yet_to_come_stays(self) -> None:
        """A tick ends those that it has reached."""
        rousing = Rousing([START, START + timedelta(days=1)])

        rousing.done(START)

        assert [START + timedelta(days=1)] == rousing.moments
