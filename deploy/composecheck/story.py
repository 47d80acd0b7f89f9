"""What is told to the services: a week in June 2025, account by account, the same each time.

Each day has new accounts with an invoice that falls due three days later; every other account pays
eight days after its invoice. So in the week, items are opened, fall overdue, are scored, contacted
and paid at the same time. One account of each day comes by Kafka, the others through ingest's door.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

FIRST: Final = date(2025, 6, 2)  # a Monday
DAYS_TO_PAY: Final = 3
PAID_AFTER_DAYS: Final = 8
TAIL_DAYS: Final = 3
"""Days after the last invoices, in which the first ones are paid."""
ACCOUNTS_A_DAY: Final = 40
TICK_H: Final = 1
AMOUNT: Final = "120.00"

Event = dict[str, Any]


def day(number: int) -> date:
    """The story's n-th day, from 0."""
    return FIRST + timedelta(days=number)


def _event(kind: str, name: str, account: str, on: date, data: Event) -> Event:
    return {
        "specversion": "1.0",
        "id": f"{account}-{name}",
        "source": "compose-check",
        "type": f"billing.{kind}.v1",
        "subject": account,
        "partitionkey": account,
        "time": f"{on.isoformat()}T00:00:00Z",
        "datacontenttype": "application/json",
        "data": {"account_id": account, **data},
    }


def _account(number: int, on: date) -> list[Event]:
    """An account becomes known, with its invoice."""
    account = f"account-{number:04}"
    profile = {
        "name": f"Account {number:04}",
        "kind": "company",
        "country": "DE",
        "language": "en",
        "currency": "EUR",
        "time_zones": ["Europe/Berlin"],
        "contact_points": [
            {"id": "mail", "channel": "email", "address": f"{account}@debtor.example"}
        ],
    }
    invoice = {
        "invoice_id": f"{account}-invoice",
        "issued_on": on.isoformat(),
        "due_on": (on + timedelta(days=DAYS_TO_PAY)).isoformat(),
        "amount": AMOUNT,
        "currency": "EUR",
    }
    return [
        _event("account.updated", "profile", account, on, profile),
        _event("invoice.issued", "issued", account, on, invoice),
    ]


def _payment(number: int, on: date) -> Event:
    account = f"account-{number:04}"
    return _event(
        "payment.received", "paid", account, on,
        {"payment_id": f"{account}-payment", "amount": AMOUNT, "currency": "EUR",
         "received_on": on.isoformat()},
    )  # fmt: skip


def _payments(on: date, opened: int) -> list[Event]:
    """What comes in on a day: every other account of the day that is so long ago."""
    before = (on - FIRST).days - PAID_AFTER_DAYS
    if not 0 <= before < opened:
        return []
    first = before * ACCOUNTS_A_DAY
    return [_payment(number, on) for number in range(first, first + ACCOUNTS_A_DAY, 2)]


@dataclass(frozen=True, slots=True)
class Round:
    """A part of the story: a day, or the days at its end."""

    number: int
    first: date
    last: date
    posted: list[Event]
    """What goes through ingest's door, before the ticks of the first day."""
    sent: list[Event]
    """What goes by Kafka, with the ticks in between and behind it."""

    @property
    def events(self) -> list[Event]:
        """All of them, in order."""
        return [*self.posted, *self.sent]

    @property
    def title(self) -> str:
        """The day or days, for people."""
        one = f"{self.first:%a %d %b}"
        return one if self.first == self.last else f"{one} to {self.last:%a %d %b}"

    @property
    def ticks(self) -> int:
        """How many there are of the clock."""
        return round(((self.last - self.first).days + 1) * 24 / TICK_H)

    @property
    def until(self) -> str:
        """The last moment before the next day's first tick."""
        return f"{self.last.isoformat()}T23:59:59Z"

    @property
    def last_tick(self) -> datetime:
        """The last tick."""
        midnight = datetime.combine(self.last, datetime.min.time(), UTC)
        return midnight + timedelta(hours=24 - TICK_H)

    def count(self, kind: str) -> int:
        """How many events are of a type, without `billing.` and the version."""
        return sum(event["type"] == f"billing.{kind}.v1" for event in self.events)


def rounds(opening: int) -> list[Round]:
    """The story: `opening` days with new accounts, one by one, and the days after them at once."""
    found = []
    for number in range(opening):
        on = day(number)
        opened = range(number * ACCOUNTS_A_DAY, (number + 1) * ACCOUNTS_A_DAY)
        *known, last = (_account(one, on) for one in opened)
        posted = [event for account in known for event in account]
        found.append(Round(number, on, on, posted, sent=last))
    days = [day(number) for number in range(opening, opening + TAIL_DAYS)]
    end = [*_account(opening * ACCOUNTS_A_DAY, days[0])]
    end += [payment for on in days for payment in _payments(on, opening)]
    return [*found, Round(opening, days[0], days[-1], posted=[], sent=end)]


def write(events: Iterable[Event], path: Path) -> None:
    """A file of events, which a container's user may read."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    path.chmod(0o644)
