"""The report as one HTML page that stands by itself: style and charts are in it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from services.scoring.domain.logistic import LATE
from services.scoring.learning import tables
from services.scoring.learning.charts import calibration, legend, weeks, whiskers
from services.scoring.learning.comparison import ALL
from services.scoring.learning.drift import SHIFTED, WATCH
from services.scoring.learning.sample import KEPT
from services.scoring.learning.sheet import sheet
from services.scoring.learning.worklist import TOPS

_TITLES: Final = {
    LATE: "Will the item be late? (at its issue)",
    KEPT: "Will the promise to pay be kept? (as it is made)",
}
_NOTES: Final = {
    KEPT: " No model claims a probability of this: each ranks promises by its chance that what is"
    " overdue is paid within 30 days; money is what came of what was promised.",
}


def page(report: Mapping[str, Any]) -> str:
    """The whole page."""
    targets = "".join(_target(name, report) for name in report["targets"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Arrears: models compared</title><style>{sheet()}</style></head>\n"
        f"<body><main><h1>Models compared</h1>{_head(report)}{targets}</main></body></html>\n"
    )


def _head(report: Mapping[str, Any]) -> str:
    begin, until = tables.day_of(report["begin"]), tables.day_of(report["until"])
    left_out = ", ".join(report["left_out"])
    links = "".join(f'<li><a href="#{name}">{_title(name)}</a></li>' for name in report["targets"])
    return (
        f"<p>Samples from {begin} to {until}. Intervals hold 95 percent of {report['resamples']}"
        f" resamples of whole accounts (seed {report['seed']})."
        f"{' Left out, as not there all the time: ' + escape(left_out) + '.' if left_out else ''}"
        f"</p>{tables.models(report)}<nav aria-label='Questions'><ul>{links}</ul></nav>"
    )


def _title(target: str) -> str:
    return _TITLES.get(target) or (
        f"Will what is overdue be paid within {target.partition('_')[2]} days?"
    )


def _target(name: str, report: Mapping[str, Any]) -> str:
    part = report["targets"][name]
    head = f'<section><h2 id="{name}">{_title(name)}</h2>'
    slices = dict(part["slices"])
    if ALL not in slices:
        return f"{head}<p>{part['samples']} outcomes matured: too few to say.</p></section>"
    models = [each["name"] for each in report["models"]]
    whole = slices.pop(ALL)
    contenders = whole["contenders"]
    top = TOPS[-1]
    drift = report["drift"].get(name)
    return (
        f"{head}<p>{whole['samples']} samples, {whole['share']:.1%} of them yes."
        f"{_NOTES.get(name, '')}</p>"
        f"{tables.whole(contenders)}{tables.gains(part['gains'], report['champion'])}"
        f"<p>{legend(list(contenders))}</p><div class='charts'>{_calibration(contenders, models)}"
        f"{_figure(f'Money in the top {top} %', contenders, f'dollars_{top}')}"
        f"{_figure('Area under the curve', contenders, 'auc')}</div>"
        f"{_slices(slices, models)}{_drift(drift) if drift else ''}</section>"
    )


def _figure(title: str, contenders: Mapping[str, Any], figure: str) -> str:
    rows = [(name, place, each[figure]) for place, (name, each) in enumerate(contenders.items())]
    return whiskers(rows, title)


def _calibration(contenders: Mapping[str, Any], models: Sequence[str], title: str = "") -> str:
    """The curves of those that claim a probability; the others keep their colour, and no line."""
    curves = {name: contenders[name].get("curve", []) for name in models}
    if not any(curves.values()):
        return ""
    return calibration(curves, title) if title else calibration(curves)


def _slices(slices: Mapping[str, Any], models: Sequence[str]) -> str:
    """By segment and by how many outcomes were known."""
    if not slices:
        return ""
    top = f"dollars_{TOPS[-1]}"
    rows = {
        figure: [
            ("" if place else tables.in_words(label), place, part["contenders"][name][figure])
            for label, part in slices.items()
            for place, name in enumerate(models)
        ]
        for figure in ("auc", top)
    }
    curves = "".join(
        _calibration(part["contenders"], models, tables.in_words(label))
        for label, part in slices.items()
    )
    return (
        f"<h3>By segment and by history</h3><p>{legend(models)}</p><div class='charts'>"
        f"{whiskers(rows['auc'], 'Area under the curve')}"
        f"{whiskers(rows[top], f'Money in the top {TOPS[-1]} %')}</div>"
        "<p><small>Without history no area is claimed: nothing is known to rank by.</small></p>"
        f"{tables.slices(slices, models)}<div class='charts'>{curves}</div>"
    )


def _drift(drift: Mapping[str, Any]) -> str:
    def series(figure: str) -> dict[str, list[tuple[str, float]]]:
        return {
            name: [(row["week"], row[figure]) for row in rows if figure in row]
            for name, rows in drift.items()
        }

    index = weeks(
        series("stability_index"), (WATCH, SHIFTED), "Population stability index, by week"
    )
    calibration_drift = weeks(
        series("calibration_drift"), (0.0,), "Calibration drift (foretold less came), by week"
    )
    return f"<h3>Drift</h3><div class='charts'>{index}{calibration_drift}</div>"
