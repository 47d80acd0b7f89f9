"""What an account with very many open items owes, by due date: kept so that nobody must add it up.

It is there for such accounts alone: writing it with each event costs about as much as the event.
"""

from datetime import date
from typing import ClassVar, Final

from msgspec import field
from typing_extensions import override

from services.ingest.domain.invoice import Invoice, Item
from services.ingest.domain.ledger import Ledger
from shared.core import Compact

MANY: Final = 500
"""An account's tally begins when its party has more documents than this that are not settled; it
ends when there are less than half as many."""
Sums = dict[str, dict[str, tuple[int, int]]]
"""By currency and due date (ISO): what is open, in minor units, and of how many items."""


class Tally(Compact):
    """All that is open of an account, while `live`; true for each day from `latest` on.

    `latest` is the last day on which any entry is effective that was booked on its items.
    """

    prefix: ClassVar[str] = "tally"
    account_id: str
    live: bool = True
    latest: date = date.min
    sums: Sums = field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return self.account_id

    def add(self, currency: str, due_on: date, amount: int, items: int) -> None:
        """Add to what is open with a due date; both may be below 0."""
        by_due = self.sums.setdefault(currency, {})
        had = by_due.get(due_on.isoformat(), (0, 0))
        has = (had[0] + amount, had[1] + items)
        if has == (0, 0):
            by_due.pop(due_on.isoformat(), None)
        else:
            by_due[due_on.isoformat()] = has

    def take(self, invoice: Invoice, item: Item) -> None:
        """Add an item as it is."""
        if item.open:
            self.add(invoice.currency, item.due_on, item.open, 1)
        for posting in item.postings:
            self.latest = max(self.latest, posting.on)


def follow(ledger: Ledger) -> None:
    """Bring the account's tally up to date with an event; begin one, or end it, as need be."""
    if not ledger.touched:
        return
    party, account_id = ledger.party, ledger.account.account_id
    count = party.count()
    tally = party.find(Tally, account_id)
    if tally is None or not tally.live:
        if count > MANY:
            party.keep(_begin(ledger))
        return
    if count < MANY // 2:
        party.keep(Tally(account_id, live=False))
        return
    for touch in ledger.touched.values():
        currency, item = touch.invoice.currency, touch.item
        if touch.before and touch.due_on is not None:
            tally.add(currency, touch.due_on, -touch.before, -1)
        if item.open:
            tally.add(currency, item.due_on, item.open, 1)
        for posting in item.postings:
            tally.latest = max(tally.latest, posting.on)
    party.keep(tally)


def _begin(ledger: Ledger) -> Tally:
    tally = Tally(ledger.account.account_id)
    for invoice in ledger.party.all(Invoice):
        if invoice.account_id == tally.account_id:
            for item in invoice.items:
                tally.take(invoice, item)
    return tally
