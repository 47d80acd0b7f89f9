"""How KPI hangs in the flow: money from the ledger, contacts from the activity, never joined."""

from typing import Final

from shared.events import ACCEPTED, BROADCAST
from shared.line.wiring import Wiring
from shared.topics import COLLECTIONS_LEDGER, KPI_DLQ, OUTREACH_ACTIVITY

WIRING: Final = Wiring(
    service="kpi",
    inputs=(COLLECTIONS_LEDGER, OUTREACH_ACTIVITY),
    output="",
    dead_letters=KPI_DLQ,
    accepted=ACCEPTED,
    broadcasts=frozenset(BROADCAST),
    stateless=True,
)
