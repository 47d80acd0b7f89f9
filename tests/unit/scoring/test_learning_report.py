"""How outcomes mature from the line, and what the report makes of them."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest

from services.scoring.learning.exposition import exposition
from services.scoring.learning.logged import Logged
from services.scoring.learning.outcomes import Outcomes
from services.scoring.learning.page import page
from services.scoring.learning.report import Question, Taken, Told, make_report
from services.scoring.learning.sample import Outcome, Sample
from shared.core import Event
from shared.events.base import Fact
from shared.events.clock import ClockTicked
from shared.events.commands import PromiseCancel, PromiseMake, PromiseReschedule
from shared.events.ledger import InvoiceOverdue, InvoiceSettled
from tests.unit.kpi.books import Books, noon

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
DUE = date(2025, 2, 10)


def told(*days: tuple[date, list[Fact]], until: date = date(2025, 6, 1)) -> Outcomes:
    """Outcomes that have seen facts on their days, and a tick at last."""
    outcomes = Outcomes()
    for day, facts in days:
        for fact in facts:
            outcomes.tell(Event("", "", fact.type, "A", "A", noon(day), fact, b""))
    end = noon(until)
    outcomes.tell(Event("", "", ClockTicked.type, "", "", end, ClockTicked(at=end), b""))
    return outcomes


def overdue(amount: int = 100_00) -> Sample:
    """What is overdue on the first Monday of March."""
    return Sample(
        at=MONDAY, account_id="A", segment="all", currency="EUR", known=1, amount=amount,
        snapshot={},
    )  # fmt: skip


def issued(books: Books, item: str = "I1", amount: str = "100") -> list[Fact]:
    """An item due on the tenth of February."""
    return books.issue(item, amount, issued=date(2025, 1, 11), due=DUE)


def judged(outcomes: Outcomes) -> dict[str, bool]:
    """What became of what was overdue, by target."""
    sample = overdue()
    outcomes.judge_money(sample)
    return {target: outcome.happened for target, outcome in sample.outcomes.items()}


def test_paid_means_that_cash_closed_all_that_was_overdue_in_time() -> None:
    """Half on the eighth and half on the twelfth: not within 7 days, but within 14."""
    books = Books("A")
    outcomes = told(
        (date(2025, 1, 11), issued(books)),
        (date(2025, 3, 8), books.pay("P1", "I1", "50", date(2025, 3, 8))),
        (date(2025, 3, 12), books.pay("P2", "I1", "50", date(2025, 3, 12))),
    )

    assert {"paid_7": False, "paid_14": True, "paid_30": True} == judged(outcomes)


def test_money_that_never_came_is_not_paid() -> None:
    """A payment that is reversed within the days does not count; what follows is open again."""
    books = Books("A")
    outcomes = told(
        (date(2025, 1, 11), issued(books)),
        (date(2025, 3, 5), books.pay("P1", "I1", "100", date(2025, 3, 5))),
        (date(2025, 3, 12), books.reverse("P1", date(2025, 3, 12))),
    )

    assert {"paid_7": True, "paid_14": False, "paid_30": False} == judged(outcomes)


def test_what_was_paid_before_or_was_not_due_yet_tells_nothing_of_it() -> None:
    """Only what was overdue at the time counts, and only what came after."""
    books = Books("A")
    later = books.issue("I2", "100", issued=date(2025, 3, 1), due=date(2025, 3, 20))
    outcomes = told(
        (date(2025, 1, 11), issued(books, amount="180")),
        (date(2025, 3, 1), [*books.pay("P0", "I1", "80", date(2025, 3, 1)), *later]),
        (date(2025, 3, 9), books.pay("P1", "I2", "100", date(2025, 3, 9))),
    )

    assert {"paid_7": False, "paid_14": False, "paid_30": False} == judged(outcomes)


def test_money_counts_by_its_time_not_by_its_place_in_the_line() -> None:
    """A tick wakes parties one by one, so what is earlier may stand later in the line."""
    books = Books("A")
    late = (date(2025, 3, 20), books_of_two(books, "P2", date(2025, 3, 20)))
    early = (date(2025, 3, 5), books_of_two(books, "P1", date(2025, 3, 5)))

    outcomes = told((date(2025, 1, 11), []), late, early)

    assert {"paid_7": False, "paid_14": False, "paid_30": True} == judged(outcomes)
    assert [noon(day) for day in (date(2025, 3, 5), date(2025, 3, 20))] == [
        movement.at for movement in outcomes.money["A", "EUR"]
    ]


def books_of_two(books: Books, payment: str, day: date) -> list[Fact]:
    """Half of the item, paid on a day."""
    if "I1" not in books.items:
        issued(books)
    return books.pay(payment, "I1", "50", day)


def test_an_outcome_is_not_told_before_its_days_are_over() -> None:
    """On the twelfth of March, only the seven days are."""
    books = Books("A")
    outcomes = told((date(2025, 1, 11), issued(books)), until=date(2025, 3, 12))

    assert {"paid_7": False} == judged(outcomes)


def state(day: date) -> dict[str, Any]:
    """What facts about the item have in common."""
    return {
        "account_id": "A", "creditor_id": "default", "item_id": "I1", "invoice_id": "I1",
        "currency": "EUR", "amount": "100.00", "open_amount": "0.00",
        "issued_on": date(2025, 1, 11), "due_on": DUE,
    } | ({"overdue_on": day, "past_due_days": (day - DUE).days} if day > DUE else {})  # fmt: skip


@pytest.mark.parametrize(
    ("by", "days_late", "was_overdue", "late"),
    [
        ("cash", 3, True, True),
        ("cash", 3, False, True),
        ("cash", 0, False, False),
        ("cash", -1, True, False),
        ("credit", 0, False, None),
        ("credit", 5, True, True),
    ],
)
def test_late_is_judged_by_business_dates(
    by: Literal["cash", "credit"], days_late: int, *, was_overdue: bool, late: bool | None
) -> None:
    """Announced overdue but paid in time by its date is not late; a credit in time says nothing."""
    after = DUE + timedelta(days=1)
    settled = InvoiceSettled(
        **state(DUE), by=by, settled_on=DUE + timedelta(days=days_late), days_late=days_late,
        was_overdue=was_overdue,
    )  # fmt: skip
    facts: list[Fact] = [InvoiceOverdue(**state(after))] if was_overdue else []
    outcomes = told((after, facts), (date(2025, 2, 20), [settled]))
    sample = Sample(
        at=datetime(2025, 1, 11, tzinfo=UTC), account_id="A", segment="", currency="EUR", known=0,
        amount=100_00, snapshot={},
    )  # fmt: skip

    outcomes.judge_item(sample, "I1")

    found = sample.outcomes.get("late")
    assert late == (None if found is None else found.happened)


def many(known: int = 4) -> list[Sample]:
    """Sixty accounts a week for four weeks: the likelier they are said to be, the more pay."""
    samples = []
    for week in range(4):
        for n in range(60):
            at = MONDAY + timedelta(days=7 * week)
            chance, paid = n / 60, n % 3 > 0 if n > 30 else n % 5 == 0
            outcomes = {f"paid_{d}": Outcome(paid, at + timedelta(days=d)) for d in (7, 14, 30)}
            said = {"late": 1 - chance, **dict.fromkeys(outcomes, chance)}
            samples.append(
                Sample(
                    at=at, account_id=f"A{n}", segment="all", currency="EUR", known=known,
                    amount=100 + n, snapshot={"late_share": 50.0},
                    scores={"card 1": said, "<b>new</b> 2": said}, outcomes=outcomes,
                    collected=dict.fromkeys(outcomes, (100 + n) * paid),
                )
            )  # fmt: skip
    return samples


def reported(
    weekly: list[Sample], *models: Told, promised: Sequence[Sample] = ()
) -> dict[str, Any]:
    """The report on a champion and others."""
    return make_report(
        Taken([], weekly, promised), Question("card 1", [Told("card 1"), *models], MONDAY, 5)
    )


def test_the_page_stands_by_itself_and_escapes_names() -> None:
    """Every chart is well-formed, nothing is fetched, and a model's name is text."""
    found = page(reported(many(), Told("<b>new</b> 2")))

    charts = re.findall(r"<svg.*?</svg>", found, re.DOTALL)
    for chart in charts:
        ET.fromstring(chart)  # noqa: S314 - our own text
    assert len(charts) > 9
    drawn = found.count("<figure>")
    assert drawn == found.count("<figcaption>") == found.count('role="img"') > 5
    assert "<b>" not in found
    assert "&lt;b&gt;new" in found
    assert not re.search(r"https?:|src=|<script|@import", found)


