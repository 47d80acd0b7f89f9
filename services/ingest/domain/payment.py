"""Payments: money that came, where it is now, and what it was told to be for."""

from datetime import date
from typing import ClassVar, Final, Literal

from msgspec import field
from typing_extensions import override

from services.ingest.domain.allocation import Application, Told
from services.ingest.domain.invoice import Held, in_done, key_of, last_day
from shared.core import Compact, Piece

NEVER_TOLD: Final = -1
"""The version of an allocation that came with the payment or credit note, or by rule."""
Origin = Literal["received", "unapplied"]
"""Whether cash comes with this payment, or was held before."""


class Sent(Piece):
    """Cash that went to another account, where it is part of the payment `payment_id`."""

    account_id: str
    payment_id: str
    amount: int


class Payment(Compact):
    """One payment, in minor units: amount = applied cash + unapplied + reversed + refunded + sent.

    `waiting` are allocations whose invoice has not come. With `by_rule` nobody said what it is
    for, and what is unapplied goes to whatever is open, by the creditor's rule. (What was refunded
    without having been held is in no sum: nothing reopened, so it is still applied.) `held_on` is
    the last day on which cash came to be held: what is held is applied on that day or later.
    """

    prefix: ClassVar[str] = "payment"
    account_id: str
    payment_id: str
    digest: str
    currency: str
    amount: int
    received_on: date
    unapplied: int
    by_rule: bool
    method: str = ""
    held_on: date = date.min
    reversed: int = 0
    refunded: int = 0
    applied: list[Application] = field(default_factory=list)
    waiting: list[Told] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    """All entries about what was ever unapplied."""
    version: int = NEVER_TOLD
    version_digest: str = ""
    home_id: str = ""
    """The account on which it was received, if it came from there by a transfer."""
    sent: list[Sent] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    """The parts that it came in, where it did: their ids, each with its digest."""
    meant: dict[str, int] = field(default_factory=dict)
    """What of it is for invoices of other accounts, by account, as told last."""
    given: dict[str, int] = field(default_factory=dict)
    """What of that has gone there."""

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.payment_id)

    @property
    @override
    def settled(self) -> bool:
        return self.unapplied == 0

    @property
    @override
    def listed(self) -> dict[str, str]:
        """Among what is done, once nothing is held."""
        if self.unapplied:
            return {}
        last = last_day(self.received_on, self.held)
        for done in self.applied:
            last = max(last, done.on)
        return in_done(self.account_id, last, self.prefix, self.payment_id)
