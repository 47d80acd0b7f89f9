"""What a billing system says of an account, told on as one whole."""

from services.ingest.domain.ledger import Ledger
from services.ingest.domain.moving import announce, leave
from shared.core import Refusal
from shared.events.billing import AccountUpdated


def update(ledger: Ledger, told: AccountUpdated) -> Refusal | None:
    """Merge an update into the account; tell the account as it now stands, if that changed."""
    account = ledger.account
    if (refusal := account.conflict(told, ledger.digest)) is not None:
        return refusal
    profile = account.merged(told)
    if told.party_id is not None and account.leaves(told, ledger.party):
        ledger.party.whole()
        account.take(told, profile, ledger.digest)
        leave(ledger, told.party_id)
        return None
    is_news = profile != account.profile or not account.announced
    account.take(told, profile, ledger.digest)
    account.announced = True
    ledger.party.keep(account)
    if is_news:
        announce(ledger)
    return None
