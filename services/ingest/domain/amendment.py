"""Amendments: an invoice's due date, total or instalments change, and its entries move too."""

from datetime import date

from services.ingest.domain import receipt, written
from services.ingest.domain.adjustment import adjusted, amended
from services.ingest.domain.aging import CURRENT, past_due_days
from services.ingest.domain.closing import first_wake, state
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import SEPARATOR, SETTLING, Invoice, Item
from services.ingest.domain.issue import claim, new_item, taken_id, tell_opened
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.schedule import Change, Part, changes, in_force, spread
from services.ingest.domain.waiting import wait
from shared.core import Refusal
from shared.events import ledger as facts
from shared.events.billing import InvoiceAmended
from shared.money import MoneyError, minor


def amend(ledger: Ledger, told: InvoiceAmended) -> Refusal | None:
    """Change an invoice; of two amendments of the same thing the one with the later date holds.

    While the invoice is void, its amendments wait.
    """
    invoice = ledger.invoice(told.invoice_id)
    if invoice is None:
        wait(ledger, told, kind="invoice", needed=told.invoice_id, on=told.amended_on)
        return None
    if ledger.digest in invoice.told:
        return None
    if invoice.void:
        wait(ledger, told, kind="reinstated", needed=told.invoice_id, on=told.amended_on)
        return None
    parts = _schedule(ledger, invoice, told)
    if isinstance(parts, Refusal):
        return parts
    invoice.told.append(ledger.digest)
    ledger.party.keep(invoice)
    if parts is None:
        return None
    if told.due_on is not None or told.installments is not None:
        invoice.due_amended_on = _latest(invoice.due_amended_on, told.amended_on)
    if told.amount is not None or told.installments is not None:
        invoice.amount_amended_on = _latest(invoice.amount_amended_on, told.amended_on)
    rebook(ledger, invoice, parts, told)
    receipt.meet(ledger, invoice)
    ledger.sweep = True
    return None


def _schedule(
    ledger: Ledger, invoice: Invoice, told: InvoiceAmended
) -> list[Part] | Refusal | None:
    """The schedule that is asked for; None if newer amendments leave nothing of it."""
    new_due = invoice.due_amended_on is None or told.amended_on >= invoice.due_amended_on
    new_amount = invoice.amount_amended_on is None or told.amended_on >= invoice.amount_amended_on
    if told.installments is not None:
        parts = []
        for number, part in enumerate(told.installments):
            try:
                amount = minor(part.amount, invoice.currency)
            except MoneyError as fault:
                return Refusal("invalid", str(fault), f"installments.{number}.amount")
            parts.append(Part(part.item_id, part.due_on, amount))
        if not parts:
            return Refusal("invalid", "an invoice has at least one item", "installments")
        refusal = taken_id(ledger, invoice.invoice_id, told.installments)
        return refusal or (parts if new_due and new_amount else None)
    items = in_force(invoice.items)
    if told.due_on is not None and len(items) != 1:
        return Refusal("invalid", "the invoice has several items: name their due dates", "due_on")
    parts = [Part(item.item_id, item.due_on, item.amount) for item in items]
    if told.amount is not None:
        try:
            total = minor(told.amount, invoice.currency)
        except MoneyError as fault:
            return Refusal("invalid", str(fault), "amount")
        if new_amount and items:
            parts = spread(items, total)
    if told.due_on is not None and new_due:
        parts = [Part(parts[0].item_id, told.due_on, parts[0].amount)]
    return parts


def _latest(known: date | None, told: date) -> date:
    return told if known is None else max(known, told)


