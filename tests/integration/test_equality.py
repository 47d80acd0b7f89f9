"""The same file of events through one process and through Kafka and MongoDB: the same results."""

import asyncio
from pathlib import Path

import pytest

from services.command.fleet import running_fleet
from shared.cli.eventfile import Line
from shared.cli.history.poison import POISON
from shared.cli.stack import running_stack
from shared.testing.comparing import differences, once
from tests.runs import PARTITIONS, TOPICS, Real, Simulated, poison_of, send, story

pytestmark = pytest.mark.stack

Runs = tuple[list[Line], Simulated, Real]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """One history through `arrears simulate`, and through four processes, Kafka and MongoDB."""
    told = story(7, accounts=60, invoices=1_000, days=120)
    simulated = Simulated.of(told, tmp_path_factory.mktemp("simulated"))
    settings = {"ARREARS_CLOCK": "false", "ARREARS_PARTITIONS": str(PARTITIONS)}
    logs = tmp_path_factory.mktemp("logs")
    with (
        running_stack(tmp_path_factory.mktemp("stack")) as stack,
        running_fleet(stack.environment, logs, **settings) as fleet,
    ):
        asyncio.run(send(told, stack))
        end = told[-1].time
        fleet.wait_through(end.isoformat(), within_s=300)
        real = Real.of(stack, fleet.get("kpi", f"/v1/kpis?as_of={end.date()}"))
    return told, simulated, real


@pytest.mark.parametrize("name", TOPICS)
def test_each_party_has_the_same_line(runs: Runs, name: str) -> None:
    """Per party, in order: the same ids, types, subjects, times and data, nothing more or less."""
    _, simulated, real = runs

    expected = simulated.writing(name)

    assert len(expected.parties) > 10
    assert [] == differences(expected, real.writing(name))


@pytest.mark.parametrize("name", TOPICS)
def test_nothing_is_left_out_of_a_partition(runs: Runs, name: str) -> None:
    """An internal topic's sequences are contiguous from 1; a repetition is the same bytes."""
    *_, real = runs

    assert [] == once(real.records(name)).faults


def test_every_partition_has_the_time_and_the_configuration(runs: Runs) -> None:
    """Ticks and broadcasts go down all partitions, at the same place in the line of each."""
    _, simulated, real = runs

    expected = simulated.writing("collections.ledger").common[0]

    assert dict.fromkeys(range(PARTITIONS), expected) == real.writing("collections.ledger").common


def test_the_figures_are_the_same(runs: Runs) -> None:
    """What `GET /v1/kpis` answers is what `kpi.json` has, amounts and rates of every creditor."""
    _, simulated, real = runs

    assert len(simulated.kpis()["receivables"]) > 2
    assert simulated.kpis() == real.kpis()


def test_the_same_is_refused(runs: Runs) -> None:
    """The dead letters are the bad events, every kind of them, for the same reason and field."""
    told, simulated, real = runs

    bad = poison_of(told)

    assert set(POISON) == {name.split("-", 2)[2] for name in bad}
    assert bad == {letter[0] for letter in real.letters()}
    assert simulated.letters() == real.letters()
    assert [] == real.letters_of_others()


def test_another_history_is_told_apart(runs: Runs, tmp_path: Path) -> None:
    """The comparison sees what differs: another seed gives other lines in every topic."""
    *_, real = runs

    other = Simulated.of(story(8, accounts=20, invoices=150, days=60), tmp_path)

    for name in TOPICS:
        assert differences(other.writing(name), real.writing(name))
