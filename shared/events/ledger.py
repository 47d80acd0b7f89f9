"""What ingest writes to `collections.ledger`: the book of record, one line per party.

Amounts are decimal strings in the currency's own places (`shared.money.text`); dates are the
creditor's business dates. Every event that moves money lists its `entries`, and the ledger is the
sum of them: an item's open amount on day D is the sum of its entries with `effective_on` <= D.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events.base import Fact
from shared.events.billing import AccountProfile
from shared.money import minor

EntryKind = Literal[
    "billed",  # + an item issued
    "opening",  # + an item brought forward at go-live: a receivable, not a sale
    "adjusted",  # +- amended amount (a sale or its reduction)
    "moved",  # +- a new due date, schedule or account: out of the old, into the new; sums to 0
    "voided",  # - an item declared void (takes its sale back)
    "reinstated",  # + a void undone
    "collected",  # - cash applied
    "deducted",  # - cash discount, withholding tax, bank fee, rounding: closes, is no cash
    "credited",  # - a credit note applied
    "credit_voided",  # + a credit note undone
    "written_off",  # -
    "write_off_reversed",  # +
    "reversed",  # + a payment that never came (chargeback, bounced): the item reopens
    "deduction_reversed",  # + the deductions that came with it
    "reopened",  # + a refund that said that the item reopens
    "unapplied_cash",  # +- cash held without an item: never part of the receivable
    "unapplied_credit",  # +- credit held without an item
]
RECEIVABLE_KINDS = frozenset(
    {
        "billed", "opening", "adjusted", "moved", "voided", "reinstated", "collected", "deducted",
        "credited", "credit_voided", "written_off", "write_off_reversed", "reversed",
        "deduction_reversed", "reopened",
    }
)  # fmt: skip


class Entry(BaseModel):
    """One line of the ledger: a signed amount, + raises what is owed (or is held unapplied)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: EntryKind
    amount: str
    effective_on: date
    item_id: str = ""
    invoice_id: str = ""
    issued_on: date | None = None
    due_on: date | None = None
    open_amount: str = ""
    """What is open on the item after this entry; empty for unapplied cash and credit."""
    overdue: bool = False
    """Whether the item had been announced overdue (and not since reopened as current) before it."""
    days_late: int | None = None
    """effective_on - due_on, for collected entries."""
    sales: bool = True
    """Whether billed, adjusted and voided entries count as sales."""


class OnAccount(Fact):
    """What every fact about an account carries."""

    account_id: str
    creditor_id: str


class AccountChanged(OnAccount, type="collections.account.changed.v1"):
    """The account as it now stands, whole: a consumer replaces what it had."""

    party_id: str
    account: AccountProfile


class AccountLeft(OnAccount, type="collections.account.left.v1"):
    """The account is another party's from now on: what is open or held has left this one.

    Entries of kind `moved` and `unapplied_*` say so of each amount; the other party is told of all
    that arrives there, as if it had just been opened. What was agreed with this party ends.
    """

    to_party_id: str
    left_on: date


class Moved(OnAccount):
    """What every fact that moves money carries."""

    currency: str
    entries: tuple[Entry, ...] = ()

    def new_cash(self) -> int:
        """New cash on an account, in minor units: what came, less what turned out not to have.

        Cash that was held before and now went to an item is not new: its two entries sum to zero.
        """
        cash = 0
        for entry in self.entries:
            if entry.kind in ("collected", "reversed"):
                cash -= minor(entry.amount, self.currency)
            elif entry.kind == "unapplied_cash":
                cash += minor(entry.amount, self.currency)
        return cash


class InvoiceOpened(Moved, type="collections.invoice.opened.v1"):
    """An item (an invoice, or one instalment of it) is owed."""

    item_id: str
    invoice_id: str
    number: str = ""
    kind: str = "invoice"
    issued_on: date
    due_on: date
    amount: str
    open_amount: str
    opening: bool = False
    contacts: int | None = None
    """Of a balance brought forward: how many contacts had been made about it."""
    first_overdue_on: date | None = None
    policy: str = ""
    tags: tuple[str, ...] = ()
    pay_url: str = ""
    document_url: str = ""


class ItemState(OnAccount):
    """An item as of a moment, for facts that move no money."""

    item_id: str
    invoice_id: str
    currency: str
    amount: str
    open_amount: str
    issued_on: date
    due_on: date


class InvoiceOverdue(ItemState, type="collections.invoice.overdue.v1"):
    """The day after an item's due date began in the creditor's time zone, and it is open."""

    overdue_on: date
    past_due_days: int


class InvoiceBucketChanged(ItemState, type="collections.invoice.bucket_changed.v1"):
    """An overdue item grew into the next aging bucket (an amended due date may move it back)."""

    previous: str
    bucket: str
    past_due_days: int
    changed_on: date


