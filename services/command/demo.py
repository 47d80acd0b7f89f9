"""`arrears demo`: a year of history through everything, on real Kafka and MongoDB, then live."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.command.demo_doors import show_addresses
from services.command.demo_summary import Run, show_summary
from services.command.fleet import Fleet, running_fleet
from services.command.replaying import replay
from services.command.service import SERVICES
from shared.cli.eventfile import Line, lines, with_ticks
from shared.cli.history import history
from shared.cli.importing.csvfile import read_file
from shared.cli.importing.mapping import MappingError
from shared.cli.importing.table import FileError
from shared.cli.stack import StackError, running_stack
from shared.cli.stack.progress import Shown
from shared.runtime.clock import SystemClock, now
from shared.runtime.producer import Publisher
from shared.runtime.ticker import Ticker
from shared.topics import PARTITIONS

SEED: Final = 7
DAYS: Final = 365
YEAR_STEP_H: Final = 3
TICKS_MAX: Final = 9_000
"""A longer history gets fewer ticks a day, so that the demo stays a demo."""
STEPS_H: Final = (YEAR_STEP_H, 4, 6)
PATIENCE_S: Final = 900.0
LIVE_PERIOD_S: Final = 60.0

app = typer.Typer()
console = Console()


@dataclass(frozen=True, slots=True)
class Story:
    """What the demo replays: its lines, with ticks, and where they come from."""

    title: str
    lines: Sequence[Line]
    step_h: int


@app.command()
def main(
    *,
    once: Annotated[bool, typer.Option("--once", help="End by itself, and clean up.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Your own invoices (CSV) in place of the made-up year.")
    ] = None,
    accounts: Annotated[int, typer.Option(help="Accounts of the made-up year.")] = 300,
    invoices: Annotated[int, typer.Option(help="Invoices of the made-up year.")] = 10_000,
) -> None:
    """Show Arrears at work: a history in, overdue found, accounts scored, contacts, figures."""
    try:
        story = of_file(data) if data else of_a_year(accounts=accounts, invoices=invoices)
        with Shown() as shown, running_stack(progress=shown) as stack, _logs() as logs:
            shown("four services", 0, 1)
            with running_fleet(stack.environment, logs, ARREARS_CLOCK="false") as fleet:
                shown("four services", 1, 1)
                shown.__exit__()
                asyncio.run(_play(story, fleet, stack.kafka_bootstrap, once=once))
    except (StackError, FileError, MappingError, OSError) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(1) from fault
    except KeyboardInterrupt:
        console.print("\nstopped; everything that was started has ended")


def of_a_year(*, accounts: int, invoices: int) -> Story:
    """The made-up year that ends today."""
    start = now().date() - timedelta(days=DAYS)
    events = history(SEED, accounts=accounts, invoices=invoices, start=start, days=DAYS)
    found = list(with_ticks(lines(events), every=timedelta(hours=YEAR_STEP_H)))
    title = f"a made-up year: {accounts:,} accounts, {invoices:,} invoices, seed {SEED}"
    return Story(title, found, YEAR_STEP_H)


def of_file(path: Path) -> Story:
    """The user's own invoices, from a CSV file whose shape is known.

    Raises:
        FileError: the file cannot be read, or nothing of it can be taken.
        MappingError: its columns fit no mapping.
    """
    result = read_file(path, None)
    for bad in result.refused[:10]:
        console.print(f"[yellow]refused[/] {bad}")
    if len(result.refused) > 10:  # noqa: PLR2004 - as many as are shown
        console.print(f"[yellow]… {len(result.refused) - 10} more rows refused[/]")
    told = list(lines(result.events))
    if not told:
        raise FileError(f"{path}: no row can be taken")
    span_h = (told[-1].time - told[0].time) / timedelta(hours=1)
    step_h = next((step for step in STEPS_H if span_h / step <= TICKS_MAX), STEPS_H[-1])
    title = f"{path.name}: {len(told):,} events, {len(result.refused)} rows refused"
    return Story(title, list(with_ticks(told, every=timedelta(hours=step_h))), step_h)


@contextmanager
def _logs() -> Iterator[Path]:
    folder = Path(".arrears") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    yield folder


async def _play(story: Story, fleet: Fleet, bootstrap: str, *, once: bool) -> None:
    """Replay the history, show what happened, and stay with the live clock."""
    console.print(f"replaying {story.title}; a tick every {story.step_h} h")
    publisher = Publisher({"bootstrap_servers": bootstrap}, deadline_s=120)
    try:
        run = await _replay(story, fleet, publisher)
        account = await show_summary(console, fleet, bootstrap, run)
        show_addresses(console, fleet, SERVICES, account)
        if not once:
            await _live(publisher)
    finally:
        await publisher.stop()


async def _replay(story: Story, fleet: Fleet, publisher: Publisher) -> Run:
    first, last = story.lines[0].time, story.lines[-1].time
    started = time.monotonic()
    columns = (TextColumn("{task.description:<32}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        total = sum(line.event["type"] != "clock.ticked.v1" for line in story.lines)
        sending = progress.add_task("events sent", total=total)
        working = progress.add_task("worked through", total=(last - first).total_seconds() or 1)

        def passed(mark: str) -> None:
            if mark:
                at = datetime.fromisoformat(mark)
                progress.update(
                    working,
                    completed=max(0.0, (at - first).total_seconds()),
                    description=f"worked through {at:%Y-%m-%d}",
                )

        waiting = asyncio.create_task(
            asyncio.to_thread(
                fleet.wait_through, last.isoformat(), within_s=PATIENCE_S, told=passed
            )
        )
        await replay(
            story.lines,
            publisher,
            partitions=PARTITIONS,
            told=lambda count: progress.advance(sending, count),
        )
        await waiting
    return Run(
        events=total,
        ticks=len(story.lines) - total,
        seconds=time.monotonic() - started,
        first=first.date(),
        last=last.date(),
    )


async def _live(publisher: Publisher) -> None:
    """Tell the time each minute until Ctrl-C."""
    console.print("the clock is live now, a tick a minute; Ctrl-C ends and cleans up")
    ticker = Ticker(publisher, SystemClock(), period_s=LIVE_PERIOD_S, partitions=PARTITIONS)
    with suppress(asyncio.CancelledError):
        await ticker.run()
