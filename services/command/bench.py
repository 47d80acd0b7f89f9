"""`arrears bench`: speed as ratios to a bare loop, latency, memory, in one run on one machine."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from services.command.benching import drain, endurance, latency, reading, report, scored, wave
from services.command.benching.machine import machine
from services.command.benching.mix import publish_all, reel, shares
from services.command.benching.place import Site, site
from services.command.benching.probe import midnight
from services.command.benching.section import section
from services.command.service import SERVICES
from shared.cli.stack import Stack, StackError, running_stack
from shared.cli.stack.progress import Shown
from shared.runtime.clock import monotonic, now

FOLDER: Final = Path(".arrears") / "bench"
HISTORY: Final = Path("docs") / "benchmarks.md"
SAMPLES: Final = 220
"""Of each latency, at least."""
READING_SAMPLES: Final = 200
"""Of each question to the reading doors."""
REST_DAYS: Final = 90
"""Before the history begins, for the samples at rest."""

app = typer.Typer()
console = Console()
progress_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    accounts: int
    invoices: int
    days: int
    """Of the history; invoices a day are those of the demo."""
    passes: int
    """How often each service works off the same backlog."""
    rounds: int
    """Ticks at rest, with `each` samples at each."""
    each: int
    load_s: float
    """Seconds under load at most."""
    waves: tuple[int, ...]


PARTS: Final = (0.4, 0.65, 0.98)
"""Where the history's days are cut: for each service alone, for all four, for the load."""
QUICK: Final = Size(300, 4_100, 150, 1, 20, 11, 10.0, (10_000, 20_000))
DEFAULT: Final = Size(300, 10_000, 365, 5, 30, 10, 30.0, (50_000, 100_000))


