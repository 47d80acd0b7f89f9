"""Where cash goes of which nobody said what it is for: the creditor's rule, a pure function."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.ingest.domain.allocation import oldest_due
from services.ingest.domain.invoice import Invoice, Item
from services.ingest.domain.ledger import Ledger

Found = tuple[Invoice, Item]
"""An open item and its invoice."""


def open_items(ledger: Ledger, currency: str) -> list[Found]:
    """All open items of the account in one currency, in the order of the creditor's rule.

    There are none for a rule that applies nothing by itself, nor on the account where the creditor
    keeps cash whose payer is not known.
    """
    creditor, account_id = ledger.creditor, ledger.account.account_id
    order = ORDERS.get(creditor.allocation)
    if order is None or account_id == creditor.suspense_account:
        return []
    return order(
        [
            (invoice, item)
            for invoice in ledger.party.all(Invoice)
            if invoice.currency == currency and invoice.account_id == account_id
            for item in invoice.items
            if item.open
        ]
    )


def spread(ledger: Ledger, cash: int, items: Sequence[Found]) -> list[tuple[Invoice, Item, int]]:
    """How much of some cash each of the ordered items gets, in minor units; never more than open.

    By proportion each gets its share of the cash, rounded down, and the cents that are left go to
    those that were due first; else the first gets all it can take, then the next.
    """
    total = 0
    if ledger.creditor.allocation == "proportional":
        total = sum(item.open for _, item in items)
    if cash < total:
        given = [item.open * cash // total for _, item in items]
        left = cash - sum(given)
        for place, (_, item) in enumerate(items):
            more = min(left, item.open - given[place], 1)
            given[place] += more
            left -= more
        return [
            (invoice, item, amount)
            for (invoice, item), amount in zip(items, given, strict=True)
            if amount
        ]
    found: list[tuple[Invoice, Item, int]] = []
    for invoice, item in items:
        if not cash:
            break
        if item.open:
            amount = min(cash, item.open)
            found.append((invoice, item, amount))
            cash -= amount
    return found


def _newest_due(items: list[Found]) -> list[Found]:
    return oldest_due(items)[::-1]


def _largest(items: list[Found]) -> list[Found]:
    """What is open most of; of equals, the one due first."""
    return sorted(oldest_due(items), key=lambda found: -found[1].open)


ORDERS: Final[Mapping[str, Callable[[Any], list[Found]]]] = {
    "oldest_due": oldest_due,
    "newest_due": _newest_due,
    "largest": _largest,
    "proportional": oldest_due,
}
"""By the creditor's rule; by one that is not here ("source_only") cash waits to be told."""
