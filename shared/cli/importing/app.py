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
from shared.cli.importing.csvfile import Import, Refused, read_file
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
