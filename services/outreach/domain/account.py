"""Accounts: where each stands in collections, in one document that every event of it touches."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, BeforeValidator, Field
from typing_extensions import override

from services.outreach.domain.hold import Hold, on_day
from services.outreach.domain.promise import Promise
from services.outreach.domain.task import PastState, PastTask, Task
from shared.core import Document
from shared.events.billing import AccountProfile, Channel
from shared.events.outreach import HoldReason


@dataclass(slots=True)
class Case:
    """One collection episode, from the first overdue item until none is left."""

    case_id: str
    opened_at: datetime


@dataclass(slots=True)
class Anchor:
    """The item that steps count from; `held_by` is why not even it may be asked for now."""

    item_id: str
    due_on: date
    held_by: str = ""


@dataclass(slots=True)
class Tries:
    """How often the step in hand was tried on an open item; see `Item` for those before.

    It changes with each task, as the account does: so one document is written instead of two.
    """

    item_id: str
    step: str
    attempts: int = 0
    misses: int = 0


@dataclass(slots=True)
class Wanted:
    """A contact that a person asked for, on top of the policy's."""

    command_id: str
    channel: Channel
    not_before: datetime | None = None


StageName = Literal[
    "current", "pre_due", "in_grace", "delinquent", "on_hold", "promised", "legal", "settled"
]


@dataclass(slots=True)
class Stage:
    """What was last told of where the account stands (see outreach.account.status_changed)."""

    stage: StageName = "current"
    step: str = ""
    promise_on: date | None = None
    block: bool = False
    legal: bool = False


@dataclass(slots=True)
class Account(Document):
    """The head of an account.

    `owes` says whether an item is open: no count, which would be written anew with every invoice.
    `stale` says that the anchor must be derived anew before it is used. `look_at` is when there is
    next something to decide, `book_at` when there is next something to note. `said` holds the
    suppressions told of the current anchor ("step|reason"), so that each is told once.
    `last_task_at` is when the last task that is closed was released.
    """

    prefix: ClassVar[str] = "account"

    account_id: str
    creditor_id: str = ""
    owes: Annotated[
        bool,
        BeforeValidator(bool),
        Field(validation_alias=AliasChoices("owes", "open_items")),  # once a count, by that name
    ] = False
    overdue_items: int = 0
    cases: int = 0
    case: Case | None = None
    anchor: Anchor | None = None
    stale: bool = False
    task: Task | None = None
    last_task_at: datetime | None = None
    tries: Tries | None = None
    wanted: Wanted | None = None
    holds: list[Hold] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    said_of: str = ""
    waits_for_cap: bool = False
    last_step: str = ""
    stage: Stage = field(default_factory=Stage)
    band: str = ""
    priority: int = 0
    p_pay: dict[str, float] = field(default_factory=dict)
    rules_seen: int = 0
    look_at: datetime | None = None
    book_at: datetime | None = None

    @property
    @override
    def key(self) -> str:
        """The account."""
        return self.account_id

    def book(self) -> None:
        """Set when there is next something to note, after a task, a hold or a promise changed."""
        moments = [] if self.task is None else [self.task.expires_at]
        for hold in self.holds:
            if not hold.begun:
                moments.append(hold.begins_at)
            if not hold.ended and hold.ends_at is not None:
                moments.append(hold.ends_at)
        moments += [promise.judge_at for promise in self.promises if promise.state == "open"]
        self.book_at = min(moments, default=None)

    def look(self, at: datetime) -> None:
        """See to it that the account is looked at when `at` has come, at the latest."""
        if self.look_at is None or at < self.look_at:
            self.look_at = at

    def forget_anchor(self, at: datetime) -> None:
        """What the anchor rested on has changed: derive it anew when it is next looked at."""
        self.stale = True
        self.look(at)

    def close_task(self, state: PastState) -> PastTask | None:
        """Take the open task off, which is a past one from now on."""
        task, self.task = self.task, None
        if task is None:
            return None
        self.last_task_at = task.not_before
        return PastTask(task, state)

    def held_for(self, day: date) -> frozenset[HoldReason]:
        """Why the whole account is held on `day`: the reasons of all holds that say so."""
        return frozenset([hold.reason for hold in on_day(self.holds, day) if hold.blanket])


@dataclass(slots=True)
class Profile(Document):
    """Who the debtor is and how to reach them: read when a contact is decided, seldom else.

    `invalid` holds digests of addresses that bounced, with the day.
    """

    prefix: ClassVar[str] = "profile"

    account_id: str
    account: AccountProfile
    invalid: dict[str, date] = field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        """The account."""
        return self.account_id
