"""What a model has foretold of accounts, until it is known what came of it."""

from bisect import insort
from datetime import date, datetime
from operator import attrgetter
from typing import ClassVar, Final

from msgspec import field

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.drift import MATURES
from services.scoring.domain.feature import NOTHING_OWED
from services.scoring.domain.score import Score
from shared.core import Compact, Piece
from shared.events.ledger import InvoiceAdjusted

_UNTIL: Final = attrgetter("until")


class Chance(Piece):
    """That all which was overdue of an account on a day is paid within thirty days."""

    account_id: str
    currency: str
    row: str
    """Where it is counted."""
    chance: int
    """Ten-thousandths."""
    today: date
    """What was due before it is meant."""
    until: datetime


class Foretold(Compact):
    """The chances of one party's accounts that have not matured: at most one for each account.

    One at a time is enough, and they do not overlap: each says something new.
    """

    prefix: ClassVar[str] = "foretold"

    open: list[Chance] = field(default_factory=list)
    """In the order in which they mature."""

    def next_at(self) -> datetime | None:
        """When the next one matures."""
        return self.open[0].until if self.open else None

    def begin(self, score: Score, row: str, at: datetime) -> bool:
        """Hold a score that goes out to what will come; whether the account had none open."""
        account_id = score.seen.behaviour.account_id
        if any(each.account_id == account_id for each in self.open):
            return False
        chance, today = score.assessment.chance, score.seen.today
        insort(
            self.open,
            Chance(account_id, score.seen.currency, row, chance, today, until=at + MATURES),
            key=_UNTIL,
        )
        return True

    def fall_due(self, until: datetime) -> list[Chance]:
        """Take out those that have matured by now, in the order they stand in."""
        due = [each for each in self.open if each.until <= until]
        if due:
            self.open = [each for each in self.open if each.until > until]
        return due

    def adjusted(self, fact: InvoiceAdjusted) -> bool:
        """Drop what a credit, a void or a write-off has touched; whether there was such.

        How it would have been paid is not known any longer.
        """
        left = [each for each in self.open if not _touches(fact, each)]
        dropped = len(left) < len(self.open)
        self.open = left
        return dropped


def is_paid(chance: Chance, behaviour: Behaviour) -> bool:
    """Whether nothing is left of what was overdue then."""
    days = behaviour.owed.get(chance.currency, NOTHING_OWED).overdue.days
    return not any(due.amount > 0 for due_on, due in days.items() if due_on < chance.today)


def _touches(fact: InvoiceAdjusted, chance: Chance) -> bool:
    return (
        fact.account_id == chance.account_id
        and fact.currency == chance.currency
        and any(entry.due_on and entry.due_on < chance.today for entry in fact.entries)
    )
