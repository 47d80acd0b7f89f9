"""Models, segments and challengers come by event: from when they hold, and what they change."""

from datetime import date, datetime
from typing import Any, cast

import pytest

from services.scoring.domain.core import ScoringCore
from services.scoring.domain.reading import ModelError
from services.scoring.sources import read_scorecard, read_segments
from shared.configuration import Configuration
from shared.core import Outgoing
from shared.events.billing import ConfigPublished
from shared.events.commands import PromiseMake
from shared.events.scores import AccountScored
from shared.testing.line import Line
from tests.unit.kpi.books import Books, midnight, noon

JAN, FEB = date(2025, 1, 1), date(2025, 2, 1)
HEAD: dict[str, Any] = {
    "portfolio": 0.3,
    "intercept": -1,
    "coefficients": {"late": 2},
    "calibration": {"kind": "platt", "slope": 1, "intercept": 0},
}
TERM: dict[str, Any] = {
    "name": "late", "feature": "late_share", "as": "plain",
    "low": 0, "high": 100, "mean": 50, "scale": 50,
}  # fmt: skip
LEARNED: dict[str, Any] = {
    "kind": "logistic",
    "model": "invoices",
    "version": "2025-02",
    "predictors": [TERM],
    "heads": dict.fromkeys(("late", "paid_7", "paid_14", "paid_30"), HEAD),
}
SHIPPED: dict[str, Any] = {"kind": "scorecard"}


def overdue() -> Line:
    """The line of an account that owes 1,000 since January, on 1 February; its score is told."""
    line, books = Line(ScoringCore(read_scorecard(), read_segments())), Books("A")
    for fact in books.issue("I1", "1000", issued=JAN, due=date(2025, 1, 31)):
        line.tell(fact, time=noon(JAN))
    line.tick(midnight(FEB))
    for fact in books.day(FEB):
        line.tell(fact, time=midnight(FEB), woken=True)
    return line


def publish(line: Line, document: dict[str, Any], number: int, begins: datetime) -> None:
    """Publish a model, or segments."""
    told = ConfigPublished.model_validate(
        {
            "kind": "segments" if "segments" in document else "model",
            "number": number,
            "from": begins,
            "document": document,
        }
    )
    line.tell(told, time=line.now, subject="")


def scores(sent: list[Outgoing]) -> list[AccountScored]:
    """The scores that were sent out."""
    return [cast("AccountScored", outgoing.data) for outgoing in sent]


def test_a_model_holds_from_the_first_tick_after_its_begin() -> None:
    """Then every account with something overdue is scored anew, once, at that tick's time."""
    line = overdue()
    publish(line, LEARNED, 1, noon(date(2025, 2, 3)))

    early = line.tick(midnight(date(2025, 2, 3)))
    (score,) = scores(line.tick(midnight(date(2025, 2, 4))))
    later = line.tick(midnight(date(2025, 2, 5)))

    assert [] == early == later
    assert ("invoices", "2025-02") == (score.model, score.model_version)
    assert midnight(date(2025, 2, 4)) == score.scored_at
    assert 22 == score.risk  # one outcome known, late: 44 percent, so the odds are e^(-1 - 0.24)
    assert () == score.reasons  # 44 is below the mean, and raises nothing


def test_a_model_can_be_taken_back() -> None:
    """The shipped scorecard named by its kind alone: the score is what it was."""
    line = overdue()
    (first,) = scores(line.out)
    publish(line, LEARNED, 1, midnight(date(2025, 2, 2)))
    line.tick(midnight(date(2025, 2, 2)))

    publish(line, SHIPPED, 2, midnight(date(2025, 2, 3)))
    (back,) = scores(line.tick(midnight(date(2025, 2, 3))))

    changed = {"scored_at", "features", "features_hash", "oldest_past_due_days"}
    assert first.model_dump(exclude=changed) == back.model_dump(exclude=changed)


def test_a_lower_number_is_ignored() -> None:
    """An old configuration that comes late changes nothing."""
    line = overdue()
    publish(line, LEARNED, 7, midnight(date(2025, 2, 2)))
    publish(line, SHIPPED, 6, midnight(date(2025, 2, 2)))

    (score,) = scores(line.tick(midnight(date(2025, 2, 2))))
    kept = line.shared.find(Configuration, "model")

    assert "invoices" == score.model
    assert kept is not None
    assert [7] == [each.number for each in kept.published]


