"""Charts as SVG inside a page: no library, no network; they shrink with a narrow window."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from services.scoring.learning.sheet import COLOURS

SIDE: Final = 260
"""Width and height of a calibration chart, in pixels."""
WIDTH: Final = 520
ROW: Final = 18
LABEL: Final = 130
PAD: Final = 34
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)

Curve = Sequence[Mapping[str, Any]]


def colour(place: int) -> str:
    """The class of a series by its place."""
    return f"s{place % len(COLOURS)}"


def calibration(curves: Mapping[str, Curve], title: str = "Foretold against what came") -> str:
    """What was foretold (across) against what came (up), a line for each model; perfect: dashed."""

    def across(value: float) -> float:
        return PAD + value * (SIDE - 2 * PAD)

    def up(value: float) -> float:
        return SIDE - PAD - value * (SIDE - 2 * PAD)

    ticks = "".join(
        f'<text x="{across(tick):.0f}" y="{SIDE - PAD + 14}" text-anchor="middle">{tick:g}</text>'
        f'<text x="{PAD - 5}" y="{up(tick) + 4:.0f}" text-anchor="end">{tick:g}</text>'
        for tick in _TICKS[::2]
    )
    ideal = f'<path class="ideal" d="M{PAD},{SIDE - PAD} L{SIDE - PAD},{PAD}"/>'
    lines = []
    for place, (name, points) in enumerate(curves.items()):
        spots = [(across(point["predicted"]), up(point["observed"])) for point in points]
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(name)}: foretold'
            f" {point['predicted']:.3f}, came {point['observed']:.3f}, {point['samples']} samples"
            "</title></circle>"
            for (x, y), point in zip(spots, points, strict=True)
        )
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        lines.append(f'<g class="{colour(place)}"><polyline points="{line}"/>{dots}</g>')
    words = (
        f'<text x="{SIDE / 2}" y="{SIDE - 4}" text-anchor="middle">foretold</text>'
        f'<text x="9" y="{SIDE / 2}" text-anchor="middle"'
        f' transform="rotate(-90 9 {SIDE / 2})">came</text>'
    )
    return _figure(title, SIDE, SIDE, f"{_frame(SIDE, SIDE)}{ticks}{ideal}{''.join(lines)}{words}")


def whiskers(rows: Sequence[tuple[str, int, Mapping[str, Any]]], title: str) -> str:
    """Figures from 0 to 1 with their intervals, a row each: label, place of the series, figure."""
    shown = [row for row in rows if row[2]["value"] is not None]
    if not shown:
        return ""
    height = PAD + len(shown) * ROW + 22

    def at(value: float) -> float:
        return LABEL + value * (WIDTH - LABEL - PAD - 12)

    parts = [
        f'<path class="grid" d="M{at(tick):.1f},{PAD - 14} V{height - 20}"/>'
        f'<text x="{at(tick):.1f}" y="{height - 6}" text-anchor="middle">{tick:g}</text>'
        for tick in _TICKS
    ]
    for number, (label, place, figure) in enumerate(shown):
        middle = PAD + number * ROW
        value: float = figure["value"]
        low, high = figure.get("low", value), figure.get("high", value)
        parts.append(
            f'<text x="{LABEL - 8}" y="{middle + 4}" text-anchor="end">{escape(label)}</text>'
            f'<g class="{colour(place)}"><path d="M{at(low):.1f},{middle} H{at(high):.1f}"/>'
            f'<circle cx="{at(value):.1f}" cy="{middle}" r="4"><title>{value:.3f}'
            f" ({low:.3f} to {high:.3f})</title></circle></g>"
            f'<text x="{at(high) + 8:.1f}" y="{middle + 4}">{value:.3f}</text>'
        )
    return _figure(title, WIDTH, height, "".join(parts))


def weeks(
    series: Mapping[str, Sequence[tuple[str, float]]], marks: Sequence[float], title: str
) -> str:
    """Lines over weeks, one for each model, with levels to watch dashed across."""
    names = sorted({week for points in series.values() for week, _ in points})
    values = [value for points in series.values() for _, value in points]
    if not names:
        return ""
    height = 180
    least, most = min([0.0, *values]), max([*marks, *values])
    places = {week: place for place, week in enumerate(names)}

    def up(value: float) -> float:
        return height - PAD - (value - least) / ((most - least) or 1.0) * (height - 2 * PAD)

    def spot(week: str, value: float) -> str:
        across = PAD + places[week] / max(1, len(names) - 1) * (WIDTH - 2 * PAD)
        return f"{across:.1f},{up(value):.1f}"

    levels = "".join(
        f'<path class="ideal" d="M{PAD},{up(mark):.1f} H{WIDTH - PAD}"/>'
        f'<text x="{WIDTH - PAD + 3}" y="{up(mark) + 4:.1f}">{mark:g}</text>'
        for mark in marks
    )
    scale = "".join(
        f'<text x="{PAD - 3}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.2g}</text>'
        for value in (least, most)
    )
    lines = "".join(
        f'<g class="{colour(place)}"><polyline points="'
        f'{" ".join(spot(week, value) for week, value in points)}"><title>{escape(name)}</title>'
        "</polyline></g>"
        for place, (name, points) in enumerate(series.items())
        if points
    )
    ends = (
        f'<text x="{PAD}" y="{height - 16}">{names[0]}</text>'
        f'<text x="{WIDTH - PAD}" y="{height - 16}" text-anchor="end">{names[-1]}</text>'
    )
    return _figure(title, WIDTH, height, f"{_frame(WIDTH, height)}{levels}{scale}{lines}{ends}")


def legend(names: Sequence[str]) -> str:
    """Which colour is which series."""
    return "".join(
        f'<span class="key"><svg width="12" height="12" aria-hidden="true">'
        f'<g class="{colour(place)}"><circle cx="6" cy="6" r="5"/></g></svg> {escape(name)}</span>'
        for place, name in enumerate(names)
    )


def _frame(width: int, height: int) -> str:
    return (
        f'<rect class="frame" x="{PAD}" y="{PAD}" width="{width - 2 * PAD}"'
        f' height="{height - 2 * PAD}"/>'
    )


def _figure(title: str, width: int, height: int, content: str) -> str:
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg role="img" aria-label="{escape(title)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{content}</svg></figure>'
    )
