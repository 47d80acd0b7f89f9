"""`arrears letters redrive`: send letters again, to where they came from."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer

from services.command.letters.asked import (
    Service,
    finish,
    letters_of,
    progress,
    settings_of_ingest,
)
from services.command.letters.letter import Letter
from services.command.letters.originals import originals
from services.command.letters.plan import REDRIVABLE, to_send
from services.command.letters.send import MINUTE_S, SENT, send
from services.command.letters.show import counts
from services.command.letters.topic import partitions_of
from services.command.refusal import refuse
from shared.runtime.clock import now
from shared.runtime.producer import Publisher
from shared.runtime.settings import ServiceSettings

_INTERRUPTED: Final = 130
_ELSEWHERE: Final = """\
Letters of {} cannot be redriven: they have their place in a numbered line,
which nothing is put into. A configuration: mend what the message names, and
publish it under a higher number. Anything else is a defect of ours: keep the
letter, and report it (docs/runbooks/dead-letters.md)."""
_NOBODY_ASKED: Final = "There is no terminal to ask on: add --yes to send, or --dry-run to look."


def redrive(
    fingerprints: Annotated[
        list[str] | None, typer.Argument(metavar="[FINGERPRINT]...", help="Of which causes.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Of all causes.")] = False,
    service: Service = "ingest",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    per_minute: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many; default: half of what stops a service."),
    ] = None,
) -> None:
    """Send letters again, their bytes untouched, to where they came from.

    Ingest takes each id once: call it twice, end it half way, repeat it. Its exit code is 2 if
    Kafka or the store of ingest is away, or there is nobody to be asked.
    """
    if service != "ingest":
        raise refuse(_ELSEWHERE.format(service))
    if everything == bool(fingerprints):
        raise refuse("Which ones? Give fingerprints (`arrears letters list` has them), or --all.")
    settings = settings_of_ingest()
    pace = per_minute or max(1, settings.dead_letters_per_minute_max // 2)
    judged = letters_of(fingerprints or (), service)
    standings = Counter(standing for _, standing in judged)
    letters = to_send(judged)
    still_refused = sum(letter.still_refused for letter in letters)
    for line in counts(standings, sent=REDRIVABLE, still_refused=still_refused):
        typer.echo(line)
    if not letters:
        return
    typer.echo(f"At most {pace:,} a minute: it takes about {_lasts(len(letters), pace)}.")
    if dry_run:
        return
    if not yes:
        _ask(len(letters))
    began = now()
    del standings[REDRIVABLE]
    _send_all(settings, letters, pace, standings)
    for line in counts(standings, sent=SENT):
        typer.echo(line)
    typer.echo("What is refused again is a new letter, a moment later:")
    typer.echo(f"  arrears letters list --since {began:%Y-%m-%dT%H:%M}")


def _lasts(letters: int, per_minute: int) -> str:
    seconds = MINUTE_S * letters / per_minute
    return f"{seconds:,.0f} s" if seconds < 2 * MINUTE_S else f"{seconds / MINUTE_S:,.0f} minutes"


def _ask(letters: int) -> None:
    """Go on only if somebody says so."""
    if not sys.stdin.isatty():
        raise refuse(_NOBODY_ASKED)
    typer.confirm(f"Send {letters:,}?", abort=True)


def _send_all(
    settings: ServiceSettings, letters: Sequence[Letter], per_minute: int, done: Counter[str]
) -> None:
    """Send them; where that ends half way, say how far it came."""
    try:
        with progress("sending") as told:
            finish(_send(settings, letters, per_minute, done, told))
    except (typer.Exit, KeyboardInterrupt) as end:
        typer.echo(
            f"{done[SENT]:,} of {len(letters):,} were sent. "
            "Repeat the command: what ingest took is not taken twice.",
            err=True,
        )
        code = end.exit_code if isinstance(end, typer.Exit) else _INTERRUPTED
        raise typer.Exit(code) from None


async def _send(
    settings: ServiceSettings,
    letters: Sequence[Letter],
    per_minute: int,
    done: Counter[str],
    told: Callable[[int, int], None],
) -> None:
    connection = settings.kafka_client()
    topics = sorted({letter.origin.topic for letter in letters})
    partitions = {topic: await partitions_of(connection, topic) for topic in topics}
    publisher = Publisher(
        connection, deadline_s=settings.publish_deadline_s, compression=settings.compression
    )
    before = done.total()
    try:
        async with originals(connection) as found:
            await send(
                letters,
                found.of,
                publisher.publish,
                partitions=partitions,
                per_minute=per_minute,
                done=done,
                told=lambda: told(done.total() - before, len(letters)),
            )
    finally:
        await publisher.stop()
