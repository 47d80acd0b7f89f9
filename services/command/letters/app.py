"""`arrears letters`: what was refused, by cause, and sending it again once that is mended."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console

from services.command.letters.asked import (
    Service,
    finish,
    letters_of,
    progress,
    settings_of_ingest,
)
from services.command.letters.letter import Letter
from services.command.letters.originals import originals
from services.command.letters.plan import REDRIVABLE, causes
from services.command.letters.redrive import redrive
from services.command.letters.show import as_json, letter_lines, of_them_refused, table, value_line
from services.command.letters.survey import TOPICS, survey

_DAYS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("redrive")(redrive)


@app.callback()
def about() -> None:
    """Dead letters: list them by cause, look at them, send them again."""


@app.command("list")
def list_(
    *,
    service: Service = "ingest",
    since: Annotated[
        datetime | None, typer.Option(formats=_DAYS, help="Only those written since then (UTC).")
    ] = None,
    as_lines: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """List the dead letters by fingerprint: letters of one cause have the same.

    Reads Kafka and the store of ingest, and changes nothing. Ends with 2 if either is away.
    """
    begin = since and since.replace(tzinfo=UTC)
    with progress("reading") as told:
        judged = finish(survey(settings_of_ingest(), service=service, since=begin, told=told))
    found = causes(judged)
    if as_lines:
        for cause in found:
            typer.echo(json.dumps(as_json(cause)))
        return
    if found:
        Console(highlight=False).print(table(found))
    total = f"{len(judged):,} letters in {TOPICS[service]}"
    if service == "ingest":
        total += f", {sum(cause.standings[REDRIVABLE] for cause in found):,} redrivable"
        total += of_them_refused(sum(cause.still_refused for cause in found))
    typer.echo(total)


@app.command("show")
def show(
    fingerprint: Annotated[str, typer.Argument(help="Of which cause.")],
    *,
    service: Service = "ingest",
    values: Annotated[
        bool, typer.Option("--values", help="Their bytes too, which may be personal data.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="So many, the newest first.")] = 20,
) -> None:
    """Show the letters of one cause: where each lies, whose it is, and how it stands.

    Reads Kafka and the store of ingest, and changes nothing. Ends with 2 if either is away.
    """
    judged = letters_of([fingerprint], service)
    shown = judged[::-1][:limit]
    contents = finish(_values([letter for letter, _ in shown])) if values else []
    for number, one in enumerate(shown):
        for line in letter_lines(one):
            typer.echo(line)
        if values:
            typer.echo(contents[number])
    if len(judged) > len(shown):
        typer.echo(f"… and {len(judged) - len(shown):,} more; --limit N shows more")


async def _values(letters: Sequence[Letter]) -> list[str]:
    async with originals(settings_of_ingest().kafka_client()) as found:
        records = [await found.of(letter) for letter in letters]
    return [
        "  value   gone" if record is None else value_line(letter, record.value)
        for letter, record in zip(letters, records, strict=True)
    ]
