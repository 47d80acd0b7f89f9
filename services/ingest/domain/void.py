"""Voids: an invoice declared never to have been, and the undoing of that."""

from services.ingest.domain import credit, receipt
from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.waiting import wait
from shared.core import Refusal
from shared.events.billing import InvoiceReinstated, InvoiceVoided


def void(ledger: Ledger, told: InvoiceVoided) -> Refusal | None:
    """Take back what is open; while the invoice is void, what would reopen on it is void too.

    Of voids and reinstatements the one with the latest date holds, in whichever order they come.
    """
    invoice = ledger.invoice(told.invoice_id)
    if invoice is None:
        wait(ledger, told, kind="invoice", needed=told.invoice_id, on=told.voided_on)
        return None
    if ledger.digest in invoice.told:
        return None
    invoice.told.append(ledger.digest)
    ledger.party.keep(invoice)
    if invoice.state_on is not None and told.voided_on < invoice.state_on:
        return None
    invoice.state_on = told.voided_on
    if invoice.void:
        return None
    invoice.void = True
    entries = [
        ledger.post(
            invoice, item, "voided", -item.open, max(told.voided_on, item.free_from(item.open))
        )
        for item in invoice.items
        if item.open
    ]
    adjusted(
        ledger,
        "voided",
        currency=invoice.currency,
        entries=entries,
        effective_on=max((entry.effective_on for entry in entries), default=told.voided_on),
        invoice_id=invoice.invoice_id,
        reason=told.reason or "",
    )
    return None


def reinstate(ledger: Ledger, told: InvoiceReinstated) -> Refusal | None:
    """Undo a void: what it took back is open again, and what waited for the invoice finds it."""
    invoice = ledger.invoice(told.invoice_id)
    if invoice is None:
        wait(ledger, told, kind="invoice", needed=told.invoice_id, on=told.reinstated_on)
        return None
    if ledger.digest in invoice.told:
        return None
    invoice.told.append(ledger.digest)
    ledger.party.keep(invoice)
    if invoice.state_on is not None and told.reinstated_on < invoice.state_on:
        return None
    invoice.state_on = told.reinstated_on
    if not invoice.void:
        return None
    invoice.void = False
    entries = []
    for item in invoice.items:
        amount = -item.booked(("voided", "reinstated"))
        if amount:
            on = max(told.reinstated_on, item.postings[-1].on)
            entries.append(ledger.post(invoice, item, "reinstated", amount, on))
    adjusted(
        ledger,
        "reinstated",
        currency=invoice.currency,
        entries=entries,
        effective_on=max((entry.effective_on for entry in entries), default=told.reinstated_on),
        invoice_id=invoice.invoice_id,
        reason=told.reason or "",
    )
    credit.meet(ledger, invoice)
    receipt.meet(ledger, invoice)
    ledger.came.append(("reinstated", invoice.invoice_id))
    ledger.sweep = True
    return None
