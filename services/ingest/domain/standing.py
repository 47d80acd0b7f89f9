"""What of an account is overdue now, by bucket: kept so that all such accounts can be listed.

It follows from what the ledger has announced: an item counts from the tick that made it overdue,
in the bucket that was told of it last.
"""

from datetime import date
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from msgspec import field
from typing_extensions import override

from services.ingest.domain.account import Account
from services.ingest.domain.invoice import SEPARATOR, key_of
from services.ingest.domain.ledger import Ledger
from shared.core import Compact, Effects, Party

OLDEST: Final = "oldest"
"""The list of standings by creditor, then by the first due date, the oldest first."""
LARGEST: Final = "largest"
"""The list by creditor and currency, then by what is overdue, the largest first."""
FIGURES: Final = "overdue"
"""What the names of the rows of figures begin with: then come creditor and currency."""
AMOUNT, ITEMS, ACCOUNTS = "amount", "items", "accounts"
_AMOUNT_MAX: Final = 10**24


class Age(NamedTuple):
    """Where an overdue item belongs."""

    bucket: str
    due_on: date


class Standing(Compact):
    """What an account has overdue in one currency: minor units and number of items, by bucket.

    `due` has the number of items by due date (ISO). Both are empty once nothing is overdue.
    """

    prefix: ClassVar[str] = "standing"
    account_id: str
    creditor_id: str
    currency: str
    buckets: dict[str, tuple[int, int]] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.currency)

    @property
    def oldest_due_on(self) -> str:
        """The first due date of what is overdue (ISO); "" if nothing is."""
        return min(self.due, default="")

    @property
    @override
    def listed(self) -> dict[str, str]:
        """While something is overdue: by age, by amount, and by amount in each of its buckets."""
        if not self.due:
            return {}
        ranked = f"{self.creditor_id}{SEPARATOR}{self.currency}{SEPARATOR}"
        behind = f"{SEPARATOR}{self.account_id}"
        whole = 0
        lists = {
            OLDEST: f"{self.creditor_id}{SEPARATOR}{self.oldest_due_on}"
            f"{SEPARATOR}{self.currency}{behind}"
        }
        for bucket, (amount, _) in self.buckets.items():
            whole += amount
            lists[in_bucket(bucket)] = f"{ranked}{_AMOUNT_MAX - amount:025d}{behind}"
        lists[LARGEST] = f"{ranked}{_AMOUNT_MAX - whole:025d}{behind}"
        return lists


def in_bucket(label: str) -> str:
    """The list of the standings that have something in a bucket, as `LARGEST` is ordered."""
    return f"in {label}"


def follow(ledger: Ledger) -> None:
    """Bring the account's standings up to date with the items that an event has touched."""
    for touch in ledger.touched.values():
        item = touch.item
        if not item.overdue and not touch.bucket:
            continue
        was = None
        if touch.bucket and touch.before and touch.due_on is not None:
            was = Age(touch.bucket, touch.due_on)
        now = Age(item.bucket, item.due_on) if item.overdue and item.open else None
        change(
            ledger.party,
            ledger.account,
            touch.invoice.currency,
            ledger.effects,
            before=(was, touch.before or 0),
            after=(now, item.open),
        )


def change(
    party: Party,
    account: Account,
    currency: str,
    effects: Effects,
    *,
    before: tuple[Age | None, int],
    after: tuple[Age | None, int],
) -> None:
    """Move one item, with what is open of it, from where it was to where it is."""
    if before == after or (before[0] is None and after[0] is None):
        return
    standing = party.find(Standing, key_of(account.account_id, currency))
    if standing is None:
        standing = Standing(account.account_id, account.creditor_id, currency)
    for (age, amount), sign in ((before, -1), (after, 1)):
        if age is not None:
            _add(standing, effects, age, sign * amount, sign)
    party.keep(standing)


def _add(standing: Standing, effects: Effects, age: Age, amount: int, items: int) -> None:
    bucket, due_on = age
    had_amount, had = standing.buckets.get(bucket, (0, 0))
    has = had + items
    if has:
        standing.buckets[bucket] = (had_amount + amount, has)
    else:
        del standing.buckets[bucket]
    day = due_on.isoformat()
    number = standing.due.get(day, 0) + items
    if number:
        standing.due[day] = number
    else:
        del standing.due[day]
    row = _row(standing.creditor_id, standing.currency)
    amounts, counted, accounts = _cells(bucket)
    effects.add(row, amounts, amount)
    effects.add(row, counted, items)
    if not (had and has):
        effects.add(row, accounts, items)


@lru_cache(maxsize=1_024)
def _row(creditor_id: str, currency: str) -> str:
    return SEPARATOR.join((FIGURES, creditor_id, currency))


@lru_cache(maxsize=1_024)
def _cells(bucket: str) -> tuple[str, str, str]:
    return (
        f"{bucket}{SEPARATOR}{AMOUNT}",
        f"{bucket}{SEPARATOR}{ITEMS}",
        f"{bucket}{SEPARATOR}{ACCOUNTS}",
    )
