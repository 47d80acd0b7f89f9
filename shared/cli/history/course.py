"""The course of one invoice: what is open on it, and each thing that happens to it."""

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from shared.cli.history.account import Account
from shared.cli.history.diary import Diary, workday
from shared.money import text


@dataclass(slots=True)
class Course:
    """One invoice and its diary. Amounts are minor units; `open` never goes below zero."""

    account: Account
    diary: Diary
    rng: Random
    invoice_id: str
    issued_on: date
    due_on: date
    amount: int
    open: int = field(init=False)
    items: list[tuple[str, date, int]] = field(default_factory=list)
    """Instalments, if it has them: id, due date, what is open."""
    payments: int = 0

    def __post_init__(self) -> None:
        """Nothing is paid at first."""
        self.open = self.amount

    @property
    def currency(self) -> str:
        """The invoice's, which is the creditor's."""
        return self.account.place.currency

    def issue(self, **more: Any) -> None:  # noqa: ANN401 - fields of the event
        """Write the invoice itself."""
        data: dict[str, Any] = {
            "invoice_id": self.invoice_id,
            "number": self.invoice_id,
            "issued_on": self.issued_on.isoformat(),
            "due_on": self.due_on.isoformat(),
            "amount": self.shown(self.amount),
            "currency": self.currency,
            "pay_url": f"https://pay.example.org/{self.invoice_id}",
        }
        if self.items:
            data["installments"] = [
                {"item_id": item_id, "due_on": due_on.isoformat(), "amount": self.shown(amount)}
                for item_id, due_on, amount in self.items
            ]
        self.write("billing.invoice.issued.v1", "issued", self.issued_on, {**data, **more})

    def pay(self, on: date, amount: int, *, extra: int = 0, discount: int = 0) -> str:
        """Money for this invoice; `extra` is more than it, `discount` a part kept back."""
        self.payments += 1
        payment_id = f"{self.invoice_id}-P{self.payments}"
        data: dict[str, Any] = {
            "payment_id": payment_id,
            "amount": self.shown(amount + extra),
            "currency": self.currency,
            "received_on": on.isoformat(),
            "method": "direct_debit" if self.account.habit.autopay else "transfer",
        }
        if self.account.habit.tells:
            data["reference"] = self.invoice_id
            data["allocations"] = self._allocations(amount, discount)
        self.open -= amount + discount
        self.diary.write("billing.payment.received.v1", payment_id, on, data)
        return payment_id

    def _allocations(self, amount: int, discount: int) -> list[dict[str, Any]]:
        """To the invoice, or to its instalments in the order that they are due."""
        if not self.items:
            part: dict[str, Any] = {"invoice_id": self.invoice_id, "amount": self.shown(amount)}
            if discount:
                kept = {"kind": "cash_discount", "amount": self.shown(discount)}
                part["deductions"] = [kept]
            return [part]
        parts = []
        for place, (item_id, due_on, left) in enumerate(self.items):
            taken = min(amount, left)
            if taken:
                amount -= taken
                self.items[place] = (item_id, due_on, left - taken)
                shown = self.shown(taken)
                parts.append({"invoice_id": self.invoice_id, "item_id": item_id, "amount": shown})
        return parts

    def reverse(self, on: date, payment_id: str, amount: int, reason: str) -> None:
        """The payment never came: what it closed is open again."""
        self.open += amount
        reversal_id = f"{payment_id}-R"
        self.diary.write(
            "billing.payment.reversed.v1",
            reversal_id,
            on,
            {
                "reversal_id": reversal_id,
                "payment_id": payment_id,
                "reversed_on": on.isoformat(),
                "reason": reason,
            },
        )

    def credit(self, on: date, amount: int) -> str:
        """A credit note for this invoice."""
        self.open -= amount
        credit_note_id = f"{self.invoice_id}-C"
        data = {
            "credit_note_id": credit_note_id,
            "invoice_id": self.invoice_id,
            "amount": self.shown(amount),
            "currency": self.currency,
            "credited_on": on.isoformat(),
        }
        self.diary.write("billing.invoice.credited.v1", credit_note_id, on, data)
        return credit_note_id

    def write(self, kind: str, name: str, on: date, data: dict[str, Any]) -> None:
        """An event of this invoice, under a name of its own."""
        self.diary.write(kind, f"{self.invoice_id}-{name}", on, data)

    def shown(self, amount: int) -> str:
        """Minor units as the wire has them."""
        return text(amount, self.currency)

    def day(self, on: date) -> date:
        """A working day, `on` or soon after, and not before what was written last."""
        return max(workday(on), self.diary.last_on)

    def part(self, low: float, high: float) -> int:
        """A part of what is open, at least one minor unit."""
        return max(1, int(self.open * self.rng.uniform(low, high)))
