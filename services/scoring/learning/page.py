"""The report as one HTML page that stands by itself: style and charts are in it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from services.scoring.domain.logistic import LATE
from services.scoring.learning.charts import calibration, legend, weeks, whiskers
from services.scoring.learning.comparison import ALL
from services.scoring.learning.drift import SHIFTED, WATCH
from services.scoring.learning.sample import KEPT
from services.scoring.learning.worklist import TOPS

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #c9ced6; --soft: #f3f5f8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --paper: #14171b; --line: #3b424c; --soft: #1e2329 }
}
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left }
thead th { background: var(--soft); font-weight: 600 }
small { opacity: .75 } .key { margin-right: 1.2rem; white-space: nowrap }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif }
svg polyline { fill: none; stroke-width: 2 } svg path { fill: none; stroke-width: 2 }
svg .frame { fill: none; stroke: var(--line) }
svg .ideal { stroke: var(--line); stroke-dasharray: 4 4; stroke-width: 1 }
"""
_COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8f6f00", "#56b4e9", "#7a7a7a", "#e69f00",
)  # fmt: skip
"""After Okabe and Ito (2008): told apart by all kinds of colour sight."""
_TITLES: Final = {
    LATE: "Will the item be late? (at its issue)",
    KEPT: "Will the promise to pay be kept? (as it is made)",
}
_NOTES: Final = {
    KEPT: "No model claims a probability of this: each ranks promises by its chance that what is"
    " overdue is paid within 30 days; money is what came of what was promised.",
}
_COLUMNS: Final = (
    "area under the curve", "Brier", "calibration error",
    *(f"money in the top {percent} %" for percent in TOPS),
    *(f"right in the top {percent} %" for percent in TOPS),
)  # fmt: skip


def page(report: Mapping[str, Any]) -> str:
    """The whole page."""
    shades = "".join(
        f".s{place} polyline, .s{place} path {{ stroke: {colour} }}"
        f" .s{place} circle {{ fill: {colour} }}\n"
        for place, colour in enumerate(_COLOURS)
    )
    targets = "".join(
        _target(name, part, report["drift"].get(name), [each["name"] for each in report["models"]])
        for name, part in report["targets"].items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Arrears: models compared</title><style>{_STYLE}{shades}</style></head>\n"
        f"<body><h1>Models compared</h1>{_head(report)}{targets}</body></html>\n"
    )


def _head(report: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(each['name'])}"
        f"{' (champion)' if each['name'] == report['champion'] else ''}</td>"
        f"<td>{escape(each['learnt_until'] or 'nothing')}</td>"
        f"<td>{'yes: its figures flatter' if each['judged_on_what_it_learnt'] else 'no'}</td></tr>"
        for each in report["models"]
    )
    left_out = ", ".join(report["left_out"])
    return (
        f"<p>Samples from {escape(report['begin'])} to {escape(report['until'])}. Intervals hold"
        f" 95 percent of {report['resamples']} resamples of whole accounts (seed {report['seed']})."
        f"{' Left out, as not there all the time: ' + escape(left_out) + '.' if left_out else ''}"
        "</p><table><thead><tr><th>model</th><th>learnt until</th>"
        f"<th>judged on what it learnt</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _target(
    name: str, part: Mapping[str, Any], drift: Mapping[str, Any] | None, models: Sequence[str]
) -> str:
    title = _TITLES.get(name) or f"Will what is overdue be paid within {name.split('_')[1]} days?"
    slices = part["slices"]
    if ALL not in slices:
        return f"<h2>{title}</h2><p>{part['samples']} outcomes matured: too few to say.</p>"
    whole = slices[ALL]
    contenders = whole["contenders"]
    curves = {key: each["curve"] for key, each in contenders.items() if "curve" in each}
    money = f"dollars_{TOPS[-1]}"
    return (
        f"<h2>{title}</h2><p>{whole['samples']} samples, {whole['share']:.1%} of them yes."
        f" {_NOTES.get(name, '')}</p>"
        f"{_table(contenders)}<p>{legend(list(contenders))}</p><div class='charts'>"
        f"{calibration(curves) if curves else ''}"
        f"{_figure('Money in the top ' + str(TOPS[-1]) + ' %', contenders, money)}"
        f"{_figure('Area under the curve', contenders, 'auc')}</div>"
        f"<h3>By segment and by history</h3>{_slices(slices, models)}"
        f"{'' if drift is None else '<h3>Drift</h3>' + _drift(drift)}"
    )


def _figure(title: str, contenders: Mapping[str, Any], figure: str) -> str:
    rows = [(name, place, each[figure]) for place, (name, each) in enumerate(contenders.items())]
    return f"<div><strong>{title}</strong><br>{whiskers(rows, title)}</div>"


def _slices(slices: Mapping[str, Any], models: Sequence[str]) -> str:
    rows = [
        (f"{label} · {name}"[:34], place, each["auc"])
        for label, part in slices.items()
        if label != ALL
        for place, (name, each) in enumerate(part["contenders"].items())
        if name in models
    ]
    note = "<p><small>Without history no area is claimed: nothing is known to rank by.</small></p>"
    return whiskers(rows, "Area under the curve by slice") + note


def _drift(drift: Mapping[str, Any]) -> str:
    def series(figure: str) -> dict[str, list[tuple[str, float]]]:
        return {
            name: [(row["week"], row[figure]) for row in rows if figure in row]
            for name, rows in drift.items()
        }

    return (
        "<div class='charts'><div>Population stability index<br>"
        f"{weeks(series('stability_index'), (WATCH, SHIFTED))}</div>"
        "<div>Calibration drift (foretold less came)<br>"
        f"{weeks(series('calibration_drift'), (0.0,))}</div></div>"
    )


def _table(contenders: Mapping[str, Any]) -> str:
    heads = "".join(f"<th>{column}</th>" for column in ("", *_COLUMNS))
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(
            f"<td>{_cell(each.get(key))}</td>"
            for key in (
                "auc", "brier", "calibration_error",
                *(f"dollars_{percent}" for percent in TOPS),
                *(f"precision_{percent}" for percent in TOPS),
            )
        )
        + "</tr>"
        for name, each in contenders.items()
    )  # fmt: skip
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(figure: Any) -> str:  # noqa: ANN401 - a number, a figure with its interval, or nothing
    if isinstance(figure, Mapping):
        if figure["value"] is None:
            return "–"
        interval = f" <small>{figure['low']:.3f} to {figure['high']:.3f}</small>"
        return f"{figure['value']:.3f}{interval if 'low' in figure else ''}"
    return "–" if figure is None else f"{figure:.3f}"
