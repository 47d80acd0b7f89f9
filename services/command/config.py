"""`arrears config`: creditors as reviewed text: check it, and write the event that publishes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from pydantic_core import to_json
from rich.console import Console
from rich.markup import escape

from services.command.times import until_of
from services.ingest.domain.creditor import faults, without_effect

app = typer.Typer(help="Creditors as reviewed text.", no_args_is_help=True)
console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)
File = Annotated[Path, typer.Argument(help="A file of creditors, YAML or JSON.", exists=True)]
SOURCE: Final = "arrears:config"
"""The CloudEvents source of what is published from a file."""


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files of creditors.", exists=True)],
) -> None:
    """Say what is wrong with files of creditors; the exit code is 1 if anything is."""
    wrong = 0
    for file in files:
        document, found = _read(file)
        for fault in found:
            errors.print(f"[red]{escape(f'{file}: {fault}')}[/]")
        if not found:
            names = ", ".join(document["creditors"])
            console.print(escape(f"{file}: {len(document['creditors'])} sound: {names}"))
            if unused := without_effect(document):
                console.print(escape(f"{file}: kept, without effect yet: {', '.join(unused)}"))
        wrong += bool(found)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def event(
    file: File,
    *,
    number: Annotated[int, typer.Option(min=0, help="Above that of any published before.")],
    from_: Annotated[str, typer.Option("--from", help="In force from this day or moment (UTC).")],
) -> None:
    """Write the event that publishes a sound file: one line, for `arrears replay` or the door."""
    document, found = _read(file)
    for fault in found:
        errors.print(f"[red]{escape(f'{file}: {fault}')}[/]")
    if found:
        raise typer.Exit(1)
    moment = _start(from_)
    told = {
        "specversion": "1.0",
        "id": f"creditors-{number}",
        "source": SOURCE,
        "type": "billing.config.published.v1",
        "time": moment,
        "datacontenttype": "application/json",
        "data": {"kind": "creditors", "number": number, "from": moment, "document": document},
    }
    typer.echo(to_json(told).decode())


def _start(text: str) -> str:
    """A day's first instant, or the moment, in UTC."""
    if len(text) == len("2026-01-31"):
        until_of(text)  # for its words about a day that does not exist
        return f"{text}T00:00:00Z"
    moment = until_of(text)
    if moment is None:
        raise typer.BadParameter("a day or a moment is expected")
    return moment.isoformat()


def _read(file: Path) -> tuple[Mapping[str, Any], list[str]]:
    """A file's document, and what is wrong with it."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        return {}, [" ".join(str(fault).split())]
    if not isinstance(document, dict):
        return {}, ["creditors: a mapping of creditors by id is expected"]
    return document, faults(document)
