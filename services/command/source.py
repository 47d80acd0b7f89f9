"""`arrears source`: whether a billing system and the ledger agree."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from services.command.refusal import REFUSED, refuse
from services.command.source_compare import MEANINGS, Items, Reconciliation, compare
from services.command.source_lists import (
    Refused,
    Waiting,
    of_file,
    of_simulation,
    of_store,
    waiting_in,
)
from shared.cli.importing import FileError
from shared.line.ports import Unavailable
from shared.money import text
from shared.runtime.settings import ServiceSettings
from shared.runtime.store import MongoReader

app = typer.Typer(no_args_is_help=True, add_completion=False)
_SHOWN_MAX: Final = 20
_EPOCH: Final = date(1970, 1, 1)
_PREFIX: Final = "collections_source_"
_GAUGES: Final = {
    "differences": "Invoices that a source and the ledger see differently.",
    "rows_refused": "Rows of the source's list that cannot be read.",
    "open": "What is open in all, as either side has it.",
    "as_of": "The day that was compared, in days since 1970-01-01.",
}
_DIFFERENT: Final = 1


@app.callback()
def about() -> None:
    """Compare billing systems with the ledger."""


@app.command("reconcile")
def reconcile(
    file: Annotated[Path, typer.Option(help="The billing system's open items (CSV).", exists=True)],
    as_of: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day at whose end they were open.")
    ],
    *,
    source: Annotated[str, typer.Option(help="The source's name, for the metrics.")] = "default",
    creditor: Annotated[
        str | None, typer.Option(help="Compare this creditor's accounts alone.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="An accounts.jsonl of `arrears simulate`, in place of the ledger."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write all differences to this CSV.")] = None,
    prometheus: Annotated[
        Path | None, typer.Option(help="Write metrics to this file, for a textfile collector.")
    ] = None,
) -> None:
    """Compare a billing system's open items with the ledger, as of a day.

    Reads the store of ingest (MONGODB_URI), and changes nothing. Ends with 0 if both agree, with 1
    if they do not, with 2 if either cannot be read or a row of the file cannot.
    """
    day = as_of.date()
    try:
        theirs = of_file(file)
        ours = of_simulation(against) if against else asyncio.run(_stored(day, creditor))
    except (FileError, Unavailable, OSError) as error:
        raise refuse(str(error)) from None
    result = compare(theirs.items, ours)
    _show(result, day)
    _show_refused(theirs.refused)
    if out is not None:
        _write(result, out)
    if prometheus is not None:
        _write_whole(prometheus, metrics(result, source, day, len(theirs.refused)))
    if theirs.refused:
        raise typer.Exit(REFUSED)
    if result.differences:
        raise typer.Exit(_DIFFERENT)


@app.command("waiting")
def waiting() -> None:
    """List what sources told of ids whose account is not known yet (docs/webhooks.md).

    Reads the store of ingest (MONGODB_URI), and changes nothing.
    """
    try:
        found = asyncio.run(_waiting())
    except Unavailable as error:
        raise refuse(str(error)) from None
    for note in found[:_SHOWN_MAX]:
        typer.echo(f"{note.reference}: {note.event_type}, told {note.since:%Y-%m-%d %H:%M} UTC")
    if len(found) > _SHOWN_MAX:
        typer.echo(f"… and {len(found) - _SHOWN_MAX:,} more")
    typer.echo(f"{len(found):,} waiting")


async def _waiting() -> list[Waiting]:
    async with _reading() as reader:
        return await waiting_in(reader)


async def _stored(day: date, creditor: str | None) -> Items:
    async with _reading() as reader:
        return await of_store(reader, day, creditor)


def _reading() -> MongoReader:
    settings = ServiceSettings(service="ingest")
    return MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="source")


def _show(result: Reconciliation, day: date) -> None:
    typer.echo(f"{result.agreed:,} invoices agree, {len(result.differences):,} differ, as of {day}")
    for currency in sorted(result.theirs | result.ours):
        theirs, ours = result.theirs[currency], result.ours[currency]
        typer.echo(
            f"  {currency}: {text(theirs, currency)} there, {text(ours, currency)} here,"
            f" {text(theirs - ours, currency)} apart"
        )
    for kind, count in sorted(result.counts().items()):
        typer.echo(f"  {count:>9,}  {MEANINGS[kind]}")
    for one in result.differences[:_SHOWN_MAX]:
        theirs_, ours_ = one.theirs, one.ours
        account, invoice, currency = one.key
        typer.echo(f"  {account} {invoice} {currency}: {theirs_} there, {ours_} here")
    if len(result.differences) > _SHOWN_MAX:
        rest = len(result.differences) - _SHOWN_MAX
        typer.echo(f"  … and {rest:,} more; --out FILE lists all")


def _show_refused(refused: Sequence[Refused]) -> None:
    for row in refused[:_SHOWN_MAX]:
        column = f"{row.column}: " if row.column else ""
        typer.echo(f"line {row.line}: {column}{row.reason}", err=True)
    if len(refused) > _SHOWN_MAX:
        typer.echo(f"… and {len(refused) - _SHOWN_MAX:,} more rows cannot be read", err=True)


def _write(result: Reconciliation, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("kind", "account_id", "invoice_id", "currency", "theirs", "ours"))
        writer.writerows((one.kind, *one.key, one.theirs, one.ours) for one in result.differences)


def metrics(result: Reconciliation, source: str, day: date, refused: int) -> str:
    """The result in Prometheus' text format: what an alert on a source needs."""
    name = source.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    counts = result.counts()
    rows = {
        "differences": [(f'kind="{kind}"', str(counts[kind])) for kind in MEANINGS],
        "rows_refused": [("", str(refused))],
        "open": [
            (f'side="{side}",currency="{code}"', text(sums[code], code))
            for side, sums in (("theirs", result.theirs), ("ours", result.ours))
            for code in sorted(sums)
        ],
        "as_of": [("", str((day - _EPOCH).days))],
    }
    lines = []
    for gauge, meaning in _GAUGES.items():
        lines += [f"# HELP {_PREFIX}{gauge} {meaning}", f"# TYPE {_PREFIX}{gauge} gauge"]
        for labels, value in rows[gauge]:
            told = f'source="{name}"' + (f",{labels}" if labels else "")
            lines.append(f"{_PREFIX}{gauge}{{{told}}} {value}")
    return "\n".join([*lines, ""])


def _write_whole(path: Path, content: str) -> None:
    """A collector may read at any moment: it finds the old file or the new one."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.replace(path)