def test_the_page_has_each_part_in_numbers_and_what_would_be_gained() -> None:
    """A table heads its rows and columns, and can be scrolled by keyboard; the JSON has no more."""
    report = reported(many(), Told("<b>new</b> 2"))
    part = report["targets"]["paid_30"]
    found = page(report)

    assert found.count("<table>") == found.count("<caption>") == found.count('tabindex="0"') > 5
    for table in re.findall(r"<table>.*?</table>", found, re.DOTALL):
        body = ET.fromstring(table)  # noqa: S314 - our own text
        columns = body.findall("./thead/tr/th[@scope='col']")
        for row in body.findall("./tbody/tr"):
            assert len(row.findall("./th[@scope='row']")) == 1
            assert len(columns) == len(row)
    for slice_ in part["slices"].values():
        figures = slice_["contenders"]["card 1"]
        assert f"{figures['brier']:.3f}" in found
        assert f"{figures['dollars_20']['value']:.3f}" in found
    assert "More than card 1" in found
    assert "3-5 known" in found


def test_a_model_that_was_not_there_all_the_time_is_left_out_by_name() -> None:
    """Figures over different samples are not to be compared."""
    samples = many()
    for sample in samples[60:]:
        sample.scores["late 3"] = sample.scores["card 1"]

    found = reported(samples, Told("late 3"))

    assert ["late 3"] == found["left_out"]
    assert ["card 1"] == [each["name"] for each in found["models"]]


