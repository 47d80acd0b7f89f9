"""What the core counts besides money, on which day, and when a day is complete."""

import tracemalloc
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.kpi.domain.cells import label, labels, place, row
from services.kpi.domain.completeness import complete_through, is_complete
from services.kpi.domain.core import KpiCore
from services.kpi.domain.cube import Sums
from services.kpi.domain.report import report
from shared.events.billing import ConfigPublished
from shared.events.ledger import DisputeOpened, DisputeResolved
from shared.events.outreach import (
    CaseClosed,
    CaseOpened,
    ContactAttempted,
    ContactCancelled,
    ContactRequested,
    ContactSuppressed,
    Decision,
    Money,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    Recipient,
)
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon

MARCH_3 = date(2025, 3, 3)
DECISION = Decision(policy="default", policy_version="1", step="reminder", decided_at=noon(MARCH_3))
WHO: dict[str, Any] = {"account_id": "A", "creditor_id": "default"}


def test_contacts_by_channel_step_and_reason() -> None:
    """What was asked for, withdrawn, not made and tried is counted by the day it happened on."""
    line = Line(KpiCore())
    line.tick(midnight(MARCH_3))
    task: dict[str, Any] = {
        "task_id": "T1", "case_id": "C1", "channel": "email", "step": "reminder", "tone": "kind",
        "not_before": noon(MARCH_3), "expires_at": noon(MARCH_3), "to": Recipient(),
        "amounts": (), "items": (), "items_total": 0, "decision": DECISION,
    }  # fmt: skip
    line.tell(ContactRequested(**WHO, **task), time=noon(MARCH_3))
    line.tell(ContactRequested(**WHO, **(task | {"task_id": "T2"})), time=noon(MARCH_3))
    line.tell(
        ContactCancelled(
            **WHO, task_id="T2", channel="email", reason="paid", cancelled_at=noon(MARCH_3)
        ),
        time=noon(MARCH_3),
    )
    line.tell(
        ContactSuppressed(
            **WHO, case_id="C1", channel="phone", step="call 1.5|a", reason="cap",
            decision=DECISION,
        ),
        time=noon(MARCH_3),
    )  # fmt: skip
    for outcome, right in (("answered", True), ("no_answer", None)):
        attempt = ContactAttempted(
            **WHO, channel="phone", outcome=outcome, right_party=right, conversation=bool(right),
            cost=Money(currency="EUR", amount="0.20"), attempted_at=noon(MARCH_3),
        )  # fmt: skip
        line.tell(attempt, time=noon(MARCH_3))

    inbound = ContactAttempted(
        **WHO, channel="phone", outcome="replied", right_party=True, direction="inbound",
        attempted_at=noon(MARCH_3),
    )  # fmt: skip
    line.tell(inbound, time=noon(MARCH_3))

    found = report(line.cells, as_of=MARCH_3)

    assert {
        "requested": [{"channel": "email", "step": "reminder", "count": 2}],
        "cancelled": [{"channel": "email", "reason": "paid", "count": 1}],
        "suppressed": [{"channel": "phone", "step": "call 1.5|a", "reason": "cap", "count": 1}],
        "attempted": [
            {"channel": "phone", "outcome": "answered", "count": 1},
            {"channel": "phone", "outcome": "no_answer", "count": 1},
        ],
        "inbound": [{"channel": "phone", "outcome": "replied", "count": 1}],
        "right_party": [{"channel": "phone", "count": 1}],
        "conversations": [{"channel": "phone", "count": 1}],
    } == found["activity"][0]["contacts"]
    assert {"value": 50.0, "unit": "percent"} == found["activity"][0]["right_party_rate"]
    assert "0.40" == found["receivables"][0]["amounts"]["contact_cost"]


def test_cases() -> None:
    """Cases are counted where they open, and by reason where they close."""
    line = Line(KpiCore())
    opened = CaseOpened(**WHO, case_id="C1", policy="default", opened_at=noon(MARCH_3))
    closed = CaseClosed(
        **WHO, case_id="C1", reason="cured", opened_at=noon(MARCH_3), closed_at=noon(MARCH_3)
    )
    line.tell(opened, time=noon(MARCH_3))
    line.tell(closed, time=noon(MARCH_3))

    found = report(line.cells, as_of=MARCH_3)["activity"][0]["cases"]

    assert {"opened": 1, "closed": [{"reason": "cured", "count": 1}]} == found


def test_promises() -> None:
    """One of three kept (kept, broken, broken): the rate is over those due in the period."""
    line = Line(KpiCore())
    for number, (amount, due) in enumerate([("600", 20), ("2000", 18), ("500", 28)]):
        promise: dict[str, Any] = {
            **WHO, "promise_id": f"T{number}", "amount": amount, "currency": "USD",
            "promised_on": MARCH_3, "due_on": date(2025, 3, due),
        }  # fmt: skip
        line.tell(PromiseMade(**promise), time=noon(MARCH_3))
        kept = amount == "600"
        verdict = PromiseKept(**promise, received="600") if kept else PromiseBroken(**promise)
        line.tell(verdict, time=noon(date(2025, 3, due)))

    found = report(line.cells, as_of=date(2025, 3, 31))["receivables"][0]

    assert {"value": 33.33, "unit": "percent"} == found["figures"]["promise_kept_rate"]
    assert {"count": 3, "amount": "3100.00"} == found["promises"]["made"]
    assert {"count": 2, "amount": "2500.00"} == found["promises"]["broken"]


