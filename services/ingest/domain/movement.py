"""Every entry of an account as one kind of line, whichever document keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import Held, Invoice
from services.ingest.domain.payment import Payment
from shared.core import Document
from shared.events.ledger import RECEIVABLE_KINDS, EntryKind

Step = str
STEPS: Final[Mapping[EntryKind, Step]] = {
    "billed": "billed",
    "opening": "brought_forward",
    "adjusted": "amended",
    "moved": "transferred",
    "voided": "voided",
    "reinstated": "voided",
    "collected": "collected",
    "deducted": "deducted",
    "credited": "credited",
    "credit_voided": "credited",
    "written_off": "written_off",
    "write_off_reversed": "written_off",
    "reversed": "reversed",
    "deduction_reversed": "reversed",
    "reopened": "refunded",
    "unapplied_cash": "cash_held",
    "unapplied_credit": "credit_held",
}
"""The step of the roll-forward that a kind of entry belongs to."""


@dataclass(slots=True)  # not frozen: an answer has hundreds, and that would cost 2 µs each
class Movement:
    """One entry: a signed amount in minor units, + raises what is owed (or what is held).

    It is effective `on` a day, was taken after the tick `at`, and follows from the event `cause`.
    `document_id` is the payment or credit note that it is about, where that is known.
    """

    on: date
    at: datetime
    kind: EntryKind
    amount: int
    currency: str
    cause: str
    invoice_id: str = ""
    item_id: str = ""
    number: str = ""
    due_on: date | None = None
    document_id: str = ""

    @property
    def is_receivable(self) -> bool:
        """Whether it changes what is owed, rather than cash or credit that is held."""
        return self.kind in RECEIVABLE_KINDS

    @property
    def effect(self) -> int:
        """What it does to the balance: what is held counts against what is owed."""
        return self.amount if self.is_receivable else -self.amount

    def known(self, at: datetime | None) -> bool:
        """Whether it had been taken when the clock ticked `at` (None: now)."""
        return at is None or self.at < at


def movements(document: Document) -> Iterator[Movement]:
    """The entries that a document keeps, in the order in which they were booked."""
    if isinstance(document, Invoice):
        for item in document.items:
            for posting in item.postings:
                yield Movement(
                    on=posting.on,
                    at=posting.at,
                    kind=posting.kind,
                    amount=posting.amount,
                    currency=document.currency,
                    cause=posting.cause,
                    invoice_id=document.invoice_id,
                    item_id=item.item_id,
                    number=document.number,
                    due_on=item.due_as_of(posting.on),
                )
    elif isinstance(document, Payment):
        for held in document.held:
            yield _held(held, "unapplied_cash", document.currency, document.payment_id)
    elif isinstance(document, CreditNote):
        for held in document.held:
            yield _held(held, "unapplied_credit", document.currency, document.credit_note_id)


def _held(held: Held, kind: EntryKind, currency: str, document_id: str) -> Movement:
    return Movement(
        on=held.on,
        at=held.at,
        kind=kind,
        amount=held.amount,
        currency=currency,
        cause=held.cause,
        document_id=document_id,
    )
