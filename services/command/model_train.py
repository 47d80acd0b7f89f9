"""`arrears model train`: a model from a history, as a small JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.command.model_history import UNITS, console, observe
from services.command.times import UNTIL_HELP, step_of, until_of
from services.scoring.learning.rolling import foretold, metrics
from services.scoring.learning.training import Lesson, train
from shared.cli.eventfile import BadLine, Line, read, with_ticks

EVENTS_HELP = "A file of events (JSON Lines), as `arrears simulate` takes; may be given again."


def main(
    *,
    events: Annotated[list[Path], typer.Option(help=EVENTS_HELP, exists=True)],
    out: Annotated[Path, typer.Option(help="The model's file; its folder is made.")],
    name: Annotated[str, typer.Option(help="The model's name.")] = "logistic",
    until: Annotated[str, typer.Option(help=f"{UNTIL_HELP} Later is not learnt from.")] = "",
    tick: Annotated[str, typer.Option(help="Time between ticks: 15m, 1h, 1d.")] = "1d",
    isotonic: Annotated[
        bool, typer.Option("--isotonic", help="Calibrate by any rising curve, given 1,000 rows.")
    ] = False,
    measure: Annotated[
        bool, typer.Option(help="Measure the recipe by rolling origin, and note it in the model.")
    ] = True,
) -> None:
    """Train a model on a history: coefficients, scaling, calibration, all as JSON."""
    refused: list[BadLine] = []
    lines = with_ticks(read(events, refused.append), every=step_of(tick), until=until_of(until))
    try:
        with console.status("the history runs through ingest and scoring"):
            document = learn(lines, name=name, isotonic=isotonic, measure=measure)
    except (ValueError, OSError) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(2) from fault
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for bad in refused:
        console.print(f"[red]refused[/] {bad}")
    trained = document["trained"]
    console.print(f"{name} {document['version']}: learnt from {_shown(trained['samples'])}")
    for target, figures in document.get("metrics", {}).items():
        console.print(f"  {target}: {_shown(figures)}")
    console.print(f"written to {out}")
    raise typer.Exit(1 if refused else 0)


def learn(
    lines: Iterable[Line], *, name: str, isotonic: bool = False, measure: bool = True
) -> dict[str, Any]:
    """The document of a model that learnt a history (lines with ticks).

    Raises:
        ValueError: the history is not in order, or too short to learn from.
    """
    last = datetime(1970, 1, 1, tzinfo=UTC)

    def timed() -> Iterator[Line]:
        nonlocal last
        for line in lines:
            last = line.time
            yield line

    issued, weekly = observe(timed()).samples()
    lesson = Lesson(issued, weekly, last)
    document = train(lesson, UNITS, name=name, isotonic=isotonic)
    if measure:
        document["metrics"] = metrics(foretold(lesson, UNITS))
    return document


def _shown(figures: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
