"""Parking: a service cannot fold a party's events for now, so nobody knows what is still true."""

from typing import Final

from services.outreach.domain.docket import Docket
from services.outreach.domain.withdraw import withdraw
from shared.core import Event
from shared.events.scores import AccountScored

OUTREACH: Final = "outreach"
SCORING: Final = "scoring"


def park(docket: Docket, *, by: str) -> None:
    """Withdraw what stands open for the party and contact nobody until it is unparked."""
    log = docket.log()
    log.parked_by = by
    docket.party.keep(log)
    for account in docket.accounts():
        withdraw(docket, account, "parked")
        account.look_at = None
        docket.party.keep(account)


def unparked_by(docket: Docket, event: Event) -> None:
    """See whether an event shows that the party is unparked.

    While ingest or outreach has it parked none of its events comes here; while scoring has, they
    come unscored.
    """
    log = docket.log()
    if not log.parked_by or (log.parked_by == SCORING and event.type != AccountScored.type):
        return
    log.parked_by = ""
    docket.party.keep(log)
    for account in docket.accounts():
        account.look(docket.soon)
        docket.party.keep(account)
