"""Holds: intervals in which an account, or some of its items, is not worked.

Inside, an interval runs from `starts_on` up to, not including, `until`; the wire shows the last day
held (`ends_on`). Held days stop the count that steps go by, never the aging of the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from services.outreach.domain.days import NEVER, later
from services.outreach.domain.item import Item
from shared.events.outreach import HoldReason

Spans = list[tuple[date, date]]
"""Intervals of days, half-open, in order, that neither touch nor overlap."""

SEVERITY: Final[tuple[HoldReason, ...]] = (
    "legal", "breathing_space", "hardship", "dispute", "plan", "promise", "autopay", "block",
    "manual",
)  # fmt: skip
"""Which reason is named where several hold: the gravest."""


@dataclass(slots=True)
class Hold:
    """One interval; without items and invoices it holds the whole account.

    A dispute about a part has its `amount_minor` in `currency`: only so much is withheld, and no
    day counts as held. `begun` and `ended` say which of its two ends, at `begins_at` and `ends_at`,
    were acted on.
    """

    hold_id: str
    reason: HoldReason
    starts_on: date
    begins_at: datetime
    until: date | None = None
    ends_at: datetime | None = None
    item_ids: list[str] = field(default_factory=list)
    invoice_ids: list[str] = field(default_factory=list)
    amount_minor: int | None = None
    currency: str = ""
    begun: bool = False
    ended: bool = False

    @property
    def blanket(self) -> bool:
        """Whether it holds all of the account."""
        return not self.item_ids and not self.invoice_ids and self.amount_minor is None

    @property
    def ends_on(self) -> date | None:
        """The last day held, as the wire shows it."""
        return None if self.until is None else self.until - timedelta(days=1)

    def on(self, day: date) -> bool:
        """Whether `day` is held."""
        return self.starts_on <= day and (self.until is None or day < self.until)

    def names(self, item: Item) -> bool:
        """Whether it speaks of this item."""
        if not self.item_ids and not self.invoice_ids:
            return True
        return item.item_id in self.item_ids or item.invoice_id in self.invoice_ids

    def counts_for(self, item: Item) -> bool:
        """Whether it holds days on which this item is, or would be, overdue."""
        overdue = self.until is None or self.until > item.due_on
        return overdue and self.amount_minor is None and self.names(item)


def on_day(holds: Iterable[Hold], day: date) -> list[Hold]:
    """Those of some holds that hold on `day`."""
    return [hold for hold in holds if hold.on(day)]


def gravest(holds: Iterable[Hold]) -> Hold | None:
    """The hold to name where several hold."""
    return min(holds, key=lambda hold: (SEVERITY.index(hold.reason), hold.hold_id), default=None)


def union(intervals: Iterable[tuple[date, date | None]]) -> Spans:
    """Merge intervals that overlap, contain or touch one another; empty ones vanish."""
    spans: Spans = []
    for start, end in sorted((start, end or NEVER) for start, end in intervals):
        if end <= start:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def spans_of(holds: Iterable[Hold], item: Item) -> Spans:
    """The days on which an item was, is, or will be held, as far as is known."""
    found = [
        (hold.starts_on, hold.until)
        for hold in holds
        if hold.amount_minor is None and hold.names(item)
    ]
    return union(found) if found else []


def held_days(spans: Spans, due_on: date, day: date) -> int:
    """How many days of the overdue window, from `due_on` up to `day`, were held."""
    held = 0
    for start, end in spans:
        if start < day and end > due_on:
            last, first = min(end, day), max(start, due_on)
            held += max(0, (last - first).days)
    return held


def delinquent_days(spans: Spans, due_on: date, day: date, *, grace_days: int = 0) -> int:
    """Days past due without grace and held days: what steps count by (never below 0)."""
    days = (day - due_on).days - grace_days
    if spans and days > 0:
        days -= held_days(spans, due_on, day)
    return max(0, days)


def day_of_delinquency(spans: Spans, due_on: date, days: int, *, grace_days: int = 0) -> date:
    """The first day with `days` (at least 1) delinquent days; `NEVER` if a hold has no end."""
    cursor, needed = due_on, days + grace_days
    for start, end in spans:
        free = (start - cursor).days
        if free >= needed:
            break
        needed -= max(0, free)
        cursor = max(cursor, end)
    return later(cursor, needed)
