"""KPI: exact figures of any day, from the ledger's money and outreach's activity.

reads                what it does                                        shows
collections.ledger   adds every entry to the cube's cells                GET /v1/kpis
outreach.activity    counts contacts, suppressions, promises, cases      GET /v1/kpis
their ticks          close the days, each topic by its own               GET /v1/progress
the cube             as gauges, each quarter of a minute                 GET /metrics
"""

from services.kpi.api import KpiApi
from services.kpi.domain.core import KpiCore
from services.kpi.metrics import KpiMetrics
from services.kpi.settings import KpiSettings
from services.kpi.store import Figures
from services.kpi.wiring import WIRING
from shared.runtime.doors import reading_doors
from shared.runtime.process import run_service
from shared.runtime.service import Service
from shared.runtime.showing import Showing
from shared.runtime.store import MongoReader


def run(settings: KpiSettings) -> int:
    """Run KPI until it is told to end; the process's exit code."""
    service = Service(settings, WIRING, KpiCore())
    reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="kpi-reader")
    api = KpiApi(Figures(reader, partitions=settings.partitions))
    gauges = KpiMetrics(service.registry)

    async def show() -> None:
        gauges.show(await api.report({}))

    showing = Showing("kpi", show, settings.gauges_period_s)
    doors = {"/v1/kpis": api.kpis, "/v1/progress": api.progress}
    return run_service(
        service,
        routes=reading_doors(doors, service.metrics),
        after_startup=[showing.start],
        on_shutdown=[showing.stop, reader.stop],
    )
