"""What of the ledger and the scores concerns outreach: a table from type to rule."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from services.outreach.domain import balances
from services.outreach.domain.account import Account, Profile
from services.outreach.domain.agenda import replan
from services.outreach.domain.departure import leave
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import find_hold, release_hold
from services.outreach.domain.objections import (
    autopay,
    autopay_failed,
    dispute,
    dispute_hold,
    follow_profile,
)
from services.outreach.domain.stage import tell_stage
from shared.events import ledger
from shared.events.scores import AccountScored

__all__ = ["HANDLERS", "REOPENING", "reopens"]


Reopening = (
    ledger.InvoiceReopened
    | ledger.PaymentReversed
    | ledger.PaymentRefunded
    | ledger.InvoiceAdjusted
)
REOPENING: Final = (
    ledger.InvoiceReopened, ledger.PaymentReversed, ledger.PaymentRefunded, ledger.InvoiceAdjusted,
)  # fmt: skip
"""The facts that may open items again."""


def reopens(told: Reopening) -> Iterable[str]:
    """The items that a fact may open again."""
    if isinstance(told, ledger.InvoiceReopened):
        return (told.item_id,)
    return {entry.item_id for entry in told.entries if entry.item_id}


def _account(docket: Docket, account_id: str, creditor_id: str) -> Account:
    """The account; at its first mention it begins."""
    account = docket.account(account_id)
    if account is None:
        account = Account(account_id, creditor_id, rules_seen=docket.in_force.seen)
    return account


def _changed(docket: Docket, told: ledger.AccountChanged) -> None:
    account = _account(docket, told.account_id, told.creditor_id)
    profile = docket.profile(account)
    invalid = {} if profile is None else profile.invalid
    docket.party.keep(Profile(told.account_id, told.account, invalid))
    docket.party.keep(account)
    follow_profile(docket, account, told.account)
    replan(docket, account)
    tell_stage(docket, account)


def _scored(docket: Docket, told: AccountScored) -> None:
    account = _account(docket, told.account_id, told.creditor_id)
    account.band, account.priority, account.p_pay = told.band, told.priority, told.p_pay
    docket.party.keep(account)


def _dispute_opened(docket: Docket, told: ledger.DisputeOpened) -> None:
    account = _account(docket, told.account_id, told.creditor_id)
    if find_hold(account, dispute_hold(told.dispute_id)) is None:
        dispute(
            docket,
            account,
            told.dispute_id,
            opened_on=told.opened_on,
            invoice_id=told.invoice_id,
            item_ids=told.item_ids,
            amount=told.amount,
            currency=told.currency,
        )


def _dispute_resolved(docket: Docket, told: ledger.DisputeResolved) -> None:
    account = _account(docket, told.account_id, told.creditor_id)
    hold = find_hold(account, dispute_hold(told.dispute_id))
    if hold is not None:
        release_hold(docket, account, hold, told.resolved_on)


def _with_account(rule: Callable[[Docket, Account, Any], None]) -> Callable[[Docket, Any], None]:
    def handle(docket: Docket, told: ledger.OnAccount) -> None:
        rule(docket, _account(docket, told.account_id, told.creditor_id), told)

    return handle


_moved = _with_account(balances.moved)

HANDLERS: Final[dict[str, Callable[[Docket, Any], None]]] = {
    ledger.AccountChanged.type: _changed,
    ledger.AccountLeft.type: _with_account(leave),
    AccountScored.type: _scored,
    ledger.InvoiceOpened.type: _with_account(balances.opened),
    ledger.InvoiceOverdue.type: _with_account(balances.overdue),
    ledger.InvoiceSettled.type: _with_account(balances.settled),
    ledger.InvoiceReopened.type: _with_account(balances.reopened),
    ledger.InvoiceAdjusted.type: _moved,
    ledger.PaymentApplied.type: _moved,
    ledger.PaymentUnapplied.type: _moved,
    ledger.PaymentRefunded.type: _moved,
    ledger.PaymentReversed.type: _moved,
    ledger.DisputeOpened.type: _dispute_opened,
    ledger.DisputeResolved.type: _dispute_resolved,
    ledger.AutopayScheduled.type: _with_account(autopay),
    ledger.AutopayFailed.type: _with_account(autopay_failed),
}
"""What is not here (bucket changes) moves no contact."""
