"""Where money goes: from what is held to the items it is for, as told or by the creditor's rule."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct, field

from services.ingest.domain.aging import past_due_days
from services.ingest.domain.invoice import Invoice, Item
from services.ingest.domain.ledger import Ledger
from shared.core import Piece
from shared.events import ledger as facts
from shared.events.billing import Allocation, Deduction
from shared.money import MoneyError, minor, share, text


class Application(Piece):
    """What one payment or credit did for one item: minor units.

    `amount` is in the item's currency, `cash` the same in the payment's; `deducted` closed the item
    too, but is no cash. `recovered` of the amount had been written off before.
    """

    invoice_id: str
    item_id: str
    amount: int
    cash: int
    on: date
    days_late: int
    deducted: int = 0
    recovered: int = 0


class Told(Piece):
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

    @classmethod
    def rest(cls, done: Application, rest: "Share", item_currency: str, currency: str) -> "Told":
        """What an item did not take of cash that was for it."""
        other = item_currency != currency
        return cls(
            invoice_id=done.invoice_id,
            item_id=done.item_id,
            amount=text(rest.amount, item_currency),
            payment_amount=text(rest.cash, currency) if other else "",
        )

    @property
    def is_above_zero(self) -> bool:
        """Whether both of its amounts are something: cash of another currency may round to 0."""
        return bool(self.amount.strip("0.") and (self.payment_amount or "1").strip("0."))

    def told(self) -> Allocation:
        """As it may be told to another account; of deductions only the amounts are known."""
        return Allocation(
            invoice_id=self.invoice_id,
            item_id=self.item_id or None,
            amount=self.amount,
            payment_amount=self.payment_amount or None,
            deductions=tuple(
                Deduction(kind="rounding", amount=amount) for amount in self.deductions
            ),
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


class Share(Struct, frozen=True):
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


def taken_from(done: Application, cash: int) -> Application:
    """Take part of its cash out of an application: what was taken, the recovered money first."""
    amount = share(done.amount, cash, done.cash)
    recovered = min(done.recovered, amount)
    done.cash -= cash
    done.amount -= amount
    done.recovered -= recovered
    return Application(
        invoice_id=done.invoice_id,
        item_id=done.item_id,
        amount=amount,
        cash=cash,
        on=done.on,
        days_late=done.days_late,
        recovered=recovered,
    )


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


def collect(
    ledger: Ledger, invoice: Invoice, item: Item, use: Share, on: date
) -> tuple[Application, list[tuple[int, facts.Entry]]]:
    """Book cash and deductions on an item: what was done, and its entries with their cash.

    Where that is more than is open, it recovers what had been written off.
    """
    days_late = past_due_days(item.due_on, on)
    entries = []
    recovered = use.amount + use.deducted - item.open
    if recovered > 0:
        item.small -= min(item.small, recovered)
        entries.append((0, ledger.post(invoice, item, "write_off_reversed", recovered, on)))
    if use.deducted:
        deducted = ledger.post(invoice, item, "deducted", -use.deducted, on, days_late=days_late)
        entries.append((0, deducted))
    if use.amount:
        collected = ledger.post(invoice, item, "collected", -use.amount, on, days_late=days_late)
        entries.append((use.amount, collected))
    done = Application(
        invoice_id=invoice.invoice_id,
        item_id=item.item_id,
        amount=use.amount,
        cash=use.cash,
        on=on,
        days_late=days_late,
        deducted=use.deducted,
        recovered=max(0, recovered),
    )
    return done, entries
