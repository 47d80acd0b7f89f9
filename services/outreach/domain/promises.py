"""Making, changing and judging promises; an open promise holds the account until it is judged."""

from datetime import date
from typing import Any, Final

from services.outreach.domain.account import Account
from services.outreach.domain.days import later
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import find_hold, place, release_hold
from services.outreach.domain.promise import Promise, last_day, received_on
from shared.events.ledger import Moved
from shared.events.outreach import (
    PromiseBroken,
    PromiseCancelled,
    PromiseFact,
    PromiseKept,
    PromiseMade,
    PromisePartiallyKept,
    PromiseRescheduled,
)

_VERDICTS: Final[dict[str, type[PromiseFact]]] = {
    "kept": PromiseKept,
    "partially_kept": PromisePartiallyKept,
    "broken": PromiseBroken,
}
_JUDGED_MAX: Final = 20


def find_promise(account: Account, promise_id: str) -> Promise | None:
    """A promise of the account."""
    return next((p for p in account.promises if p.promise_id == promise_id), None)


def make(
    docket: Docket,
    account: Account,
    promise_id: str,
    *,
    amount_minor: int,
    currency: str,
    promised_on: date,
    due_on: date,
) -> None:
    """Take a promise: until its last day (due and grace) the account is left alone."""
    last_on = last_day(due_on, docket.policy.promise)
    promise = Promise(
        promise_id,
        currency,
        amount_minor,
        promised_on,
        due_on,
        last_on,
        judge_at=max(docket.now, docket.start(account, later(last_on, 1))),
    )
    judged = [each for each in account.promises if each.state != "open"][-_JUDGED_MAX:]
    account.promises = [each for each in account.promises if each.state == "open" or each in judged]
    account.promises.append(promise)
    docket.tell(account, PromiseMade(**_fields(account, promise)), entity=promise_id)
    place(docket, account, _hold_id(promise), "promise", starts_on=promised_on, ends_on=last_on)


def receive(docket: Docket, account: Account, moved: Moved) -> None:
    """Count cash towards the promises that it is in time for.

    It is the business date that counts: money that is booked after a promise was judged but came
    in time changes the verdict.
    """
    cash = moved.new_cash()
    if not cash:
        return
    docket.party.keep(account)
    day = received_on(moved, docket.day(account, docket.time))
    for promise in account.promises:
        if promise.currency != moved.currency or promise.state in ("cancelled", "rescheduled"):
            continue
        promise.receive(cash, day)
        verdict = promise.verdict(docket.policy.promise)
        if promise.state not in ("open", verdict):
            _judge(docket, account, promise)


def fall_due(docket: Docket, account: Account, promise: Promise) -> None:
    """The last day of a promise has passed (its hold expires by itself)."""
    _judge(docket, account, promise)
    docket.party.keep(account)


def cancel(docket: Docket, account: Account, promise: Promise, day: date, reason: str) -> None:
    """Withdraw a promise: it is neither kept nor broken."""
    promise.state = "cancelled"
    fact = PromiseCancelled(**_fields(account, promise), reason=reason)
    docket.tell(account, fact, entity=promise.promise_id)
    _end(docket, account, promise, day)


def reschedule(
    docket: Docket,
    account: Account,
    promise: Promise,
    *,
    new_promise_id: str,
    due_on: date,
    amount_minor: int,
    day: date,
) -> None:
    """Replace a promise by another one; what came for the old one stays with it."""
    promise.state = "rescheduled"
    fact = PromiseRescheduled(**_fields(account, promise), new_promise_id=new_promise_id)
    docket.tell(account, fact, entity=promise.promise_id)
    _end(docket, account, promise, day)
    make(
        docket,
        account,
        new_promise_id,
        amount_minor=amount_minor,
        currency=promise.currency,
        promised_on=day,
        due_on=due_on,
    )


def _judge(docket: Docket, account: Account, promise: Promise) -> None:
    promise.state = promise.verdict(docket.policy.promise)
    fact = _VERDICTS[promise.state](**_fields(account, promise))
    docket.tell(account, fact, entity=promise.promise_id)
    account.book()


def _end(docket: Docket, account: Account, promise: Promise, day: date) -> None:
    hold = find_hold(account, _hold_id(promise))
    if hold is not None:
        release_hold(docket, account, hold, day)
    account.book()


def _hold_id(promise: Promise) -> str:
    return f"promise:{promise.promise_id}"


def _fields(account: Account, promise: Promise) -> dict[str, Any]:
    return promise.fields(account.account_id, account.creditor_id)
