"""Invoices, credit notes and write-offs: what is owed, and what takes it back."""

from typing import Literal

from pydantic import BaseModel, model_validator

from shared.events.fields import (
    Amount,
    BusinessDate,
    Currency,
    Id,
    Label,
    Number,
    Part,
    Percent,
    Text,
    Told,
    Total,
    Url,
    check_places,
    refuse,
    ten_thousandths,
)


class Installment(Part):
    """One part of an invoice that is due on a day of its own: an item."""

    item_id: Id
    due_on: BusinessDate
    amount: Amount


class DiscountTerm(Part):
    """What may be deducted by paying early."""

    percent: Percent
    until_on: BusinessDate


class Opening(Part):
    """What was open when Arrears took over: a receivable, not a sale."""

    as_of: BusinessDate
    open_amount: Amount
    first_overdue_on: BusinessDate | None = None
    contacts: Number | None = None
    """How many contacts were made so far."""


class InvoiceIssued(Told, type="billing.invoice.issued.v1"):
    """A receivable came to be: one item, or as many as it has instalments."""

    account_id: Id
    invoice_id: Id
    number: Label | None = None
    kind: Literal["invoice", "debit_note", "charge", "retention", "prepayment"] = "invoice"
    issued_on: BusinessDate
    due_on: BusinessDate
    amount: Amount
    currency: Currency
    tax_amount: Total | None = None
    installments: tuple[Installment, ...] | None = None
    discount_terms: tuple[DiscountTerm, ...] | None = None
    delivered_on: BusinessDate | None = None
    document_url: Url | None = None
    pay_url: Url | None = None
    policy: Id | None = None
    tags: tuple[Label, ...] = ()
    counts_as_sales: bool = True
    opening: Opening | None = None

    @model_validator(mode="after")
    def _fits(self) -> "InvoiceIssued":
        currency = self.currency
        check_places(self, currency, "amount", amount=self.amount)
        check_places(self, currency, "tax_amount", amount=self.tax_amount)
        if self.installments is not None:
            _check_installments(self, self.installments, self.amount)
            for i, part in enumerate(self.installments):
                check_places(self, currency, "installments", i, "amount", amount=part.amount)
        if self.opening is not None:
            amount = self.opening.open_amount
            check_places(self, currency, "opening", "open_amount", amount=amount)
            if ten_thousandths(amount) > ten_thousandths(self.amount):
                refuse(self, "opening", "open_amount", why="more is open than was billed")
        return self


class InvoiceAmended(Told, type="billing.invoice.amended.v1"):
    """An invoice changed: its due date, its new total, or its instalments."""

    account_id: Id
    invoice_id: Id
    amended_on: BusinessDate
    due_on: BusinessDate | None = None
    amount: Amount | None = None
    installments: tuple[Installment, ...] | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _fits(self) -> "InvoiceAmended":
        if self.installments is not None:
            _check_installments(self, self.installments, self.amount)
        return self


class InvoiceStated(Told, type="billing.invoice.stated.v1"):
    """What a source that knows only totals says of an invoice as of a day."""

    account_id: Id
    invoice_id: Id
    as_of: BusinessDate
    version: Number
    total: Total
    paid: Total
    credited: Total
    open: Total


class InvoiceVoided(Told, type="billing.invoice.voided.v1"):
    """An invoice is declared never to have been."""

    account_id: Id
    invoice_id: Id
    voided_on: BusinessDate
    reason: Text | None = None


class InvoiceReinstated(Told, type="billing.invoice.reinstated.v1"):
    """A void is taken back."""

    account_id: Id
    invoice_id: Id
    reinstated_on: BusinessDate
    reason: Text | None = None


class InvoiceCredited(Told, type="billing.invoice.credited.v1"):
    """A credit note, for one invoice or (without one) for the account to use."""

    account_id: Id
    credit_note_id: Id
    invoice_id: Id | None = None
    amount: Amount
    currency: Currency
    credited_on: BusinessDate

    @model_validator(mode="after")
    def _fits(self) -> "InvoiceCredited":
        check_places(self, self.currency, "amount", amount=self.amount)
        return self


class CreditVoided(Told, type="billing.credit.voided.v1"):
    """A credit note is declared void."""

    account_id: Id
    credit_note_id: Id
    voided_on: BusinessDate


class InvoiceWrittenOff(Told, type="billing.invoice.written_off.v1"):
    """The creditor gave up an amount, or all that is open."""

    account_id: Id
    write_off_id: Id
    invoice_id: Id
    amount: Amount | None = None
    written_off_on: BusinessDate
    reason: Text | None = None


def _check_installments(
    told: BaseModel, parts: tuple[Installment, ...], amount: str | None
) -> None:
    """Instalments are told apart by their ids and add up to the invoice."""
    seen: set[str] = set()
    for i, part in enumerate(parts):
        if part.item_id in seen:
            refuse(told, "installments", i, "item_id", why="two instalments have this item_id")
        seen.add(part.item_id)
    if amount is not None and sum(
        ten_thousandths(part.amount) for part in parts
    ) != ten_thousandths(amount):
        refuse(told, "installments", why=f"the instalments do not add up to {amount}")
