"""Commands about promises, holds and disputes: each function says why not, or None if it did."""

from datetime import date

from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import find_hold, place, release_hold
from services.outreach.domain.objections import dispute, dispute_hold
from services.outreach.domain.promises import cancel, find_promise, make, reschedule
from shared.events import commands as told
from shared.money import MoneyError, minor

Refusal = tuple[str, str]
"""Why a command cannot take effect, and the field that says so ("" if none does)."""
_OPEN = "open"


def _said_on(docket: Docket, account: Account) -> date:
    """The business date on which a command was given, which may be before it was taken."""
    return docket.day(account, docket.time)


def promise_make(docket: Docket, account: Account, it: told.PromiseMake) -> Refusal | None:
    """Take a promise."""
    promised_on = _said_on(docket, account)
    if find_promise(account, it.promise_id) is not None:
        return ("already_exists", "promise_id")
    if it.due_on < promised_on:
        return ("in_the_past", "due_on")
    make(
        docket,
        account,
        it.promise_id,
        amount_minor=minor(it.amount, it.currency),
        currency=it.currency,
        promised_on=promised_on,
        due_on=it.due_on,
    )
    return None


def promise_cancel(docket: Docket, account: Account, it: told.PromiseCancel) -> Refusal | None:
    """Withdraw a promise."""
    promise = find_promise(account, it.promise_id)
    if promise is None:
        return ("unknown_promise", "promise_id")
    if promise.state != _OPEN:
        return ("not_open", "promise_id")
    cancel(docket, account, promise, _said_on(docket, account), it.reason)
    return None


def promise_reschedule(
    docket: Docket, account: Account, it: told.PromiseReschedule
) -> Refusal | None:
    """Replace a promise."""
    promise = find_promise(account, it.promise_id)
    day = _said_on(docket, account)
    if promise is None:
        return ("unknown_promise", "promise_id")
    if promise.state != _OPEN:
        return ("not_open", "promise_id")
    if find_promise(account, it.new_promise_id) is not None:
        return ("already_exists", "new_promise_id")
    if it.due_on < day:
        return ("in_the_past", "due_on")
    try:
        amount_minor = minor(it.amount, promise.currency) if it.amount else promise.amount_minor
    except MoneyError:
        return ("over_precise", "amount")
    reschedule(
        docket,
        account,
        promise,
        new_promise_id=it.new_promise_id,
        due_on=it.due_on,
        amount_minor=amount_minor,
        day=day,
    )
    return None


def hold_place(docket: Docket, account: Account, it: told.HoldPlace) -> Refusal | None:
    """Place a hold."""
    if find_hold(account, it.hold_id) is not None:
        return ("already_exists", "hold_id")
    place(
        docket,
        account,
        it.hold_id,
        it.hold_reason,
        starts_on=it.starts_on,
        ends_on=it.ends_on,
        item_ids=it.item_ids,
    )
    return None


def hold_release(docket: Docket, account: Account, it: told.HoldRelease) -> Refusal | None:
    """End a hold."""
    hold = find_hold(account, it.hold_id)
    if hold is None:
        return ("unknown_hold", "hold_id")
    if hold.ended:
        return ("not_open", "hold_id")
    release_hold(docket, account, hold, it.released_on or _said_on(docket, account))
    return None


def dispute_open(docket: Docket, account: Account, it: told.DisputeOpen) -> Refusal | None:
    """Note an objection."""
    if find_hold(account, dispute_hold(it.dispute_id)) is not None:
        return ("already_exists", "dispute_id")
    invoice_id = it.invoice_id or ""
    about = [item for item in docket.items(account) if invoice_id in ("", item.invoice_id)]
    if invoice_id and not about:
        return ("unknown_invoice", "invoice_id")
    currencies = {item.currency for item in about}
    if it.amount and len(currencies) != 1:
        return ("ambiguous_currency", "amount")
    currency = currencies.pop() if it.amount else ""
    try:
        dispute(
            docket,
            account,
            it.dispute_id,
            opened_on=it.opened_on or _said_on(docket, account),
            invoice_id=invoice_id,
            amount=it.amount or "",
            currency=currency,
        )
    except MoneyError:
        return ("over_precise", "amount")
    return None


def dispute_resolve(docket: Docket, account: Account, it: told.DisputeResolve) -> Refusal | None:
    """End an objection."""
    hold = find_hold(account, dispute_hold(it.dispute_id))
    if hold is None:
        return ("unknown_dispute", "dispute_id")
    if hold.ended:
        return ("not_open", "dispute_id")
    release_hold(docket, account, hold, it.resolved_on or _said_on(docket, account))
    return None
