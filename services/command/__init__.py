"""The command line `arrears`: one table of subcommands, each imported only when it is called.

This package composes the services and may import them all; no service imports it. A subcommand that
needs no service lives in `shared.cli`.
"""

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import typer


class Row(NamedTuple):
    """A subcommand: its name, the module whose `app` (a `typer.Typer`) runs it, its help."""

    name: str
    module: str
    help: str


TABLE = (
    Row("demo", "services.command.demo", "A year of history through everything, then live."),
    Row("stack", "shared.cli.stack", "A local Kafka and MongoDB: up, down, status."),
    Row("simulate", "services.command.simulate", "All four services over a file, in one process."),
    Row("replay", "services.command.replay", "A file of events through Kafka, ticks in between."),
    Row("import", "shared.cli.importing.app", "CSV or bank statements to a file of events."),
    Row("source", "services.command.source", "Whether a billing system and the ledger agree."),
    Row("letters", "services.command.letters.app", "Dead letters: list, show, redrive."),
    Row("parked", "services.command.parked", "Debtors a service failed on: list, unpark."),
    Row("config", "services.command.config", "Creditors as reviewed text: check, event."),
    Row("model", "services.command.model", "Train, compare and promote models of scoring."),
    Row("schemas", "shared.cli.schemas", "The published JSON Schemas: write, check."),
    Row("env", "services.command.envfile", "The settings as .env.example: write, check."),
    Row("bench", "services.command.bench", "Speed, as ratios to a bare loop."),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the subcommand that the arguments name, else the overview."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    row = next((row for row in available() if words and words[0] == row.name), None)
    if row is None:
        overview()(args=words, prog_name="arrears")
        return
    app: typer.Typer = importlib.import_module(row.module).app
    app(args=words[1:], prog_name=f"arrears {row.name}")


def available() -> tuple[Row, ...]:
    """The rows of the table whose module is there; an image may leave some out."""
    return tuple(row for row in TABLE if importlib.util.find_spec(row.module) is not None)


def overview() -> typer.Typer:
    """The app that shows all subcommands, and refuses an unknown one with a suggestion."""
    app = typer.Typer(help="Arrears, an event-driven engine for collections.", add_completion=False)

    @app.callback(invoke_without_command=True)
    def show(
        context: typer.Context,
        *,
        version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
    ) -> None:
        if version:
            typer.echo(importlib.metadata.version("arrears"))
        elif context.invoked_subcommand is None:
            typer.echo(context.get_help())

    for row in available():
        app.command(row.name, help=row.help)(_only_listed)
    return app


def _only_listed() -> None:
    """Stands in the overview for a subcommand, which `main` calls by itself."""
