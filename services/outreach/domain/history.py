"""Balances brought forward: the contacts that were made before Arrears took over."""

from datetime import timedelta
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.caps import Contact
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import Spans, day_of_delinquency
from services.outreach.domain.item import Brought, Item
from services.outreach.domain.policy import Policy
from shared.events.ledger import InvoiceOpened

_A_SECOND: Final = timedelta(seconds=1)


def bring(docket: Docket, account: Account, item: Item, told: InvoiceOpened) -> None:
    """Note the history of an opening balance, and let its contacts count for the caps.

    A contact speaks of all items of its account, so those told of several items are the same ones.
    Nobody tells their days: they count as made at the end of the day that the balance is of.
    """
    as_of = told.entries[0].effective_on if told.entries else told.issued_on
    item.brought = Brought(as_of, told.contacts)
    docket.party.keep(item)
    at = min(docket.start(account, later(as_of, 1)) - _A_SECOND, docket.now)
    keep_days = docket.policy.remembers_days
    if not told.contacts or (docket.now - at).days >= keep_days:
        return
    log = docket.log()
    for number in range(min(told.contacts, docket.policy.most_counted)):
        name = f"brought:{account.account_id}:{number}"
        log.reserve(Contact(name, account.account_id, "", at), keep_days=keep_days)
    docket.party.keep(log)


def take_in(policy: Policy, item: Item, brought: Brought, *, spans: Spans, grace_days: int) -> None:
    """Let steps count as taken for an item whose case began before Arrears took over.

    Of the steps on its side of the due date the first ones were made, as many as there were
    contacts. Where nobody told, those are given up that had fallen due by then: whoever kept the
    books saw to them, and nothing is chased because it was loaded.
    """
    overdue = item.due_on < brought.as_of
    steps = [step for step in policy.steps if (step.offset_days > 0) == overdue]
    if brought.contacts is not None:
        item.made.update({step.name: brought.as_of for step in steps[: brought.contacts]})
        return
    for step in steps:
        on = later(item.due_on, step.offset_days)
        if overdue:
            on = day_of_delinquency(spans, item.due_on, step.offset_days, grace_days=grace_days)
        if on <= brought.as_of:
            item.passed[step.name] = brought.as_of
