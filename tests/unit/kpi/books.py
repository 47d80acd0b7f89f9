"""A slow ledger for tests: items as lists of entries, and what a ledger would tell of them.

It stands for ingest where only kpi or scoring is looked at, and it is the oracle of their sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from shared.events.base import Fact
from shared.events.ledger import (
    Entry,
    EntryKind,
    InvoiceAdjusted,
    InvoiceBucketChanged,
    InvoiceOpened,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
    PaymentApplied,
    PaymentReversed,
    PaymentUnapplied,
)
from shared.money import minor, text

BUCKET_STARTS = ((121, "121+"), (91, "91-120"), (61, "61-90"), (31, "31-60"), (1, "1-30"))
SettledBy = Literal["cash", "credit", "write_off", "void", "deduction"]


def noon(day: date) -> datetime:
    """Noon in UTC."""
    return datetime.combine(day, time(12), UTC)


def midnight(day: date) -> datetime:
    """When the day begins in UTC."""
    return datetime.combine(day, time(), UTC)


@dataclass
class Item:
    item_id: str
    currency: str
    amount: int
    issued_on: date
    due_on: date
    entries: list[tuple[date, date, int]] = field(default_factory=list)
    """(effective_on, due_on, amount in minor units)."""
    announced: bool = False
    first_overdue_on: date | None = None
    bucket: str = "current"
    settled: dict[str, Any] = field(default_factory=dict)
    """How it was settled last: settled_on, settled_by, was_overdue."""

    @property
    def open(self) -> int:
        """What is open after all entries, in minor units."""
        return sum(amount for _, _, amount in self.entries)


@dataclass
class Books:
    """One account's items; each method books one thing and gives the facts that follow."""

    account_id: str = "A"
    creditor_id: str = "default"
    items: dict[str, Item] = field(default_factory=dict)
    payments: dict[str, tuple[str, int, date]] = field(default_factory=dict)

    def issue(
        self, item_id: str, amount: str, *, issued: date, due: date, currency: str = "EUR"
    ) -> list[Fact]:
        """An invoice of one item."""
        item = Item(item_id, currency, minor(amount, currency), issued, due)
        self.items[item_id] = item
        entry = self._book(item, "billed", item.amount, issued)
        return [
            InvoiceOpened(
                **self._who(),
                currency=currency,
                entries=(entry,),
                item_id=item_id,
                invoice_id=item_id,
                issued_on=issued,
                due_on=due,
                amount=text(item.amount, currency),
                open_amount=text(item.amount, currency),
            )
        ]

    def pay(self, payment_id: str, item_id: str, amount: str, on: date) -> list[Fact]:
        """Cash for one item."""
        item = self.items[item_id]
        cash = minor(amount, item.currency)
        self.payments[payment_id] = (item_id, cash, on)
        entry = self._book(item, "collected", -cash, on, late=(on - item.due_on).days)
        applied = PaymentApplied(
            **self._who(),
            currency=item.currency,
            entries=(entry,),
            payment_id=payment_id,
            origin="received",
            amount=amount,
            received_on=on,
        )
        return [applied, *self._settled(item, "cash", on)]

    def reverse(self, payment_id: str, on: date) -> list[Fact]:
        """The payment never came."""
        item_id, cash, paid_on = self.payments.pop(payment_id)
        item = self.items[item_id]
        was_settled = not item.open
        late = (paid_on - item.due_on).days
        entry = self._book(item, "reversed", cash, on, late=late)
        reversed_ = PaymentReversed(
            **self._who(),
            currency=item.currency,
            entries=(entry,),
            reversal_id=f"R-{payment_id}",
            payment_id=payment_id,
            amount=text(cash, item.currency),
            reason="chargeback",
            reversed_on=on,
        )
        if not was_settled:
            return [reversed_]
        reopened = InvoiceReopened(
            **self._state(item),
            reason="reversed",
            reopened_on=on,
            first_overdue_on=item.first_overdue_on,
            **item.settled,
        )
        item.announced = False
        return [reversed_, reopened]

    def credit(self, item_id: str, amount: str, on: date) -> list[Fact]:
        """A credit note for one item."""
        return self._adjust(item_id, "credited", "credited", "credit", amount=amount, on=on)

    def write_off(self, item_id: str, amount: str, on: date) -> list[Fact]:
        """Given up."""
        return self._adjust(
            item_id, "written_off", "written_off", "write_off", amount=amount, on=on
        )

    def extend(self, item_id: str, due: date, on: date) -> list[Fact]:
        """Another due date."""
        item = self.items[item_id]
        owed = item.open
        out = self._book(item, "moved", -owed, on)
        item.due_on = due
        back = self._book(item, "moved", owed, on)
        if (on - due).days <= 0:
            item.announced = False
            item.bucket = "current"
        return [
            InvoiceAdjusted(
                **self._who(),
                currency=item.currency,
                entries=(out, back),
                kind="amended",
                item_id=item_id,
                invoice_id=item_id,
                due_on=due,
                effective_on=on,
            )
        ]

    def hold_cash(
        self, payment_id: str, amount: str, on: date, currency: str = "EUR"
    ) -> list[Fact]:
        """Cash that found no item."""
        entry = Entry(kind="unapplied_cash", amount=amount, effective_on=on)
        return [
            PaymentUnapplied(
                **self._who(),
                currency=currency,
                entries=(entry,),
                payment_id=payment_id,
                amount=amount,
                received_on=on,
            )
        ]

    def day(self, today: date) -> list[Fact]:
        """A day begins: what falls overdue, and what grows into another bucket."""
        return [fact for item in self.items.values() for fact in self._aged(item, today)]

    def open_by_due(self, as_of: date, currency: str = "EUR") -> dict[date, int]:
        """What is open at the end of a day, by due date: the slow way."""
        found: dict[date, int] = {}
        for item in self.items.values():
            for effective_on, due_on, amount in item.entries:
                if item.currency == currency and effective_on <= as_of:
                    found[due_on] = found.get(due_on, 0) + amount
        return {due_on: amount for due_on, amount in found.items() if amount}

    def _aged(self, item: Item, today: date) -> Iterator[Fact]:
        days = (today - item.due_on).days
        if days <= 0 or not item.open:
            return
        bucket = next(name for start, name in BUCKET_STARTS if days >= start)
        if not item.announced:
            item.announced = True
            item.first_overdue_on = item.first_overdue_on or item.due_on + timedelta(days=1)
            yield InvoiceOverdue(
                **self._state(item),
                overdue_on=item.due_on + timedelta(days=1),
                past_due_days=days,
            )
        elif bucket != item.bucket:
            yield InvoiceBucketChanged(
                **self._state(item),
                previous=item.bucket,
                bucket=bucket,
                past_due_days=days,
                changed_on=today,
            )
        item.bucket = bucket

    def _adjust(
        self,
        item_id: str,
        entry_kind: EntryKind,
        kind: Literal["credited", "written_off"],
        by: SettledBy,
        *,
        amount: str,
        on: date,
    ) -> list[Fact]:
        item = self.items[item_id]
        entry = self._book(item, entry_kind, -minor(amount, item.currency), on)
        adjusted = InvoiceAdjusted(
            **self._who(),
            currency=item.currency,
            entries=(entry,),
            kind=kind,
            item_id=item_id,
            invoice_id=item_id,
            effective_on=on,
        )
        return [adjusted, *self._settled(item, by, on)]

    def _settled(self, item: Item, by: SettledBy, on: date) -> list[Fact]:
        if item.open:
            return []
        item.settled = {"settled_on": on, "settled_by": by, "was_overdue": item.announced}
        return [
            InvoiceSettled(
                **self._state(item),
                by=by,
                settled_on=on,
                days_late=(on - item.due_on).days,
                was_overdue=item.announced,
            )
        ]

    def _book(
        self, item: Item, kind: EntryKind, amount: int, on: date, *, late: int | None = None
    ) -> Entry:
        item.entries.append((on, item.due_on, amount))
        return Entry(
            kind=kind,
            amount=text(amount, item.currency),
            effective_on=on,
            item_id=item.item_id,
            invoice_id=item.item_id,
            issued_on=item.issued_on,
            due_on=item.due_on,
            open_amount=text(item.open, item.currency),
            overdue=item.announced,
            days_late=late,
        )

    def _who(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "creditor_id": self.creditor_id}

    def _state(self, item: Item) -> dict[str, Any]:
        return {
            **self._who(),
            "item_id": item.item_id,
            "invoice_id": item.item_id,
            "currency": item.currency,
            "amount": text(item.amount, item.currency),
            "open_amount": text(item.open, item.currency),
            "issued_on": item.issued_on,
            "due_on": item.due_on,
        }
