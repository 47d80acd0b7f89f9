"""Charts as SVG inside a page: no library, no network, readable in light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

SIDE: Final = 260
"""Width and height of a calibration chart, in pixels."""
WIDTH: Final = 560
ROW: Final = 18
LABEL: Final = 190
PAD: Final = 28
SHADES: Final = 8
"""As many colours as the page's style has; further series begin again."""

Curve = Sequence[Mapping[str, Any]]


def calibration(curves: Mapping[str, Curve]) -> str:
    """What was foretold (across) against what came (up), a line for each model; perfect: dashed."""

    def spot(point: Mapping[str, Any]) -> str:
        across = PAD + point["predicted"] * (SIDE - 2 * PAD)
        up = SIDE - PAD - point["observed"] * (SIDE - 2 * PAD)
        return f"{across:.1f},{up:.1f}"

    ideal = f'<path class="ideal" d="M{PAD},{SIDE - PAD} L{SIDE - PAD},{PAD}"/>'
    lines = []
    for place, (name, points) in enumerate(curves.items()):
        spots = [spot(point) for point in points]
        dots = "".join(
            f'<circle cx="{s.split(",")[0]}" cy="{s.split(",")[1]}" r="3"><title>'
            f"{escape(name)}: foretold {p['predicted']:.3f}, came {p['observed']:.3f},"
            f" {p['samples']} samples</title></circle>"
            for s, p in zip(spots, points, strict=True)
        )
        path = f'<polyline points="{" ".join(spots)}"/>' if spots else ""
        lines.append(f'<g class="s{place % SHADES}">{path}{dots}</g>')
    words = (
        f'<text x="{SIDE / 2}" y="{SIDE - 6}" text-anchor="middle">foretold</text>'
        f'<text x="10" y="{SIDE / 2}" text-anchor="middle"'
        f' transform="rotate(-90 10 {SIDE / 2})">came</text>'
    )
    return _svg(SIDE, SIDE, "Calibration", f"{_frame(SIDE, SIDE)}{ideal}{''.join(lines)}{words}")


def whiskers(rows: Sequence[tuple[str, int, Mapping[str, Any]]], title: str) -> str:
    """Figures between 0 and 1 with their intervals, a row each: label, colour, figure."""
    shown = [row for row in rows if row[2]["value"] is not None]
    if not shown:
        return ""
    least: float = min(figure.get("low", figure["value"]) for _, _, figure in shown)
    most: float = max(figure.get("high", figure["value"]) for _, _, figure in shown)
    span = (most - least) or 1.0

    def at(value: float) -> float:
        return LABEL + (value - least) / span * (WIDTH - LABEL - 2 * PAD)

    parts = []
    for number, (label, colour, figure) in enumerate(shown):
        middle = PAD + number * ROW
        value: float = figure["value"]
        low, high = figure.get("low", value), figure.get("high", value)
        parts.append(
            f'<text x="{LABEL - 8}" y="{middle + 4}" text-anchor="end">{escape(label)}</text>'
            f'<g class="s{colour % SHADES}"><path d="M{at(low):.1f},{middle} H{at(high):.1f}"/>'
            f'<circle cx="{at(value):.1f}" cy="{middle}" r="4"><title>{value:.3f}'
            f" ({low:.3f} to {high:.3f})</title></circle></g>"
            f'<text x="{at(high) + 8:.1f}" y="{middle + 4}">{value:.3f}</text>'
        )
    return _svg(WIDTH, PAD + len(shown) * ROW + 6, title, "".join(parts))


def weeks(series: Mapping[str, Sequence[tuple[str, float]]], marks: Sequence[float]) -> str:
    """Lines over weeks, one for each model, with levels to watch dashed across."""
    names = sorted({week for points in series.values() for week, _ in points})
    values = [value for points in series.values() for _, value in points]
    if not names:
        return ""
    height = 170
    least, most = min([0.0, *values]), max([*marks, *values])
    places = {week: place for place, week in enumerate(names)}

    def spot(week: str, value: float) -> str:
        across = PAD + places[week] / max(1, len(names) - 1) * (WIDTH - 2 * PAD)
        return f"{across:.1f},{up(value):.1f}"

    def up(value: float) -> float:
        return height - PAD - (value - least) / ((most - least) or 1.0) * (height - 2 * PAD)

    levels = "".join(
        f'<path class="ideal" d="M{PAD},{up(mark):.1f} H{WIDTH - PAD}"/>'
        f'<text x="{WIDTH - PAD + 2}" y="{up(mark) + 4:.1f}">{mark:g}</text>'
        for mark in marks
    )
    lines = "".join(
        f'<g class="s{place % SHADES}"><polyline points="'
        f'{" ".join(spot(week, value) for week, value in points)}"/></g>'
        for place, points in enumerate(series.values())
        if points
    )
    ends = (
        f'<text x="{PAD}" y="{height - 8}">{names[0]}</text>'
        f'<text x="{WIDTH - PAD}" y="{height - 8}" text-anchor="end">{names[-1]}</text>'
    )
    return _svg(WIDTH, height, "By week", f"{_frame(WIDTH, height)}{levels}{lines}{ends}")


def legend(names: Sequence[str]) -> str:
    """Which colour is which model."""
    return "".join(
        f'<span class="key"><svg width="12" height="12"><g class="s{place % SHADES}">'
        f'<circle cx="6" cy="6" r="5"/></g></svg> {escape(name)}</span>'
        for place, name in enumerate(names)
    )


def _frame(width: int, height: int) -> str:
    return (
        f'<rect class="frame" x="{PAD}" y="{PAD}" width="{width - 2 * PAD}"'
        f' height="{height - 2 * PAD}"/>'
    )


def _svg(width: int, height: int, title: str, content: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{content}</svg>'
    )
