"""The four services as stages of one simulation."""

from pathlib import Path

from services.ingest.domain.core import IngestCore
from services.ingest.wiring import WIRING as INGEST
from services.kpi.domain.core import KpiCore
from services.kpi.wiring import WIRING as KPI
from services.outreach.domain.core import OutreachCore
from services.outreach.sources import read_policy
from services.outreach.wiring import WIRING as OUTREACH
from services.scoring.domain.core import ScoringCore
from services.scoring.sources import read_scorecard, read_segments
from services.scoring.wiring import WIRING as SCORING
from shared.simulation import Stage


def stages(policies: Path | None = None) -> list[Stage]:
    """The stages in the order of the flow; `policies` is the folder of a policy, or the default."""
    return [
        Stage(IngestCore(), INGEST),
        Stage(ScoringCore(read_scorecard(), read_segments()), SCORING),
        Stage(OutreachCore(read_policy(policies)), OUTREACH),
        Stage(KpiCore(), KPI),
    ]