class InvoiceSettled(ItemState, type="collections.invoice.settled.v1"):
    """Nothing is open on the item any more."""

    by: Literal["cash", "credit", "write_off", "void", "deduction"]
    settled_on: date
    days_late: int
    was_overdue: bool


class InvoiceReopened(ItemState, type="collections.invoice.reopened.v1"):
    """A settled item is open again, with its original due date."""

    reason: Literal["reversed", "credit_voided", "reinstated", "refunded", "amended"]
    reopened_on: date
    first_overdue_on: date | None = None
    settled_on: date | None = None
    """The day of the settlement that is undone, with its `by` and `was_overdue`."""
    settled_by: str = ""
    was_overdue: bool = False


class InvoiceAdjusted(Moved, type="collections.invoice.adjusted.v1"):
    """An amendment, credit, void, reinstatement or write-off, or the undoing of one.

    For kind "amended" `due_on` and `amount` are the item's new ones. "reallocated" is a payment's
    or credit note's taking back from its items, because it is for others; "transferred" is what
    another account of the same or another party has now (entries moved, unapplied_cash,
    unapplied_credit; over both accounts they sum to zero). `document_id` names what is behind it.
    """

    kind: Literal[
        "amended", "credited", "credit_voided", "voided", "reinstated", "written_off", "unwritten",
        "reallocated", "transferred",
    ]  # fmt: skip
    item_id: str = ""
    invoice_id: str = ""
    due_on: date | None = None
    amount: str = ""
    document_id: str = ""
    reason: str = ""
    effective_on: date


class PaymentApplied(Moved, type="collections.payment.applied.v1"):
    """Cash went to items: entries of kind collected and deducted.

    Cash for what had been written off takes that back first (write_off_reversed).
    With origin "received" the cash came with this payment; with "unapplied" it was held before
    (an entry of kind unapplied_cash takes it out).
    """

    payment_id: str
    origin: Literal["received", "unapplied"]
    amount: str
    received_on: date
    method: str = ""


class PaymentUnapplied(Moved, type="collections.payment.unapplied.v1"):
    """Cash that found no item: held on the account (an entry of kind unapplied_cash)."""

    payment_id: str
    amount: str
    received_on: date
    reference: str = ""


class PaymentRefunded(Moved, type="collections.payment.refunded.v1"):
    """Money went back to the payer; nothing reopens unless the refund said so."""

    refund_id: str
    payment_id: str = ""
    credit_note_id: str = ""
    amount: str
    refunded_on: date
    undone: bool = False
    """Whether it is one that failed: then its entries are the other way round."""


class PaymentReversed(Moved, type="collections.payment.reversed.v1"):
    """Money that was booked never came: its items reopen (entries reversed, unapplied_cash).

    `reinstated` marks the undoing of a reversal: entries of kind collected again.
    """

    reversal_id: str
    payment_id: str
    amount: str
    reason: str
    reversed_on: date
    reinstated: bool = False


class DisputeOpened(OnAccount, type="collections.dispute.opened.v1"):
    """The debtor objects; without items the whole account is disputed."""

    dispute_id: str
    invoice_id: str = ""
    item_ids: tuple[str, ...] = ()
    currency: str = ""
    amount: str = ""
    reason_code: str = ""
    in_writing: bool = False
    opened_on: date
    moved: bool = False
    """Whether it came with its account from another party: it is no new one."""


class DisputeResolved(OnAccount, type="collections.dispute.resolved.v1"):
    """The objection is settled."""

    dispute_id: str
    invoice_id: str = ""
    currency: str = ""
    amount: str = ""
    outcome: Literal["accepted", "partly", "rejected", "withdrawn"]
    opened_on: date
    resolved_on: date
    moved: bool = False
    """Whether it goes on under another party, which the account has gone to."""


class AutopayScheduled(OnAccount, type="collections.payment.scheduled.v1"):
    """A direct debit or card payment is on its way for these invoices."""

    invoice_ids: tuple[str, ...]
    scheduled_on: date


class AutopayFailed(OnAccount, type="collections.payment.failed.v1"):
    """The scheduled payment failed, or will be tried again."""

    invoice_ids: tuple[str, ...]
    code: str = ""
    next_attempt_on: date | None = None


class PartyParked(Fact, type="collections.party.parked.v1"):
    """A service upstream cannot fold this party's events for now; they are kept in order."""

    party_id: str
    service: str
    event_id: str
    reason: str


class PartyUnparked(Fact, type="collections.party.unparked.v1"):
    """The service has folded what it kept for the party, in order; what that led to comes before.

    `events` is how many there were.
    """

    party_id: str
    service: str
    events: int
