"""An account's year as scoring sees it: which score goes out on which day, and why."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from services.scoring.domain.core import ScoringCore
from services.scoring.domain.standing import Kept
from services.scoring.sources import read_scorecard, read_segments
from shared.core import Outgoing
from shared.events.base import Fact
from shared.events.scores import AccountScored
from shared.testing.line import Line
from shared.topics import COLLECTIONS_SCORES
from tests.unit.kpi.books import Books, midnight, noon

Doings = dict[date, Callable[[Books], list[Fact]]]


def tell(doings: Doings, until: date, books: Books | None = None) -> list[Outgoing]:
    """Let the days pass from the first doing on; all that scoring sends out."""
    line, account = Line(ScoringCore(read_scorecard(), read_segments())), books or Books("A")
    day = min(doings)
    while day <= until:
        line.tick(midnight(day))
        for fact in account.day(day):
            line.tell(fact, time=midnight(day), woken=True)
        for fact in doings[day](account) if day in doings else []:
            line.tell(fact, time=noon(day))
        day += timedelta(days=1)
    return line.out


def scores(sent: list[Outgoing]) -> list[AccountScored]:
    """The data of what was sent out."""
    return [cast("AccountScored", outgoing.data) for outgoing in sent]


def test_a_first_invoice_falls_overdue_and_is_paid() -> None:
    """No score while nothing is overdue; one as it falls overdue, by age, and one as it is paid."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            ),
            date(2025, 3, 10): lambda a: a.pay("P1", "I1", "1000", date(2025, 3, 10)),
        },
        until=date(2025, 4, 1),
    )

    assert [
        (date(2025, 2, 1), "1000.00", 1, "C", "low"),
        (date(2025, 3, 3), "1000.00", 31, "C", "low"),
        (date(2025, 3, 10), "0.00", 0, "C", "low"),
    ] == [
        (
            score.scored_at.date(),
            score.overdue_amount,
            score.oldest_past_due_days,
            score.band,
            score.confidence,
        )
        for score in scores(sent)
    ]
    assert {COLLECTIONS_SCORES} == {outgoing.topic for outgoing in sent}
    assert [("A", "A", "A")] * 3 == [(out.subject, out.party, out.entity) for out in sent]


def test_the_first_overdue_invoice_in_full() -> None:
    """Every number of a score, from the model's text: 43 points, the odds halved 2.15 times."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            )
        },
        until=date(2025, 2, 1),
    )

    (score,) = scores(sent)
    assert ("expert", "3") == (score.model, score.model_version)
    assert 20 + 15 + 8 == score.risk
    assert {"7": 0.2526, "14": 0.474, "30": 0.7828} == score.p_pay
    assert ("EUR", "1000.00", "1000.00") == (
        score.currency,
        score.overdue_amount,
        score.open_amount,
    )
    assert "782.80" == score.expected_recovery
    assert ("quick_recovery", 386) == (score.lane, score.priority)
    assert [
        ("late_share", "1 of 1 late"),
        ("late_of_last_three", "1 of 1"),
        ("overdue_items", "1"),
    ] == [(reason.code, reason.observed) for reason in score.reasons]
    assert datetime(2025, 2, 1, tzinfo=UTC) == score.scored_at


def test_what_is_a_month_older_is_expected_to_bring_less() -> None:
    """On 3 March, four weeks and three days past due: 0.7828 times 0.99 to the power of four."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            )
        },
        until=date(2025, 3, 3),
    )

    first, later = scores(sent)
    assert first.risk == later.risk
    assert {"7": 0.2426, "14": 0.4553, "30": 0.752} == later.p_pay
    assert "752.00" == later.expected_recovery


