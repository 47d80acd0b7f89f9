"""How scoring hangs in the flow: the ledger's line goes on, with scores put in."""

from typing import Final

from shared.events import ACCEPTED, BROADCAST
from shared.line.wiring import Wiring
from shared.topics import COLLECTIONS_LEDGER, COLLECTIONS_SCORES, SCORING_DLQ

WIRING: Final = Wiring(
    service="scoring",
    inputs=(COLLECTIONS_LEDGER,),
    output=COLLECTIONS_SCORES,
    dead_letters=SCORING_DLQ,
    accepted=ACCEPTED,
    passed_on=frozenset(ACCEPTED[COLLECTIONS_LEDGER]),
    broadcasts=frozenset(BROADCAST),
)
