"""A history: every account's year, merged in the order of time."""

import heapq
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, pairwise
from operator import itemgetter
from random import Random
from typing import Final

from shared.cli.history.account import Account, draw_account
from shared.cli.history.bill import LEAD, bill
from shared.cli.history.diary import FRIDAY, Diary, Event
from shared.cli.history.draw import chance
from shared.cli.history.place import CREDITORS
from shared.cli.history.poison import with_poison
from shared.cli.history.profile import write_account
from shared.cli.history.replies import replies
from shared.cli.history.resent import with_resent

_MONTH_END: Final = 0.3
"""The share of invoices that are issued on the last working day of a month."""


def history(
    seed: int,
    *,
    accounts: int = 300,
    invoices: int = 10_000,
    start: date,
    days: int = 365,
    poison: bool = False,
    channels_answer: bool = False,
) -> Iterator[Event]:
    """A made-up past: structured CloudEvents in the order of `time`, from `start` for `days` days.

    The same arguments give the same events. A configuration of creditors comes first, then every
    account, on the first day; then `invoices` invoices with all that befalls them; some events come
    twice. With `poison`, about one in a thousand is bad (see `is_poison`); with `channels_answer`,
    debtors write back by themselves. Memory grows with what is open at a time, not with the whole.
    """
    if accounts < 1 or invoices < 0 or days < 1:
        raise ValueError("a history needs an account and a day")
    drawn = [draw_account(seed, number) for number in range(1, accounts + 1)]
    end = start + timedelta(days=days)
    parts = _parts([account.weight for account in drawn], invoices)
    lines = [
        _line(seed, account, part, start=start, end=end, answers=channels_answer)
        for account, part in zip(drawn, parts, strict=True)
    ]
    stream: Iterator[Event] = heapq.merge(*lines, key=itemgetter("time"))
    stream = with_resent(stream, seed, end=end)
    if poison:
        stream = with_poison(stream, seed)
    yield _creditors(seed, start)
    yield from stream


def _creditors(seed: int, start: date) -> Event:
    moment = f"{start.isoformat()}T00:00:00Z"
    return {
        "specversion": "1.0",
        "id": "creditors-1",
        "source": source(seed),
        "type": "billing.config.published.v1",
        "time": moment,
        "datacontenttype": "application/json",
        "data": {
            "kind": "creditors",
            "number": 1,
            "from": moment,
            "document": {"creditors": CREDITORS},
        },
    }


def source(seed: int) -> str:
    """The `source` of all events of a history."""
    return f"arrears:history/{seed}"


def _line(
    seed: int, account: Account, invoices: int, *, start: date, end: date, answers: bool
) -> Iterator[Event]:
    """One account's year in order; an invoice is drawn only when its time has come."""
    rng = Random(f"{seed}/line/{account.number}")  # noqa: S311 - a history is drawn, no secret
    waiting: list[tuple[str, int, Event]] = []
    order = count()

    def diary() -> Diary:
        return Diary(rng, account, source=source(seed), end=end)

    def await_all(events: list[Event]) -> None:
        for event in events:
            heapq.heappush(waiting, (event["time"], next(order), event))

    profile = diary()
    write_account(profile, account, rng, start=start, days=(end - start).days)
    await_all(profile.events)
    if answers:
        await_all(replies(diary(), rng, invoices, start=start, end=end))
    first = start + timedelta(days=1)
    for number, issued_on in enumerate(_issue_days(rng, invoices, first=first, end=end), start=1):
        horizon = (issued_on - LEAD).isoformat()
        while waiting and waiting[0][0] < horizon:
            yield heapq.heappop(waiting)[2]
        await_all(bill(account, number, issued_on, rng, diary=diary(), first=first))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _issue_days(rng: Random, invoices: int, *, first: date, end: date) -> list[date]:
    """Working days from `first` until before `end`, the ends of months more often."""
    working = [
        day
        for n in range(max(1, (end - first).days))
        if (day := first + timedelta(days=n)).weekday() <= FRIDAY
    ] or [first]
    month_ends = [
        day for day, following in pairwise(working) if day.month != following.month
    ] or working
    return sorted(
        rng.choice(month_ends if chance(rng, _MONTH_END) else working) for _ in range(invoices)
    )


def _parts(weights: list[float], whole: int) -> list[int]:
    """`whole` divided by weight into whole numbers: largest remainders first."""
    total = sum(weights)
    exact = [weight * whole / total for weight in weights]
    parts = [int(share) for share in exact]
    rest = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in rest[: whole - sum(parts)]:
        parts[n] += 1
    return parts
