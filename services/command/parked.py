"""`arrears parked`: debtors on whose events a service failed, and their way back after the fix."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.command.parked_store import Found, ask, found_in, left_of
from services.command.refusal import refuse
from services.command.service import SERVICES, Service
from shared.line.ports import Parking, Unavailable

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, add_completion=False)
_SHOWN_MAX: Final = 100
_STILL_PARKED: Final = 1


@app.callback()
def about() -> None:
    """List debtors that a service has parked, and have them unparked once its defect is mended."""


@app.command("list")
def list_(
    service: Annotated[Service | None, typer.Option(help="Of this service alone.")] = None,
) -> None:
    """List who is parked, since which event, and why.

    Reads the services' stores (MONGODB_URI), and changes nothing.
    """
    found = _run(found_in([service] if service else SERVICES))
    if found:
        Console(highlight=False).print(_table(found[:_SHOWN_MAX]))
    if len(found) > _SHOWN_MAX:
        typer.echo(f"… and {len(found) - _SHOWN_MAX:,} more")
    typer.echo(f"{len(found):,} parked")


@app.command("unpark")
def unpark(
    service: Annotated[Service, typer.Argument(help="Which service parked them.")],
    parties: Annotated[list[str] | None, typer.Argument(help="Whom; or --all.")] = None,
    *,
    everyone: Annotated[bool, typer.Option("--all", help="All that it has parked.")] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for what comes of it.")
    ] = 60,
) -> None:
    """Have a service fold what it kept for debtors, in order, after its next tick.

    It writes a mark into the service's store (MONGODB_URI), which the service takes up. All of a
    debtor's events are folded or none; if one fails again, the debtor stays parked as it was. So it
    may be repeated at will. Ends with 0 if all were unparked, with 1 if any is still parked, with 2
    if nothing could be asked.
    """
    if everyone == bool(parties):
        raise refuse("name the parties, or say --all")
    asked = _run(ask(service, parties))
    if parties and (strangers := sorted(set(parties).difference(asked))):
        typer.echo(f"not parked by {service}: {', '.join(strangers)}", err=True)
    if not asked:
        raise refuse("nobody to unpark")
    left = _run(left_of(service, asked, wait_s=wait_s))
    for parking in left[:_SHOWN_MAX]:
        typer.echo(f"{parking.party}: {_outcome(parking)}", err=True)
    typer.echo(f"{len(asked) - len(left):,} unparked, {len(left):,} still parked")
    if left:
        raise typer.Exit(_STILL_PARKED)


def _table(found: Collection[Found]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    for name in ("service", "party"):
        table.add_column(name, overflow="fold")
    table.add_column("events", justify="right", no_wrap=True)
    table.add_column("since (UTC), event, why", ratio=1, overflow="fold")
    for one in found:
        said = [f"{one.since:%Y-%m-%d %H:%M} " if one.since else "", one.event or "a tick"]
        lines = ["".join(said), one.reason]
        if one.parking.asked or one.parking.why:
            lines.append(_outcome(one.parking))
        table.add_row(
            one.service,
            Text(one.parking.party),
            f"{one.parking.events:,}",
            Text("\n".join(line for line in lines if line)),
        )
    return table


def _outcome(parking: Parking) -> str:
    if parking.asked:
        return "asked to unpark it, and not taken up yet: that comes after the service's next tick"
    return f"failed again: {parking.why}"


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (Unavailable, OSError) as failure:
        raise refuse(str(failure)) from None
