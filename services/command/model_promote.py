"""`arrears model promote`: puts a model in force by an event, if a report says it is better."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services.command.model_history import console, read_model
from services.command.times import until_of
from services.scoring.learning.observer import name_of
from services.scoring.learning.promotion import (
    Margin,
    before_last,
    digest_of,
    highest,
    in_force,
    objections,
    switch,
)
from services.scoring.sources import read_scorecard
from shared.cli.eventfile import encode
from shared.cli.routing import records_of
from shared.runtime.clock import now
from shared.runtime.producer import Publisher, PublishUnavailable
from shared.runtime.settings import ServiceSettings

_DEFAULT = Margin()


def main(
    model: Annotated[Path | None, typer.Argument(help="The trained model.", exists=True)] = None,
    *,
    report: Annotated[
        Path | None, typer.Option(help="report.json of `arrears model report`.", exists=True)
    ] = None,
    target: Annotated[str, typer.Option(help="late, paid_7, paid_14 or paid_30.")] = "paid_30",
    gain: Annotated[float, typer.Option(help="Area under the curve to gain.")] = _DEFAULT.auc_gain,
    samples: Annotated[int, typer.Option(help="Outcomes to be matured.")] = _DEFAULT.samples_min,
    error: Annotated[
        float, typer.Option(help="Calibration error to stay below.")
    ] = _DEFAULT.calibration_error_max,
    loss: Annotated[
        float, typer.Option(help="Money in the top 20 % that may be lost, as a share of all.")
    ] = _DEFAULT.dollars_loss_max,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Only run it beside the champion; no margin is asked.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Put the model before the last switch back.")
    ] = False,
    history: Annotated[
        Path, typer.Option(help="The switches so far, as events; each one is added.")
    ] = Path("models/promoted.jsonl"),
    start: Annotated[str, typer.Option("--from", help="When it takes effect; default: now.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Add the event to this file, rather than send it to Kafka.")
    ] = None,
) -> None:
    """Switch the model by an event; refuse one that is not better by the stated margin."""
    try:
        switches = _read_history(history)
        if rollback:
            document, challengers = before_last(switches), []
        elif model is None:
            raise typer.BadParameter("a model, or --rollback, is needed")
        elif shadow:
            document, challengers = in_force(switches), [_document(model)]
        else:
            margin = Margin(samples, gain, error, loss)
            document, challengers = _asked(model, report, target, margin, in_force(switches)), []
        begin = until_of(start) or now()
        event = switch(
            document,
            challengers,
            number=highest(switches) + 1,
            start=begin,
            time=begin if out else now(),
        )
        _send(event, out)
        _add(event, history)
    except (ValueError, OSError, PublishUnavailable) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(2) from fault
    console.print(_in_words(event["data"]))


def _asked(
    model: Path, report: Path | None, target: str, margin: Margin, champion: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The model's document, if the report has nothing against it.

    Raises:
        ValueError: it has; the text says all of it.
    """
    if report is None:
        raise ValueError("a --report is needed: without outcomes that matured nothing is promoted")
    document, name = _document(model), name_of(read_model(model))
    told = json.loads(report.read_text(encoding="utf-8"))
    digest = digest_of(document)
    if against := objections(told, name, digest, target, margin, champion=_name(champion)):
        raise ValueError(f"{name} is not promoted: " + "; ".join(against))
    return document


def _document(path: Path) -> dict[str, Any]:
    read_model(path)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _read_history(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _send(event: Mapping[str, Any], out: Path | None) -> None:
    """Through the ordinary input topic, or into a file of events."""
    if out is not None:
        _add(event, out)
        return
    settings = ServiceSettings(service="model")

    async def go() -> None:
        publisher = Publisher(settings.kafka_client(), deadline_s=30)
        try:
            await publisher.publish(list(records_of(event, partitions=settings.partitions)))
        finally:
            await publisher.stop()

    asyncio.run(go())


def _add(event: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(encode(event) + b"\n")


def _in_words(data: Mapping[str, Any]) -> str:
    document = data["document"]
    shadows = ", ".join(_name(each) for each in document.get("challengers", []))
    beside = f", {shadows} beside it in shadow" if shadows else ""
    return f"number {data['number']}: {_name(document)}{beside}, from the tick at {data['from']} on"


def _name(document: Mapping[str, Any]) -> str:
    if "model" not in document:
        return name_of(read_scorecard())
    return f"{document['model']} {document['version']}"