def test_without_history_no_area_is_claimed() -> None:
    """The chance is the same for all, so there is no order to praise."""
    whole = reported(many(known=0))["targets"]["paid_30"]["slices"]

    assert whole["history:0"]["contenders"]["card 1"]["auc"] == {"value": None}
    assert whole["all"]["contenders"]["card 1"]["auc"]["value"] > 0.5


def test_what_a_model_has_learnt_from_is_marked() -> None:
    """Its figures flatter: promotion does not count them."""
    learnt = Told("<b>new</b> 2", until=MONDAY + timedelta(days=1))

    marked = {e["name"]: e["judged_on_what_it_learnt"] for e in reported(many(), learnt)["models"]}

    assert {"card 1": False, "<b>new</b> 2": True} == marked


def test_metrics_are_in_the_text_format_of_prometheus() -> None:
    """A name, labels, a number; each gauge with its help and type once."""
    text = exposition(reported(many()))

    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert 1 == text.count("# TYPE arrears_model_auc gauge")
    for line in samples:
        assert re.fullmatch(r'arrears_model_\w+\{model="card 1",target="\w+"\} -?[\d.]+', line), (
            line
        )
    assert any(line.startswith("arrears_model_stability_index") for line in samples)


def promise(day: date, name: str, amount: str, due_on: date) -> tuple[date, list[Fact]]:
    """A promise to pay, as a command in the line."""
    made = PromiseMake(
        command_id=name, account_id="A", user="u", promise_id=name, amount=amount, currency="EUR",
        due_on=due_on,
    )  # fmt: skip
    return day, [made]


def cancel(name: str) -> Fact:
    """A promise is withdrawn."""
    return PromiseCancel(command_id=f"no {name}", account_id="A", user="u", promise_id=name)


def kept(outcomes: Outcomes, name: str) -> tuple[bool | None, int | None]:
    """Whether a promise was kept, and what came of it in minor units; None: it says nothing."""
    sample = overdue()
    outcomes.judge_promise(sample, name)
    outcome = sample.outcomes.get("promise_kept")
    return None if outcome is None else outcome.happened, sample.collected.get("promise_kept")


def test_a_promise_is_judged_three_days_after_its_day_by_what_came_in_time() -> None:
    """Nine tenths are enough; what comes a day later, or came before, does not count."""
    books, march = Books("A"), [date(2025, 3, day) for day in range(1, 31)]
    outcomes = told(
        (date(2025, 1, 11), issued(books, amount="300")),
        (march[0], books.pay("P0", "I1", "50", march[0])),
        promise(march[1], "whole", "100", march[9]),
        promise(march[1], "cancelled", "100", march[9]),
        promise(march[1], "moved", "100", march[9]),
        promise(march[1], "open", "100", date(2025, 9, 1)),
        promise(march[1], "too much", "200", march[9]),
        (march[2], [cancel("cancelled")]),
        (
            march[2],
            [
                PromiseReschedule(
                    command_id="r", account_id="A", user="u", promise_id="moved",
                    new_promise_id="later", due_on=march[19],
                )
            ],
        ),
        (march[12], books.pay("P1", "I1", "90", march[12])),
        (march[13], books.pay("P2", "I1", "100", march[13])),
    )  # fmt: skip

    assert (True, 90_00) == kept(outcomes, "whole")
    assert (False, 90_00) == kept(outcomes, "too much")
    assert (True, 100_00) == kept(outcomes, "later")
    for name in ("cancelled", "moved", "open"):
        assert (None, None) == kept(outcomes, name), name


