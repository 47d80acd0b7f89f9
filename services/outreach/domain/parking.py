"""Parking: a service cannot fold a party's events for now, so nobody knows what is still true."""

from services.outreach.domain.docket import Docket
from services.outreach.domain.withdraw import withdraw


def park(docket: Docket, *, by: str) -> None:
    """Withdraw what stands open for the party and contact nobody until it is unparked."""
    log = docket.log()
    log.parked_by = " ".join(sorted({*log.parked_by.split(), by}))
    docket.party.keep(log)
    for account in docket.accounts():
        withdraw(docket, account, "parked")
        account.look_at = None
        docket.party.keep(account)


def unpark(docket: Docket, *, by: str) -> None:
    """A service has folded what it kept; once no other keeps anything, look at all accounts.

    Nothing else ends it: while ingest has the party parked, commands and outcomes still come by.
    """
    log = docket.log()
    names = log.parked_by.split()
    if by not in names:
        return
    names.remove(by)
    log.parked_by = " ".join(names)
    docket.party.keep(log)
    if names:
        return
    for account in docket.accounts():
        account.look(docket.soon)
        docket.party.keep(account)
