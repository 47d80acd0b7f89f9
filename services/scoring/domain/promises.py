"""Promises to pay as scoring sees them: kept or broken, by business dates.

It hears of them from the commands in the line, and judges by one fixed rule, so that the features
mean the same under every policy: kept if nine tenths came from the day it was made to three days
after the day promised. What outreach tells the debtor goes by the policy.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final

from msgspec import field

from services.scoring.domain.behaviour import Behaviour
from shared.core import Compact, Piece
from shared.events.commands import PromiseCancel, PromiseMake, PromiseReschedule
from shared.events.ledger import Moved, PaymentApplied, PaymentUnapplied
from shared.money import minor

KEPT_PERCENT: Final = 90
GRACE_DAYS: Final = 3
_LAST: Final = date(9990, 1, 1)
"""A promise for later is judged then: never."""


class Promised(Piece):
    """One open promise; cash received from `made_on` to `last_on` counts."""

    account_id: str
    promise_id: str
    currency: str
    amount: int
    made_on: date
    last_on: date
    judge_at: datetime
    received: int = 0


class Promises(Compact):
    """The open promises of one party, and the accounts of which one was judged, to be told."""

    prefix: ClassVar[str] = "promises"

    open: list[Promised] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    judged_at: datetime | None = None

    def next_at(self) -> datetime | None:
        """When the next one is to be judged, or a verdict to be told."""
        if self.judged_at is not None:
            return self.judged_at
        return min((promise.judge_at for promise in self.open), default=None)

    def find(self, account_id: str, promise_id: str) -> Promised | None:
        """An open promise of an account."""
        for promise in self.open:
            if promise.promise_id == promise_id and promise.account_id == account_id:
                return promise
        return None

    def receive(self, moved: Moved) -> None:
        """Count cash (below zero: it never came) towards the promises that it is in time for."""
        cash = moved.new_cash()
        for promise in self.open if cash else ():
            if promise.account_id != moved.account_id or promise.currency != moved.currency:
                continue
            if promise.made_on <= _received_on(moved) <= promise.last_on:
                promise.received = max(0, promise.received + cash)

    def fall_due(self, until: datetime) -> list[Promised]:
        """Take out those to be judged by now, in order; their accounts are to be told."""
        due = sorted(
            (promise for promise in self.open if promise.judge_at <= until),
            key=lambda promise: (promise.judge_at, promise.account_id, promise.promise_id),
        )
        if due:
            self.open = [promise for promise in self.open if promise.judge_at > until]
            self.judged += [p.account_id for p in due if p.account_id not in self.judged]
            self.judged_at = self.judged_at or due[0].judge_at
        return due


def is_kept(promise: Promised) -> bool:
    """Whether enough came in time, once its last day has passed."""
    return promise.received * 100 >= promise.amount * KEPT_PERCENT


def judge(promise: Promised, behaviour: Behaviour) -> None:
    """The last day of a promise has passed."""
    behaviour.promises_open = max(0, behaviour.promises_open - 1)
    if is_kept(promise):
        behaviour.promises_kept += 1
    else:
        behaviour.promises_broken += 1


def _make(promises: Promises, behaviour: Behaviour, told: PromiseMake, at: datetime) -> None:
    amount = minor(told.amount, told.currency)
    _add(promises, behaviour, _promised(told, told.promise_id, told.currency, amount, at))


def _cancel(promises: Promises, behaviour: Behaviour, told: PromiseCancel, _at: datetime) -> None:
    _drop(promises, behaviour, told.promise_id)


def _reschedule(
    promises: Promises, behaviour: Behaviour, told: PromiseReschedule, at: datetime
) -> None:
    old = _drop(promises, behaviour, told.promise_id)
    if old is not None:
        amount = old.amount if told.amount is None else minor(told.amount, old.currency)
        _add(promises, behaviour, _promised(told, told.new_promise_id, old.currency, amount, at))


def _promised(
    told: PromiseMake | PromiseReschedule, promise_id: str, currency: str, amount: int, at: datetime
) -> Promised:
    last_on = min(told.due_on, _LAST) + timedelta(days=GRACE_DAYS)
    after = datetime.combine(last_on + timedelta(days=1), time(), UTC)
    return Promised(
        told.account_id,
        promise_id,
        currency,
        amount,
        made_on=at.date(),
        last_on=last_on,
        judge_at=max(at, after),
    )


def _add(promises: Promises, behaviour: Behaviour, promised: Promised) -> None:
    if promises.find(promised.account_id, promised.promise_id) is None:
        promises.open.append(promised)
        behaviour.promises_open += 1


def _drop(promises: Promises, behaviour: Behaviour, promise_id: str) -> Promised | None:
    found = promises.find(behaviour.account_id, promise_id)
    if found is not None:
        promises.open.remove(found)
        behaviour.promises_open = max(0, behaviour.promises_open - 1)
    return found


def _received_on(moved: Moved) -> date:
    if isinstance(moved, PaymentApplied | PaymentUnapplied):
        return moved.received_on
    return moved.entries[0].effective_on


ORDERS: Final[Mapping[str, Callable[[Promises, Behaviour, Any, datetime], None]]] = {
    PromiseMake.type: _make,
    PromiseCancel.type: _cancel,
    PromiseReschedule.type: _reschedule,
}
"""What each command does to a party's promises and an account's count of them, by type."""
