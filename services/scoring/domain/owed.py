"""What an account owes in one currency, by due day: amounts and ages without any items."""

from datetime import date
from functools import lru_cache
from typing import Final

from msgspec import field

from shared.core import Piece
from shared.events.ledger import RECEIVABLE_KINDS, Entry
from shared.money import minor

units: Final = lru_cache(maxsize=8_192)(minor)
"""Minor units of a ledger's amount: one fact names the same several times, and so do the next."""


class Due(Piece):
    """What is open of one due day: minor units, and how many items they are."""

    amount: int = 0
    items: int = 0


class Pile(Piece):
    """Open items by due day, with their sums and the oldest day at hand."""

    amount: int = 0
    items: int = 0
    oldest: date | None = None
    days: dict[date, Due] = field(default_factory=dict)

    def add(self, due_on: date, amount: int, items: int) -> None:
        """Add (or with negative numbers take away) what is open of one due day."""
        self.amount += amount
        self.items += items
        due = self.days.get(due_on)
        if due is None:
            self.days[due_on] = Due(amount, items)
            if self.oldest is None or due_on < self.oldest:
                self.oldest = due_on
            return
        due.amount += amount
        due.items += items
        if not due.amount and not due.items:
            del self.days[due_on]
            if due_on == self.oldest:
                self.oldest = min(self.days, default=None)


class Owed(Piece):
    """The open items of one currency, those overdue apart, and what was invoiced in all."""

    overdue: Pile = field(default_factory=Pile)
    coming: Pile = field(default_factory=Pile)
    invoiced: int = 0
    invoices: int = 0
    latest: int = 0
    """Minor units of the latest invoice."""
    paid: int = 0
    """Minor units of the items that were paid in full."""
    late_weight: int = 0
    """Sum over them of minor units times days late."""

    def book(self, entry: Entry, currency: str, today: date) -> None:
        """Add one line of the ledger; what was due before `today` is overdue.

        What is held unapplied is not owed, and left out.
        """
        if entry.kind not in RECEIVABLE_KINDS or entry.due_on is None:
            return
        amount = units(entry.amount, currency)
        after = units(entry.open_amount, currency) if entry.open_amount else 0
        items = (after > 0) - (after - amount > 0)
        pile = self.overdue if entry.due_on < today else self.coming
        pile.add(entry.due_on, amount, items)

    def fall_due(self, today: date) -> None:
        """Take what was due before `today` for overdue."""
        coming = self.coming
        while coming.oldest is not None and coming.oldest < today:
            due_on = coming.oldest
            due = coming.days[due_on]
            self.overdue.add(due_on, due.amount, due.items)
            coming.add(due_on, -due.amount, -due.items)

    def was_paid(self, days_late: int, amount: int) -> None:
        """An item of this amount was paid in full, so many days late."""
        self.paid += amount
        self.late_weight += amount * days_late

    def paying_undone(self, days_late: int, amount: int) -> None:
        """That item's payment never came."""
        self.paid = max(0, self.paid - amount)
        self.late_weight = max(0, self.late_weight - amount * days_late) if self.paid else 0
