"""The statement: which items one contact covers, and what they come to, net of everything."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.anchor import claim_on
from services.outreach.domain.docket import Docket
from services.outreach.domain.item import Item
from shared.events.outreach import Money, TaskItem
from shared.money import text

ITEMS_MAX: Final = 100


@dataclass(slots=True)
class Statement:
    """Items due by `due_until` with something to collect, oldest first, and their sums."""

    due_until: date
    owed: list[tuple[Item, int]]
    amounts: dict[str, int]

    def money(self) -> tuple[Money, ...]:
        """The sums per currency, in the order of the currencies' codes."""
        return tuple(
            [
                Money(currency=currency, amount=text(owed, currency))
                for currency, owed in sorted(self.amounts.items())
            ]
        )

    def lines(self, day: date) -> tuple[TaskItem, ...]:
        """The first hundred items."""
        return tuple([_line(item, owed, day) for item, owed in self.owed[:ITEMS_MAX]])


def statement(docket: Docket, account: Account, due_until: date, day: date) -> Statement:
    """What is to be asked for today, of all that is due by `due_until`."""
    items = docket.items(account)
    claim = claim_on(account, items, day)
    owed = [
        (item, amount)
        for item in items
        if item.due_on <= due_until and (amount := claim.collectable(item)) > 0
    ]
    if len(owed) > 1:
        owed.sort(key=lambda each: each[0].rank)
    amounts: dict[str, int] = {}
    for item, amount in owed:
        amounts[item.currency] = amounts.get(item.currency, 0) + amount
    return Statement(due_until, owed, amounts)


def _line(item: Item, owed: int, day: date) -> TaskItem:
    return TaskItem(
        account_id=item.account_id,
        item_id=item.item_id,
        invoice_id=item.invoice_id,
        number=item.number,
        due_on=item.due_on,
        past_due_days=(day - item.due_on).days,
        open_amount=text(owed, item.currency),
        currency=item.currency,
        pay_url=item.pay_url,
    )