def test_promises_are_reported_by_segment_and_history_without_a_claim_of_probability() -> None:
    """Each model ranks them by its chance of thirty days; it has no Brier score, no drift."""
    samples = many()
    for each in samples:
        each.outcomes["promise_kept"] = each.outcomes.pop("paid_30")
        each.collected["promise_kept"] = each.collected.pop("paid_30")

    report = reported([], promised=samples)
    slices = report["targets"]["promise_kept"]["slices"]

    assert {"all", "segment:all", "history:3-5"} == set(slices)
    for each in slices.values():
        card = each["contenders"]["card 1"]
        assert card["auc"]["value"] > 0.6
        assert card["dollars_20"]["value"] > 0.2
        assert "brier" not in card
        assert "largest first" in each["contenders"]
    assert "promise_kept" not in report["drift"]
    assert "Will the promise to pay be kept?" in page(report)


def scored() -> dict[str, Any]:
    """The data of a score of what is overdue, on Monday, with a challenger's."""
    return {
        "account_id": "A", "creditor_id": "default", "model": "card", "model_version": "1",
        "risk": 40, "band": "C", "p_pay": {"7": 0.2, "14": 0.4, "30": 0.6}, "confidence": "low",
        "currency": "EUR", "overdue_amount": "100.00", "open_amount": "100.00",
        "oldest_past_due_days": 21, "expected_recovery": "60.00", "lane": "quick_recovery",
        "priority": 1, "reasons": [], "scored_at": "2025-03-03T00:00:00Z", "segment": "new",
        "features": {"known_outcomes": 1.0},
        "challengers": [{"model": "b", "model_version": "2", "risk": 30, "p_pay": {"30": 0.7}}],
    }  # fmt: skip


def test_logged_scores_are_judged_by_what_the_same_line_says_later() -> None:
    """In force and in shadow, as they stood in the event; the first of a week counts."""
    books, logged = Books("A"), Logged()
    score = scored()
    again = {**score, "scored_at": "2025-03-05T00:00:00Z", "risk": 90}
    line = [("collections.account.scored.v1", MONDAY, each) for each in (score, again)]
    issued(books)
    day = date(2025, 3, 6)
    paying = books.pay("P1", "I1", "100", day)
    line += [(fact.type, noon(day), fact.model_dump(mode="json")) for fact in paying]
    day, (made,) = promise(date(2025, 3, 4), "p", "80", date(2025, 3, 10))
    line.insert(1, (made.type, noon(day), made.model_dump(mode="json")))
    line.insert(0, (made.type, noon(DUE), made.model_dump(mode="json") | {"account_id": "B"}))
    line.append((ClockTicked.type, noon(date(2025, 5, 1)), {"at": "2025-05-01T12:00:00Z"}))

    for kind, at, data in line:
        logged.tell({"type": kind, "time": at.isoformat(), "data": data})

    (sample,) = logged.samples()
    assert {"card 1": 0.6, "b 2": 0.7} == {n: s["paid_30"] for n, s in sample.scores.items()}
    assert 0.4 == sample.scores["card 1"]["late"]
    assert {"paid_7": True, "paid_14": True, "paid_30": True} == {
        target: outcome.happened for target, outcome in sample.outcomes.items()
    }
    assert ("new", 1, 100_00) == (sample.segment, sample.known, sample.amount)
    (promised,) = logged.promised()
    assert {"card 1": 0.6, "b 2": 0.7} == {
        name: promised.said(name, "promise_kept") for name in promised.scores
    }
    assert promised.outcomes["promise_kept"].happened
    assert (80_00, 80_00) == (promised.amount, promised.collected["promise_kept"])


def test_what_is_in_the_log_twice_counts_once() -> None:
    """Topics are at least once: half of it, told twice under one id, is not the whole."""
    books, logged = Books("A"), Logged()
    issued(books)
    (paid,) = books.pay("P1", "I1", "50", date(2025, 3, 6))
    end = ClockTicked(at=noon(date(2025, 5, 1)))

    for name, at, kind, data in (
        ("1", MONDAY, "collections.account.scored.v1", scored()),
        ("2", noon(date(2025, 3, 6)), paid.type, paid.model_dump(mode="json")),
        ("2", noon(date(2025, 3, 6)), paid.type, paid.model_dump(mode="json")),
        ("3", end.at, end.type, end.model_dump(mode="json")),
    ):
        logged.tell({"id": name, "type": kind, "time": at.isoformat(), "data": data})

    (sample,) = logged.samples()
    assert (False, 50_00) == (sample.outcomes["paid_30"].happened, sample.collected["paid_30"])
