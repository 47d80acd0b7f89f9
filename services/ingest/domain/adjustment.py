"""Telling an adjustment: what a credit note, write-off, void or amendment did to an invoice."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from services.ingest.domain import written
from services.ingest.domain.invoice import Invoice, Item
from services.ingest.domain.ledger import Ledger, in_records
from shared.events import ledger as facts
from shared.money import text

Kind = Literal[
    "amended", "credited", "credit_voided", "voided", "reinstated", "written_off", "unwritten",
    "reallocated", "transferred",
]  # fmt: skip


def adjusted(
    ledger: Ledger,
    kind: Kind,
    *,
    currency: str,
    entries: Sequence[facts.Entry],
    effective_on: date,
    invoice_id: str = "",
    document_id: str = "",
    reason: str = "",
) -> None:
    """Tell an adjustment of an invoice as a whole, or of credit held on the account."""
    for _, portion in in_records([(0, entry) for entry in entries]) if entries else [(0, ())]:
        item_ids = {entry.item_id for entry in portion if entry.item_id}
        fact = written.InvoiceAdjusted(
            account_id=ledger.account.account_id,
            creditor_id=ledger.account.creditor_id,
            currency=currency,
            entries=portion,
            kind=kind,
            item_id=item_ids.pop() if len(item_ids) == 1 else "",
            invoice_id=invoice_id,
            document_id=document_id,
            reason=reason[:_REASON_MAX],
            effective_on=effective_on,
        )
        ledger.emit(fact, kind, document_id or invoice_id)


def amended(
    ledger: Ledger,
    invoice: Invoice,
    item: Item,
    *,
    entries: Sequence[facts.Entry],
    effective_on: date,
    reason: str,
) -> None:
    """Tell how one item now stands after an amendment: its due date and amount are the new ones."""
    fact = written.InvoiceAdjusted(
        account_id=ledger.account.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=invoice.currency,
        entries=tuple(entries),
        kind="amended",
        item_id=item.item_id,
        invoice_id=invoice.invoice_id,
        due_on=item.due_on,
        amount=text(item.amount, invoice.currency),
        reason=reason[:_REASON_MAX],
        effective_on=effective_on,
    )
    ledger.emit(fact, "amended", invoice.invoice_id, item.item_id)


_REASON_MAX = 500
