"""What outreach writes: contact tasks for channels, and its activity.

`contact.requested` and `contact.cancelled` go to `outreach.tasks.<channel>` and, with the other
facts, to `outreach.activity`.
"""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.events.base import Fact, Instant

SuppressionReason = Literal[
    "paid", "below_minimum", "in_grace", "hold_dispute", "hold_promise", "hold_plan",
    "hold_hardship", "hold_breathing_space", "hold_legal", "hold_autopay", "hold_block",
    "hold_manual", "no_contact_point", "no_consent", "opted_out", "address_suppressed",
    "quiet_hours", "non_business_day", "cap", "superseded", "parked", "not_lawful",
    "no_answer_from_channel",
]  # fmt: skip
"""The closed list of why a contact was not made (or not yet)."""

HoldReason = Literal[
    "dispute", "promise", "plan", "hardship", "breathing_space", "legal", "autopay", "block",
    "manual",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(_Part):
    """An amount of one currency."""

    currency: str
    amount: str


class TaskItem(_Part):
    """One open item that a contact is about."""

    account_id: str
    item_id: str
    invoice_id: str
    number: str = ""
    due_on: date
    past_due_days: int
    open_amount: str
    currency: str
    pay_url: str = ""


class Recipient(_Part):
    """Whom to reach, and where. The only place besides the account where an address travels."""

    contact_point_id: str = ""
    name: str = ""
    address: str = ""
    language: str = "en"
    time_zone: str = ""


class Decision(_Part):
    """Why a contact was made or not: enough to answer an auditor years later."""

    policy: str
    policy_version: str
    step: str
    anchor_item_id: str = ""
    anchor_due_on: date | None = None
    delinquent_days: int = 0
    past_due_days: int = 0
    collectable: tuple[Money, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids of the rules that were looked at and spoke, in order; the last one decided."""
    score_band: str = ""
    decided_at: Instant
    local_times: tuple[str, ...] = ()
    earliest: Instant | None = None
    """The next lawful moment, where the answer is "not now"."""
    facts: dict[str, Any] = {}


class OnAccount(Fact):
    """What every activity about an account carries."""

    account_id: str
    creditor_id: str = ""


class ContactRequested(OnAccount, type="outreach.contact.requested.v1"):
    """A contact that is due now: complete, unique (`task_id`) and lawful between its two times."""

    task_id: str
    case_id: str
    channel: Literal["email", "sms", "phone", "letter"]
    step: str
    tone: str
    not_before: Instant
    expires_at: Instant
    to: Recipient
    subject_line: str = ""
    body: str = ""
    amounts: tuple[Money, ...]
    items: tuple[TaskItem, ...]
    items_total: int
    """How many items the contact covers; `items` lists at most 100 of them, oldest first."""
    priority: int = 0
    decision: Decision


class ContactCancelled(OnAccount, type="outreach.contact.cancelled.v1"):
    """A task is withdrawn: a channel that has not acted on it must not."""

    task_id: str
    channel: Literal["email", "sms", "phone", "letter"]
    reason: str
    cancelled_at: Instant


class ContactSuppressed(OnAccount, type="outreach.contact.suppressed.v1"):
    """A contact that was due and was not made."""

    case_id: str
    channel: str
    step: str
    reason: SuppressionReason
    until: Instant | None = None
    decision: Decision


class ContactAttempted(OnAccount, type="outreach.contact.attempted.v1"):
    """What a channel or a person reported of a contact."""

    task_id: str = ""
    channel: str
    outcome: str
    right_party: bool | None = None
    conversation: bool = False
    collector: str = ""
    team: str = ""
    cost: Money | None = None
    attempted_at: Instant
    direction: Literal["outbound", "inbound"] = "outbound"


class CaseOpened(OnAccount, type="outreach.case.opened.v1"):
    """A collection episode began."""

    case_id: str
    policy: str
    opened_at: Instant


class CaseClosed(OnAccount, type="outreach.case.closed.v1"):
    """A collection episode ended."""

    case_id: str
    reason: Literal["cured", "settled", "written_off", "legal"]
    opened_at: Instant
    closed_at: Instant


class PromiseFact(OnAccount):
    """A promise to pay, as it stands."""

    promise_id: str
    amount: str
    currency: str
    promised_on: date
    due_on: date
    received: str = "0"


class PromiseMade(PromiseFact, type="outreach.promise.made.v1"):
    """The debtor said when and how much."""


class PromiseKept(PromiseFact, type="outreach.promise.kept.v1"):
    """Enough came in time, by business dates."""


class PromisePartiallyKept(PromiseFact, type="outreach.promise.partially_kept.v1"):
    """Some came in time."""


class PromiseBroken(PromiseFact, type="outreach.promise.broken.v1"):
    """Nothing (or too little) came in time."""


class PromiseCancelled(PromiseFact, type="outreach.promise.cancelled.v1"):
    """Withdrawn by command."""

    reason: str = ""


class PromiseRescheduled(PromiseFact, type="outreach.promise.rescheduled.v1"):
    """Moved to another day by command; the new promise has its own id."""

    new_promise_id: str


class HoldFact(OnAccount):
    """An interval in which an account (or some items) is not worked. Days are both included."""

    hold_id: str
    reason: HoldReason
    starts_on: date
    ends_on: date | None = None
    item_ids: tuple[str, ...] = ()
    invoice_ids: tuple[str, ...] = ()


class HoldPlaced(HoldFact, type="outreach.hold.placed.v1"):
    """A hold began, perhaps backdated."""


class HoldReleased(HoldFact, type="outreach.hold.released.v1"):
    """A hold ended by event or command."""


class HoldExpired(HoldFact, type="outreach.hold.expired.v1"):
    """A hold's last day passed."""


class ConsentChanged(OnAccount, type="outreach.consent.changed.v1"):
    """Consent was granted or revoked (an opt-out revokes)."""

    channel: str = ""
    kind: str = "contact"
    state: Literal["granted", "revoked"]
    source: str = ""
    changed_at: Instant


class CommandApplied(OnAccount, type="outreach.command.applied.v1"):
    """A command from a person or system took effect."""

    command_id: str
    command: str
    user: str = ""


class CommandRefused(OnAccount, type="outreach.command.refused.v1"):
    """A command could not take effect, and why."""

    command_id: str
    command: str
    user: str = ""
    reason: str
    field: str = ""


class AccountStatusChanged(OnAccount, type="outreach.account.status_changed.v1"):
    """Where the account stands in collections, for billing systems to read."""

    stage: Literal[
        "current", "pre_due", "in_grace", "delinquent", "on_hold", "promised", "legal", "settled"
    ]
    step: str = ""
    promise_on: date | None = None
    block: bool = False
    legal: bool = False
