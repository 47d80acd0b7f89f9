"""Items: what is open and ages on its own, and which steps were taken about it."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from typing_extensions import override

from shared.core import Document


def item_key(account_id: str, item_id: str) -> str:
    """The key of an item within its party (ids have no control characters)."""
    return f"{account_id}\x1f{item_id}"


@dataclass(slots=True)
class Brought:
    """What came with a balance brought forward: as of which day, and how many contacts were made.

    None: nobody told.
    """

    as_of: date
    contacts: int | None = None


@dataclass(slots=True)
class Item(Document):
    """One open item of an account, in minor units of its currency.

    `made` and `passed` are the steps that were taken, or given up, while it was the anchor of the
    case `case_id`, with the day; `attempts` counts the tasks of each step, `misses` those of them
    that no channel carried out (for the step in hand see `Tries`). `brought` is set until the steps
    have taken it in.
    """

    prefix: ClassVar[str] = "item"

    account_id: str
    item_id: str
    due_on: date
    currency: str
    invoice_id: str = ""
    number: str = ""
    pay_url: str = ""
    open_minor: int = 0
    overdue: bool = False
    case_id: str = ""
    made: dict[str, date] = field(default_factory=dict)
    passed: dict[str, date] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)
    brought: Brought | None = None

    @property
    @override
    def key(self) -> str:
        """Account and item."""
        return item_key(self.account_id, self.item_id)

    @property
    @override
    def settled(self) -> bool:
        """Whether nothing is open on it."""
        return self.open_minor <= 0

    @property
    def rank(self) -> tuple[date, str]:
        """The older comes first."""
        return (self.due_on, self.item_id)

    def closed_on(self, step: str) -> date | None:
        """When a step was taken or given up, if it was."""
        return self.made.get(step) or self.passed.get(step)

    def enter(self, case_id: str) -> None:
        """Begin anew with a new case, whose steps have not been taken yet."""
        self.case_id = case_id
        for marks in (self.made, self.passed, self.attempts, self.misses):
            marks.clear()
