"""Disputes: the debtor objects to an invoice, or to the whole account."""

from typing import Literal

from shared.events.fields import Amount, BusinessDate, Id, Label, Told, Total


class DisputeOpened(Told, type="billing.dispute.opened.v1"):
    """The debtor objects, to all that is owed or to a part of it."""

    account_id: Id
    dispute_id: Id
    invoice_id: Id | None = None
    amount: Amount | None = None
    reason_code: Label | None = None
    in_writing: bool = False
    opened_on: BusinessDate


class DisputeResolved(Told, type="billing.dispute.resolved.v1"):
    """The objection is settled."""

    account_id: Id
    dispute_id: Id
    outcome: Literal["accepted", "partly", "rejected", "withdrawn"]
    accepted_amount: Total | None = None
    credit_note_id: Id | None = None
    resolved_on: BusinessDate
