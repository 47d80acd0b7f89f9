"""Where money goes: from what is held to the items it is for, as told or by the creditor's rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from services.ingest.domain.aging import past_due_days
from services.ingest.domain.invoice import Invoice, Item
from services.ingest.domain.ledger import Ledger
from shared.events import ledger as facts
from shared.events.billing import Allocation
from shared.money import MoneyError, minor, text


@dataclass(slots=True)
class Application:
    """What one payment or credit did for one item: minor units.

    `amount` is in the item's currency, `cash` the same in the payment's; `deducted` closed the item
    too, but is no cash.
    """

    invoice_id: str
    item_id: str
    amount: int
    cash: int
    on: date
    days_late: int
    deducted: int = 0


@dataclass(slots=True)
class Told:
    """An allocation that waits for its invoice: amounts as they were told."""

    invoice_id: str
    item_id: str
    amount: str
    payment_amount: str = ""
    deductions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, part: Allocation) -> "Told":
        """As an allocation of a payment said it."""
        return cls(
            invoice_id=part.invoice_id,
            item_id=part.item_id or "",
            amount=part.amount,
            payment_amount=part.payment_amount or "",
            deductions=[deduction.amount for deduction in part.deductions],
        )

    def priced(self, item_currency: str, cash_currency: str) -> "Share":
        """Amounts in minor units; raises `MoneyError` where they do not fit the currencies."""
        if not self.payment_amount and item_currency != cash_currency:
            raise MoneyError(f"the item is in {item_currency}: payment_amount is needed")
        amount = minor(self.amount, item_currency)
        return Share(
            amount=amount,
            cash=minor(self.payment_amount, cash_currency) if self.payment_amount else amount,
            deducted=sum(minor(deduction, item_currency) for deduction in self.deductions),
        )

    def left(self, rest: "Share", item_currency: str, cash_currency: str) -> "Told":
        """What of it the payment's cash did not reach, because some of it was taken back."""
        return Told(
            invoice_id=self.invoice_id,
            item_id=self.item_id,
            amount=text(rest.amount, item_currency),
            payment_amount=text(rest.cash, cash_currency) if self.payment_amount else "",
            deductions=[text(rest.deducted, item_currency)] if rest.deducted else [],
        )


@dataclass(frozen=True, slots=True)
class Share:
    """How much of some cash is for an item: as `Application` has it, before anything is booked."""

    amount: int
    cash: int
    deducted: int = 0

    def at_most(self, open_: int, cash: int) -> "Share":
        """No more than is open and than there is cash; deductions close only what cash leaves."""
        if self.amount == 0:
            return Share(0, 0, min(self.deducted, open_))
        if self.amount == self.cash:
            amount = paid = min(self.amount, open_, cash)
        else:
            paid = min(self.cash, cash, -(-open_ * self.cash // self.amount))
            amount = min(open_, self.amount if paid == self.cash else self._worth(paid))
        if amount == 0:
            return Share(0, 0)
        return Share(amount, paid, min(self.deducted, open_ - amount))

    def _worth(self, cash: int) -> int:
        """What this much of the cash is in the item's currency; a fraction is not given away."""
        return self.amount * cash // self.cash


def oldest_due(items: Iterable[tuple[Invoice, Item]]) -> list[tuple[Invoice, Item]]:
    """The rule of the trade: what was due first is paid first; ids settle what dates do not."""
    return sorted(
        items,
        key=lambda found: (
            found[1].due_on,
            found[0].issued_on,
            found[0].invoice_id,
            found[1].item_id,
        ),
    )


def open_items(ledger: Ledger, currency: str) -> list[tuple[Invoice, Item]]:
    """All open items of the account in one currency, oldest due first."""
    account_id = ledger.account.account_id
    return oldest_due(
        (invoice, item)
        for invoice in ledger.party.all(Invoice)
        if invoice.currency == currency and invoice.account_id == account_id
        for item in invoice.items
        if item.open
    )


def collect(
    ledger: Ledger, invoice: Invoice, item: Item, share: Share, on: date
) -> tuple[Application, list[tuple[int, facts.Entry]]]:
    """Book cash and deductions on an item: what was done, and its entries with their cash."""
    days_late = past_due_days(item.due_on, on)
    entries = []
    if share.deducted:
        deducted = ledger.post(invoice, item, "deducted", -share.deducted, on, days_late=days_late)
        entries.append((0, deducted))
    if share.amount:
        collected = ledger.post(invoice, item, "collected", -share.amount, on, days_late=days_late)
        entries.append((share.amount, collected))
    done = Application(
        invoice_id=invoice.invoice_id,
        item_id=item.item_id,
        amount=share.amount,
        cash=share.cash,
        on=on,
        days_late=days_late,
        deducted=share.deducted,
    )
    return done, entries
