"""Accounts: who owes, how to reach them, what they agreed to and what the law must know of them."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from shared.events.base import Instant
from shared.events.fields import (
    STRICT_ALIASED,
    BusinessDate,
    Country,
    Currency,
    Id,
    Label,
    Language,
    Number,
    Part,
    Text,
    TimeZone,
    Told,
    Total,
    check_places,
    refuse,
)

Channel = Literal["email", "sms", "phone", "letter"]


class Contact(Part):
    """A person who may be spoken to about the account."""

    contact_id: Id
    name: Label = ""
    role: Label
    """debtor, payables, guarantor, attorney … (the packs know more)."""


class Postal(Part):
    """Where a letter goes."""

    lines: tuple[Label, ...] = ()
    locality: Label = ""
    region: Label = ""
    postal_code: Label = ""
    country: Country | None = None


class ContactPoint(Part):
    """One way to reach somebody: an address of one channel."""

    id: Id
    contact_id: Id | None = None
    channel: Channel
    address: Label | None = None
    postal: Postal | None = None
    purposes: tuple[Label, ...] = ()
    priority: Number | None = None
    """Lower is tried first."""
    time_zone: TimeZone | None = None
    place: Label | None = None

    @model_validator(mode="after")
    def _reachable(self) -> "ContactPoint":
        if not self.address and self.postal is None:
            refuse(self, "address", why="a contact point has an address or a postal address")
        return self


class Consent(Part):
    """What somebody agreed to, or took back."""

    model_config = STRICT_ALIASED

    kind: Label
    channel: Channel | None = None
    address: Label | None = None
    state: Literal["granted", "revoked"]
    from_: Instant = Field(alias="from")
    evidence: Text | None = None
    source: Label | None = None


class Status(Part):
    """Something that the law's packs ask for: attorney, ceased, breathing_space and others."""

    model_config = STRICT_ALIASED

    status: Label
    from_: BusinessDate = Field(alias="from")
    until: BusinessDate | None = None
    evidence: Text | None = None


class DunningBlock(Part):
    """The creditor's own wish that the account is left alone. Days are both included."""

    model_config = STRICT_ALIASED

    reason: Label
    from_: BusinessDate = Field(alias="from")
    until: BusinessDate | None = None


class AccountProfile(BaseModel):
    """All that may be known of an account; None is "not known".

    It is what `billing.account.updated` changes, and the merged state that follows from it.
    """

    model_config = STRICT_ALIASED

    party_id: Id | None = None
    parent_account_id: Id | None = None
    creditor_id: Id | None = None
    version: Number | None = None
    name: Label | None = None
    kind: (
        Literal["company", "consumer", "sole_trader", "partnership", "public_authority"] | None
    ) = None
    role: Literal["first_party", "third_party", "debt_buyer"] | None = None
    purpose: Literal["consumer", "commercial"] | None = None
    regulated_credit: bool | None = None
    country: Country | None = None
    region: Label | None = None
    locality: Label | None = None
    postal_code: Label | None = None
    time_zones: tuple[TimeZone, ...] | None = None
    language: Language | None = None
    currency: Currency | None = None
    credit_limit: Total | None = None
    customer_since: BusinessDate | None = None
    payment_terms: Label | None = None
    collector: Label | None = None
    contacts: tuple[Contact, ...] | None = None
    contact_points: tuple[ContactPoint, ...] | None = None
    consents: tuple[Consent, ...] | None = None
    statuses: tuple[Status, ...] | None = None
    tags: tuple[Label, ...] | None = None
    autopay: bool | None = None
    grace_days: Number | None = None
    policy: Id | None = None
    dunning_block: DunningBlock | None = None


class AccountUpdated(Told, AccountProfile, type="billing.account.updated.v1"):
    """What a billing system knows of an account.

    A field that is absent stays as it was, null clears it: `model_fields_set` tells them apart.
    """

    explicit = True
    model_config = STRICT_ALIASED

    account_id: Id

    @model_validator(mode="after")
    def _fits(self) -> "AccountUpdated":
        if self.currency is not None:
            check_places(self, self.currency, "credit_limit", amount=self.credit_limit)
        return self


class AccountMerged(Told, type="billing.account.merged.v1"):
    """An account went up in another one."""

    account_id: Id
    into_account_id: Id
    merged_on: BusinessDate
