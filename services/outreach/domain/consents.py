"""Granting and revoking consent, with what follows for open tasks: a STOP is obeyed at once."""

from datetime import datetime

from services.outreach.domain.account import Account
from services.outreach.domain.consent import Mark, State
from services.outreach.domain.docket import Docket
from services.outreach.domain.withdraw import withdraw
from shared.events.outreach import ConsentChanged


def revoke(docket: Docket, account: Account, channel: str, *, at: datetime, source: str) -> None:
    """The debtor does not want to be contacted on a channel ("" for any) any more.

    It was said about one account, and holds for all accounts of the debtor.
    """
    set_consent(docket, account, channel, "revoked", at=at, source=source)
    for each in docket.accounts():
        if each.task is not None and channel in ("", each.task.channel):
            withdraw(docket, each, "opted_out")


def set_consent(
    docket: Docket,
    account: Account,
    channel: str,
    state: State,
    *,
    at: datetime,
    source: str,
    kind: str = "contact",
) -> None:
    """Note consent, and let all accounts look again: a step may now be possible, or no longer."""
    consents = docket.consents()
    consents.set(Mark(channel, state, at))
    docket.party.keep(consents)
    fact = ConsentChanged(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        channel=channel,
        kind=kind,
        state=state,
        source=source,
        changed_at=at,
    )
    docket.tell(account, fact, entity=f"{channel}|{state}")
    for each in docket.accounts():
        if each.anchor is not None or each.stale:
            each.look(docket.soon)
            docket.party.keep(each)
