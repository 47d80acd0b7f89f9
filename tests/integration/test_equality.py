"""The same file of events through one process and through Kafka and MongoDB: the same results."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from services.command.fleet import running_fleet
from services.command.replaying import replay
from services.command.simulate import simulate
from shared.cli.eventfile import Line, lines, with_ticks
from shared.cli.history import history, is_poison
from shared.cli.history.poison import POISON, with_poison
from shared.cli.stack import Stack, running_stack
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.testing.comparing import Writing, differences, of_events, of_records, once
from shared.testing.reading import header, read_topics
from shared.topics import (
    COLLECTIONS_LEDGER,
    COLLECTIONS_SCORES,
    INGEST_DLQ,
    KPI_DLQ,
    OUTREACH_ACTIVITY,
    OUTREACH_DLQ,
    OUTREACH_TASKS,
    SCORING_DLQ,
)

pytestmark = pytest.mark.stack

PARTITIONS: Final = 4
START: Final = date(2025, 1, 1)
TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "collections.ledger": (COLLECTIONS_LEDGER,),
    "collections.scores": (COLLECTIONS_SCORES,),
    "outreach.tasks": tuple(OUTREACH_TASKS.values()),
    "outreach.activity": (OUTREACH_ACTIVITY,),
}
"""The topics that each file of `arrears simulate` shows."""


def _story(seed: int, *, accounts: int, invoices: int, days: int) -> list[Line]:
    """A history with commands, several currencies and one bad event in fifty, a tick each 3 hours."""
    past = history(seed, start=START, accounts=accounts, invoices=invoices, days=days)
    events = with_poison(past, seed, share=0.02)
    return list(with_ticks(lines(events), every=timedelta(hours=3)))


@dataclass(frozen=True, slots=True)
class Runs:
    """Both runs of one file: a folder, and what the topics hold."""

    story: list[Line]
    folder: Path
    topics: Mapping[str, list[Record]]
    kpis: Mapping[str, Any]

    def simulated(self, name: str) -> Writing:
        """What the simulation wrote."""
        return of_events(_events(self.folder, name))

    def real(self, name: str) -> Writing:
        """What the services wrote."""
        records = [record for topic in TOPICS[name] for record in self.topics[topic]]
        return of_records(once(records).records)


def _events(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with (folder / f"{name}.jsonl").open() as file:
        yield from map(json.loads, file)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """One history through `arrears simulate`, and through four processes, Kafka and MongoDB."""
    story = _story(7, accounts=60, invoices=1_000, days=120)
    folder = tmp_path_factory.mktemp("simulated")
    simulate(iter(story), out=folder)
    logs = tmp_path_factory.mktemp("logs")
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        settings = {"ARREARS_CLOCK": "false", "ARREARS_PARTITIONS": str(PARTITIONS)}
        with running_fleet(stack.environment, logs, **settings) as fleet:
            asyncio.run(_send(story, stack))
            end = story[-1].time
            fleet.wait_through(end.isoformat(), within_s=180)
            kpis = fleet.get("kpi", f"/v1/kpis?as_of={end.date()}")
        topics = asyncio.run(_read(stack))
    yield Runs(story, folder, topics, kpis)


async def _send(story: list[Line], stack: Stack) -> None:
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=60)
    try:
        await replay(story, publisher, partitions=PARTITIONS)
    finally:
        await publisher.stop()


async def _read(stack: Stack) -> dict[str, list[Record]]:
    names = [name for group in TOPICS.values() for name in group]
    letters = [INGEST_DLQ, SCORING_DLQ, OUTREACH_DLQ, KPI_DLQ]
    return await read_topics(stack.kafka_bootstrap, [*names, *letters], partitions=PARTITIONS)


@pytest.mark.parametrize("name", TOPICS)
def test_each_party_has_the_same_line(runs: Runs, name: str) -> None:
    """Per party, in order: the same ids, types, subjects, times and data, nothing more or less."""
    simulated = runs.simulated(name)

    assert len(simulated.parties) > 10
    assert [] == differences(simulated, runs.real(name))


@pytest.mark.parametrize("name", TOPICS)
def test_nothing_is_left_out_of_a_partition(runs: Runs, name: str) -> None:
    """An internal topic's sequences are contiguous from 1; a repetition is the same bytes."""
    for topic in TOPICS[name]:
        assert [] == once(runs.topics[topic]).faults


def test_every_partition_has_the_time_and_the_configuration(runs: Runs) -> None:
    """Ticks and broadcasts go down all partitions, at the same place in the line of each."""
    common = runs.real("collections.ledger").common

    assert set(range(PARTITIONS)) == set(common)
    assert [runs.simulated("collections.ledger").common[0]] * PARTITIONS == list(common.values())


def test_the_figures_are_the_same(runs: Runs) -> None:
    """What `GET /v1/kpis` answers is what `kpi.json` has, amounts and rates of every creditor."""
    expected = json.loads((runs.folder / "kpi.json").read_text())

    assert len(expected["receivables"]) > 2
    assert expected == {name: value for name, value in runs.kpis.items() if name != "complete"}
    assert runs.kpis["complete"] in (True, False)


def test_the_same_is_refused(runs: Runs) -> None:
    """The dead letters are the bad events, each kind of them, for the same reason and field."""

    def told(letter: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(letter[name] for name in ("id", "reason", "field", "message"))

    simulated = sorted(told(letter["data"]) for letter in _events(runs.folder, "ingest.dlq"))
    real = sorted(
        (
            header(letter, "ce_id"),
            *(header(letter, f"__dlq.errors.{name}") for name in ("reason", "field", "message")),
        )
        for letter in runs.topics[INGEST_DLQ]
    )

    bad = {str(line.event["id"]) for line in runs.story if is_poison(dict(line.event))}
    assert {name.split("-", 2)[2] for name in bad} == set(POISON)
    assert simulated == real
    assert bad == {letter[0] for letter in real}


def test_no_other_service_refuses_anything(runs: Runs) -> None:
    """What ingest has let in, the others can take."""
    assert [] == [*runs.topics[SCORING_DLQ], *runs.topics[OUTREACH_DLQ], *runs.topics[KPI_DLQ]]


def test_another_history_is_told_apart(runs: Runs, tmp_path: Path) -> None:
    """The comparison sees what differs: another seed gives other lines in every topic."""
    simulate(iter(_story(8, accounts=20, invoices=150, days=60)), out=tmp_path)

    for name in TOPICS:
        assert differences(of_events(_events(tmp_path, name)), runs.real(name))
