"""Contact tasks: what was released to a channel and not yet answered, and what became of others."""

from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha1
from typing import ClassVar, Final, Literal
from uuid import UUID

from typing_extensions import override

from services.outreach.domain.item import Item
from services.outreach.domain.policy import Channel
from shared.core import Document

_TASKS: Final = UUID("6d0c4f2e-0d0b-5c55-9a5d-0f5f6c7a1b11").bytes
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
class PastTask(Document):
    """A task that is closed, and how: a channel may still report on it.

    It is a document of its own: what an account is done with is not written again and again.
    """

    prefix: ClassVar[str] = "past_task"

    task: Task
    state: PastState

    @property
    @override
    def key(self) -> str:
        """The task."""
        return self.task.task_id

    @property
    @override
    def settled(self) -> bool:
        """Always: it is loaded for the outcome that names it."""
        return True


def task_id(*, account_id: str, case_id: str, anchor_id: str, step: str, attempt: int) -> str:
    """The id that the same task of the same account always has, however often it is derived."""
    name = f"{account_id}\x1f{case_id}\x1f{anchor_id}\x1f{step}\x1f{attempt}"
    digest = sha1(_TASKS + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]  # a UUIDv5, made in a third of the time of `uuid5`
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
