"""The cube read back: what one creditor and currency owed, day by day, as sums.

Nothing here is a state of today: every answer is a sum over the entries that were effective by
the day asked for, so that any day, past ones included, is as exact as the latest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from msgspec import Struct

from services.kpi.domain.cells import COUNT, labels, place
from services.kpi.domain.counting import OTHER
from services.kpi.domain.periods import Period
from shared.events.ledger import RECEIVABLE_KINDS

UNAPPLIED: Final = ("unapplied_cash", "unapplied_credit")
Scope = dict[tuple[str, date], dict[str, list[int]]]
"""By kind and business day, and by a cell's name: what is summed, and how often."""


class Line(Struct, frozen=True, gc=False):
    """One sum of ledger entries that have kind and days in common; minor units."""

    kind: str
    is_sale: bool
    effective_on: date
    due_on: date | None
    amount: int
    count: int
    undone_days_late: int | None
    """For a reversed payment, how late the payment had been that it undoes (None: not known)."""


class Settlement(Struct, frozen=True, gc=False):
    """Items that were settled alike on one day; `amount` is what they were issued for."""

    by: str
    settled_on: date
    days_to_pay: int
    days_late: int
    count: int
    amount: int


class Objection(Struct, frozen=True, gc=False):
    """Disputes opened on one day, and resolved on another if they were; minor units."""

    opened_on: date
    resolved_on: date | None
    count: int
    amount: int


class Tally(Struct, frozen=True, gc=False):
    """Anything else that is summed and counted by day and labels."""

    kind: str
    on: date
    labels: tuple[str, ...]
    count: int
    amount: int


@dataclass(slots=True)
class Cube:
    """All there is of one creditor and currency ("" for what has no currency)."""

    creditor_id: str
    currency: str
    lines: list[Line] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def receivable(self, as_of: date) -> Iterator[Line]:
        """The lines of items, unapplied money left out, that were effective by then."""
        return (line for line in self.lines if line.due_on and line.effective_on <= as_of)

    def gross(self, as_of: date) -> int:
        """What all open items came to at the end of a day."""
        return sum(line.amount for line in self.receivable(as_of))

    def held(self, kind: str, as_of: date) -> int:
        """Unapplied cash or credit (a kind of `UNAPPLIED`) at the end of a day."""
        return sum(
            line.amount for line in self.lines if line.kind == kind and line.effective_on <= as_of
        )

    def flow(self, period: Period) -> Iterator[Line]:
        """The lines of items that were effective within the period."""
        return (line for line in self.lines if line.due_on and line.effective_on in period)

    def first_day(self) -> date | None:
        """The earliest day with an entry of an item."""
        return min((line.effective_on for line in self.lines if line.due_on), default=None)


class Sums:
    """Cells as they are read, row by row, added up over partitions and days of knowledge.

    There are very many of them: nothing is kept of a row but what it adds, under its cells' names.
    """

    def __init__(self, *, reported_on: date | None = None) -> None:
        """With `reported_on` only what was known by the end of that day counts."""
        self._reported_on = reported_on
        self.scopes: dict[tuple[str, str], Scope] = {}
        """By creditor and currency."""

    def add(self, row_name: str, cells: Iterable[tuple[str, int]]) -> None:
        """Add (some of) the cells of a row."""
        at = place(row_name)
        if self._reported_on is not None and at.recorded_on > self._reported_on:
            return
        scope = self.scopes.setdefault((at.creditor_id, at.currency), {})
        sums = scope.setdefault((at.kind, at.on), {})
        for cell_name, amount in cells:
            is_count = cell_name.endswith(COUNT)
            name = cell_name[: -len(COUNT)] if is_count else cell_name
            found = sums.get(name)
            if found is None:
                found = sums[name] = [0, 0]
            found[is_count] += amount

    def plus(self, other: "Sums") -> "Sums":
        """Both together; what only one of them has is shared with it, so nothing is added to it."""
        found = Sums()
        found.scopes = {**self.scopes, **other.scopes}
        for name in self.scopes.keys() & other.scopes.keys():
            mine, theirs = self.scopes[name], other.scopes[name]
            both = {day: _added(mine[day], theirs[day]) for day in mine.keys() & theirs.keys()}
            found.scopes[name] = {**mine, **theirs, **both}
        return found

    def cubes(self) -> list[Cube]:
        """One cube per creditor and currency, in order."""
        return [
            _cube(creditor_id, currency, scope)
            for (creditor_id, currency), scope in sorted(self.scopes.items())
        ]


def cubes(cells: Mapping[tuple[str, str], int], *, reported_on: date | None = None) -> list[Cube]:
    """The cubes of cells as `Effects.add` named them."""
    sums = Sums(reported_on=reported_on)
    for (row_name, cell_name), amount in cells.items():
        sums.add(row_name, [(cell_name, amount)])
    return sums.cubes()


def _added(some: dict[str, list[int]], more: dict[str, list[int]]) -> dict[str, list[int]]:
    found = dict(some)
    for name, (amount, count) in more.items():
        before = found.get(name, (0, 0))
        found[name] = [before[0] + amount, before[1] + count]
    return found


def _cube(creditor_id: str, currency: str, scope: Scope) -> Cube:
    cube = Cube(creditor_id, currency)
    for (kind, on), sums in scope.items():
        for name, (amount, count) in sums.items():
            _add(cube, kind, on, labels(name), amount=amount, count=count)
    return cube


def _add(
    cube: Cube, kind: str, on: date, told: tuple[str, ...], *, amount: int, count: int
) -> None:
    match kind:
        case "money":
            cube.lines.append(_line(on, told, amount, count))
        case "settled":
            by, to_pay, late = told
            cube.settlements.append(
                Settlement(by, on, int(to_pay), int(late), count=count, amount=amount)
            )
        case "dispute":
            resolved_on = date.fromisoformat(told[1]) if told[0] == "resolved" else None
            cube.objections.append(Objection(on, resolved_on, count, amount))
        case _:
            cube.tallies.append(Tally(kind, on, told, count, amount))


def _line(on: date, told: tuple[str, ...], amount: int, count: int) -> Line:
    name, _issued, due, *undone = told
    kind = name.removesuffix(OTHER)
    is_item = kind in RECEIVABLE_KINDS and due != ""
    return Line(
        kind=kind,
        is_sale=kind == name,
        effective_on=on,
        due_on=date.fromisoformat(due) if is_item else None,
        amount=amount,
        count=count,
        undone_days_late=int(undone[0]) if undone else None,
    )
