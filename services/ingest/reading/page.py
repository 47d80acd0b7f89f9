"""A statement as one page of HTML: no script, nothing from outside, fit for a printer."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from services.ingest.reading.sheet import COLUMNS, Part, Sheet

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The Content-Security-Policy that a page of ours needs."""
_AMOUNTS: Final = frozenset({"Amount", "Balance"})
_STYLE: Final = """
:root{color-scheme:light}
body{font:15px/1.45 system-ui,"Segoe UI","Noto Sans",sans-serif;color:#1a1a1a;background:#fff;
margin:0 auto;padding:1.5rem;max-width:60rem}
h1{font-size:1.5rem;margin:0 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2rem 0 .4rem}
p,dl{margin:.2rem 0}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem}
caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;
border-bottom:1px solid #ddd}
tbody th{font-weight:400}td bdi{overflow-wrap:anywhere}
.wide{overflow-x:auto}
thead th{border-bottom:2px solid #555;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;
padding-left:.6rem}
td.d{white-space:nowrap}
table.sums{width:24rem;max-width:100%}table.sums tr:last-child>*{font-weight:600;
border-bottom:2px solid #555}
footer{color:#555;font-size:.85rem;margin-top:2rem}
@page{size:A4;margin:16mm}
@media print{body{padding:0;max-width:none;font-size:9.5pt}.wide{overflow:visible}
thead{display:table-header-group}
tr{break-inside:avoid}h2,caption{break-after:avoid}}
"""


def page(sheet: Sheet) -> str:
    """The page; whatever came from outside is escaped."""
    return "".join(_pieces(sheet))


def _pieces(sheet: Sheet) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
    yield f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<header><h1>Statement of account <bdi>{escape(sheet.account_id)}</bdi></h1><dl>"
    facts = (("Customer", sheet.name), ("Creditor", sheet.creditor), ("Period", sheet.period))
    for word, value in facts:
        if value:
            yield f"<dt>{word}</dt><dd><bdi>{escape(value)}</bdi></dd>"
    yield "</dl></header><main>"
    for part in sheet.parts:
        yield from _part(part)
    if not sheet.parts:
        yield "<p>Nothing was owed or booked.</p>"
    yield f"</main><footer><p>{escape(sheet.as_known)}</p></footer></body></html>\n"


def _part(part: Part) -> Iterator[str]:
    code = escape(part.currency)
    yield f'<section aria-labelledby="in-{code}"><h2 id="in-{code}">{code}</h2>'
    yield from _sums("From the opening to the closing balance", part.summary)
    yield f'<div class="wide" role="region" aria-label="Entries in {code}" tabindex="0">'
    yield "<table><caption>Entries</caption><thead><tr>"
    for name in COLUMNS:
        yield f'<th scope="col"{_class(name)}>{name}</th>'
    yield "</tr></thead><tbody>"
    for line in part.lines:
        yield "<tr>"
        for name, value in zip(COLUMNS, line, strict=True):
            yield f"<td{_class(name)}>{_cell(name, value)}</td>"
        yield "</tr>\n"
    if not part.lines:
        yield f'<tr><td colspan="{len(COLUMNS)}">None in this period.</td></tr>'
    yield "</tbody></table></div>"
    yield from _sums("What is open at the end, by age", part.aging)
    yield "</section>"


def _sums(caption: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f'<table class="sums"><caption>{caption}</caption><tbody>'
    for words, amount in rows:
        yield f'<tr><th scope="row">{escape(words)}</th><td class="n">{_number(amount)}</td></tr>'
    yield "</tbody></table>"


def _class(column: str) -> str:
    return ' class="n"' if column in _AMOUNTS else ' class="d"' if column in ("Date", "Due") else ""


def _cell(column: str, value: str) -> str:
    if column in _AMOUNTS:
        return _number(value)
    return f"<bdi>{escape(value)}</bdi>" if column == "Reference" else escape(value)


def _number(amount: str) -> str:
    """A minus sign as wide as a digit, that no reader takes for a hyphen."""
    return escape(amount.replace("-", "−"))
