"""What one account's books send to another's: the second leg of a transfer, merger or move.

Ingest writes these to itself. Each is self-contained, and its id follows from its cause, so that it
is booked once, wherever the other account lives.
"""

from typing import Literal

from pydantic import model_validator

from shared.events.billing.payment import Allocation
from shared.events.fields import (
    Amount,
    BusinessDate,
    Currency,
    Id,
    Label,
    Number,
    Part,
    Told,
    Total,
    Url,
    refuse,
)

Kind = Literal["invoice", "debit_note", "charge", "retention", "prepayment"]


class ArrivingItem(Part):
    """An item as the account that had it told of it; it keeps its due date."""

    item_id: Id
    invoice_id: Id
    home_id: Id
    """The account that the invoice was issued to."""
    number: Label = ""
    kind: Kind = "invoice"
    issued_on: BusinessDate
    due_on: BusinessDate
    sales: bool = True
    first_overdue_on: BusinessDate | None = None
    policy: Label = ""
    tags: tuple[Label, ...] = ()
    pay_url: Url | None = None
    document_url: Url | None = None


class ArrivingCash(Part):
    """Money that was held, and what it was told to be for."""

    payment_id: Id
    home_id: Id
    """The account on which it was received."""
    received_on: BusinessDate
    method: Label = ""
    by_rule: bool = True
    """Whether nobody said what it is for."""
    from_parent: bool = False
    """Whether a parent pays for its child with it, by the creditor's rule."""
    allocations: tuple[Allocation, ...] = ()


class ArrivingCredit(Part):
    """Credit that was held, and the invoice that it was told to be for."""

    credit_note_id: Id
    credited_on: BusinessDate
    invoice_id: Id | None = None


class TransferArrived(Told, type="billing.transfer.arrived.v1"):
    """An item, cash or credit left `from_account_id`, and is this account's now."""

    transfer_id: Id
    account_id: Id
    from_account_id: Id
    transferred_on: BusinessDate
    amount: Amount
    currency: Currency
    item: ArrivingItem | None = None
    cash: ArrivingCash | None = None
    credit: ArrivingCredit | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "TransferArrived":
        if [self.item, self.cash, self.credit].count(None) != 2:  # noqa: PLR2004 - all but one
            refuse(self, "item", why="either item, cash or credit is expected")
        return self


class OwedItem(Part):
    """What is open of an item of a child."""

    item_id: Id
    invoice_id: Id
    issued_on: BusinessDate
    due_on: BusinessDate
    currency: Currency
    amount: Amount


class Received(Part):
    """An amount of one currency."""

    currency: Currency
    amount: Total


class ChildOwed(Told, type="billing.child.owed.v1"):
    """What a child owes, for its parent, whose cash without a purpose may pay for it."""

    account_id: Id
    """The parent."""
    child_id: Id
    number: Number
    """Grows with each report of the child: an older one is no news."""
    creditor_id: Id
    received: tuple[Received, ...] = ()
    """What it has had of this parent's cash so far: what is not in it is on its way."""
    items: tuple[OwedItem, ...] = ()
    leaves: bool = False
    """Whether it has another parent from now on, or none."""


class AccountAbsorbed(Told, type="billing.account.absorbed.v1"):
    """All that these accounts have or will be told is this account's from now on."""

    account_id: Id
    absorbed: tuple[Id, ...]
    """The account that was merged, and those that had been merged into it before."""
    merged_on: BusinessDate


class AccountArrived(Told, type="billing.account.arrived.v1"):
    """An account left another party, and is this one's now: a piece of its books.

    It is for the party that its key names, wherever the account is bound, and so has no subject.
    """

    arrived_id: Id
    """The account."""
    party_id: Id
    from_party_id: Id
    number: Number
    """How often the account has moved, this time included."""
    moved_on: BusinessDate
    part: Number
    parts: Number
    """This piece, from 0, of so many: it can be read once all of them are there."""
    content: str
    """Part of the account's documents: one to a line, its kind and its JSON."""
