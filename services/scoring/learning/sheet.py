"""The page's style sheet: readable in light and dark, on paper, and in narrow windows."""

from typing import Final

COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8f6f00", "#56b4e9", "#7a7a7a", "#e69f00",
)  # fmt: skip
"""After Okabe and Ito (2008): told apart by all kinds of colour sight. A ninth begins again."""
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #8b939e; --soft: #f3f5f8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --paper: #14171b; --line: #7a838f; --soft: #1e2329 }
}
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
.wide { overflow-x: auto } .wide:focus-visible { outline: 2px solid }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; overflow-wrap: normal }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--soft);
  vertical-align: top; font-variant-numeric: tabular-nums }
th:first-child { text-align: left }
tbody th, td { white-space: nowrap } tbody th { font-weight: 400 }
thead th { background: var(--soft); font-weight: 600 }
td small { display: block }
.key { display: inline-block; margin-right: 1.2rem }
.charts { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: flex-start }
figure { margin: 0; max-width: 100% } figcaption { font-weight: 600 }
svg { max-width: 100%; height: auto } .key svg { vertical-align: -1px }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif }
svg polyline { fill: none; stroke-width: 1.5 } svg path { fill: none; stroke-width: 2 }
svg .frame { fill: none; stroke: var(--line) }
svg .grid { stroke: var(--line); stroke-width: .5; stroke-opacity: .5 }
svg .ideal { stroke: var(--line); stroke-dasharray: 4 4; stroke-width: 1 }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --line: #666; --soft: #eee }
  body { max-width: none; margin: 0; font-size: 10px } .wide { overflow: visible }
  th, td { padding: .15rem .3rem } figure, tr { break-inside: avoid } h2, h3 { break-after: avoid }
}
"""


def sheet() -> str:
    """The whole style sheet, with a class for the lines of each series."""
    return _STYLE + "".join(
        f".s{place} polyline, .s{place} path {{ stroke: {colour} }}"
        f" .s{place} circle {{ fill: {colour} }}\n"
        for place, colour in enumerate(COLOURS)
    )
