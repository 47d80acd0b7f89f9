"""`arrears simulate`: all four services over files of events, in one process."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console

from services.command.positions import positions
from services.command.stages import stages
from services.command.times import UNTIL_HELP, step_of, until_of
from services.kpi.domain.creditors import Creditors
from services.kpi.domain.report import report
from shared import envelope
from shared.cli.eventfile import BadLine, Line, read, with_ticks
from shared.cli.routing import records_of
from shared.events.clock import ClockTicked
from shared.line.ports import Record
from shared.simulation import Simulation, Stage
from shared.topics import (
    COLLECTIONS_LEDGER,
    COLLECTIONS_SCORES,
    INGEST_DLQ,
    OUTREACH_ACTIVITY,
    OUTREACH_TASKS,
)

app = typer.Typer()
console = Console(stderr=True)
FILES = {
    COLLECTIONS_LEDGER: "collections.ledger.jsonl",
    COLLECTIONS_SCORES: "collections.scores.jsonl",
    OUTREACH_ACTIVITY: "outreach.activity.jsonl",
    INGEST_DLQ: "ingest.dlq.jsonl",
    **dict.fromkeys(OUTREACH_TASKS.values(), "outreach.tasks.jsonl"),
}
"""The file of each topic."""


@app.command()
def main(
    events: Annotated[
        list[Path], typer.Argument(help="Files of events (JSON Lines).", exists=True)
    ],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the results; made if it is not there.")],
    policies: Annotated[
        Path | None, typer.Option(help="Folder of the policy to try; default: the one inside.")
    ] = None,
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
    tick: Annotated[str, typer.Option(help="Time between ticks: 15m, 1h, 1d.")] = "1h",
) -> None:
    """Run all four services over files of events, in one process, without Kafka and MongoDB."""
    refused: list[BadLine] = []
    lines = with_ticks(read(events, refused.append), every=step_of(tick), until=until_of(until))
    try:
        count = simulate(lines, out=out, policies=policies)
    except ValueError as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(2) from fault
    for bad in refused:
        console.print(f"[red]refused[/] {bad}")
    console.print(f"{count:,} events, {len(refused)} lines refused; results in {out}")
    raise typer.Exit(1 if refused else 0)


def simulate(lines: Iterable[Line], *, out: Path, policies: Path | None = None) -> int:
    """Run the simulation and write its files to `out`; how many events it had, ticks not counted.

    Raises:
        ValueError: the policy is not valid.
    """
    out.mkdir(parents=True, exist_ok=True)
    line_up = stages(policies)
    count, last = 0, datetime(1970, 1, 1, tzinfo=UTC)
    with ExitStack() as open_files:
        files = {
            name: open_files.enter_context((out / name).open("wb"))
            for name in dict.fromkeys(FILES.values())
        }
        simulation = Simulation(line_up, seen=lambda record: _write(files, record))
        for line in lines:
            simulation.tell(records_of(line.event, partitions=1))
            count += line.event["type"] != ClockTicked.type
            last = line.time
    _sum_up(line_up, out, last)
    return count


def _write(files: Mapping[str, IO[bytes]], record: Record) -> None:
    name = FILES.get(record.topic)
    if name is None:
        return
    shown = (
        dead_letter(record)
        if record.topic == INGEST_DLQ
        else envelope.structured(record.key, record.value or b"", record.headers)
    )
    files[name].write(to_json(shown) + b"\n")


def dead_letter(record: Record) -> dict[str, Any]:
    """A dead letter as a structured CloudEvent: what was refused, why, and what it was."""
    told = {name: (content or b"").decode("utf-8", "replace") for name, content in record.headers}
    reasons = {
        name.removeprefix("__dlq.errors."): text
        for name, text in told.items()
        if name.startswith("__dlq.errors.")
    }
    return {
        "specversion": "1.0",
        "id": f"{reasons['topic']}-{reasons['partition']}-{reasons['offset']}",
        "source": "arrears:ingest",
        "type": "ingest.event.refused.v1",
        "datacontenttype": "application/json",
        "data": {
            **reasons,
            "id": told.get("ce_id", ""),
            "source": told.get("ce_source", ""),
            "type": told.get("ce_type", ""),
            "value": (record.value or b"").decode("utf-8", "replace"),
        },
    }


def _sum_up(line_up: list[Stage], out: Path, last: datetime) -> None:
    """Each account's position, and all figures, as of the day of the last tick (UTC)."""
    as_of = last.date()
    ingest, _, outreach, kpi = line_up
    with (out / "accounts.jsonl").open("wb") as file:
        for position in positions(ingest, outreach, as_of):
            file.write(to_json(position) + b"\n")
    calendars = kpi.lane.shared.find(Creditors)
    figures = report(
        kpi.cells, as_of=as_of, creditors=calendars.in_force if calendars is not None else None
    )
    (out / "kpi.json").write_bytes(to_json(figures, indent=1) + b"\n")
