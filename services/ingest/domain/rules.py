"""One table says what each event from outside does to the ledger, and what it needs for that."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.domain.amendment import amend
from services.ingest.domain.arrival import arrive, brought, wanted
from services.ingest.domain.autopay import fail, schedule
from services.ingest.domain.credit import CreditNote, credit, void_credit
from services.ingest.domain.dispute import Dispute, open_dispute, resolve
from services.ingest.domain.family import hear
from services.ingest.domain.invoice import Installment, Invoice, key_of
from services.ingest.domain.issue import brought_by, issue
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.merger import absorb, merge
from services.ingest.domain.parent import allocate_for_all, receive_for_all
from services.ingest.domain.payment import Payment
from services.ingest.domain.profile import update
from services.ingest.domain.refund import Refund, refund
from services.ingest.domain.refund_undone import ask as ask_to_undo
from services.ingest.domain.refund_undone import undo
from services.ingest.domain.reversal import Reversal, reverse
from services.ingest.domain.reversal import reinstate as reinstate_payment
from services.ingest.domain.stated import ask, take_statement
from services.ingest.domain.transfer import Transfer, transfer
from services.ingest.domain.void import reinstate, void
from services.ingest.domain.write_off import WriteOff, write_off
from shared.core import Document, Refusal

Wanted = tuple[type[Document], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one type of event does.

    `names` are the documents that its fields name, `lists` those that the parts of a list name
    (document, list, field of a part; "" where the parts are the ids themselves). `brings` tells
    what others may be waiting for: kinds and ids. `own` is the field of the event's own business
    id, where it may have to wait. `also` names documents that neither tells. `asks` has at hand
    what only other documents name, for an event that waited. What `stays` is booked on the account
    that it names, though that went up in another one. With `own_source` only the ledger itself may
    tell it.
    """

    book: Callable[[Ledger, Any], Refusal | None]
    names: tuple[tuple[type[Document], str], ...] = ()
    lists: tuple[tuple[type[Document], str, str], ...] = ()
    brings: Callable[[Any], Iterable[tuple[str, str]]] | None = None
    own: str = ""
    also: Callable[[Any], Iterable[Wanted]] | None = None
    stays: bool = False
    own_source: bool = False
    asks: Callable[[Ledger, Any], None] | None = None


def _one(kind: str, field: str) -> Callable[[Any], Iterable[tuple[str, str]]]:
    return lambda told: ((kind, getattr(told, field)),)


_INSTALLMENTS: Final = (
    (Installment, "installments", "item_id"),
    (Invoice, "installments", "item_id"),
)
_INVOICE: Final = (Invoice, "invoice_id")
_PAYMENT: Final = (Payment, "payment_id")
_REVERSAL: Final = (Reversal, "reversal_id")
_CREDIT: Final = (CreditNote, "credit_note_id")
_DISPUTE: Final = (Dispute, "dispute_id")

RULES: Final = {
    "billing.account.updated.v1": Rule(update, stays=True),
    "billing.account.merged.v1": Rule(merge, stays=True),
    "billing.account.absorbed.v1": Rule(absorb, stays=True, own_source=True),
    "billing.child.owed.v1": Rule(hear, own_source=True),
    "billing.transfer.arrived.v1": Rule(
        arrive, brings=brought, also=wanted, stays=True, own_source=True
    ),
    "billing.item.transferred.v1": Rule(
        transfer,
        (
            (Transfer, "transfer_id"),
            (Invoice, "item_id"),
            (Installment, "item_id"),
            (Payment, "payment_id"),
        ),
        own="transfer_id",
    ),
    "billing.invoice.issued.v1": Rule(
        issue, (_INVOICE,), _INSTALLMENTS, brings=brought_by, stays=True
    ),
    "billing.invoice.amended.v1": Rule(amend, (_INVOICE,), _INSTALLMENTS, brings=brought_by),
    "billing.invoice.stated.v1": Rule(take_statement, (_INVOICE,), asks=ask),
    "billing.invoice.voided.v1": Rule(void, (_INVOICE,)),
    "billing.invoice.reinstated.v1": Rule(
        reinstate, (_INVOICE,), brings=_one("reinstated", "invoice_id")
    ),
    "billing.invoice.credited.v1": Rule(
        credit, (_CREDIT, _INVOICE), brings=_one("credit", "credit_note_id")
    ),
    "billing.credit.voided.v1": Rule(void_credit, (_CREDIT,), own="credit_note_id"),
    "billing.invoice.written_off.v1": Rule(
        write_off, ((WriteOff, "write_off_id"), _INVOICE), own="write_off_id"
    ),
    "billing.payment.received.v1": Rule(
        receive_for_all,
        (_PAYMENT, (Payment, "part_of")),
        ((Invoice, "allocations", "invoice_id"),),
        lambda told: (("payment", told.part_of or told.payment_id),),
        stays=True,
    ),
    "billing.payment.allocated.v1": Rule(
        allocate_for_all, (_PAYMENT, _CREDIT), ((Invoice, "allocations", "invoice_id"),)
    ),
    "billing.payment.reversed.v1": Rule(
        reverse, (_REVERSAL, _PAYMENT), brings=_one("reversal", "reversal_id"), own="reversal_id"
    ),
    "billing.payment.reinstated.v1": Rule(reinstate_payment, (_REVERSAL,), own="reversal_id"),
    "billing.payment.refunded.v1": Rule(
        refund,
        ((Refund, "refund_id"), _PAYMENT, _CREDIT),
        ((Invoice, "reopens", ""),),
        _one("refund", "refund_id"),
        own="refund_id",
    ),
    "billing.refund.reversed.v1": Rule(
        undo, ((Refund, "refund_id"),), own="refund_id", asks=ask_to_undo
    ),
    "billing.payment.scheduled.v1": Rule(schedule),
    "billing.payment.failed.v1": Rule(fail),
    "billing.dispute.opened.v1": Rule(
        open_dispute, (_DISPUTE, _INVOICE), brings=_one("dispute", "dispute_id")
    ),
    "billing.dispute.resolved.v1": Rule(resolve, (_DISPUTE,), own="dispute_id"),
}
"""The table: event → what it does to the ledger."""


def named(rule: Rule, told: Any) -> Iterator[Wanted]:  # noqa: ANN401 - any of the table's facts
    """The documents that an event's own fields name."""
    for kind, field in rule.names:
        name = getattr(told, field)
        if name is not None:
            yield kind, key_of(told.account_id, name)


def wanted_by(rule: Rule, told: Any) -> Iterator[Wanted]:  # noqa: ANN401 - any of the table's facts
    """All documents that an event says it needs."""
    account_id = told.account_id
    for kind, field in rule.names:  # as `named`, which would cost each event a generator more
        name = getattr(told, field)
        if name is not None:
            yield kind, key_of(account_id, name)
    if rule.also is not None:
        yield from rule.also(told)
    for kind, several, field in rule.lists:
        for part in getattr(told, several) or ():
            yield kind, key_of(account_id, getattr(part, field) if field else part)
