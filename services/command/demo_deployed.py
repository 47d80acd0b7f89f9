"""The demo's history through services that run already, as in docker-compose.yml's profile demo.

It starts nothing and stops nothing: it waits until the services are ready, sends the history, waits
until KPI has all of it, prints the summary. What it prints goes to a log: lines, no bars.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from services.command.demo import PATIENCE_S, Story, of_a_year
from services.command.demo_summary import Run, show_summary
from services.command.fleet import Fleet
from services.command.replaying import replay
from services.command.service import SERVICES
from shared.cli.stack import Server
from shared.runtime.producer import Publisher
from shared.runtime.settings import ServiceSettings

READY_S: Final = 300.0
TELL_S: Final = 10.0

app = typer.Typer()
console = Console(width=110)


@app.command()
def main(
    services: Annotated[list[str], typer.Argument(help="Each as NAME=HOST:PORT.")],
    *,
    accounts: Annotated[int, typer.Option(help="Accounts of the made-up year.")] = 300,
    invoices: Annotated[int, typer.Option(help="Invoices of the made-up year.")] = 10_000,
) -> None:
    """Replay the demo's history through services that run, and show what came of it."""
    settings = ServiceSettings(service="demo")
    fleet = deployed(dict(told.split("=", 1) for told in services))
    try:
        wait_ready(fleet)
        refuse_used(fleet)
        asyncio.run(_play(of_a_year(accounts=accounts, invoices=invoices), fleet, settings))
    except (TimeoutError, ValueError) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(1) from fault


def deployed(addresses: dict[str, str]) -> Fleet:
    """The services at their addresses, `host:port` by name, as a fleet that somebody else runs.

    Raises:
        ValueError: one of the four is not there.
    """
    missing = set(SERVICES) - set(addresses)
    if missing:
        raise ValueError(f"no address was given for {', '.join(sorted(missing))}")
    fleet = Fleet(environment={}, folder=Path())
    for name, address in addresses.items():
        fleet.servers[name] = Server(
            name=name, address=address, command=[], log=Path(os.devnull), is_ready=bool
        )
    return fleet


def wait_ready(fleet: Fleet, *, within_s: float = READY_S) -> None:
    """Wait until all four are ready.

    Raises:
        TimeoutError: one is not, within the time.
    """
    end = time.monotonic() + within_s
    for name in SERVICES:
        console.print(f"waiting for {name}")
        while not fleet.is_ready(name):
            if time.monotonic() > end:
                raise TimeoutError(f"{name} is not ready after {within_s:.0f} s; see its log")
            time.sleep(0.5)


def refuse_used(fleet: Fleet) -> None:
    """Refuse a line that has a time already: a history can only be told from its beginning.

    Raises:
        ValueError: a tick or a history went through before.
    """
    watermarks = fleet.get("kpi", "/v1/progress")["watermarks"]
    if any(mark for topic in watermarks.values() for mark in topic):
        raise ValueError(
            "The services have been told a time already, and a history must come before it. "
            "Begin with nothing (this deletes the data of this project's containers): "
            "docker compose --profile demo down --volumes"
        )


async def _play(story: Story, fleet: Fleet, settings: ServiceSettings) -> None:
    total = sum(line.event["type"] != "clock.ticked.v1" for line in story.lines)
    console.print(f"replaying {story.title}; a tick every {story.step_h} h")
    publisher = Publisher(settings.kafka_client(), deadline_s=120)
    started = time.monotonic()
    sent = 0
    told_at = started

    def sending(count: int) -> None:
        nonlocal sent
        sent += count

    def passed(mark: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_S:
            told_at = time.monotonic()
            console.print(f"{sent:,} of {total:,} events sent; worked through {mark[:10] or '–'}")

    last = story.lines[-1].time
    try:
        waiting = asyncio.create_task(
            asyncio.to_thread(
                fleet.wait_through, last.isoformat(), within_s=PATIENCE_S, told=passed
            )
        )
        await replay(story.lines, publisher, partitions=settings.partitions, told=sending)
        await waiting
    finally:
        await publisher.stop()
    run = Run(
        events=total,
        ticks=len(story.lines) - total,
        seconds=time.monotonic() - started,
        first=story.lines[0].time.date(),
        last=last.date(),
    )
    await show_summary(console, fleet, settings.kafka_bootstrap_servers, run)
    show_what_now(run)


def show_what_now(run: Run) -> None:
    """Print where to look from the machine that the containers run on."""
    begin = run.last - timedelta(days=90)
    lines: Sequence[str] = (
        "From here on the clock is live, a tick a minute. Look at, for example:",
        "  http://127.0.0.1:8002/v1/worklist   whom to work first, and why",
        "  http://127.0.0.1:8001/v1/overdue   who has what overdue",
        f"  http://127.0.0.1:8004/v1/kpis?as_of={run.last}&begin={begin}   figures of any day",
        "  http://127.0.0.1:8001/docs/asyncapi   what ingest reads and writes",
        "  http://127.0.0.1:9090/alerts   Prometheus",
    )
    for line in lines:
        console.print(line, highlight=False)


if __name__ == "__main__":
    app()
