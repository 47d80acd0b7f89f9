"""An account that another party has now: what was agreed ends, its addresses go."""

from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import release_hold
from services.outreach.domain.promises import cancel
from services.outreach.domain.withdraw import withdraw
from shared.events.ledger import AccountLeft

_REASON = "account_left"


def leave(docket: Docket, account: Account, told: AccountLeft) -> None:
    """Withdraw what stands open, end promises and holds, and forget how to reach the debtor.

    The contacts that were made stay: caps are of the debtor, not of the account.
    """
    withdraw(docket, account, _REASON)
    for promise in account.promises:
        if promise.state == "open":
            cancel(docket, account, promise, told.left_on, _REASON)
    for hold in account.holds:
        release_hold(docket, account, hold, told.left_on)
    account.holds = []
    profile = docket.profile(account)
    if profile is not None:
        docket.party.drop(profile)
    account.book()
    docket.party.keep(account)
