"""Commands about consent and contacts: each function says why not, or None if it did."""

from services.outreach.domain.account import Account, Wanted
from services.outreach.domain.caps import Contact
from services.outreach.domain.consents import revoke, set_consent
from services.outreach.domain.decide import ON_REQUEST
from services.outreach.domain.docket import Docket
from services.outreach.domain.orders_holds import Refusal
from shared.events import commands as told
from shared.events.outreach import ContactAttempted


def consent_set(docket: Docket, account: Account, it: told.ConsentSet) -> Refusal | None:
    """Grant or revoke consent."""
    channel = it.channel or ""
    if it.state == "revoked":
        revoke(docket, account, channel, at=docket.time, source=it.source or it.user)
    else:
        set_consent(
            docket,
            account,
            channel,
            it.state,
            at=docket.time,
            source=it.source or it.user,
            kind=it.kind,
        )
    return None


def contact_record(docket: Docket, account: Account, it: told.ContactRecord) -> Refusal | None:
    """Note a contact that no task asked for; outbound ones count for the caps."""
    fact = ContactAttempted(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        channel=it.channel,
        outcome=it.outcome,
        right_party=None if it.party is None else it.party == "right",
        conversation=it.conversation,
        collector=it.collector,
        team=it.team,
        attempted_at=it.occurred_at,
        direction=it.direction,
    )
    docket.tell(account, fact, entity=it.contact_id)
    if it.direction == "outbound":
        log = docket.log()
        at = min(it.occurred_at, docket.now)
        keep_days = docket.policy.remembers_days
        if (docket.now - at).days < keep_days:
            contact = Contact(f"record:{it.contact_id}", account.account_id, it.channel, at)
            log.reserve(contact, keep_days=keep_days)
            docket.party.keep(log)
    return None


def contact_request(docket: Docket, account: Account, it: told.ContactRequest) -> Refusal | None:
    """Ask for one contact; it is decided at the next tick, within the same limits."""
    if account.wanted is not None:
        return ("already_requested", "")
    if it.channel not in docket.policy.channels:
        return ("channel_not_in_policy", "channel")
    if not account.owes:
        return ("nothing_to_collect", "")
    account.said = [words for words in account.said if not words.startswith(f"{ON_REQUEST}|")]
    account.wanted = Wanted(it.command_id, it.channel, it.not_before)
    account.look(docket.soon)
    return None


def note_add(_docket: Docket, _account: Account, _it: told.NoteAdd) -> None:
    """Words change nothing by themselves; the line keeps them."""
