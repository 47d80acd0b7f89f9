"""How ingest hangs in the flow: three topics from outside become one line, the ledger."""

from typing import Final

from shared.events import ACCEPTED, BILLING, BROADCAST, COMMANDS, OUTCOMES
from shared.events.billing import AccountArrived, ReferenceBound, ReferenceTold
from shared.line.wiring import TICK, Wiring
from shared.topics import (
    BILLING_EVENTS,
    COLLECTIONS_LEDGER,
    INGEST_DLQ,
    OUTREACH_COMMANDS,
    OUTREACH_OUTCOMES,
)

_UNBOUND: Final = frozenset({ReferenceBound.type, ReferenceTold.type, AccountArrived.type})
"""They have no account as subject: a reference's party is itself, and books are sent to a party."""

WIRING: Final = Wiring(
    service="ingest",
    inputs=(BILLING_EVENTS, OUTREACH_COMMANDS, OUTREACH_OUTCOMES),
    output=COLLECTIONS_LEDGER,
    dead_letters=INGEST_DLQ,
    accepted=ACCEPTED,
    passed_on=frozenset({*COMMANDS, *OUTCOMES, *BROADCAST, TICK}),
    broadcasts=frozenset(BROADCAST),
    bound_by=frozenset(BILLING) - frozenset(BROADCAST) - _UNBOUND,
    door=True,
    merged=True,
)