def test_disputes() -> None:
    """Resolved after 14, 30 and 3 days: mean 15.67, median 14; the open one is 15 days old."""
    line = Line(KpiCore())
    for fact in Books("B").issue(
        "I3", "3080", issued=date(2025, 1, 31), due=date(2025, 3, 2), currency="USD"
    ):
        line.tell(fact, time=noon(MARCH_3))
    for name, opened, days in (("1", 1, 14), ("2", 1, 30), ("3", 10, 3), ("4", 16, None)):
        amount = "2000" if days is None else "100"
        opened_on = date(2025, 3, opened)
        dispute: dict[str, Any] = {
            **WHO, "dispute_id": name, "currency": "USD", "amount": amount, "opened_on": opened_on,
        }  # fmt: skip
        line.tell(DisputeOpened(**dispute), time=noon(opened_on))
        if days is not None:
            resolved_on = date(2025, 3, opened + days)
            resolved = DisputeResolved(**dispute, outcome="rejected", resolved_on=resolved_on)
            line.tell(resolved, time=noon(resolved_on))

    found = report(line.cells, as_of=date(2025, 3, 31))["receivables"][0]

    figures = found["figures"]
    assert 15.67 == figures["dispute_days_mean"]["value"]
    assert 14.0 == figures["dispute_days_median"]["value"]
    assert 15.0 == figures["dispute_open_age_mean"]["value"]
    assert 64.94 == figures["disputed_share"]["value"]
    assert "2000.00" == found["amounts"]["disputed"]
    assert 4 == found["counts"]["disputes_opened"]


def test_a_dispute_of_a_whole_account_has_no_currency() -> None:
    """It is counted with the creditor's activity."""
    line = Line(KpiCore())
    line.tell(DisputeOpened(**WHO, dispute_id="1", opened_on=MARCH_3), time=noon(MARCH_3))

    found = report(line.cells, as_of=date(2025, 3, 31))["activity"][0]

    assert {"opened": 1, "resolved": 0, "open": 1} == found["disputes_of_accounts"]


def test_the_day_of_record_is_the_creditors() -> None:
    """At half past one in UTC it is still the day before in New York, once that is configured."""
    line = Line(KpiCore())
    line.tick(midnight(MARCH_3))
    line.tell(
        ConfigPublished.model_validate_json(
            '{"kind": "creditors", "number": 1, "from": "2025-03-04T00:00:00Z", "document":'
            ' {"creditors": {"ny": {"time_zone": "America/New_York", "buckets": ["1-60", "61+"]}}}}'
        ),
        time=noon(MARCH_3),
    )
    books = Books("A", "ny")

    for moment in (
        datetime(2025, 3, 3, 1, 30, tzinfo=UTC),
        datetime(2025, 3, 5, 1, 30, tzinfo=UTC),
    ):
        line.tick(moment)
        item = f"I{moment.day}"
        for fact in books.issue(item, "1", issued=date(2025, 3, 1), due=date(2025, 4, 1)):
            line.tell(fact, time=moment)
        if moment.day == 3:
            line.tick(datetime(2025, 3, 4, tzinfo=UTC))

    assert [date(2025, 3, 3), date(2025, 3, 4)] == sorted(
        {place(row).recorded_on for row, _ in line.cells}
    )


@pytest.mark.parametrize("text", ["plain", "a|b", "1.5 $", "50%", "50%7C", "\x1f", "émail"])
def test_labels_come_back_as_they_were(text: str) -> None:
    """A free text in a cell's name neither breaks the name nor is changed by it."""
    name = f"requested|{label(text)}|n"

    found = labels(name)

    assert ("requested", text) == found
    assert not set(label(text)) & set("|.$\x1f")


def test_reading_takes_no_more_memory_for_more_days_of_knowledge() -> None:
    """What a cell adds up to is kept, not the rows that it came from: a year has very many."""
    cells = {
        f"collected|2025-02-01|2025-03-{day:02}{end}": 1_000 * day
        for day in range(1, 32)
        for end in ("", "|n")
    }

    def takes(days: int) -> int:
        sums = Sums()
        tracemalloc.start()
        for number in range(12 * days):
            known = MARCH_3 + timedelta(days=number // 12)
            sums.add(row("money", "default", "EUR", MARCH_3, known.isoformat()), cells.items())
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return taken

    takes(1)  # what is made once
    assert takes(30) < 1.5 * takes(1)


def test_a_day_is_complete_when_all_have_passed_its_end() -> None:
    """One partition of one topic that lags, or has never ticked, keeps the day open."""
    end = datetime(2025, 3, 4, 5, tzinfo=UTC)
    passed = {("collections.ledger", 0): end, ("outreach.activity", 0): end}

    assert is_complete(MARCH_3, passed, time_zone="America/New_York")
    assert not is_complete(MARCH_3, passed, time_zone="America/Los_Angeles")
    assert date(2025, 3, 3) == complete_through(passed, time_zone="UTC")
    assert not is_complete(
        MARCH_3, {**passed, ("outreach.activity", 1): None}, time_zone="America/New_York"
    )
    assert complete_through({}, time_zone="UTC") is None
