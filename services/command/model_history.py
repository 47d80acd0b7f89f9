"""Takes samples from a history: ingest and scoring in one process, as in `arrears simulate`."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from services.ingest.domain.core import IngestCore
from services.ingest.wiring import WIRING as INGEST
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.features import FEATURES
from services.scoring.domain.logistic import Logistic
from services.scoring.learning.observer import Observer
from services.scoring.sources import read_scorecard, read_segments, read_text
from services.scoring.wiring import WIRING as SCORING
from shared.cli.eventfile import Line
from shared.cli.routing import records_of
from shared.events.clock import ClockTicked
from shared.simulation import Simulation, Stage

UNITS: Final = {feature.name: feature.unit for feature in FEATURES.values()}
"""The unit of each feature that a model may use."""
console = Console(stderr=True)


def observe(
    lines: Iterable[Line], models: Sequence[Logistic] = (), *, scorecard: Path | None = None
) -> Observer:
    """Run a history, with its ticks, through the cores of ingest and scoring, and watch scoring.

    Samples are taken where an item is issued, and at the first tick of each week (ISO 8601).
    """
    observer = Observer(ScoringCore(read_scorecard(scorecard), read_segments()), models)
    scoring = Stage(observer, SCORING)
    simulation = Simulation([Stage(IngestCore(), INGEST), scoring])
    week = (0, 0)
    for line in lines:
        simulation.tell(records_of(line.event, partitions=1))
        if line.event["type"] == ClockTicked.type and line.time.isocalendar()[:2] != week:
            week = line.time.isocalendar()[:2]
            observer.week(scoring.parties(), line.time, scoring.lane.shared)
    return observer


def read_model(path: Path) -> Logistic:
    """A trained model from its file.

    Raises:
        typer.BadParameter: it cannot be used; the text names file, line, path and reason.
    """
    try:
        return read_text(
            path.read_text(encoding="utf-8"),
            str(path),
            lambda document: Logistic.from_document(document, FEATURES),
        )
    except (OSError, ValueError) as fault:
        raise typer.BadParameter(str(fault)) from fault
