"""What channels report to `outreach.outcomes`: what became of a contact task."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.events.base import Instant
from shared.events.billing import Channel
from shared.events.fields import (
    Currency,
    Id,
    Label,
    Part,
    Told,
    Total,
    check_places,
)


class Cost(Part):
    """What one contact cost."""

    amount: Total
    currency: Currency

    @model_validator(mode="after")
    def _fits(self) -> "Cost":
        check_places(self, self.currency, "amount", amount=self.amount)
        return self


class Outcome(Told):
    """What every outcome carries."""

    account_id: Id
    task_id: Id
    channel: Channel
    occurred_at: Instant
    provider: Label = ""
    provider_message_id: Label = ""
    reason_code: Label = ""
    detail: Annotated[str, Field(max_length=500)] = ""
    cost: Cost | None = None
    party: Literal["right", "wrong", "third"] | None = None
    conversation: bool = False
    collector: Label = ""
    team: Label = ""


class Inbound(Outcome):
    """An outcome that may come without a task: the debtor wrote or called."""

    task_id: Label = ""
    address: Label = ""
    """The address that it came from, where it is known."""


class ContactSent(Outcome, type="outreach.contact.sent.v1"):
    """It left for the debtor."""


class ContactDelivered(Outcome, type="outreach.contact.delivered.v1"):
    """It arrived."""


class ContactFailed(Outcome, type="outreach.contact.failed.v1"):
    """It could not be sent, for now."""


class ContactBounced(Outcome, type="outreach.contact.bounced.v1"):
    """It came back: the address is no good."""


class ContactNoAnswer(Outcome, type="outreach.contact.no_answer.v1"):
    """Nobody took the call."""


class ContactBusy(Outcome, type="outreach.contact.busy.v1"):
    """The line was busy."""


class ContactVoicemail(Outcome, type="outreach.contact.voicemail.v1"):
    """A machine took the call."""


class ContactAnswered(Outcome, type="outreach.contact.answered.v1"):
    """A person took the call: `party` says whether the right one."""


class ContactReplied(Inbound, type="outreach.contact.replied.v1"):
    """The debtor wrote back."""


class ContactOptedOut(Inbound, type="outreach.contact.opted_out.v1"):
    """The debtor said STOP."""


class ContactComplained(Inbound, type="outreach.contact.complained.v1"):
    """The debtor complained (marked a message as spam, say)."""


class ContactExpired(Outcome, type="outreach.contact.expired.v1"):
    """Its time passed before the channel could act on it."""
