"""An account's statement: what was owed before a period, each entry in it, what is owed after.

Opening and closing are computed from what each item had open on those days, the movements are
listed one by one: that they add up, in each currency, is the ledger's identity.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from services.ingest.domain.aging import Buckets
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.movement import STEPS, Movement, Step, movements
from services.ingest.domain.payment import Payment
from services.ingest.domain.reckoning import Balance, Reckoning
from shared.core import Document
from shared.events.ledger import EntryKind

Paid = tuple[str, str, date, int]
"""Invoice, item, day and amount of what a payment or credit note did."""
_BY_DOCUMENT: Final[frozenset[EntryKind]] = frozenset({"collected", "credited"})


class TooManyMovements(Exception):
    """A period has more entries than one statement may show."""


@dataclass(slots=True)
class Line:
    """A movement, and the balance of its currency after it (minor units)."""

    movement: Movement
    balance: int


@dataclass(slots=True)
class Section:
    """One currency's part: opening, steps, lines and closing, all in minor units."""

    currency: str
    opening: Balance
    closing: Balance
    steps: dict[Step, int] = field(default_factory=dict)
    """The sum of the movements of each kind, signed as they act on the balance."""
    lines: list[Line] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether opening and movements make the closing, of what is owed and of what is held."""
        cash, credit = self.steps.get("cash_held", 0), self.steps.get("credit_held", 0)
        owed = sum(self.steps.values()) - cash - credit
        return (owed, -cash, -credit) == (
            self.closing.open - self.opening.open,
            self.closing.cash - self.opening.cash,
            self.closing.credit - self.opening.credit,
        )


class Statement:
    """The statement of one account from a day to a day, both included."""

    def __init__(
        self,
        account_id: str,
        begin: date,
        end: date,
        aging: Buckets,
        *,
        known_at: datetime | None = None,
        lines_max: int,
    ) -> None:
        """Begin with nothing; `known_at` leaves out what came later than a tick."""
        self.begin = begin
        self.end = end
        self._account_id = account_id
        self._known_at = known_at
        self._lines_max = lines_max
        before = begin - timedelta(days=1)
        self._opening = Reckoning(account_id, before, aging, known_at=known_at)
        self._closing = Reckoning(account_id, end, aging, known_at=known_at)
        self._movements: list[Movement] = []
        self._paid: dict[Paid, list[str]] = {}

    def add(self, document: Document) -> None:
        """Take in a document; raises `TooManyMovements` when it has become too long."""
        if getattr(document, "account_id", "") != self._account_id:
            return
        self._opening.add(document)
        self._closing.add(document)
        self._note_applied(document)
        self._movements += [
            movement
            for movement in movements(document)
            if self.begin <= movement.on <= self.end and movement.known(self._known_at)
        ]
        if len(self._movements) > self._lines_max:
            raise TooManyMovements(self._lines_max)

    def sections(self) -> list[Section]:
        """The statement by currency, in order; none if there was nothing at all."""
        opening, closing = self._opening.balances(), self._closing.balances()
        found = {
            currency: Section(
                currency,
                opening.get(currency) or Balance(),
                closing.get(currency) or Balance(),
            )
            for currency in sorted(
                {*opening, *closing, *(movement.currency for movement in self._movements)}
            )
        }
        balances = {currency: section.opening.net for currency, section in found.items()}
        for movement in self._in_order():
            section = found[movement.currency]
            step = STEPS[movement.kind]
            section.steps[step] = section.steps.get(step, 0) + movement.effect
            balances[movement.currency] += movement.effect
            section.lines.append(Line(movement, balances[movement.currency]))
        return list(found.values())

    def _note_applied(self, document: Document) -> None:
        """Remember which payment or credit note is behind what was booked on items."""
        if isinstance(document, Payment | CreditNote):
            own = document.payment_id if isinstance(document, Payment) else document.credit_note_id
            for done in document.applied:
                paid = (done.invoice_id, done.item_id, done.on, -done.amount)
                self._paid.setdefault(paid, []).append(own)

    def _in_order(self) -> Iterator[Movement]:
        """By day, and within it as they were taken; with its payment where only one can be it."""
        alike = Counter(map(_paid, self._movements))
        for movement in sorted(self._movements, key=_place):
            known = self._paid.get(_paid(movement), []) if movement.kind in _BY_DOCUMENT else []
            is_it = len(known) == alike[_paid(movement)] == 1
            yield replace(movement, document_id=known[0]) if is_it else movement


def _paid(movement: Movement) -> Paid:
    return (movement.invoice_id, movement.item_id, movement.on, movement.amount)


def _place(movement: Movement) -> tuple[date, datetime, bool, str, str]:
    return (
        movement.on,
        movement.at,
        not movement.is_receivable,
        movement.document_id or movement.invoice_id,
        movement.item_id,
    )