@app.command()
def main(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="At most two minutes, rougher.")] = False,
    long: Annotated[
        bool, typer.Option("--long", help="Only memory, over many events through each service.")
    ] = False,
    events: Annotated[
        int, typer.Option(min=1_000, help="With --long: how many; a million take half an hour.")
    ] = 1_000_000,
    read: Annotated[
        bool, typer.Option("--reading", help="Only ingest's reading doors, over many invoices.")
    ] = False,
    invoices: Annotated[
        int, typer.Option(min=1_000, help="With --reading: over how many invoices.")
    ] = 1_000_000,
    to: Annotated[Path | None, typer.Option("--json", help="Write the results here.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help=f"Append them to {HISTORY}.")] = False,
) -> None:
    """Measure speed, latency and memory on a Kafka and a MongoDB of its own."""
    size = QUICK if quick else DEFAULT
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with Shown() as shown, running_stack(progress=shown) as stack:
            shown.__exit__()
            with (
                _telling() as said,
                site(stack.kafka_bootstrap, stack.mongodb_uri, stack.environment, FOLDER) as place,
            ):
                if read:
                    told = asyncio.run(_alone(stack, place, _reading(place, said, invoices)))
                elif long:
                    enduring = endurance.measure(place, events=events, told=said)
                    told = asyncio.run(_alone(stack, place, enduring))
                else:
                    told = report.as_json(asyncio.run(_all(stack, place, size, said)))
    except (StackError, OSError) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(1) from fault
    except KeyboardInterrupt:
        console.print("\nstopped; everything that was started has ended")
        raise typer.Exit(130) from None
    show, written = _shown(told, read=read, long=long, quick=quick)
    show(console)
    path = to or FOLDER / f"{told['at'].replace(':', '-')}.json"
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    console.print(f"written to {path}")
    if keep:
        with HISTORY.open("a", encoding="utf-8") as history:
            history.write(written())


def _shown(
    told: dict[str, Any], *, read: bool, long: bool, quick: bool
) -> tuple[Callable[[Console], None], Callable[[], str]]:
    """How a run's results are shown, and what makes a section of them."""
    if read:
        show = partial(_print, reading.table(told), wide=False)
        arguments = f" --reading --invoices {told['asked']}"
        return show, partial(section, told, arguments, show, width=120, kafka=False)
    if long:
        show = partial(_print, endurance.table(told), wide=True)
        return show, partial(section, told, f" --long --events {told['asked']}", show)
    show = partial(report.show, told=told)
    return show, partial(section, told, " --quick" if quick else "", show)


def _print(table: Table, on: Console, *, wide: bool) -> None:
    """Print a table; a wide one goes beyond the window rather than losing what is in it."""
    on.print(table, soft_wrap=wide)


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Show what is measured now, each on a line with the seconds since the start."""
    started = monotonic()
    with progress_console.status("") as status:

        def said(text: str) -> None:
            progress_console.print(f"[dim]{monotonic() - started:4.0f} s[/] {text}")
            status.update(text)

        yield said


async def _all(
    stack: Stack, place: Site, size: Size, said: Callable[[str], None]
) -> report.Results:
    """Everything, in one run: the history goes on from one measurement to the next."""
    at = now()
    first = at.date() - timedelta(days=size.days + 2 * REST_DAYS)
    begin = first + timedelta(days=REST_DAYS)
    to_alone, to_whole, end = (
        midnight(begin + timedelta(days=int(size.days * part))) for part in PARTS
    )
    told = reel(accounts=size.accounts, invoices=size.invoices, start=begin, days=size.days)
    results = report.Results(f"{at:%Y-%m-%dT%H:%M:%SZ}", await machine(stack, place))
    try:
        said("one score in the core")
        results.score_us = scored.one_score()
        said("latency at rest")
        await place.launch(*SERVICES, open_policy=True)
        await place.ready()
        rest = latency.at_rest(place, first=first, rounds=size.rounds, each=size.each)
        results.latency["at rest"] = await rest
        await place.stop()

        said("publishing a backlog")
        mix = await publish_all(told.before(to_alone), place.publisher)
        results.mix = shares(mix)
        await place.make_bare_topic()
        for number in range(size.passes):
            await place.begin_anew()
            which = f" ({number + 1} of {size.passes})" if size.passes > 1 else ""
            before = await place.bare()
            for name in SERVICES:
                said(f"{name} alone with the backlog, and the bare loop{which}")
                alone, after = await drain.alone(place, name), await place.bare()
                results.alone.setdefault(name, []).append((before.and_then(after), alone))
                before = after

        said("publishing a backlog for all four")
        waiting = await publish_all(told.before(to_whole), place.publisher)
        said("all four with the backlog")
        results.whole = await drain.whole(place, waiting.total())
        await place.stop()

        said("latency at half of that load")
        await place.launch(*SERVICES, open_policy=True)
        await place.ready()
        rate = results.whole.per_second / 2
        a_day = results.whole.records / (to_whole - to_alone).days
        midnights = int(rate * (size.load_s - latency.WARM_S) / a_day)
        load = latency.under_load(
            place,
            told.before(end),
            rate=rate,
            each=max(size.each, SAMPLES // max(1, midnights - 1) + 1),
            most_s=size.load_s,
        )
        results.latency["half load"] = await load
        results.waves = await wave.waves(
            place, first=end.date() + timedelta(days=1), sizes=size.waves, told=said
        )
        await place.stop()
    finally:
        await place.publisher.stop()
    return results


async def _alone(stack: Stack, place: Site, measuring: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """One thing that is measured by itself, and where."""
    at = f"{now():%Y-%m-%dT%H:%M:%SZ}"
    on = await machine(stack, place)
    try:
        found = await measuring
    finally:
        await place.publisher.stop()
    return {"at": at, "machine": on, **found}


async def _reading(place: Site, said: Callable[[str], None], invoices: int) -> dict[str, Any]:
    """The reading doors, over a store that is filled for them."""
    return await reading.measure(
        place,
        invoices=invoices,
        open_=min(10_000, invoices // 20),
        settled=min(100_000, invoices // 4),
        samples=READING_SAMPLES,
        told=said,
    )
