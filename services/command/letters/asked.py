"""What the subcommands of `arrears letters` share: settings, progress, one line on what is away."""

import asyncio
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.command import service
from services.command.letters.letter import Letter
from services.command.letters.plan import Judged
from services.command.letters.show import clean
from services.command.letters.survey import TOPICS, survey
from services.command.letters.topic import KafkaAway
from services.command.refusal import refuse
from shared.line.ports import Unavailable
from shared.runtime.logging import set_up_logging
from shared.runtime.producer import PublishUnavailable
from shared.runtime.settings import ServiceSettings

T = TypeVar("T")
_LINE_CHARACTERS: Final = 200
Service = Annotated[service.Service, typer.Option(help="Whose dead letters.")]


def settings_of_ingest() -> ServiceSettings:
    """Where Kafka is, and the store of ingest, as the environment says."""
    # What the libraries have to say of a broker that is away would stand around the one clear line.
    set_up_logging(service="letters", level="critical", stream=sys.stderr)
    return ServiceSettings(service="ingest")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; whatever is away ends the command with one line."""
    try:
        return asyncio.run(work)
    except PublishUnavailable:
        raise refuse("Kafka does not take the next letter in time.") from None
    except (KafkaAway, Unavailable, OSError) as failure:
        raise refuse(clean(" ".join(str(failure).split()), _LINE_CHARACTERS)) from None


def letters_of(fingerprints: Collection[str], whose: str) -> list[Judged]:
    """The letters of these causes, or all; ends the command where there are none of one."""

    def wanted(letter: Letter) -> bool:
        return not fingerprints or letter.fingerprint in fingerprints

    with progress("reading") as told:
        settings = settings_of_ingest()
        judged = finish(survey(settings, service=whose, wanted=wanted, told=told))
    missing = set(fingerprints) - {letter.fingerprint for letter, _ in judged}
    if missing:
        raise refuse(f"No letter in {TOPICS[whose]} has {', '.join(sorted(missing))}.")
    return judged


@contextmanager
def progress(doing: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal; it is told what is done, and of how much.

    It is gone once the block ends.
    """
    console = Console(stderr=True)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as shown:
        bar = shown.add_task(doing, total=None)
        yield lambda done, total: shown.update(bar, completed=done, total=total)
