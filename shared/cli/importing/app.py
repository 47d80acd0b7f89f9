"""`arrears import`: files of other programs to files of events."""

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from shared import money
from shared.cli import eventfile
from shared.cli.importing.camt import Known, Received, contents, read_statements
from shared.cli.importing.csvfile import Import, Refused, read_file
from shared.cli.importing.facts import InvalidError
from shared.cli.importing.mapping import MappingError, built_in, load_mapping
from shared.cli.importing.table import FileError

app = typer.Typer(
    help="Make a file of events from a file of another program.",
    no_args_is_help=True,
    add_completion=False,
)
_SHOWN_MAX: Final = 20
_SUMS: Final = (
    ("billed", "billing.invoice.issued.v1"),
    ("credited", "billing.invoice.credited.v1"),
    ("paid", "billing.payment.received.v1"),
)


@app.command("csv")
def import_csv(
    file: Annotated[Path, typer.Argument(help="The CSV file.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The file of events to write.")],
    *,
    mapping: Annotated[
        Path | None, typer.Option(help="What the columns mean; else found by the header.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave out what came later.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="The currency of rows that name none.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="The file's encoding; else guessed.")] = None,
    refused: Annotated[
        Path | None, typer.Option(help="Write all refused rows to this CSV file.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if a row is refused.")
    ] = False,
) -> None:
    """Make a file of events from a CSV file of invoices.

    Ends with 1, and writes nothing, if no row can be taken, or with --strict if one cannot.
    """
    try:
        result = read_file(
            file,
            load_mapping(mapping) if mapping else None,
            until=until.date() if until else None,
            currency=currency,
            encoding=encoding,
        )
        report_refused(result.refused, refused)
        for remark in result.remarks:
            typer.echo(f"note: {remark}", err=True)
        if (strict and result.refused) or not result.events:
            typer.echo(f"nothing written: {len(result.refused)} rows refused", err=True)
            raise typer.Exit(1)
        eventfile.write(result.events, out)
    except (FileError, MappingError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(summary(result))
    typer.echo(f"written to {out}")


@app.command("camt")
def import_camt(
    files: Annotated[
        list[Path], typer.Argument(help="camt.053 or camt.054 files.", exists=True, dir_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="The file of events to write.")],
    *,
    known: Annotated[
        list[Path] | None,
        typer.Option(help="Files of events that tell of the invoices to match.", exists=True),
    ] = None,
    suspense: Annotated[
        str, typer.Option(help="The account for money that names no invoice.")
    ] = "suspense",
    creditor: Annotated[
        str | None,
        typer.Option(help="Whose bank account it is: closing balances say what is all in."),
    ] = None,
    refused: Annotated[
        Path | None, typer.Option(help="Write all refused entries to this CSV file.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if an entry is refused.")
    ] = False,
) -> None:
    """Make a file of events from bank statements (ISO 20022).

    Ends with 1, and writes nothing, if a file cannot be read or nothing in it can be taken, or with
    --strict if an entry cannot.
    """
    try:
        result = read_statements(
            contents(files), _known(known or ()), suspense=suspense, creditor_id=creditor
        )
        rows = [
            Refused(one.line, f"{one.file}: {one.element}", one.reason) for one in result.refused
        ]
        report_refused(rows, refused)
        for remark in result.remarks:
            typer.echo(f"note: {remark}", err=True)
        if (strict and rows) or not result.events:
            typer.echo(f"nothing written: {len(rows)} entries refused", err=True)
            raise typer.Exit(1)
        eventfile.write(result.events, out)
    except (FileError, InvalidError, OSError, eventfile.UnsortedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(received(result))
    typer.echo(f"written to {out}")


def _known(paths: Sequence[Path]) -> Known:
    """The invoices of which files of events tell."""
    found = Known()
    bad: list[eventfile.BadLine] = []
    for line in eventfile.read(paths, bad.append) if paths else ():
        try:
            found.tell(line.event)
        except (LookupError, TypeError, ValueError, AttributeError):
            at = f"{line.file}:{line.number}"
            raise FileError(f"{at}: not an event that the contract takes") from None
    if bad:
        raise FileError(str(bad[0]))
    return found


def received(result: Received) -> str:
    """What became of bank statements, in a few lines for people."""
    lines = [f"{len(result.events):,} events, {len(result.refused):,} entries refused"]
    lines += [f"  {number:>9,}  matched by {by}" for by, number in sorted(result.matched.items())]
    if result.unapplied:
        lines.append(f"  unapplied {_shown(result.unapplied)}: no invoice is named for certain")
    if result.again:
        lines.append(f"  {result.again:>9,}  told before, by another statement")
    lines.append(f"  {result.left_out:>9,}  left out: debits, and what is not booked yet")
    return "\n".join(lines)


@app.command("shapes")
def shapes() -> None:
    """List the shapes of files that are known by their header."""
    for mapping in built_in():
        typer.echo(f"{mapping.name}: {mapping.about}")
        typer.echo(f"  needs {', '.join(mapping.required())}")


def summary(result: Import) -> str:
    """What became of a file, in a few lines for people."""
    what = f"{result.rows:,} rows read as {result.mapping.name}, {len(result.refused):,} refused"
    days = f"{result.first_on} to {result.last_on}"
    lines = [f"{what}, {len(result.events):,} events, {days}"]
    counts = result.counts()
    lines += [f"  {counts[kind]:>9,}  {kind}" for kind in sorted(counts)]
    lines += [f"  {word} {_shown(result.sums(kind))}" for word, kind in _SUMS if counts[kind]]
    return "\n".join(lines)


def report_refused(refused: Sequence[Refused], path: Path | None) -> None:
    """Show the first refused rows, and write all of them to `path` if there is one."""
    for row in refused[:_SHOWN_MAX]:
        typer.echo(str(row), err=True)
    if len(refused) > _SHOWN_MAX and path is None:
        rest = len(refused) - _SHOWN_MAX
        typer.echo(f"… and {rest:,} more rows refused; --refused FILE lists all", err=True)
    if path is not None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "column", "reason"))
            writer.writerows((row.line, row.column, row.reason) for row in refused)


def _shown(sums: Counter[str]) -> str:
    return ", ".join(f"{money.text(sums[code], code)} {code}" for code in sorted(sums))
