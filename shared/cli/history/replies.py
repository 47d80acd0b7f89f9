"""What debtors write by themselves: answers, objections to being written to."""

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from shared.cli.history.diary import Diary, Event, workday
from shared.cli.history.draw import chance

_PER_INVOICE: Final = 0.02
_KINDS: Final = ("replied", "replied", "replied", "opted_out", "complained")


def replies(diary: Diary, rng: Random, invoices: int, *, start: date, end: date) -> list[Event]:
    """Outcomes without a task, so that they can be told before anybody was written to."""
    on = start
    how_many = sum(chance(rng, _PER_INVOICE) for _ in range(invoices))
    days = sorted(rng.randrange(1, max(2, (end - start).days)) for _ in range(how_many))
    for number, day in enumerate(days, start=1):
        on = max(on, workday(start + timedelta(days=day)))
        data: dict[str, Any] = {
            "task_id": "",
            "channel": rng.choice(("email", "email", "sms")),
            "occurred_at": diary.opening(on),
            "provider": "example",
        }
        name = f"{diary.account_id}-reply-{number}"
        diary.write(f"outreach.contact.{rng.choice(_KINDS)}.v1", name, on, data)
    return diary.events