@pytest.mark.parametrize(("paid", "told"), [("99.99", 0), ("100.00", 1)])
def test_a_partial_payment_is_told_from_a_tenth_on(paid: str, told: int) -> None:
    """Less than a tenth of the overdue amount moves no score."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            ),
            date(2025, 2, 5): lambda a: a.pay("P1", "I1", paid, date(2025, 2, 5)),
        },
        until=date(2025, 2, 10),
    )

    assert 1 + told == len(sent)


def test_a_bounced_payment_brings_the_debt_back() -> None:
    """The item is overdue again with its true age, and is not late a second time."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            ),
            date(2025, 2, 10): lambda a: a.pay("P1", "I1", "1000", date(2025, 2, 10)),
            date(2025, 2, 20): lambda a: a.reverse("P1", date(2025, 2, 20)),
        },
        until=date(2025, 2, 25),
    )

    first, paid, again = scores(sent)
    assert "0.00" == paid.overdue_amount
    assert 0 == paid.priority
    assert "1000.00" == again.overdue_amount
    assert 20 == again.oldest_past_due_days
    assert first.reasons[0].observed == again.reasons[0].observed == "1 of 1 late"


def test_a_later_due_date_ends_what_was_overdue() -> None:
    """With more time granted nothing is overdue, until the new day passes."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: a.issue(
                "I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)
            ),
            date(2025, 2, 10): lambda a: a.extend("I1", date(2025, 2, 28), date(2025, 2, 10)),
        },
        until=date(2025, 3, 1),
    )

    assert [("1000.00", 1), ("0.00", 0), ("1000.00", 1)] == [
        (score.overdue_amount, score.oldest_past_due_days) for score in scores(sent)
    ]


def test_two_currencies_are_never_added() -> None:
    """The score speaks of the currency that is overdue longest, and then of the other one."""
    paid = date(2025, 2, 10)
    sent = tell(
        {
            date(2025, 1, 1): lambda a: [
                *a.issue("I1", "1000", issued=date(2025, 1, 1), due=date(2025, 1, 31)),
                *a.issue(
                    "I2", "9000", issued=date(2025, 1, 1), due=date(2025, 2, 3), currency="JPY"
                ),
            ],
            paid: lambda a: a.pay("P1", "I1", "1000", paid),
        },
        until=paid,
    )

    last = scores(sent)[-1]
    assert {"EUR"} == {score.currency for score in scores(sent) if score.scored_at < noon(paid)}
    assert ("JPY", "9000", "9000") == (last.currency, last.overdue_amount, last.open_amount)


def test_a_due_date_at_the_end_of_time_is_no_matter() -> None:
    """What is due in 9999 is open and never overdue."""
    sent = tell(
        {
            date(2025, 1, 1): lambda a: [
                *a.issue("I1", "1.00", issued=date(2025, 1, 1), due=date.max),
                *a.issue("I2", "999999999999999.00", issued=date(2025, 1, 1), due=date(2025, 1, 2)),
            ]
        },
        until=date(2025, 1, 3),
    )

    (score,) = scores(sent)
    assert "1000000000000000.00" == score.open_amount
    assert "999999999999999.00" == score.overdue_amount
    assert 1_000 >= score.priority


def test_of_each_account_the_latest_scores_are_kept() -> None:
    """Of nine that went out the last three, each in the place of one that is older by three."""
    line = Line(ScoringCore(read_scorecard(), read_segments(), scores_kept=3))
    books, day = Books("A"), date(2025, 1, 1)
    for number in range(7):
        issued = day + timedelta(days=number)
        for fact in books.issue(f"I{number}", "1000", issued=issued, due=day):
            line.tell(fact, time=noon(issued))
        line.tick(midnight(issued + timedelta(days=1)))
        for fact in books.day(issued + timedelta(days=1)):
            line.tell(fact, time=midnight(issued + timedelta(days=1)), woken=True)

    kept = {
        (each.slot, each.number): AccountScored.model_validate_json(bytes(each.fact))
        for each in line.party("A").all(Kept)
    }

    assert 9 == len(line.out)
    assert {(1, 7), (2, 8), (0, 9)} == set(kept)
    assert scores(line.out)[6:] == [kept[slot] for slot in ((1, 7), (2, 8), (0, 9))]
