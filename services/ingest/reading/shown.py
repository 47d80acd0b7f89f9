"""The ledger's own values as JSON: amounts as decimal strings, days and moments as ISO 8601."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from services.ingest.domain.aging import CURRENT, past_due_days
from services.ingest.domain.creditor import Creditor
from services.ingest.domain.invoice import LONG_AGO, Invoice, Item, counts
from services.ingest.domain.movement import Movement
from services.ingest.domain.reckoning import Balance, Share
from services.ingest.domain.statement import Section
from services.ingest.store import Book
from shared.money import text

Json = dict[str, Any]
_NAMES: Final = {"unapplied_cash": "payment_id", "unapplied_credit": "credit_note_id"}


def heading(book: Book, *, known_at: datetime | None) -> Json:
    """What every answer about an account begins with."""
    account = book.account
    return {
        "account_id": account.account_id,
        "party_id": book.party,
        "creditor_id": account.creditor_id,
        "merged_into": account.merged_into or None,
        "known_at": known_at.isoformat() if known_at else None,
        "true_up_to": book.tick.isoformat(),
    }


def balance(currency: str, found: Balance, creditor: Creditor, day: date) -> Json:
    """An account in one currency at the end of a day."""
    oldest = found.oldest_due_on
    return {
        "currency": currency,
        "open_amount": text(found.open, currency),
        "open_items": found.items,
        "overdue_amount": text(found.overdue, currency),
        "overdue_items": found.overdue_items,
        "oldest_due_on": oldest.isoformat() if oldest else None,
        "oldest_past_due_days": past_due_days(oldest, day) if oldest else 0,
        "buckets": aging(currency, found, creditor),
        "unapplied_cash": text(found.cash, currency),
        "unapplied_credit": text(found.credit, currency),
        "disputed_amount": text(found.disputed, currency),
        "net_amount": text(found.net, currency),
    }


def aging(currency: str, found: Balance, creditor: Creditor) -> list[Json]:
    """All buckets of the creditor in order, the empty ones too."""
    nothing = Share()
    shares = ((label, found.buckets.get(label, nothing)) for label in labels(creditor))
    return [
        {"bucket": label, "amount": text(share.amount, currency), "items": share.items}
        for label, share in shares
    ]


def labels(creditor: Creditor) -> Iterable[str]:
    """The creditor's buckets, from what is not due."""
    return (CURRENT, *creditor.aging.labels)


def item(
    invoice: Invoice, found: Item, creditor: Creditor, day: date, known_at: datetime | None
) -> Json | None:
    """An item at the end of a day; None if the ledger did not have it then."""
    if not any(counts(posting, day, known_at) for posting in found.postings):
        return None
    open_ = found.open_on(day, known_at)
    due_on = found.due_as_of(day, known_at)
    days = past_due_days(due_on, day)
    return {
        "item_id": found.item_id,
        "invoice_id": invoice.invoice_id,
        "number": invoice.number,
        "kind": invoice.kind,
        "state": "open" if open_ else "settled",
        "currency": invoice.currency,
        "amount": text(found.amount, invoice.currency),
        "open_amount": text(open_, invoice.currency),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": due_on.isoformat(),
        "past_due_days": days if open_ else None,
        "bucket": creditor.aging.label(days) if open_ else None,
    }


def movement(found: Movement) -> Json:
    """One entry."""
    told: Json = {
        "effective_on": found.on.isoformat(),
        "taken_after": None if found.at == LONG_AGO else found.at.isoformat(),
        "kind": found.kind,
        "amount": text(found.amount, found.currency),
        "currency": found.currency,
        "event_id": found.cause or None,
    }
    if found.invoice_id:
        told |= {"invoice_id": found.invoice_id, "item_id": found.item_id}
    if found.document_id:
        name = _NAMES.get(found.kind)
        told[name or ("credit_note_id" if found.kind == "credited" else "payment_id")] = (
            found.document_id
        )
    return told


def section(found: Section, creditor: Creditor) -> Json:
    """One currency's part of a statement."""
    currency = found.currency
    return {
        "currency": currency,
        "opening": _ends(found.opening, currency),
        "steps": {step: text(amount, currency) for step, amount in found.steps.items()},
        "closing": _ends(found.closing, currency),
        "lines": [
            {**movement(line.movement), "balance": text(line.balance, currency)}
            for line in found.lines
        ],
        "aging": aging(currency, found.closing, creditor),
    }


def _ends(found: Balance, currency: str) -> Json:
    return {
        "open_amount": text(found.open, currency),
        "unapplied_cash": text(found.cash, currency),
        "unapplied_credit": text(found.credit, currency),
        "balance": text(found.net, currency),
    }
