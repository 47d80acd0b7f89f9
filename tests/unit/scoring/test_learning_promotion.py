"""Whether a challenger may be promoted, and what the switch says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import to_json

from services.scoring.learning.promotion import (
    SHIPPED,
    Margin,
    before_last,
    digest_of,
    highest,
    in_force,
    objections,
    switch,
)
from shared.events.billing import ConfigPublished

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
MODEL = {"kind": "logistic", "model": "logistic", "version": "2025-06-01"}
NAME = "logistic 2025-06-01"


def report(
    *,
    samples: int = 600,
    auc: float | None = 0.02,
    error: float | None = 0.03,
    dollars: float | None = 0.0,
    learnt: bool = False,
) -> dict[str, Any]:
    """A report by which the model may be promoted, unless told."""
    return {
        "kind": "model-report", "champion": "expert 1",
        "models": [
            {"name": NAME, "digest": digest_of(MODEL), "judged_on_what_it_learnt": learnt},
            {"name": "expert 1", "digest": "", "judged_on_what_it_learnt": False},
        ],
        "targets": {"paid_30": {
            "samples": samples,
            "slices": {"all": {"contenders": {NAME: {"calibration_error": error}}}},
            "gains": {NAME: {"auc": {"value": auc}, "dollars_20": {"value": dollars}}},
        }},
    }  # fmt: skip


def against(told: dict[str, Any], **margin: float) -> list[str]:
    """What stands against the model by a report."""
    stated = Margin(**margin)  # type: ignore[arg-type]  # one of them is a count
    return objections(told, NAME, digest_of(MODEL), "paid_30", stated, champion="expert 1")


def test_better_by_the_margin_is_promoted() -> None:
    """At the margin is enough."""
    assert [] == against(report(auc=0.01, error=0.05))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"auc": 0.0099}, "area under the curve gains 0.0099; 0.01 is asked for"),
        ({"auc": None}, "area under the curve gains nothing that can be said; 0.01 is asked for"),
        ({"error": 0.051}, "calibration error is 0.0510; at most 0.05"),
        ({"samples": 499}, "499 outcomes matured; 500 are asked for"),
        (
            {"dollars": -0.001},
            "money in the top 20 percent changes by -0.0010; it may not fall by more than 0.0",
        ),
        ({"learnt": True}, "it is judged on samples that it has learnt from"),
    ],
)
def test_one_shortcoming_is_enough_to_refuse(told: dict[str, Any], reason: str) -> None:
    """Each is named with its figure and the margin, so that nobody has to guess."""
    assert [reason] == against(report(**told))


def test_a_report_about_another_model_of_that_name_promotes_nothing() -> None:
    """The report holds a digest of what it has judged."""
    found = objections(report(), NAME, "0" * 16, "paid_30", Margin(), champion="expert 1")

    assert [f"the report is about another model that is called {NAME}"] == found
    assert ["the file is no report of `arrears model report`"] == against({"kind": "other"})


def test_a_report_that_compares_with_another_champion_promotes_nothing() -> None:
    """Better than what was in force last month says nothing of what is in force now."""
    found = objections(report(), NAME, digest_of(MODEL), "paid_30", Margin(), champion="b 7")

    assert ["the report compares with expert 1, but b 7 is in force"] == found


def test_the_margin_is_stated_beforehand_and_may_be_stricter() -> None:
    """Two points gained are not the three that are asked for."""
    assert against(report(auc=0.02), auc_gain=0.03)


def test_a_switch_is_a_configuration_as_the_contract_has_it() -> None:
    """Its id follows from number and document: what is sent twice counts once."""
    event = switch(MODEL, [{"model": "b"}], number=3, start=NOON, time=NOON)

    told = ConfigPublished.model_validate_json(to_json(event["data"]))
    assert ("model", 3, NOON) == (told.kind, told.number, told.from_)
    assert {**MODEL, "challengers": [{"model": "b"}]} == told.document
    assert event == switch(MODEL, [{"model": "b"}], number=3, start=NOON, time=NOON)
    assert event["id"] != switch(MODEL, [], number=3, start=NOON, time=NOON)["id"]


def test_a_rollback_puts_back_what_was_before_the_last_switch() -> None:
    """Before the first that was the scorecard; challengers do not come back with it."""
    first = switch(MODEL, [{"model": "b"}], number=1, start=NOON, time=NOON)
    second = switch({"model": "c"}, [], number=2, start=NOON, time=NOON)

    assert SHIPPED == before_last([first])
    assert MODEL == before_last([second, first])
    beside = switch({"model": "c"}, [MODEL], number=3, start=NOON, time=NOON)
    assert MODEL == before_last([first, second, beside])
    back = switch(MODEL, [], number=4, start=NOON, time=NOON)
    assert {"model": "c"} == before_last([first, second, beside, back])
    assert {"model": "c"} == in_force([second, first])
    assert SHIPPED == in_force([])
    assert (0, 2) == (highest([]), highest([second, first]))
    with pytest.raises(ValueError, match="nothing to roll back"):
        before_last([])
