"""`arrears replay`: a file of events through Kafka, with ticks in between."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.command.replaying import replay
from services.command.times import UNTIL_HELP, step_of, until_of
from shared.cli.eventfile import BadLine, read, with_ticks
from shared.runtime.producer import Publisher
from shared.runtime.settings import ServiceSettings

app = typer.Typer()
console = Console()


@app.command()
def main(
    events: Annotated[
        list[Path], typer.Argument(help="Files of events (JSON Lines).", exists=True)
    ],
    *,
    tick: Annotated[str, typer.Option(help="Time between ticks, e.g. 15m, 1h, 1d.")] = "1h",
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
) -> None:
    """Send files of events through Kafka, in order, with the clock's ticks in between.

    The clock of ingest must be off (ARREARS_CLOCK=false): a history has its own time.
    """
    settings = ServiceSettings(service="replay")
    refused: list[BadLine] = []
    total = sum(sum(1 for _ in path.open("rb")) for path in events)
    lines = with_ticks(read(events, refused.append), every=step_of(tick), until=until_of(until))
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("replaying", total=total)

        async def go() -> int:
            publisher = Publisher(settings.kafka_client(), deadline_s=60)
            try:
                return await replay(
                    lines,
                    publisher,
                    partitions=settings.partitions,
                    told=lambda count: progress.advance(bar, count),
                )
            finally:
                await publisher.stop()

        sent = asyncio.run(go())
    for bad in refused:
        console.print(f"[red]refused[/] {bad}")
    console.print(f"{sent:,} events sent, {len(refused)} lines refused")
    raise typer.Exit(1 if refused else 0)
