"""What concerns all parties, and so goes to every partition."""

from typing import Any, Literal

from pydantic import Field

from shared.events.base import Instant
from shared.events.fields import (
    STRICT_ALIASED,
    BusinessDate,
    Id,
    Label,
    Number,
    Told,
)


class ConfigPublished(Told, type="billing.config.published.v1"):
    """A new configuration of one kind, in force from the first tick at or after `from_`.

    `number` grows with each one of its kind; a lower one than was seen is ignored.
    """

    broadcast = True
    model_config = STRICT_ALIASED

    kind: Literal["policy", "packs", "creditors", "segments", "model"]
    number: Number
    from_: Instant = Field(alias="from")
    document: dict[str, Any]


class AddressSuppressed(Told, type="billing.address.suppressed.v1"):
    """An address said STOP: nobody writes or calls there, whichever account it belongs to."""

    broadcast = True

    channel: Literal["email", "sms", "phone", "letter"]
    address_digest: Id
    reason: Label


class SourceCompleted(Told, type="billing.source.completed.v1"):
    """All that a source has up to a day is in: a policy may wait for it before it contacts."""

    broadcast = True

    creditor_id: Id
    stream: Literal["payments", "invoices"]
    through_on: BusinessDate
