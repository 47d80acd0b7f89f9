"""Mergers: one account's books go up in another's, and what comes later follows them."""

from collections.abc import Iterable
from typing import Any, Final

from services.ingest.domain.aging import day_of
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.transfer import Route, send_cash, send_credit, send_item
from services.ingest.domain.transit import printable, send
from services.ingest.domain.waiting import Waiting
from shared.core import Document, Refusal
from shared.events.base import Fact
from shared.events.billing import AccountAbsorbed, AccountMerged, ItemTransferred

_OWN: Final = "absorbed"


def merge(ledger: Ledger, told: AccountMerged) -> Refusal | None:
    """Send all that is open or held to the other account, now and whenever there is more.

    What is settled stays here, and reopens here if it does; then it follows too.
    """
    account, into = ledger.account, told.into_account_id
    if into == account.account_id:
        return Refusal("invalid", "an account cannot go up in itself", "into_account_id")
    if account.merged_into:
        if account.merged_into == into:
            return None
        return Refusal("conflict", "the account went up in another one before", "into_account_id")
    account.merged_into = into
    ledger.party.keep(account)
    absorbed = AccountAbsorbed(
        account_id=into,
        absorbed=(account.account_id, *account.absorbed),
        merged_on=told.merged_on,
    )
    send(ledger, absorbed, into, _OWN)
    for note in ledger.party.all(Waiting):
        if note.account_id == account.account_id and not note.done:
            note.done = True
            ledger.party.keep(note)
            readdress(ledger, note.data, note.own_id)
    return None


def absorb(ledger: Ledger, told: AccountAbsorbed) -> None:
    """Note whose books are here now; an account that comes back out of a circle is itself again."""
    account = ledger.account
    account.absorbed = list(dict.fromkeys([*account.absorbed, *told.absorbed]))
    if account.account_id in account.absorbed:
        account.absorbed.remove(account.account_id)
        account.merged_into = ""
    ledger.party.keep(account)
    if account.merged_into:
        further = AccountAbsorbed(
            account_id=account.merged_into,
            absorbed=(account.account_id, *account.absorbed),
            merged_on=told.merged_on,
        )
        send(ledger, further, account.merged_into, _OWN)


def goes_on(ledger: Ledger, named: Iterable[tuple[type[Document], str]]) -> bool:
    """Whether an event is the other account's affair: none of what it names is settled here."""
    for kind, key in named:
        document = ledger.party.settled(kind, key)
        if document is not None and not (isinstance(document, Invoice) and document.moved_to):
            return False
    return True


def readdress(ledger: Ledger, told: Fact, name: str) -> None:
    """Send an event on to the account that this one went up in."""
    into = ledger.account.merged_into
    if isinstance(told, ItemTransferred) and told.to_account_id == into:
        return  # it is there already
    field = "from_account_id" if isinstance(told, ItemTransferred) else "account_id"
    update: dict[str, Any] = {field: into}
    send(ledger, told.model_copy(update=update), into, name)


def empty(ledger: Ledger) -> None:
    """Send what an account that went up in another one has open or held after an event."""
    account_id, into = ledger.account.account_id, ledger.account.merged_into
    on = day_of(ledger.time, ledger.creditor.time_zone)
    route = Route(into, printable(f"merged:{ledger.effects.cause}"), on)
    for invoice in ledger.party.all(Invoice):
        if invoice.account_id == account_id:
            for item in invoice.items:
                if item.open:
                    send_item(ledger, route, invoice, item, item.open)
    for payment in ledger.party.all(Payment):
        if payment.account_id == account_id and payment.unapplied:
            send_cash(ledger, route, payment, payment.unapplied)
    for note in ledger.party.all(CreditNote):
        if note.account_id == account_id and note.unapplied:
            send_credit(ledger, route, note)
