"""Lives of one account for hypothesis: its diary, and what is said and promised besides."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from shared.events.base import Fact
from shared.events.billing import AccountProfile
from shared.events.commands import DisputeOpen, PromiseCancel, PromiseMake, PromiseReschedule
from shared.events.ledger import AccountChanged, DisputeOpened, DisputeResolved
from shared.events.outcomes import ContactAnswered, ContactBusy, ContactReplied
from shared.money import text
from tests.unit.kpi.books import noon
from tests.unit.kpi.histories import diaries

Diary = list[tuple[date, list[Fact]]]
Saying = Callable[[st.DrawFn, int, date], Fact]


@st.composite
def lives(draw: st.DrawFn) -> Diary:
    """A diary in which the account also makes promises, objects, answers and changes."""
    found: Diary = []
    for number, (day, facts) in enumerate(draw(diaries())):
        said = draw(st.lists(st.sampled_from(sorted(SAYINGS)), max_size=2, unique=True))
        found.append((day, facts + [SAYINGS[what](draw, number, day) for what in said]))
    return found


def _command(number: int) -> dict[str, Any]:
    return {"command_id": f"c{number}", "account_id": "A", "user": "u"}


def _called(number: int, day: date) -> dict[str, Any]:
    task = f"t{number}"
    return {"account_id": "A", "task_id": task, "channel": "phone", "occurred_at": noon(day)}


def _earlier(draw: st.DrawFn, number: int, prefix: str) -> str:
    return f"{prefix}{draw(st.integers(0, number))}"


def _due(draw: st.DrawFn, day: date) -> date:
    return day + timedelta(days=draw(st.integers(-5, 40)))


def _promise(draw: st.DrawFn, number: int, day: date) -> Fact:
    amount = text(draw(st.integers(1, 10**6)), "EUR")
    due_on = _due(draw, day)
    return PromiseMake(
        **_command(number), promise_id=f"p{number}", amount=amount, currency="EUR", due_on=due_on
    )


def _reschedule(draw: st.DrawFn, number: int, day: date) -> Fact:
    return PromiseReschedule(
        **_command(number),
        promise_id=_earlier(draw, number, "p"),
        new_promise_id=f"r{number}",
        due_on=_due(draw, day),
    )


def _cancel(draw: st.DrawFn, number: int, _day: date) -> Fact:
    return PromiseCancel(**_command(number), promise_id=_earlier(draw, number, "p"))


def _object(_draw: st.DrawFn, number: int, _day: date) -> Fact:
    return DisputeOpen(**_command(number), dispute_id=f"d{number}")


def _dispute(_draw: st.DrawFn, number: int, day: date) -> Fact:
    return DisputeOpened(
        account_id="A", creditor_id="default", dispute_id=f"d{number}", opened_on=day
    )


def _resolve(draw: st.DrawFn, number: int, day: date) -> Fact:
    return DisputeResolved(
        account_id="A",
        creditor_id="default",
        dispute_id=_earlier(draw, number, "d"),
        outcome=draw(st.sampled_from(["accepted", "partly", "rejected", "withdrawn"])),
        opened_on=day,
        resolved_on=day,
    )


def _change(draw: st.DrawFn, _number: int, day: date) -> Fact:
    limit = draw(st.sampled_from([None, "0", "1000.00"]))
    profile = AccountProfile(currency="EUR", credit_limit=limit, customer_since=day)
    return AccountChanged(account_id="A", creditor_id="default", party_id="A", account=profile)


def _answer(draw: st.DrawFn, number: int, day: date) -> Fact:
    called = {**_called(number, day), "party": draw(st.sampled_from([None, "right", "third"]))}
    return ContactAnswered(**called)


SAYINGS: Final[Mapping[str, Saying]] = {
    "promise": _promise,
    "reschedule": _reschedule,
    "cancel": _cancel,
    "object": _object,
    "dispute": _dispute,
    "resolve": _resolve,
    "change": _change,
    "answer": _answer,
    "busy": lambda _draw, number, day: ContactBusy(**_called(number, day)),
    "reply": lambda _draw, number, day: ContactReplied(**_called(number, day)),
}
"""What may be said, reported or changed on a day."""
