"""The tables of the report's page: what the charts show, in numbers."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from services.scoring.learning.worklist import TOPS

_FIGURES: Final[Mapping[str, str]] = {
    "auc": "area under the curve",
    "brier": "Brier score",
    "calibration_error": "calibration error",
    **{f"dollars_{percent}": f"money in the top {percent} %" for percent in TOPS},
    **{f"precision_{percent}": f"right in the top {percent} %" for percent in TOPS},
}
"""The columns: the name in the JSON, and in words."""
_NOTHING: Final = "–"


def models(report: Mapping[str, Any]) -> str:
    """Which models take part, and whether their figures may be believed."""
    rows = [
        (
            escape(each["name"]) + (" (champion)" if each["name"] == report["champion"] else ""),
            [
                day_of(each["learnt_until"]) if each["learnt_until"] else "nothing",
                "yes: its figures flatter" if each["judged_on_what_it_learnt"] else "no",
            ],
        )
        for each in report["models"]
    ]
    return table("Models", ["model", "learnt until", "judged on what it learnt"], rows)


def whole(contenders: Mapping[str, Any]) -> str:
    """All contenders of one target."""
    rows = [(escape(name), _cells(each)) for name, each in contenders.items()]
    return table("All samples", ["", *_FIGURES.values()], rows)


def gains(found: Mapping[str, Any], champion: str) -> str:
    """By how much each model is better than the champion, on the same resamples."""
    rows = [
        (escape(name), [_cell(figure, sign="+") for figure in each.values()])
        for name, each in found.items()
    ]
    heads = [_FIGURES[name] for name in next(iter(found.values()))] if found else []
    return table(f"More than {champion}", ["", *heads], rows) if found else ""


def slices(found: Mapping[str, Any], names: Sequence[str]) -> str:
    """The models in each segment and band of history; the baselines are in the JSON."""
    rows = [
        (
            escape(in_words(label)),
            [
                str(part["samples"]),
                f"{part['share']:.1%}",
                escape(name),
                *_cells(part["contenders"][name]),
            ],
        )
        for label, part in found.items()
        for name in names
    ]
    return table("Each part", ["part", "samples", "yes", "model", *_FIGURES.values()], rows)


def in_words(label: str) -> str:
    """A slice as people call it."""
    kind, _, name = label.partition(":")
    return f"{name} known" if kind == "history" else name


def day_of(moment: str) -> str:
    """The day of an instant."""
    return moment[:10]


def table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table that can be scrolled on its own where the window is narrow, by keyboard too.

    The first of a row heads it; cells are HTML.
    """
    columns = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for head, cells in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(figures: Mapping[str, Any]) -> list[str]:
    return [_cell(figures.get(name)) for name in _FIGURES]


def _cell(figure: Any, sign: str = "") -> str:  # noqa: ANN401 - a number, a figure with its interval, or nothing
    if isinstance(figure, Mapping):
        if figure["value"] is None:
            return _NOTHING
        value = format(figure["value"], f"{sign}.3f")
        if "low" not in figure:
            return value
        low, high = (format(figure[end], f"{sign}.3f") for end in ("low", "high"))
        return f"{value}<small>{low} to {high}</small>"
    return _NOTHING if figure is None else f"{figure:.3f}"
