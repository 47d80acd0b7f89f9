"""What a billing system says of an account, told on as one whole."""

from services.ingest.domain.ledger import Ledger
from shared.core import Refusal
from shared.events import ledger as facts
from shared.events.billing import AccountUpdated


def update(ledger: Ledger, told: AccountUpdated) -> Refusal | None:
    """Merge an update into the account; tell the account as it now stands, if that changed."""
    account = ledger.account
    if (refusal := account.conflict(told, ledger.party, ledger.digest)) is not None:
        return refusal
    profile = account.merged(told)
    is_news = profile != account.profile or not account.announced
    account.take(told, profile, ledger.digest)
    account.announced = True
    ledger.party.keep(account)
    if is_news:
        fact = facts.AccountChanged(
            account_id=account.account_id,
            creditor_id=account.creditor_id,
            party_id=ledger.party.id,
            account=profile.model_copy(
                update={
                    "party_id": ledger.party.id,
                    "creditor_id": account.creditor_id,
                    "version": account.version or None,
                }
            ),
        )
        ledger.emit(fact)
    return None
