"""One history run twice, through `arrears simulate` and through the services, ready to compare."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from services.command.replaying import replay
from services.command.simulate import simulate
from shared.cli.eventfile import Line, lines, with_ticks
from shared.cli.history import history, is_poison
from shared.cli.history.poison import with_poison
from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.testing.comparing import Writing, of_events, of_records, once
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

PARTITIONS: Final = 4
TICKS: Final = timedelta(hours=3)
TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "collections.ledger": (COLLECTIONS_LEDGER,),
    "collections.scores": (COLLECTIONS_SCORES,),
    "outreach.tasks": tuple(OUTREACH_TASKS.values()),
    "outreach.activity": (OUTREACH_ACTIVITY,),
}
"""The topics that each file of `arrears simulate` shows."""
DEAD_LETTERS: Final = (INGEST_DLQ, SCORING_DLQ, OUTREACH_DLQ, KPI_DLQ)

Letter = tuple[str, str, str, str]
"""A dead letter: the event's id, the reason, the field, the words."""


def story(seed: int, *, accounts: int, invoices: int, days: int) -> list[Line]:
    """A history with commands and several currencies; one event in fifty is bad."""
    past = history(seed, start=date(2025, 1, 1), accounts=accounts, invoices=invoices, days=days)
    return list(with_ticks(lines(with_poison(past, seed, share=0.02)), every=TICKS))


def poison_of(told: Iterable[Line]) -> set[str]:
    """The ids of the bad events of a story."""
    return {str(line.event["id"]) for line in told if is_poison(dict(line.event))}


@dataclass(frozen=True, slots=True)
class Simulated:
    """What `arrears simulate` wrote to a folder."""

    folder: Path

    @classmethod
    def of(cls, told: Iterable[Line], folder: Path) -> "Simulated":
        """Run it."""
        simulate(iter(told), out=folder)
        return cls(folder)

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """The events of a file."""
        with (self.folder / f"{name}.jsonl").open() as file:
            yield from map(json.loads, file)

    def writing(self, name: str) -> Writing:
        """The same, ready to compare."""
        return of_events(self.events(name))

    def letters(self) -> set[Letter]:
        """The dead letters."""
        told = [letter["data"] for letter in self.events("ingest.dlq")]
        return {(one["id"], one["reason"], one["field"], one["message"]) for one in told}

    def kpis(self) -> dict[str, Any]:
        """The figures."""
        found: dict[str, Any] = json.loads((self.folder / "kpi.json").read_text())
        return found


@dataclass(frozen=True, slots=True)
class Real:
    """What the services wrote to Kafka, and what KPI answers."""

    topics: Mapping[str, list[Record]]
    answer: Mapping[str, Any]

    @classmethod
    def of(cls, stack: Stack, answer: Mapping[str, Any]) -> "Real":
        """Read all topics as they now are."""
        names = [*DEAD_LETTERS, *(topic for group in TOPICS.values() for topic in group)]
        reading = read_topics(stack.kafka_bootstrap, names, partitions=PARTITIONS)
        return cls(asyncio.run(reading), answer)

    def records(self, name: str) -> list[Record]:
        """The records that a file of the simulation corresponds to, as they came."""
        return [record for topic in TOPICS[name] for record in self.topics[topic]]

    def writing(self, name: str) -> Writing:
        """The same, each once, ready to compare."""
        return of_records(once(self.records(name)).records)

    def letters(self) -> set[Letter]:
        """The dead letters of ingest; a bad event that comes twice is refused twice."""
        return {
            (
                header(letter, "ce_id"),
                header(letter, "__dlq.errors.reason"),
                header(letter, "__dlq.errors.field"),
                header(letter, "__dlq.errors.message"),
            )
            for letter in self.topics[INGEST_DLQ]
        }

    def letters_of_others(self) -> list[Record]:
        """What the other services refused: nothing, unless something is broken."""
        return [letter for topic in DEAD_LETTERS[1:] for letter in self.topics[topic]]

    def kpis(self) -> dict[str, Any]:
        """The figures, as the simulation has them."""
        return {name: value for name, value in self.answer.items() if name != "complete"}


async def send(told: Iterable[Line], stack: Stack) -> None:
    """Publish lines as fast as Kafka takes them; waits for a minute where it is away."""
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=60)
    try:
        await replay(told, publisher, partitions=PARTITIONS)
    finally:
        await publisher.stop()
