"""Dated stories of one account, told to scoring day by day, and one of them worked out by hand."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.feature import Snapshot
from services.scoring.domain.features import snapshot
from services.scoring.sources import read_scorecard, read_segments
from shared.events.base import Fact
from shared.events.billing import AccountProfile
from shared.events.commands import PromiseMake
from shared.events.ledger import AccountChanged, DisputeOpened, DisputeResolved
from shared.events.outcomes import ContactAnswered, ContactNoAnswer
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon

CARD, SEGMENTS = read_scorecard(), read_segments()
Doings = dict[date, Callable[[Books], list[Fact]]]
JAN, FEB, MARCH, APRIL = (date(2025, month, 1) for month in (1, 2, 3, 4))


def line() -> Line:
    """An empty line through scoring as it is shipped."""
    return Line(ScoringCore(CARD, SEGMENTS), reload=False)


def behaviour(told: Line) -> Behaviour:
    """What is known of the account."""
    found = told.party("A").find(Behaviour, "A")
    assert found is not None
    return found


def live(doings: Doings, until: date) -> Snapshot:
    """The snapshot of a story's account at the end of a day."""
    return snapshot(lived(doings, until), until)


def lived(doings: Doings, until: date) -> Behaviour:
    """How a story's account has paid by the end of a day."""
    told, books, day = line(), Books("A"), min(doings)
    while day <= until:
        told.tick(midnight(day))
        for fact in books.day(day):
            told.tell(fact, time=midnight(day), woken=True)
        for fact in doings[day](books) if day in doings else []:
            told.tell(fact, time=noon(day))
        day += timedelta(days=1)
    return behaviour(told)


def issue(item_id: str, amount: str, issued: date, days: int) -> Callable[[Books], list[Fact]]:
    """An invoice that is due so many days later."""
    return lambda b: b.issue(item_id, amount, issued=issued, due=issued + timedelta(days=days))


def pay(item_id: str, amount: str, on: date) -> Callable[[Books], list[Fact]]:
    """A payment for an item."""
    return lambda b: b.pay(f"P-{item_id}-{on}", item_id, amount, on)


def promise(promise_id: str, amount: str, due_on: date) -> Callable[[Books], list[Fact]]:
    """A promise to pay."""
    return lambda _: [
        PromiseMake(
            command_id=promise_id,
            account_id="A",
            user="u",
            promise_id=promise_id,
            amount=amount,
            currency="EUR",
            due_on=due_on,
        )
    ]


def both(*doings: Callable[[Books], list[Fact]]) -> Callable[[Books], list[Fact]]:
    """Several things on one day."""
    return lambda b: [fact for doing in doings for fact in doing(b)]


def profile(_books: Books) -> list[Fact]:
    """The account as billing knows it."""
    told = AccountProfile(currency="EUR", credit_limit="1600", customer_since=date(2024, 12, 12))
    return [AccountChanged(account_id="A", creditor_id="default", party_id="A", account=told)]


def calls(*answers: str) -> Callable[[Books], list[Fact]]:
    """Calls on one day; "" was not answered, else by that party."""
    told: dict[str, Any] = {
        "account_id": "A", "task_id": "t", "channel": "phone", "occurred_at": noon(MARCH),
    }  # fmt: skip
    parties: list[dict[str, Any]] = [{**told, "party": party} for party in answers]
    return lambda _: [
        ContactAnswered(**each) if each["party"] else ContactNoAnswer(**told) for each in parties
    ]


def disputes(_books: Books) -> list[Fact]:
    """Three objections, of which one is over with nothing gained and one was right."""
    who: dict[str, Any] = {"account_id": "A", "creditor_id": "default", "opened_on": FEB}
    opened = [DisputeOpened(**who, dispute_id=name) for name in "xyz"]
    over: list[dict[str, Any]] = [
        {"dispute_id": "x", "outcome": "rejected"},
        {"dispute_id": "y", "outcome": "accepted"},
    ]
    return [*opened, *(DisputeResolved(**who, **each, resolved_on=MARCH) for each in over)]


STORY: Doings = {
    # Paid on its due day, then 10 and 40 days late in parts; two are overdue at the end.
    JAN: both(profile, issue("I1", "100", JAN, 10), issue("I2", "300", JAN, 10)),
    date(2025, 1, 11): pay("I1", "100", date(2025, 1, 11)),
    date(2025, 1, 15): pay("I2", "100", date(2025, 1, 15)),
    date(2025, 1, 21): pay("I2", "200", date(2025, 1, 21)),
    date(2025, 1, 22): both(
        issue("I3", "200", date(2025, 1, 22), 0), issue("I4", "400", date(2025, 1, 22), 30)
    ),
    date(2025, 2, 2): both(promise("one", "200", MARCH), promise("other", "200", MARCH)),
    MARCH: both(
        issue("I5", "600", MARCH, 45),
        issue("I6", "100", MARCH, 20),
        disputes,
        calls("", "right", "third"),
    ),
    date(2025, 3, 3): both(
        pay("I3", "200", date(2025, 3, 3)), promise("open", "1", date(2025, 6, 1))
    ),
}
"""On 1 April I4 (400, due 21 February) and I6 (100, due 21 March) are overdue, I5 is to come."""

EXPECTED: Snapshot = {
    "oldest_past_due_days": 39.0,
    "overdue_items": 2.0,
    "open_amount": 1100.0,
    "overdue_amount": 500.0,
    "amount_1_30": 100.0,
    "amount_31_60": 400.0,
    "amount_61_90": 0.0,
    "amount_91_120": 0.0,
    "amount_121_up": 0.0,
    "overdue_share": 45.4545,  # 500 of 1,100
    "amount_to_usual": 88.2353,  # 250 to the mean of 1,700 in six
    "latest_to_usual": 35.2941,  # 100 to the same
    "items_to_come": 1.0,
    "terms_days": 20.0,
    "credit_limit_use": 68.75,  # 1,100 of 1,600
    "known_outcomes": 5.0,
    "late_share": 57.7778,  # (4 + 1.2) of (5 + 4)
    "late_of_last_three": 100.0,
    "days_late_mean": 16.6667,  # 0, 10, 40
    "days_late_recent": 16.6667,
    "days_late_trend": 0.0,
    "days_late_weighted": 18.3333,  # (0*100 + 10*300 + 40*200) / 600
    "payments": 4.0,
    "partial_share": 25.0,
    "reversed_share": 0.0,
    "days_since_payment": 29.0,
    "tenure_days": 110.0,  # since 12 December
    "promises_open": 1.0,
    "promises_kept": 2.0,  # 200 came by the 4th, and counts for both
    "promises_broken": 0.0,
    "disputes_open": 1.0,
    "disputes_lost": 1.0,
    "contacts": 3.0,
    "contact_answered_share": 33.3333,
}
