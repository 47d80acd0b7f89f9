"""Scoring: how likely each account is to pay, and whom to work first.

reads                what it does                                        writes, shows
collections.ledger   passes the line on; keeps each account's behaviour  collections.scores
                     and puts account.scored in where it changed
its configuration    takes models and segments from the tick they begin  collections.scores
the standings        both lanes by turns, or one; by segment, creditor   GET /v1/worklist
the scores           of one account, and what would change them most     GET /v1/scores
the segments, drift  as gauges, each quarter of a minute                 GET /metrics
"""

from services.scoring.api import ScoringApi
from services.scoring.domain.configuration import Configured
from services.scoring.domain.core import ScoringCore
from services.scoring.metrics import DriftMetrics, SegmentMetrics
from services.scoring.settings import ScoringSettings
from services.scoring.sources import read_scorecard, read_segments
from services.scoring.store import Scores
from services.scoring.wiring import WIRING
from shared.runtime.doors import reading_doors
from shared.runtime.process import run_service
from shared.runtime.service import Service
from shared.runtime.showing import Showing
from shared.runtime.store import MongoReader


def run(settings: ScoringSettings) -> int:
    """Run scoring until it is told to end; the process's exit code."""
    scorecard, segments = read_scorecard(settings.scorecard), read_segments(settings.segments)
    core = ScoringCore(scorecard, segments, scores_kept=settings.scores_kept)
    service = Service(settings, WIRING, core)
    reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="scoring-reader")
    scores = Scores(reader, Configured(scorecard, segments))
    api = ScoringApi(scores)
    segments_shown, drift_shown = SegmentMetrics(service.registry), DriftMetrics(service.registry)

    async def show() -> None:
        segments_shown.show(await scores.figures())
        model, drift = await scores.drift()
        drift_shown.show(f"{model.model} {model.version}", drift)

    showing = Showing("scoring", show, settings.gauges_period_s)
    doors = {"/v1/worklist": api.worklist, "/v1/scores": api.scores}
    return run_service(
        service,
        routes=reading_doors(doors, service.metrics),
        after_startup=[showing.start],
        on_shutdown=[showing.stop, reader.stop],
    )