@pytest.mark.parametrize("change", [{"version": "2025-03"}, {"model": "invoices-b"}])
def test_another_name_or_version_is_told_though_nothing_else_moved(change: dict[str, str]) -> None:
    """Who reads a score sees which model it is of."""
    line = overdue()
    publish(line, LEARNED, 1, midnight(date(2025, 2, 2)))
    (before,) = scores(line.tick(midnight(date(2025, 2, 2))))
    publish(line, {**LEARNED, **change}, 2, midnight(date(2025, 2, 3)))

    (after,) = scores(line.tick(midnight(date(2025, 2, 3))))

    assert before.risk == after.risk
    assert {"model": "invoices", "version": "2025-02", **change} == {
        "model": after.model,
        "version": after.model_version,
    }


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({**LEARNED, "predictors": [{**TERM, "feature": "wealth"}]}, "predictors[0].feature"),
        ({**LEARNED, "predictors": [{**TERM, "feature": "postcode"}]}, "predictors[0].feature"),
        (
            {**LEARNED, "heads": {**LEARNED["heads"], "late": {**HEAD, "coefficients": {}}}},
            "heads.late.coefficients.late",
        ),
        (
            {**LEARNED, "heads": {**LEARNED["heads"], "late": {**HEAD, "intercept": float("nan")}}},
            "heads.late.intercept",
        ),
        ({**LEARNED, "risk_bands": [{"band": "A"}]}, "risk_bands"),
        ({**SHIPPED, "challengers": [{"kind": "logistic"}]}, "challengers[0].model"),
        ({"kind": "oracle"}, "kind"),
        ({**SHIPPED, "version": "2"}, "model"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_and_the_running_one_stays(
    document: dict[str, Any], path: str
) -> None:
    """With the path of the fault."""
    line = overdue()

    with pytest.raises(ModelError) as fault:
        publish(line, document, 1, midnight(date(2025, 2, 2)))
    after = line.tick(midnight(date(2025, 2, 2)))

    assert path == fault.value.path
    assert [] == after


def test_challengers_are_heard_beside_the_model_in_force() -> None:
    """On every score, with what they would have said; they decide nothing."""
    line = overdue()
    (first,) = scores(line.out)
    publish(line, {**SHIPPED, "challengers": [LEARNED]}, 1, midnight(date(2025, 2, 2)))

    line.tick(midnight(date(2025, 2, 2)))
    publish(line, {"version": "2", "segments": [{"name": "all"}]}, 1, midnight(FEB))
    (score,) = scores(line.tick(midnight(date(2025, 2, 3))))

    assert (first.risk, first.model) == (score.risk, score.model)
    assert [("invoices", "2025-02", 22)] == [
        (shadow.model, shadow.model_version, shadow.risk) for shadow in score.challengers
    ]


def test_other_segments_move_every_account() -> None:
    """The segment is on the score; how many are in each, and how often one changed, is counted."""
    line = overdue()
    (first,) = scores(line.out)
    publish(line, {"version": "2", "segments": [{"name": "all"}]}, 1, midnight(FEB))

    (score,) = scores(line.tick(midnight(date(2025, 2, 2))))

    assert ("new", "all") == (first.segment, score.segment)
    assert {("segments", "new"): 0, ("segments", "all"): 1, ("segment_changes", "new>all"): 1} == {
        cell: count for cell, count in line.cells.items() if cell[0].startswith("segment")
    }


def test_a_broken_promise_is_told_when_its_last_day_has_passed() -> None:
    """By a wake of scoring's own, if that moves the account: here into another segment."""
    line = overdue()
    rules = {
        "version": "2",
        "segments": [
            {"name": "word_broken", "when": {"promises_broken": {"from": 1}}},
            {"name": "rest"},
        ],
    }
    publish(line, rules, 1, midnight(FEB))
    line.tick(midnight(date(2025, 2, 2)))
    promise = PromiseMake(
        command_id="c", account_id="A", user="u", promise_id="p", amount="1", currency="EUR",
        due_on=date(2025, 2, 7),
    )  # fmt: skip
    line.tell(promise, time=noon(date(2025, 2, 2)))

    before = line.tick(midnight(date(2025, 2, 10)))
    (score,) = scores(line.tick(midnight(date(2025, 2, 11))))

    assert [] == before
    assert ("word_broken", 1.0) == (score.segment, score.features["promises_broken"])
    assert midnight(date(2025, 2, 11)) == score.scored_at
