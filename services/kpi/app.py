"""KPI: exact figures of any day, from the ledger's money and outreach's activity.

reads                what it does                                        shows
collections.ledger   adds every entry to the cube's cells                GET /v1/kpis
outreach.activity    counts contacts, suppressions, promises, cases      GET /v1/kpis
their ticks          close the days, each topic by its own               GET /v1/progress
the cube             as gauges, each quarter of a minute                 GET /metrics
"""

import asyncio

import structlog

from services.kpi.api import KpiApi
from services.kpi.domain.core import KpiCore
from services.kpi.metrics import KpiMetrics
from services.kpi.settings import KpiSettings
from services.kpi.store import Figures
from services.kpi.wiring import WIRING
from shared.line.ports import Unavailable
from shared.runtime.doors import Door, Problem
from shared.runtime.process import run_service
from shared.runtime.service import Service
from shared.runtime.store import MongoReader

log = structlog.get_logger()


def run(settings: KpiSettings) -> int:
    """Run KPI until it is told to end; the process's exit code."""
    service = Service(settings, WIRING, KpiCore())
    reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="kpi-reader")
    api = KpiApi(Figures(reader, partitions=settings.partitions))
    gauges = KpiMetrics(service.registry)
    showing: list[asyncio.Task[None]] = []

    async def show() -> None:
        while True:
            try:
                gauges.show(await api.report({}))
            except (Unavailable, Problem) as failure:
                log.info("kpi.not_shown", why=str(failure))
            await asyncio.sleep(settings.gauges_period_s)

    async def start_showing() -> None:
        showing.append(asyncio.create_task(show()))

    async def stop_showing() -> None:
        for task in showing:
            task.cancel()
        await reader.stop()

    doors = {"/v1/kpis": api.kpis, "/v1/progress": api.progress}
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
