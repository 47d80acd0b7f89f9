"""A trained model as a document: what is refused, and what its chances are."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from math import exp, log1p, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.calibration import chance_of
from services.scoring.domain.features import FEATURES
from services.scoring.domain.logistic import HEADS, Logistic, values
from services.scoring.domain.reading import ModelError
from services.scoring.sources import read_text

Document = dict[str, Any]


def document() -> Document:
    """A small model that is valid."""
    head = {
        "portfolio": 0.4, "intercept": -0.5,
        "coefficients": {"share": 0.8, "amount": -0.3},
        "calibration": {"kind": "platt", "slope": 1.2, "intercept": 0.1},
    }  # fmt: skip
    heads = {name: deepcopy(head) for name in HEADS}
    for place, name in enumerate(HEADS[1:]):
        heads[name]["intercept"] = -1.0 + place
    return {
        "kind": "logistic", "model": "trial", "version": "1",
        "predictors": [
            {"name": "share", "feature": "late_share", "as": "plain",
             "low": 0, "high": 100, "mean": 30, "scale": 20},
            {"name": "amount", "feature": "overdue_amount", "as": "logarithm",
             "low": 0, "high": 12, "mean": 4, "scale": 2},
        ],
        "heads": heads,
    }  # fmt: skip


def read(told: Mapping[str, Any]) -> Logistic:
    """The model of a document."""
    return Logistic.from_document(told, FEATURES)


def isotonic(rows: int, *points: tuple[float, float]) -> Document:
    """A calibration by a rising curve."""
    return {"kind": "isotonic", "rows": rows, "points": [list(point) for point in points]}


BAD: dict[str, tuple[Callable[[Document], Any], str]] = {
    "an unknown feature": (
        lambda d: d["predictors"][0].update(feature="shoe_size"),
        "predictors[0].feature: not a feature",
    ),
    "a trait of a person": (
        lambda d: d["predictors"][0].update(feature="customer_age"),
        "predictors[0].feature: names a personal trait",
    ),
    "a trait in a name": (
        lambda d: d["predictors"][0].update(name="postcode"),
        "predictors[0].name: names a personal trait",
    ),
    "a missing coefficient": (
        lambda d: d["heads"]["late"]["coefficients"].pop("share"),
        "heads.late.coefficients.share: is missing",
    ),
    "a coefficient too many": (
        lambda d: d["heads"]["late"]["coefficients"].update(other=1.0),
        "heads.late.coefficients.other: is not known here",
    ),
    "no number": (
        lambda d: d["heads"]["paid_30"]["coefficients"].update(share=nan),
        "heads.paid_30.coefficients.share: a number is expected",
    ),
    "infinity": (
        lambda d: d["heads"]["late"].update(intercept=float("inf")),
        "heads.late.intercept: a number is expected",
    ),
    "a missing head": (lambda d: d["heads"].pop("paid_14"), "heads.paid_14: is missing"),
    "no scale": (
        lambda d: d["predictors"][1].update(scale=0), "predictors[1].scale: a number above zero",
    ),
    "bounds the wrong way": (
        lambda d: d["predictors"][1].update(low=13), "predictors[1].high: is below low",
    ),
    "a turned calibration": (
        lambda d: d["heads"]["late"]["calibration"].update(slope=-1),
        "heads.late.calibration.slope: a slope above zero",
    ),
    "a chance beyond certainty": (
        lambda d: d["heads"]["late"].update(portfolio=1), "heads.late.portfolio: a chance between",
    ),
    "isotonic on too few rows": (
        lambda d: d["heads"]["late"].update(calibration=isotonic(999, (0, 0.1), (1, 0.9))),
        "heads.late.calibration.rows: isotonic calibration needs 1,000 rows",
    ),
    "isotonic that falls": (
        lambda d: d["heads"]["late"].update(calibration=isotonic(1_000, (0, 0.5), (1, 0.4))),
        "heads.late.calibration.points[1]: the points must rise",
    ),
    "a kind that is not there": (lambda d: d.update(kind="oracle"), "kind: logistic is expected"),
    "a predictor twice": (
        lambda d: d["predictors"].append(d["predictors"][0]),
        "predictors[2].name: stands here twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_model_that_cannot_be_used_is_refused_with_path_and_reason(what: str) -> None:
    """Nothing is guessed: the text begins with the path of what is wrong."""
    spoil, reason = BAD[what]
    told = document()
    spoil(told)

    with pytest.raises(ModelError) as refused:
        read(told)

    assert str(refused.value).startswith(reason)


def test_a_file_that_cannot_be_used_is_refused_with_its_line() -> None:
    """A person looks for a line; NaN, which JSON does not have, is one of the faults."""
    lines = ['{"kind": "logistic", "model": "m", "version": "1",', '"heads": {},', '"predictors":']
    text = "\n".join([*lines, '[{"name": "a", "feature": "shoe_size", "as": "plain",'])
    text += ' "low": 0, "high": 1, "mean": NaN, "scale": 1}]}'

    with pytest.raises(ModelError, match=r"^model\.json:4: predictors\[0\]\.feature: not a feat"):
        read_text(text, "model.json", read)


@given(st.floats(0, 150), st.floats(0, 1e9))
def test_a_chance_is_the_calibrated_logistic_of_the_weighted_sum(share: float, owed: float) -> None:
    """As the textbook computes it, to a ten-thousandth; what is beyond the bounds is held there."""
    model = read(document())

    first = (min(share, 100) - 30) / 20
    second = (min(log1p(owed), 12) - 4) / 2
    logit = 1.2 * (-0.5 + 0.8 * first - 0.3 * second) + 0.1
    expected = 10_000 / (1 + exp(-logit))

    found = model.estimate({"late_share": share, "overdue_amount": owed}, known=3)
    assert pytest.approx(expected, abs=1.5) == found.late


@given(st.floats(0, 100), st.floats(0, 1e6))
def test_a_longer_horizon_never_has_the_lower_chance(share: float, owed: float) -> None:
    """What is paid within 7 days is paid within 14, whatever the regressions say."""
    told = document()
    told["heads"]["paid_14"]["intercept"] = -3.0

    paid = read(told).estimate({"late_share": share, "overdue_amount": owed}, known=1).paid

    assert paid["7"] <= paid["14"] <= paid["30"]


def test_without_history_the_chance_is_the_portfolios() -> None:
    """Nothing is known to tell such accounts apart by, so no reason is given either."""
    model = read(document())

    found = model.estimate({"late_share": 99.0, "overdue_amount": 5.0}, known=0)

    assert (4_000, {"7": 4_000, "14": 4_000, "30": 4_000}) == found
    assert [] == model.reasons({"late_share": 99.0}, known=0)
    assert found != model.estimate({"late_share": 99.0, "overdue_amount": 5.0}, known=1)


def test_reasons_are_what_raises_the_risk_above_the_mean_most_first() -> None:
    """0.8 of log-odds times two scales above the mean is 46 points; what lowers it is no reason."""
    found = read(document()).reasons({"late_share": 70.0, "overdue_amount": 1e6}, known=4)

    assert [("late_share", 46)] == found


def test_isotonic_lies_between_its_points_and_level_beyond() -> None:
    """Straight lines; 0.2 to 0.6 over log-odds of -1 to 1."""
    told = document()
    told["heads"]["late"] |= {
        "coefficients": {"share": 1.0, "amount": 0.0}, "intercept": 0.0,
        "calibration": isotonic(1_000, (-1, 0.2), (1, 0.6)),
    }  # fmt: skip
    model = read(told)

    found = [model.estimate({"late_share": share}, known=1).late for share in (0, 30, 40, 100)]

    assert [2_000, 4_000, 5_000, 6_000] == found


def test_a_late_share_can_be_drawn_to_the_portfolios_own() -> None:
    """3 of 3 late, drawn by one outcome to 80 percent: (300 + 80) / 4 = 95."""
    told = document()
    told["predictors"][0] |= {"as": "drawn", "percent": 80, "weight": 1, "mean": 0, "scale": 1}
    snapshot = {"late_share": 100 * (3 + 1.2) / 7, "known_outcomes": 3.0}

    assert pytest.approx(95.0) == values(snapshot, read(told).predictors)[0]


@given(st.floats(-30, 30))
def test_odds_become_chances_as_the_exact_function_says(logit: float) -> None:
    """To one ten-thousandth, from never to always."""
    assert pytest.approx(10_000 / (1 + exp(-logit)), abs=1.0) == chance_of(logit)
