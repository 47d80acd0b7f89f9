"""The names of the cube's rows and cells, written when events are folded and read for figures.

A row is one business day of one creditor and currency, as one day's knowledge had it; its cells
are sums by what matters within that day. The day of knowledge comes first in its name: once that
day is over, the row stays as it is. A cell's name is its labels, joined; one that ends in
`COUNT` counts what its neighbour sums. Names are safe as keys of a document store.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import unquote

Kind = Literal["money", "settled", "overdue", "dispute", "promise", "contact", "cost", "case"]

ROW_JOINT: Final = "\x1f"
JOINT: Final = "|"
COUNT: Final = "|n"
_UNSAFE: Final = {ord(sign): f"%{ord(sign):02X}" for sign in "%|.$\x1f\0"}


def row(kind: Kind, creditor_id: str, currency: str, on: date, recorded_on: str) -> str:
    """The row of what happened on business day `on`, as known from `recorded_on` (ISO) on."""
    return f"{recorded_on}\x1f{kind}\x1f{creditor_id}\x1f{currency}\x1f{on.isoformat()}"


def label(text: str) -> str:
    """A free text as part of a cell's name."""
    return text.translate(_UNSAFE)


@dataclass(frozen=True, slots=True)
class Place:
    """What the name of a row says."""

    recorded_on: date
    kind: str
    creditor_id: str
    currency: str
    on: date


def place(row_name: str) -> Place:
    """The name of a row, read back."""
    recorded_on, kind, creditor_id, currency, on = row_name.split(ROW_JOINT)
    return Place(
        date.fromisoformat(recorded_on), kind, creditor_id, currency, date.fromisoformat(on)
    )


def labels(cell_name: str) -> tuple[str, ...]:
    """The labels of a cell, read back, without the mark of a count."""
    parts = cell_name.removesuffix(COUNT).split(JOINT)
    return tuple(map(unquote, parts) if "%" in cell_name else parts)
