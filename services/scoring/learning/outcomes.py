"""What became of items, money, promises: outcomes mature from the line that the scores are in."""

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple

from services.scoring.domain.bookings import PAID
from services.scoring.domain.logistic import LATE
from services.scoring.domain.promises import Promised
from services.scoring.learning.sample import TARGETS, Outcome, Sample
from services.scoring.learning.verdicts import Verdicts
from shared.core import Event
from shared.events.ledger import InvoiceOverdue, InvoiceReopened, InvoiceSettled, Moved
from shared.money import minor

_CLOSED_OTHERWISE: Final = frozenset({"credited", "voided", "written_off", "deducted", "moved"})
"""Entries that take from what was overdue, and are no cash."""


_AT: Final = attrgetter("at")


class Movement(NamedTuple):
    """Money that closed what had been due on a day (below zero: it was undone)."""

    at: datetime
    effective_on: date
    due_on: date
    amount: int
    cash: bool


@dataclass(slots=True)
class Outcomes:
    """All that has turned out so far, to be asked about a sample."""

    items: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """Whether an item was late, by account and item; judged by business dates."""
    money: dict[tuple[str, str], list[Movement]] = field(default_factory=lambda: defaultdict(list))
    """By account and currency, by time: the line has another order where a tick wakes parties."""
    verdicts: Verdicts = field(default_factory=Verdicts)
    """Of promises."""
    now: datetime | None = None
    """The time that the line has reached."""

    def tell(self, event: Event) -> Promised | None:
        """Note what one event of the line says; the promise that was made by it, if one was."""
        if self.now is None or event.time > self.now:
            self.now = event.time
        self._note(event)
        return self.verdicts.tell(event, self.now)

    def _note(self, event: Event) -> None:
        fact = event.data
        if isinstance(fact, Moved):
            self._book(event.time, fact)
        elif isinstance(fact, InvoiceOverdue):
            self.items[fact.account_id, fact.item_id] = Outcome(happened=True, at=event.time)
        elif isinstance(fact, InvoiceSettled):
            self._settle(event.time, fact)
        elif isinstance(fact, InvoiceReopened) and not fact.was_overdue:
            self.items.pop((fact.account_id, fact.item_id), None)

    def judge_item(self, sample: Sample, item_id: str) -> None:
        """Give a sample taken at an item's issue its outcome, if it has one."""
        outcome = self.items.get((sample.account_id, item_id))
        if outcome is not None and outcome.at > sample.at:
            sample.outcomes[LATE] = outcome
            sample.collected[LATE] = sample.amount * outcome.happened

    def judge_promise(self, sample: Sample, promise_id: str) -> None:
        """Give a sample taken as a promise was made its outcome, if it has one."""
        self.verdicts.judge(sample, promise_id, self.now)

    def judge_money(self, sample: Sample) -> None:
        """Give a sample of what was overdue the outcome of each horizon that is over.

        Paid means that cash closed all of it but what was closed otherwise (credited, voided,
        written off). Where nothing was left for cash to close, it says nothing.
        """
        if self.now is None:
            return
        movements = self.money.get((sample.account_id, sample.currency), [])
        start = bisect_right(movements, sample.at, key=_AT)
        for target, days in TARGETS.items():
            end = sample.at + timedelta(days=days)
            if not days or end > self.now:
                continue
            cash = other = 0
            for movement in movements[start:]:
                if movement.at > end:
                    break
                if movement.due_on < sample.at.date():
                    cash += movement.amount * movement.cash
                    other += movement.amount * (not movement.cash)
            if sample.amount - other > 0:
                sample.outcomes[target] = Outcome(cash >= sample.amount - other, end)
                sample.collected[target] = max(0, min(cash, sample.amount))

    def _book(self, at: datetime, fact: Moved) -> None:
        for entry in fact.entries:
            cash = entry.kind in ("collected", "reversed")
            if entry.due_on is None or not (cash or entry.kind in _CLOSED_OTHERWISE):
                continue
            movement = Movement(
                at, entry.effective_on, entry.due_on, -minor(entry.amount, fact.currency), cash
            )
            insort(self.money[fact.account_id, fact.currency], movement, key=_AT)

    def _settle(self, at: datetime, fact: InvoiceSettled) -> None:
        key = (fact.account_id, fact.item_id)
        if fact.by not in PAID:
            if not fact.was_overdue:
                self.items.pop(key, None)
        elif not fact.was_overdue or fact.days_late <= 0:
            self.items[key] = Outcome(fact.days_late > 0, at)
