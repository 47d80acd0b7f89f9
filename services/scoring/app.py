"""Scoring: how likely each account is to pay, and whom to work first.

reads                what it does                                        writes, shows
collections.ledger   passes the line on; keeps each account's behaviour  collections.scores
                     and puts account.scored in where it changed
its configuration    takes models and segments from the tick they begin  collections.scores
the standings        in order of priority, by lane, segment, creditor    GET /v1/worklist
the scores           of one account, and what would change them most     GET /v1/scores
the segments         as gauges, each quarter of a minute                 GET /metrics
"""

import asyncio

import structlog

from services.scoring.api import ScoringApi
from services.scoring.domain.configuration import Configured
from services.scoring.domain.core import ScoringCore
from services.scoring.metrics import SegmentMetrics
from services.scoring.settings import ScoringSettings
from services.scoring.sources import read_scorecard, read_segments
from services.scoring.store import Scores
from services.scoring.wiring import WIRING
from shared.line.ports import Unavailable
from shared.runtime.doors import Door
from shared.runtime.process import run_service
from shared.runtime.service import Service
from shared.runtime.store import MongoReader

log = structlog.get_logger()


def run(settings: ScoringSettings) -> int:
    """Run scoring until it is told to end; the process's exit code."""
    scorecard, segments = read_scorecard(settings.scorecard), read_segments(settings.segments)
    service = Service(settings, WIRING, ScoringCore(scorecard, segments))
    reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="scoring-reader")
    scores = Scores(reader, Configured(scorecard, segments))
    api = ScoringApi(scores)
    gauges = SegmentMetrics(service.registry)
    showing: list[asyncio.Task[None]] = []

    async def show() -> None:
        while True:
            try:
                gauges.show(await scores.figures())
            except Unavailable as failure:
                log.info("scoring.not_shown", why=str(failure))
            await asyncio.sleep(settings.gauges_period_s)

    async def start_showing() -> None:
        showing.append(asyncio.create_task(show()))

    async def stop_showing() -> None:
        for task in showing:
            task.cancel()
        await reader.stop()

    doors = {"/v1/worklist": api.worklist, "/v1/scores": api.scores}
    return run_service(
        service,
        routes=[
            (
                path,
                Door(
                    handler, name=path, methods=("GET",), body_bytes_max=0, metrics=service.metrics
                ),
            )
            for path, handler in doors.items()
        ],
        after_startup=[start_showing],
        on_shutdown=[stop_showing],
    )
