"""Where an account stands by the latest score that went out, and the scores before it."""

from datetime import datetime
from typing import ClassVar, Final

from msgspec import Raw
from typing_extensions import override

from shared.core import Compact

BY_ACCOUNT: Final = "account"
BETWEEN: Final = "\t"
"""No id and no name has it: they have no control characters."""
_PRIORITY_MAX: Final = 1_000
_DAYS_MAX: Final = 99_999
_AMOUNT_MAX: Final = 10**20 - 1


class Standing(Compact):
    """The latest score of one account; it stays when nothing is overdue any longer."""

    prefix: ClassVar[str] = "standing"

    account_id: str
    creditor_id: str
    number: int
    """How many scores went out so far."""
    watched: bool
    """Whether something is overdue."""
    currency: str
    overdue: int
    risk: int
    band: str
    age_band: int
    past_due_days: int
    expected: int
    lane: str
    priority: int
    confidence: str
    segment: str
    model: str
    model_version: str
    scored_at: datetime

    @property
    @override
    def key(self) -> str:
        """One per account."""
        return self.account_id

    @property
    @override
    def listed(self) -> dict[str, str]:
        """By its own id; and, while something is overdue, at its rank in each list it is in.

        All lists are of one lane: a list of both is read from two (`mix.Mix`).
        """
        if not self.watched:
            return {BY_ACCOUNT: self.account_id}
        place = in_list(self.lane) + self.rank
        return {
            BY_ACCOUNT: self.account_id,
            "lane": place,
            "segment": in_list(self.segment) + place,
            "creditor": in_list(self.creditor_id) + place,
        }

    @property
    def rank(self) -> str:
        """A text that sorts before those of all accounts to be worked later.

        Higher priority first; then the older, then the larger (minor units, whatever the currency:
        only to break ties), then by account id, so that two runs have the same order.
        """
        days = _DAYS_MAX - min(self.past_due_days, _DAYS_MAX)
        amount = _AMOUNT_MAX - min(self.overdue, _AMOUNT_MAX)
        return f"{_PRIORITY_MAX - self.priority:04d}{days:05d}{amount:020d}{self.account_id}"


SCORES_KEPT: Final = 100
"""Of each account, the latest."""
SCORES_KEPT_MAX: Final = 1_000


class Kept(Compact):
    """One score that went out, kept to be read later; nothing is decided by it."""

    prefix: ClassVar[str] = "score"

    number: int
    """Of all that went out, from 1."""
    account_id: str
    fact: Raw
    """The JSON that was sent (`shared.events.scores.AccountScored`), as it is."""
    slot: int
    """Its place among those kept; the newest takes the place of the oldest."""

    @property
    @override
    def key(self) -> str:
        """The account, and the place."""
        return f"{kept_under(self.account_id)}{self.slot:08d}"

    @property
    @override
    def settled(self) -> bool:
        """Always: it is never needed again here."""
        return True


def in_list(*names: str) -> str:
    """What the texts of all accounts of a lane, of a segment's or a creditor's lane begin with."""
    return "".join([f"{name}{BETWEEN}" for name in names])


def kept_under(account_id: str) -> str:
    """What the keys of all scores of an account begin with; no other account's do."""
    return f"{account_id}{BETWEEN}"
