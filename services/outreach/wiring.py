"""How outreach hangs in the flow: the scored line in, contact tasks and activity out."""

from typing import Final

from shared.events import ACCEPTED, BROADCAST
from shared.line.wiring import TICK, Wiring
from shared.topics import COLLECTIONS_SCORES, OUTREACH_ACTIVITY, OUTREACH_DLQ, OUTREACH_TASKS

WIRING: Final = Wiring(
    service="outreach",
    inputs=(COLLECTIONS_SCORES,),
    output=OUTREACH_ACTIVITY,
    outputs=tuple(OUTREACH_TASKS.values()),
    dead_letters=OUTREACH_DLQ,
    accepted=ACCEPTED,
    passed_on=frozenset({TICK}),
    broadcasts=frozenset(BROADCAST),
)