def rebook(ledger: Ledger, invoice: Invoice, parts: list[Part], told: InvoiceAmended) -> None:
    """Book what the new schedule changes: entries move to new due dates, amounts are adjusted."""
    on = max(
        told.amended_on,
        invoice.items[0].from_on,
        *(item.free_from(item.open) for item in invoice.items if item.open),
    )
    known = {item.item_id for item in invoice.items}
    new = {
        part.item_id: new_item(part.item_id, due_on=part.due_on, amount=part.amount, from_on=on)
        for part in parts
        if part.item_id not in known
    }
    found, beyond = changes(invoice.items, parts, new)
    for change in found:
        item = change.item
        is_first = not item.postings
        if change.is_new:
            item.aged_from = on
            item.wakes_on = first_wake(item)
            invoice.items.append(item)
            claim(ledger, invoice, item.item_id)
        if is_first and not change.opens:
            item.due_on, item.amount = change.part.due_on, change.part.amount
            continue  # paid by what was paid on others: it never was open
        if is_first:
            ledger.open_item(invoice, item)
        elif (item.due_on, item.amount, item.open) == (
            change.part.due_on,
            change.part.amount,
            change.opens,
        ):
            continue
        was_open = item.open > 0
        item.amount = change.part.amount
        entries = _move(ledger, invoice, change, on)
        if is_first:
            tell_opened(ledger, invoice, item, entries)
        else:
            amended(
                ledger, invoice, item, entries=entries, effective_on=on, reason=told.reason or ""
            )
        if was_open and item.open:
            _age_anew(ledger, invoice, item, on)
    if beyond:
        _give_credit(ledger, invoice, beyond, on)


def _move(ledger: Ledger, invoice: Invoice, change: Change, on: date) -> list[facts.Entry]:
    """Entries of one item; those that leave the old due date come before those of the new one."""
    item, less, more = change.item, min(0, change.adjusted), max(0, change.adjusted)
    steps: list[tuple[facts.EntryKind, int]] = [("adjusted", less)]
    if change.part.due_on == item.due_on:
        steps.append(("moved", change.delta - change.adjusted))
    else:
        steps.append(("moved", -(item.open + less)))
    entries = [ledger.post(invoice, item, kind, amount, on) for kind, amount in steps if amount]
    if change.part.due_on != item.due_on:
        item.move_due(change.part.due_on, on, ledger.effects.now)
        if change.opens - more:
            entries.append(ledger.post(invoice, item, "moved", change.opens - more, on))
    if more:
        entries.append(ledger.post(invoice, item, "adjusted", more, on))
    return entries


def _age_anew(ledger: Ledger, invoice: Invoice, item: Item, on: date) -> None:
    """Put an item that stays open where its new due date says it belongs, as of the latest tick."""
    if not item.overdue:
        item.aged_from = max(item.aged_from, on)
        item.wakes_on = first_wake(item)
        return
    today, aging = ledger.today(), ledger.creditor.aging
    days = past_due_days(item.due_on, today)
    bucket = aging.label(days)
    if bucket == CURRENT:
        item.overdue = False
        item.aged_from = on
        item.wakes_on = first_wake(item)
    else:
        item.wakes_on = aging.next_on(item.due_on, today)
    if bucket != item.bucket:
        previous, item.bucket = item.bucket, bucket
        changed = state(
            written.InvoiceBucketChanged,
            ledger.account,
            invoice,
            item,
            previous=previous,
            bucket=bucket,
            past_due_days=days,
            changed_on=on,
        )
        ledger.emit(changed, invoice.invoice_id, item.item_id)


def _give_credit(ledger: Ledger, invoice: Invoice, beyond: int, on: date) -> None:
    """Hold as credit what the debtor gave beyond the new total (a write-off was not given)."""
    given = -sum(item.booked(SETTLING) for item in invoice.items)
    amount = min(beyond, given - invoice.given_back)
    if amount <= 0:
        return
    invoice.given_back += amount
    note = CreditNote(
        account_id=invoice.account_id,
        credit_note_id=f"{invoice.invoice_id}{SEPARATOR}{ledger.digest}",
        digest=ledger.digest,
        currency=invoice.currency,
        credited_on=on,
        unapplied=amount,
        held_on=on,
    )
    ledger.party.keep(note)
    entry = ledger.hold("unapplied_credit", note, amount, on, invoice_id=invoice.invoice_id)
    adjusted(
        ledger,
        "amended",
        currency=invoice.currency,
        entries=[entry],
        effective_on=on,
        invoice_id=invoice.invoice_id,
    )
