"""`arrears stack up|down|status`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from shared.cli.stack import background
from shared.cli.stack.errors import StackError
from shared.cli.stack.folder import DEFAULT, read_note
from shared.cli.stack.progress import Shown
from shared.cli.stack.settings import StackSettings

NOTHING_RUNS = 3  # the exit code of a status command by convention

app = typer.Typer(
    help="A local Kafka and MongoDB, for development. What the environment gives is used as it is.",
    no_args_is_help=True,
    add_completion=False,
)
Folder = Annotated[Path, typer.Option("--folder", help="Where the data is.")]


@app.command()
def up(folder: Folder = DEFAULT) -> None:
    """Start both in the background, on free ports, and print their addresses."""
    with _said_plainly():
        if not _all_given():
            with Shown() as progress:
                background.up(folder, progress)
        _print_addresses(folder)


@app.command()
def down(folder: Folder = DEFAULT) -> None:
    """End them. The data stays; remove the folder to forget it."""
    with _said_plainly():
        typer.echo("stopped" if background.down(folder) else f"nothing runs in {folder}")


@app.command()
def status(folder: Folder = DEFAULT) -> None:
    """Print the addresses, as lines that a shell can read; exit code 3 if nothing runs."""
    with _said_plainly():
        if not _all_given() and read_note(folder) is None:
            typer.echo(f"nothing runs in {folder}; start with: arrears stack up", err=True)
            raise typer.Exit(NOTHING_RUNS)
        _print_addresses(folder)


def _all_given() -> bool:
    settings = StackSettings()
    return settings.kafka_bootstrap_servers is not None and settings.mongodb_uri is not None


def _print_addresses(folder: Path) -> None:
    settings, note = StackSettings(), read_note(folder)
    kafka = settings.kafka_bootstrap_servers or (note and note.kafka_bootstrap)
    mongodb = settings.mongodb_uri or (note and note.mongodb_uri)
    typer.echo(f"KAFKA_BOOTSTRAP_SERVERS={kafka}")
    typer.echo(f"MONGODB_URI={mongodb}")
    if _all_given():
        typer.echo("both given by the environment", err=True)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """An error of the stack is a sentence and an exit code, not a traceback."""
    try:
        yield
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None
