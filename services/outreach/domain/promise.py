"""Promises to pay: who said when and how much, and whether it came, by business dates."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from services.outreach.domain.days import later
from services.outreach.domain.policy import PromiseRule
from shared.events.ledger import Moved, PaymentApplied, PaymentUnapplied
from shared.money import text

PromiseState = Literal["open", "kept", "partially_kept", "broken", "cancelled", "rescheduled"]


@dataclass(slots=True)
class Promise:
    """One promise. Cash received from `promised_on` to `last_on` counts; then it is judged."""

    promise_id: str
    currency: str
    amount_minor: int
    promised_on: date
    due_on: date
    last_on: date
    judge_at: datetime
    received_minor: int = 0
    state: PromiseState = "open"

    def receive(self, paid_minor: int, received_on: date) -> None:
        """Count cash that came, or (below zero) was taken back, if it is in time."""
        if self.promised_on <= received_on <= self.last_on:
            self.received_minor = max(0, self.received_minor + paid_minor)

    def verdict(self, rule: PromiseRule) -> Literal["kept", "partially_kept", "broken"]:
        """Kept from `kept_percent` of the amount on; broken if nothing came."""
        if self.received_minor * 100 >= self.amount_minor * rule.kept_percent:
            return "kept"
        return "partially_kept" if self.received_minor else "broken"

    def fields(self, account_id: str, creditor_id: str) -> dict[str, Any]:
        """What every fact about it says."""
        return {
            "account_id": account_id,
            "creditor_id": creditor_id,
            "promise_id": self.promise_id,
            "amount": text(self.amount_minor, self.currency),
            "currency": self.currency,
            "promised_on": self.promised_on,
            "due_on": self.due_on,
            "received": text(self.received_minor, self.currency),
        }


def last_day(due_on: date, rule: PromiseRule) -> date:
    """The last day on which money for a promise is in time."""
    return later(due_on, rule.grace_days)


def received_on(moved: Moved, day: date) -> date:
    """The business date on which the cash of a fact counts as received (else `day`)."""
    if isinstance(moved, PaymentApplied | PaymentUnapplied):
        return moved.received_on
    return next((entry.effective_on for entry in moved.entries), day)
