"""What people and other systems ask of outreach: imperative, with a name and a reason.

Each becomes `outreach.command.applied` or `outreach.command.refused`, never nothing.
"""

from typing import Literal

from pydantic import model_validator

from shared.events.base import Instant
from shared.events.billing import Channel
from shared.events.fields import (
    Amount,
    BusinessDate,
    Currency,
    Id,
    Label,
    Part,
    Text,
    Told,
    Total,
    check_places,
    refuse,
    ten_thousandths,
)
from shared.events.outreach import HoldReason


class Command(Told):
    """What every command carries: an id of its own, who asks, and why."""

    command_id: Id
    account_id: Id
    user: Label
    reason: Text = ""


class PromiseMake(Command, type="outreach.promise.make.v1"):
    """The debtor said when and how much."""

    promise_id: Id
    amount: Amount
    currency: Currency
    due_on: BusinessDate

    @model_validator(mode="after")
    def _fits(self) -> "PromiseMake":
        check_places(self, self.currency, "amount", amount=self.amount)
        return self


class PromiseCancel(Command, type="outreach.promise.cancel.v1"):
    """Withdraw a promise: it is neither kept nor broken."""

    promise_id: Id


class PromiseReschedule(Command, type="outreach.promise.reschedule.v1"):
    """Replace a promise by a later one, of the same amount unless told."""

    promise_id: Id
    new_promise_id: Id
    due_on: BusinessDate
    amount: Amount | None = None


class PlanInstallment(Part):
    """One payment of a plan."""

    due_on: BusinessDate
    amount: Amount


class PlanPropose(Command, type="outreach.plan.propose.v1"):
    """Offer to pay in parts; without items it covers all that is open."""

    plan_id: Id
    amount: Amount
    currency: Currency
    installments: tuple[PlanInstallment, ...]
    item_ids: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "PlanPropose":
        check_places(self, self.currency, "amount", amount=self.amount)
        for i, part in enumerate(self.installments):
            check_places(self, self.currency, "installments", i, "amount", amount=part.amount)
        told = sum(ten_thousandths(part.amount) for part in self.installments)
        if told != ten_thousandths(self.amount):
            refuse(self, "installments", why=f"the instalments do not add up to {self.amount}")
        return self


class PlanAccept(Command, type="outreach.plan.accept.v1"):
    """The debtor agreed to a plan."""

    plan_id: Id


class PlanCancel(Command, type="outreach.plan.cancel.v1"):
    """Withdraw a plan."""

    plan_id: Id


class HoldPlace(Command, type="outreach.hold.place.v1"):
    """Leave an account (or some items) alone, both days included; it may begin in the past."""

    hold_id: Id
    hold_reason: HoldReason
    starts_on: BusinessDate
    ends_on: BusinessDate | None = None
    item_ids: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "HoldPlace":
        if self.ends_on is not None and self.ends_on < self.starts_on:
            refuse(self, "ends_on", why="a hold ends on or after its first day")
        return self


class HoldRelease(Command, type="outreach.hold.release.v1"):
    """End a hold, on the command's day unless told."""

    hold_id: Id
    released_on: BusinessDate | None = None


class ConsentSet(Command, type="outreach.consent.set.v1"):
    """Grant or revoke consent, for one channel or (without) for all."""

    channel: Channel | None = None
    kind: Label = "contact"
    state: Literal["granted", "revoked"]
    source: Label = ""


class DisputeOpen(Command, type="outreach.dispute.open.v1"):
    """The debtor objects, told to a collector."""

    dispute_id: Id
    invoice_id: Id | None = None
    amount: Amount | None = None
    reason_code: Label = ""
    in_writing: bool = False
    opened_on: BusinessDate | None = None


class DisputeResolve(Command, type="outreach.dispute.resolve.v1"):
    """A dispute is settled."""

    dispute_id: Id
    outcome: Literal["accepted", "partly", "rejected", "withdrawn"]
    accepted_amount: Total | None = None
    credit_note_id: Id | None = None
    resolved_on: BusinessDate | None = None


class ContactRecord(Command, type="outreach.contact.record.v1"):
    """A call, letter or visit that no task asked for, inbound ones too."""

    contact_id: Id
    channel: Literal["email", "sms", "phone", "letter", "visit"]
    direction: Literal["outbound", "inbound"] = "outbound"
    outcome: Label
    occurred_at: Instant
    party: Literal["right", "wrong", "third"] | None = None
    conversation: bool = False
    collector: Label = ""
    team: Label = ""
    note: Text = ""


class ContactRequest(Command, type="outreach.contact.request.v1"):
    """Ask for one contact, on top of the policy's; the law's limits hold all the same."""

    channel: Channel
    not_before: Instant | None = None
    note: Text = ""


class TaskClaim(Command, type="outreach.task.claim.v1"):
    """A collector takes a task."""

    task_id: Id
    collector: Label = ""


class TaskComplete(Command, type="outreach.task.complete.v1"):
    """A task is done, with what came of it."""

    task_id: Id
    outcome: Label
    party: Literal["right", "wrong", "third"] | None = None
    conversation: bool = False
    note: Text = ""


class TaskSkip(Command, type="outreach.task.skip.v1"):
    """A task is not to be done."""

    task_id: Id


class TaskSnooze(Command, type="outreach.task.snooze.v1"):
    """A task is to come back later."""

    task_id: Id
    until: Instant


class NoteAdd(Command, type="outreach.note.add.v1"):
    """Words on the account."""

    note_id: Id
    text: Text


class CaseAssign(Command, type="outreach.case.assign.v1"):
    """Give the account's case to a collector or a team."""

    collector: Label = ""
    team: Label = ""


class CaseEscalate(Command, type="outreach.case.escalate.v1"):
    """Hand the account's case up."""

    to: Label = ""


class ApprovalGrant(Command, type="outreach.approval.grant.v1"):
    """Say yes to what waits for a second pair of eyes."""

    approval_id: Id


class ApprovalDeny(Command, type="outreach.approval.deny.v1"):
    """Say no to what waits for a second pair of eyes."""

    approval_id: Id
