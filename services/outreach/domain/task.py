"""Contact tasks: what was released to a channel and not yet answered, and what became of others."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from services.outreach.domain.item import Item
from services.outreach.domain.policy import Channel

_TASKS: Final = UUID("6d0c4f2e-0d0b-5c55-9a5d-0f5f6c7a1b11")
PAST_MAX: Final = 20
"""How many tasks of an account are remembered for outcomes that come late."""

PastState = Literal["made", "missed", "cancelled"]


@dataclass(slots=True)
class Task:
    """One contact that a channel may make between two moments.

    It covers the items due by `due_until` in the amounts of `remaining` (minor units per currency),
    which follow what happens to them while it is open.
    """

    task_id: str
    channel: Channel
    contact_point_id: str
    address_digest: str
    step: str
    anchor_id: str
    case_id: str
    not_before: datetime
    expires_at: datetime
    due_until: date
    remaining: dict[str, int] = field(default_factory=dict)

    def covers(self, item: Item) -> bool:
        """Whether the contact speaks of an item."""
        return item.due_on <= self.due_until and item.currency in self.remaining


@dataclass(slots=True)
class PastTask:
    """A task that is closed, and how: a channel may still report on it."""

    task: Task
    state: PastState


def task_id(*, account_id: str, case_id: str, anchor_id: str, step: str, attempt: int) -> str:
    """The id that the same task of the same account always has, however often it is derived."""
    parts = (account_id, case_id, anchor_id, step, str(attempt))
    return str(uuid5(_TASKS, "\x1f".join(parts)))
