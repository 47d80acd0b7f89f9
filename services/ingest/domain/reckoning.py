"""What an account owes and has at the end of a day: sums, by currency and bucket.

It is fed documents one by one and keeps only the sums, so that an account may have any number.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from services.ingest.domain.aging import CURRENT, Buckets, past_due_days
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.dispute import Dispute
from services.ingest.domain.invoice import Invoice, counts
from services.ingest.domain.payment import Payment
from services.ingest.domain.tally import Tally
from shared.core import Document
from shared.money import minor


@dataclass(slots=True)
class Share:
    """What is open in one bucket, in minor units, and of how many items."""

    amount: int = 0
    items: int = 0


@dataclass(slots=True)
class Balance:
    """An account in one currency at the end of a day, in minor units.

    `cash` and `credit` are held without an item. `disputed` is what of the open amount debtors
    object to in disputes that are not resolved by now.
    """

    open: int = 0
    items: int = 0
    overdue: int = 0
    overdue_items: int = 0
    buckets: dict[str, Share] = field(default_factory=dict)
    oldest_due_on: date | None = None
    """The first due date of what is overdue."""
    cash: int = 0
    credit: int = 0
    disputed: int = 0

    @property
    def net(self) -> int:
        """What is owed, less what is held."""
        return self.open - self.cash - self.credit

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to say of this currency."""
        return not (self.items or self.cash or self.credit)


class Reckoning:
    """The sums of one account at the end of `day`, as now known or as known at a tick."""

    def __init__(
        self, account_id: str, day: date, aging: Buckets, *, known_at: datetime | None = None
    ) -> None:
        """Begin with nothing."""
        self.day = day
        self._account_id = account_id
        self._aging = aging
        self._known_at = known_at
        self._balances: dict[str, Balance] = {}
        self._open: dict[str, tuple[str, int]] = {}
        self._disputes: list[Dispute] = []

    def add(self, document: Document) -> None:
        """Take in a document; those of other accounts and of other kinds change nothing."""
        if getattr(document, "account_id", "") != self._account_id:
            return
        if isinstance(document, Invoice):
            self._add_invoice(document)
        elif isinstance(document, Payment):
            self._of(document.currency).cash += self._held(document)
        elif isinstance(document, CreditNote):
            self._of(document.currency).credit += self._held(document)
        elif isinstance(document, Dispute) and not document.resolved:
            self._disputes.append(document)

    def add_tally(self, tally: Tally) -> None:
        """Take in all open items at once; then their invoices must not be added."""
        for currency, by_due in tally.sums.items():
            for due_on, (amount, items) in by_due.items():
                self._add(currency, date.fromisoformat(due_on), amount, items)

    def note(self, invoice: Invoice) -> None:
        """Note what is open of an invoice that a dispute is about, without adding it."""
        open_ = sum(item.open_on(self.day, self._known_at) for item in invoice.items)
        self._open[invoice.invoice_id] = (invoice.currency, open_)

    def balances(self) -> dict[str, Balance]:
        """What there is, by currency in order."""
        objected = self._objected()
        for currency, balance in self._balances.items():
            balance.disputed = min(balance.open, objected.get(currency, 0))
        return {
            currency: self._balances[currency]
            for currency in sorted(self._balances)
            if not self._balances[currency].is_nothing
        }

    def _objected(self) -> dict[str, int]:
        """What is objected to, by currency: of an invoice no more than is open of it."""
        sums: dict[str, int] = {}
        of_invoices: dict[str, int] = {}
        for dispute in self._disputes:
            if dispute.opened_on > self.day:
                continue
            if dispute.invoice_id:
                currency, open_ = self._open.get(dispute.invoice_id, ("", 0))
                amount = minor(dispute.amount, currency) if open_ and dispute.amount else open_
                before = of_invoices.get(dispute.invoice_id, 0)
                of_invoices[dispute.invoice_id] = min(open_, before + amount)
            elif dispute.amount:
                amount = minor(dispute.amount, dispute.currency)
                sums[dispute.currency] = sums.get(dispute.currency, 0) + amount
            else:
                return {currency: balance.open for currency, balance in self._balances.items()}
        for invoice_id, amount in of_invoices.items():
            currency, _ = self._open.get(invoice_id, ("", 0))
            sums[currency] = sums.get(currency, 0) + amount
        return sums

    def _of(self, currency: str) -> Balance:
        balance = self._balances.get(currency)
        if balance is None:
            balance = self._balances[currency] = Balance()
        return balance

    def _add_invoice(self, invoice: Invoice) -> None:
        whole = 0
        for item in invoice.items:
            open_ = item.open_on(self.day, self._known_at)
            if open_ > 0:
                due_on = item.due_as_of(self.day, self._known_at)
                self._add(invoice.currency, due_on, open_, 1)
            whole += open_
        if whole:
            self._open[invoice.invoice_id] = (invoice.currency, whole)

    def _add(self, currency: str, due_on: date, amount: int, items: int) -> None:
        label = self._aging.label(past_due_days(due_on, self.day))
        balance = self._of(currency)
        balance.open += amount
        balance.items += items
        share = balance.buckets.setdefault(label, Share())
        share.amount += amount
        share.items += items
        if label != CURRENT:
            balance.overdue += amount
            balance.overdue_items += items
            if balance.oldest_due_on is None or due_on < balance.oldest_due_on:
                balance.oldest_due_on = due_on

    def _held(self, source: Payment | CreditNote) -> int:
        return sum(entry.amount for entry in source.held if counts(entry, self.day, self._known_at))
