"""Small balances: what is left of an item, and would cost more to collect than it is worth."""

from typing import Final

from services.ingest.domain.adjustment import Kind, adjusted
from services.ingest.domain.ledger import Ledger, Touch
from shared.events import ledger as facts

REASON: Final = "small_balance"
"""The reason on the facts."""
_GIVEN: Final = frozenset({"collected", "deducted", "credited"})
"""What must have come for an item: a small invoice by itself is owed like any other."""


def clear(ledger: Ledger, touch: Touch) -> None:
    """Write the small rest off that money or credit left; take that back when the item reopens.

    The limit is the creditor's, in its own currency; items in another one have none.
    """
    invoice, item = touch.invoice, touch.item
    if not item.open:
        return
    if item.small and touch.rose is not None:
        amount, item.small = item.small, 0
        _book(ledger, touch, "write_off_reversed", "unwritten", amount)
    elif (
        touch.fell is not None
        and touch.fell.kind in _GIVEN
        and touch.rose is None
        and item.open <= ledger.creditor.small_minor
        and invoice.currency == ledger.creditor.currency
    ):
        item.small, closed_by = item.open, touch.fell
        _book(ledger, touch, "written_off", "written_off", -item.open)
        touch.fell = closed_by  # what settled the item is the money, not the cents it left


def _book(ledger: Ledger, touch: Touch, kind: facts.EntryKind, told_as: Kind, amount: int) -> None:
    invoice, item = touch.invoice, touch.item
    on = item.postings[-1].on if amount > 0 else item.free_from(-amount)
    entry = ledger.post(invoice, item, kind, amount, on)
    adjusted(
        ledger,
        told_as,
        currency=invoice.currency,
        entries=[entry],
        effective_on=on,
        invoice_id=invoice.invoice_id,
        reason=REASON,
    )
