"""The names of the cube's rows and cells, written when events are folded and read for figures.

A row is one business day of one creditor and currency, as one day's knowledge had it; its cells
are sums by what matters within that day. A cell's name is its labels, joined; one that ends in
`COUNT` counts what its neighbour sums. Names are safe as keys of a document store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import unquote

Kind = Literal["money", "settled", "overdue", "dispute", "promise", "contact", "cost", "case"]

ROW_JOINT: Final = "\x1f"
JOINT: Final = "|"
COUNT: Final = "n"
_UNSAFE: Final = {ord(sign): f"%{ord(sign):02X}" for sign in "%|.$\x1f\0"}


def row(kind: Kind, creditor_id: str, currency: str, on: date, recorded_on: str) -> str:
    """The row of what happened on business day `on`, as known from `recorded_on` (ISO) on."""
    return f"{kind}\x1f{creditor_id}\x1f{currency}\x1f{on.isoformat()}\x1f{recorded_on}"


def label(text: str) -> str:
    """A free text as part of a cell's name."""
    return text.translate(_UNSAFE)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the cube, read back. `labels` are without the mark of a count."""

    kind: str
    creditor_id: str
    currency: str
    on: date
    recorded_on: date
    labels: tuple[str, ...]
    is_count: bool
    amount: int


def read(
    cells: Mapping[tuple[str, str], int] | Iterable[tuple[tuple[str, str], int]],
) -> list[Cell]:
    """Cells as `Effects.add` named them, summed over the source partitions, in one order."""
    pairs = cells.items() if isinstance(cells, Mapping) else cells
    found: list[Cell] = []
    for (row_name, cell_name), amount in sorted(pairs):
        kind, creditor_id, currency, on, recorded_on = row_name.split(ROW_JOINT)
        labels = cell_name.split(JOINT)
        is_count = labels[-1] == COUNT
        found.append(
            Cell(
                kind=kind,
                creditor_id=creditor_id,
                currency=currency,
                on=date.fromisoformat(on),
                recorded_on=date.fromisoformat(recorded_on),
                labels=tuple(unquote(part) for part in labels[: len(labels) - is_count]),
                is_count=is_count,
                amount=amount,
            )
        )
    return found
