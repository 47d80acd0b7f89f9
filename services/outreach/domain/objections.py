"""What keeps an account, or some of it, from being worked: disputes, autopay, blocks, statuses."""

from datetime import date
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import find_hold, place, release_hold
from shared.events.billing import AccountProfile
from shared.events.ledger import AutopayFailed, AutopayScheduled
from shared.events.outreach import HoldReason
from shared.money import minor

_STATUS_HOLDS: Final[dict[str, HoldReason]] = {
    "attorney": "legal",
    "bankrupt": "legal",
    "breathing_space": "breathing_space",
    "ceased": "legal",
    "deceased": "legal",
    "hardship": "hardship",
    "insolvent": "legal",
    "legal": "legal",
}
"""Statuses under which nobody is contacted of our own accord (the packs will be finer)."""
_BLOCK: Final = "block:"
_STATUS: Final = "status:"


def dispute(
    docket: Docket,
    account: Account,
    dispute_id: str,
    *,
    opened_on: date,
    invoice_id: str = "",
    item_ids: tuple[str, ...] = (),
    amount: str = "",
    currency: str = "",
) -> None:
    """The debtor objects to some items, or to all; with an amount, to no more than that.

    An amount that is all that is open on the items makes it a hold like any other.
    """
    amount_minor = minor(amount, currency) if amount and currency else None
    if amount_minor is not None and (item_ids or invoice_id):
        items = [docket.item(account, item_id) for item_id in item_ids] or [
            item for item in docket.items(account) if item.invoice_id == invoice_id
        ]
        if amount_minor >= sum(item.open_minor for item in items if item is not None):
            amount_minor = None
    place(
        docket,
        account,
        dispute_hold(dispute_id),
        "dispute",
        starts_on=opened_on,
        item_ids=item_ids,
        invoice_ids=() if item_ids or not invoice_id else (invoice_id,),
        amount_minor=amount_minor,
        currency=currency,
    )


def dispute_hold(dispute_id: str) -> str:
    """The id of the hold that a dispute is."""
    return f"dispute:{dispute_id}"


def autopay(docket: Docket, account: Account, told: AutopayScheduled) -> None:
    """A debit is on its way: its invoices are left alone until it should have come."""
    _autopay(docket, account, told.invoice_ids, told.scheduled_on)


def autopay_failed(docket: Docket, account: Account, told: AutopayFailed) -> None:
    """The debit did not come; if it is tried again, that is waited for as well."""
    day = docket.today(account)
    for hold in account.holds:
        if hold.reason == "autopay" and set(hold.invoice_ids) & set(told.invoice_ids):
            release_hold(docket, account, hold, day)
    if told.next_attempt_on is not None:
        _autopay(docket, account, told.invoice_ids, told.next_attempt_on)


def _autopay(
    docket: Docket, account: Account, invoice_ids: tuple[str, ...], scheduled_on: date
) -> None:
    hold_id = f"autopay:{scheduled_on}:{','.join(invoice_ids)}"
    found = find_hold(account, hold_id)
    if invoice_ids and (found is None or found.ended):
        place(
            docket,
            account,
            hold_id,
            "autopay",
            starts_on=min(docket.today(account), scheduled_on),
            ends_on=later(scheduled_on, docket.policy.autopay_hold_days),
            invoice_ids=invoice_ids,
        )


def follow_profile(docket: Docket, account: Account, profile: AccountProfile) -> None:
    """Let the holds that come from the profile be those that it now names."""
    wanted = _holds_of(profile)
    for hold in list(account.holds):
        if hold.hold_id.startswith((_BLOCK, _STATUS)) and hold.hold_id not in wanted:
            release_hold(docket, account, hold, docket.today(account))
    for hold_id, (reason, starts_on, ends_on) in wanted.items():
        if find_hold(account, hold_id) is None:
            place(docket, account, hold_id, reason, starts_on=starts_on, ends_on=ends_on)


def _holds_of(profile: AccountProfile) -> dict[str, tuple[HoldReason, date, date | None]]:
    wanted: dict[str, tuple[HoldReason, date, date | None]] = {}
    block = profile.dunning_block
    if block is not None:
        wanted[f"{_BLOCK}{block.from_}:{block.until or ''}"] = ("block", block.from_, block.until)
    for status in profile.statuses or ():
        reason = _STATUS_HOLDS.get(status.status)
        if reason is not None:
            hold_id = f"{_STATUS}{status.status}:{status.from_}:{status.until or ''}"
            wanted[hold_id] = (reason, status.from_, status.until)
    return wanted
