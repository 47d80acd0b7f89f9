"""`arrears model report`: how models did on outcomes that matured, as a page and as JSON."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.command.model_history import console, observe, read_model
from services.command.model_train import EVENTS_HELP
from services.command.times import UNTIL_HELP, step_of, until_of
from services.scoring.learning.comparison import ALL
from services.scoring.learning.exposition import exposition
from services.scoring.learning.logged import Logged
from services.scoring.learning.observer import name_of
from services.scoring.learning.page import page
from services.scoring.learning.promotion import digest_of
from services.scoring.learning.report import Question, Taken, Told, make_report
from services.scoring.learning.resampling import RESAMPLES
from services.scoring.sources import read_scorecard
from shared.cli.eventfile import BadLine, read, with_ticks

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.json, metrics.prom.")],
    events: Annotated[list[Path] | None, typer.Option(help=EVENTS_HELP, exists=True)] = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="In place of events: the line of collections.scores.", exists=True),
    ] = None,
    model: Annotated[
        list[Path] | None, typer.Option(help="A trained model; may be given again.", exists=True)
    ] = None,
    champion: Annotated[
        str, typer.Option(help='Name and version to compare with; default: the scorecard, "".')
    ] = "",
    begin: Annotated[
        str, typer.Option(help="Judge samples from this day on; default: where learning ended.")
    ] = "",
    until: Annotated[str, typer.Option(help=UNTIL_HELP)] = "",
    tick: Annotated[str, typer.Option(help="Time between ticks: 15m, 1h, 1d.")] = "1d",
    resamples: Annotated[int, typer.Option(help="Resamples for intervals.", min=0)] = RESAMPLES,
) -> None:
    """Compare models and baselines on what came, overall, by segment and by history."""
    if bool(events) == bool(scores):
        raise typer.BadParameter("either --events or --scores is needed")
    refused: list[BadLine] = []
    try:
        with console.status("outcomes mature"):
            taken = (
                _from_scores(scores, refused)
                if scores
                else _from_events(events or [], model or [], refused, tick=tick, until=until)
            )
        told = [_told(path) for path in model or []]
        known = {each.name for each in told}
        told += [each for each in _others(taken) if each.name not in known]
        learnt = max((each.until for each in told if each.until), default=_EPOCH)
        start = _day(begin) or learnt
        with console.status("figures and intervals"):
            report = make_report(
                taken,
                Question(champion or name_of(read_scorecard()), told, start, resamples),
            )
    except (ValueError, OSError) as fault:
        console.print(f"[red]{fault}[/]")
        raise typer.Exit(2) from fault
    _write(report, out)
    for bad in refused:
        console.print(f"[red]refused[/] {bad}")
    raise typer.Exit(1 if refused else 0)


def _from_events(
    events: Sequence[Path],
    models: Sequence[Path],
    refused: list[BadLine],
    *,
    tick: str,
    until: str,
) -> Taken:
    lines = with_ticks(read(events, refused.append), every=step_of(tick), until=until_of(until))
    observer = observe(lines, [read_model(path) for path in models])
    return Taken(*observer.samples(), observer.promised())


def _from_scores(paths: Sequence[Path], refused: list[BadLine]) -> Taken:
    """From the line as it was written: its order is its own, not that of the events' times."""
    logged = Logged()
    for path in paths:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    logged.tell(json.loads(text))
                except (ValueError, AttributeError) as fault:
                    reason = str(fault).splitlines()[0]
                    refused.append(BadLine(file=str(path), number=number, field="", reason=reason))
    return Taken([], logged.samples(), logged.promised())


def _told(path: Path) -> Told:
    model = read_model(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    learnt = document.get("trained", {}).get("until")
    return Told(
        name_of(model),
        digest_of(document),
        datetime.fromisoformat(learnt) if learnt else None,
        document.get("reference"),
    )


def _others(taken: Taken) -> list[Told]:
    """Models that were in force, or in shadow, in the line itself."""
    shipped = name_of(read_scorecard())
    names = sorted({name for part in taken for sample in part for name in sample.scores})
    return [Told(name, claims_lateness=name != shipped) for name in names]


def _day(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write(report: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(report), encoding="utf-8")
    (out / "metrics.prom").write_text(exposition(report), encoding="utf-8")
    for target, part in report["targets"].items():
        if ALL in part["slices"]:
            console.print(_table(target, part["slices"][ALL]))
        else:
            console.print(f"{target}: {part['samples']} outcomes matured, too few to say")
    console.print(f"written to {out / 'report.html'}, report.json, metrics.prom")


def _table(target: str, part: dict[str, Any]) -> Table:
    table = Table(
        target, "AUC", "95 %", "Brier", "calibration error", "money top 10 %", "money top 20 %",
        title=f"{part['samples']} samples, {part['share']:.1%} yes", title_justify="left",
    )  # fmt: skip
    for name, each in part["contenders"].items():
        auc = each["auc"]
        interval = f"{auc['low']:.3f} to {auc['high']:.3f}" if "low" in auc else ""
        figures = (auc["value"], each.get("brier"), each.get("calibration_error"))
        shown = ["" if figure is None else f"{figure:.3f}" for figure in figures]
        money = [each[f"dollars_{top}"]["value"] for top in (10, 20)]
        table.add_row(
            name, shown[0], interval, *shown[1:],
            *("" if figure is None else f"{figure:.3f}" for figure in money),
        )  # fmt: skip
    return table
