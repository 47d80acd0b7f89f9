"""How an account has paid so far, as one compact sum of what its ledger has told."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Final

from msgspec import field
from typing_extensions import override

from services.scoring.domain.owed import Owed
from shared.core import Compact
from shared.events.ledger import Entry

LATEST: Final = 3
"""How many of the latest known outcomes are remembered one by one."""


class Behaviour(Compact):
    """What one account owes and how it has paid.

    An outcome is known once an item is overdue (late), or is paid without having been (in time).
    Only money tells: what a credit, a void or a write-off closes in time says nothing.
    """

    prefix: ClassVar[str] = "behaviour"

    account_id: str
    creditor_id: str = ""
    owed: dict[str, Owed] = field(default_factory=dict)
    """By currency."""
    known: int = 0
    late: int = 0
    latest: list[bool] = field(default_factory=list)
    """Whether each of the latest known outcomes was late, the newest last."""
    paid: int = 0
    days_late: int = 0
    """Sum over the paid items; one paid early counts as 0."""
    days_late_latest: list[int] = field(default_factory=list)
    """Of each of the items paid last, the newest last."""
    payments: int = 0
    """How often cash was applied to items."""
    partial: int = 0
    """How often it left something open on one of them."""
    reversals: int = 0
    paid_on: date | None = None
    """The day of the latest payment."""
    disputes: list[str] = field(default_factory=list)
    """Those open."""
    disputes_lost: int = 0
    promises_open: int = 0
    promises_kept: int = 0
    promises_broken: int = 0
    contacts_reached: int = 0
    contacts_missed: int = 0
    terms_days: int = 0
    """From issue to due date, of the latest invoice."""
    since: date | None = None
    """The day of the first invoice, or since when the account is said to be a customer."""
    customer_since: date | None = None
    limit: int | None = None
    """The credit limit in minor units of `limit_currency`."""
    limit_currency: str = ""
    tags: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    """Items reopened after they had been overdue: late already, and not to be counted twice."""
    today: date = date.min
    """The latest business day that the ledger has named; what was due before it is overdue."""

    @property
    @override
    def key(self) -> str:
        """One per account."""
        return self.account_id

    def book(self, entries: Iterable[Entry], currency: str) -> None:
        """Add lines of the ledger to what is owed."""
        owed = self._owed_in(currency)
        for entry in entries:
            owed.book(entry, currency, self.today)

    def invoice(self, amount_minor: int, currency: str, issued_on: date, due_on: date) -> None:
        """Note the amount of a new item, for what is usual, its terms, and since when we know."""
        owed = self._owed_in(currency)
        owed.invoiced += amount_minor
        owed.invoices += 1
        owed.latest = amount_minor
        self.terms_days = max(0, (due_on - issued_on).days)
        if self.since is None or issued_on < self.since:
            self.since = issued_on

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

    def was_paid(self, days_late: int, amount_minor: int, currency: str) -> None:
        """An item was paid in full, so many days (0 or more) after it was due."""
        self.paid += 1
        self.days_late += days_late
        self.days_late_latest.append(days_late)
        del self.days_late_latest[:-LATEST]
        self._owed_in(currency).was_paid(days_late, amount_minor)

    def paying_undone(self, days_late: int, amount_minor: int, currency: str) -> None:
        """The payment that had closed an item never came."""
        self.paid = max(0, self.paid - 1)
        self.days_late = max(0, self.days_late - days_late)
        if days_late in self.days_late_latest:
            self.days_late_latest.remove(days_late)
        if not self.paid:
            self.days_late_latest.clear()
        self._owed_in(currency).paying_undone(days_late, amount_minor)

    def objected(self, dispute_id: str) -> None:
        """A dispute is open (told once, or again)."""
        if dispute_id not in self.disputes:
            self.disputes.append(dispute_id)

    def objection_ended(self, dispute_id: str, *, lost: bool) -> None:
        """A dispute is over; `lost` if the objection did not stand."""
        if dispute_id in self.disputes:
            self.disputes.remove(dispute_id)
            self.disputes_lost += lost

    def was_dealt_with(self) -> bool:
        """Whether anything was promised, disputed or told of contacts, ever."""
        return bool(
            self.contacts_reached
            or self.contacts_missed
            or self.disputes
            or self.disputes_lost
            or self.promises_open
            or self.promises_kept
            or self.promises_broken
        )

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

    def _owed_in(self, currency: str) -> Owed:
        owed = self.owed.get(currency)
        if owed is None:
            owed = self.owed[currency] = Owed()
        return owed

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
