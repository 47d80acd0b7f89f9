"""Payments: money that came, where it went, and money that went back or never came."""

from typing import Literal

from pydantic import model_validator

from shared.events.fields import (
    Amount,
    BusinessDate,
    Currency,
    Id,
    Label,
    Number,
    Part,
    Told,
    check_places,
    refuse,
    ten_thousandths,
)


class Deduction(Part):
    """What the payer kept back, and why: it closes, but is no cash. In the item's currency."""

    kind: Literal["cash_discount", "withholding_tax", "bank_fee", "retention", "rounding"]
    amount: Amount


class Allocation(Part):
    """What part of a payment or credit is for which invoice (and instalment).

    `amount` is the cash, in the item's currency; deductions close more than that. `payment_amount`
    is the same cash in the payment's currency, where that is another one. `account_id` is the
    account that the invoice is of, if not the payment's: a parent may pay for its children.
    """

    invoice_id: Id
    item_id: Id | None = None
    amount: Amount
    payment_amount: Amount | None = None
    deductions: tuple[Deduction, ...] = ()
    account_id: Id | None = None


class PaymentReceived(Told, type="billing.payment.received.v1"):
    """Money came. Without allocations the creditor's rule says what it is for."""

    account_id: Id
    payment_id: Id
    part_of: Id | None = None
    """The payment that this is a part of, where a source tells one payment in several parts (for
    each invoice one). Whoever names that payment later means all of it."""
    amount: Amount
    currency: Currency
    received_on: BusinessDate
    method: Label | None = None
    reference: Label | None = None
    allocations: tuple[Allocation, ...] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "PaymentReceived":
        currency = self.currency
        check_places(self, currency, "amount", amount=self.amount)
        if not self.allocations:
            return self
        left = ten_thousandths(self.amount)
        for i, part in enumerate(self.allocations):
            name = "amount" if part.payment_amount is None else "payment_amount"
            cash = part.amount if part.payment_amount is None else part.payment_amount
            check_places(self, currency, "allocations", i, name, amount=cash)
            left -= ten_thousandths(cash)
            if left < 0:
                refuse(self, "allocations", i, name, why=f"more than the {self.amount} that came")
        return self


class PaymentAllocated(Told, type="billing.payment.allocated.v1"):
    """Where a payment or a credit note goes: it replaces what was said before."""

    account_id: Id
    payment_id: Id | None = None
    credit_note_id: Id | None = None
    version: Number
    allocations: tuple[Allocation, ...]
    allocated_on: BusinessDate

    @model_validator(mode="after")
    def _one_source(self) -> "PaymentAllocated":
        if (self.payment_id is None) == (self.credit_note_id is None):
            refuse(self, "payment_id", why="either payment_id or credit_note_id is expected")
        return self


class PaymentReversed(Told, type="billing.payment.reversed.v1"):
    """Money that was booked never came: its items reopen."""

    account_id: Id
    reversal_id: Id
    payment_id: Id
    amount: Amount | None = None
    currency: Currency | None = None
    """Of the amount, where it may be another than the payment's: then all of it is taken back."""
    reversed_on: BusinessDate
    reason: Literal["chargeback", "bounced", "error"]


class PaymentReinstated(Told, type="billing.payment.reinstated.v1"):
    """A reversal is taken back: the chargeback was won."""

    account_id: Id
    reversal_id: Id
    reinstated_on: BusinessDate


class PaymentRefunded(Told, type="billing.payment.refunded.v1"):
    """Money went back to the payer; only the invoices in `reopens` reopen."""

    account_id: Id
    refund_id: Id
    payment_id: Id | None = None
    credit_note_id: Id | None = None
    amount: Amount
    currency: Currency
    refunded_on: BusinessDate
    reopens: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "PaymentRefunded":
        check_places(self, self.currency, "amount", amount=self.amount)
        return self


class RefundReversed(Told, type="billing.refund.reversed.v1"):
    """The money of a refund came back to the creditor: it never reached the payer."""

    account_id: Id
    refund_id: Id
    reversed_on: BusinessDate


class PaymentScheduled(Told, type="billing.payment.scheduled.v1"):
    """A direct debit or card payment is on its way."""

    account_id: Id
    invoice_ids: tuple[Id, ...]
    on: BusinessDate


class PaymentFailed(Told, type="billing.payment.failed.v1"):
    """A scheduled payment failed."""

    account_id: Id
    invoice_ids: tuple[Id, ...]
    code: Label
    next_attempt_on: BusinessDate | None = None


class ItemTransferred(Told, type="billing.item.transferred.v1"):
    """An item, or cash, was booked on the wrong account: it is another's, of any party.

    What is not open (or not held) any more stays; so no more than there is changes accounts.
    """

    transfer_id: Id
    from_account_id: Id
    to_account_id: Id
    item_id: Id | None = None
    payment_id: Id | None = None
    amount: Amount
    transferred_on: BusinessDate | None = None
    """Without it, the creditor's day of the event's time."""

    @property
    def account_id(self) -> str:
        """The account that the event is about: where the item was."""
        return self.from_account_id

    @model_validator(mode="after")
    def _one_thing(self) -> "ItemTransferred":
        if (self.item_id is None) == (self.payment_id is None):
            refuse(self, "item_id", why="either item_id or payment_id is expected")
        return self
