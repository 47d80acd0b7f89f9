"""How an account has paid so far, as one compact sum of what its ledger has told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final

from typing_extensions import override

from services.scoring.domain.owed import Owed
from shared.core import Document
from shared.events.ledger import Entry

LATEST: Final = 3
"""How many of the latest known outcomes are remembered one by one."""


@dataclass(slots=True)
class Told:
    """The latest score that went out while something was overdue."""

    currency: str
    overdue: int
    risk: int
    band: str
    age_band: int
    lane: str


@dataclass(slots=True)
class Behaviour(Document):
    """What one account owes and how it has paid.

    An outcome is known once an item is overdue (late), or is paid without having been (in time).
    Only money tells: what a credit, a void or a write-off closes in time says nothing.
    """

    prefix: ClassVar[str] = "behaviour"

    account_id: str
    owed: dict[str, Owed] = field(default_factory=dict)
    """By currency."""
    known: int = 0
    late: int = 0
    latest: list[bool] = field(default_factory=list)
    """Whether each of the latest known outcomes was late, the newest last."""
    paid: int = 0
    days_late: int = 0
    """Sum over the paid items; one paid early counts as 0."""
    payments: int = 0
    reversals: int = 0
    disputes_open: int = 0
    again: list[str] = field(default_factory=list)
    """Items reopened after they had been overdue: late already, and not to be counted twice."""
    today: date = date.min
    """The latest business day that the ledger has named; what was due before it is overdue."""
    told: Told | None = None

    @property
    @override
    def key(self) -> str:
        """One per account."""
        return self.account_id

    def book(self, entries: Iterable[Entry], currency: str) -> None:
        """Add lines of the ledger to what is owed."""
        owed = self.owed.get(currency)
        if owed is None:
            owed = self.owed[currency] = Owed()
        for entry in entries:
            owed.book(entry, currency, self.today)

    def invoice(self, amount_minor: int, currency: str) -> None:
        """Note the amount of a new item, for what is usual."""
        owed = self.owed[currency]
        owed.invoiced += amount_minor
        owed.invoices += 1

    def day_came(self, today: date) -> None:
        """The ledger named a business day: what was due before it is overdue."""
        if today > self.today:
            self.today = today
            for owed in self.owed.values():
                owed.fall_due(today)

    def turned_out(self, *, late: bool) -> None:
        """An outcome became known."""
        self.known += 1
        self.late += late
        self.latest.append(late)
        del self.latest[:-LATEST]

    def was_in_time_after_all(self) -> None:
        """An item that had been announced overdue was paid in time by the date of its payment."""
        self.late -= 1
        self._strike(late=True)
        self.latest.append(False)
        del self.latest[:-LATEST]

    def outcome_undone(self, *, late: bool) -> None:
        """A payment never came that had told an outcome: that is open again."""
        self.known = max(0, self.known - 1)
        self.late = min(max(0, self.late - late), self.known)
        self._strike(late=late)

    def overdue_items(self) -> int:
        """How many items are overdue, in all currencies."""
        items = 0
        for owed in self.owed.values():
            items += owed.overdue.items
        return items

    def currency(self) -> str:
        """The currency that the score speaks of; "" where nothing was ever owed.

        It is that of the oldest overdue item, else of the next one due, else the first by name.
        """
        if len(self.owed) == 1:
            return next(iter(self.owed))
        return min(self.owed, key=self._age_order, default="")

    def _age_order(self, currency: str) -> tuple[bool, date, date, str]:
        owed = self.owed[currency]
        oldest, coming = owed.overdue.oldest, owed.coming.oldest
        return (oldest is None, oldest or date.max, coming or date.max, currency)

    def _strike(self, *, late: bool) -> None:
        """Forget the latest outcome of this kind, if it is among those remembered."""
        for place in range(len(self.latest) - 1, -1, -1):
            if self.latest[place] is late:
                del self.latest[place]
                return
