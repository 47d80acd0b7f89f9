"""A CSV file, row by row, collected into events in the order of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from typing_extensions import override

from shared.cli.importing import facts
from shared.cli.importing.collection import Collection
from shared.cli.importing.facts import Event, InvalidError
from shared.cli.importing.invoice import RowError
from shared.cli.importing.mapping import Mapping, MappingError, Name, detect_mapping, plain
from shared.cli.importing.reader import Reader
from shared.cli.importing.table import Row, Table, open_table
from shared.money import minor


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that became no event."""

    line: int
    column: str
    reason: str

    @override
    def __str__(self) -> str:
        """`line 12: Due_Date: …`."""
        return f"line {self.line}: {self.column + ': ' if self.column else ''}{self.reason}"


@dataclass(slots=True)
class Import:
    """What became of a file."""

    mapping: Mapping
    rows: int = 0
    events: list[Event] = field(default_factory=list)
    """In the order of time."""
    refused: list[Refused] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What was guessed, changed or left out, for people."""

    @property
    def first_on(self) -> date | None:
        """The day of the first event."""
        return facts.day_of(self.events[0]) if self.events else None

    @property
    def last_on(self) -> date | None:
        """The day of the last event."""
        return facts.day_of(self.events[-1]) if self.events else None

    def counts(self) -> Counter[str]:
        """How many events there are of each type."""
        return Counter(event["type"] for event in self.events)

    def sums(self, kind: str) -> Counter[str]:
        """The amounts of the events of one type in minor units, by currency."""
        sums: Counter[str] = Counter()
        for event in self.events:
            if event["type"] == kind:
                data = event["data"]
                sums[data["currency"]] += minor(data["amount"], data["currency"])
        return sums


def read_file(
    path: Path,
    mapping: Mapping | None = None,
    *,
    until: date | None = None,
    currency: str | None = None,
    encoding: str | None = None,
) -> Import:
    """Read a CSV file; without a mapping, with the built-in one that fits its header.

    What happened after `until` is left out. `currency` holds for rows that name none.
    Raises `FileError` if the file is no table, `MappingError` if no mapping fits its columns and
    `OSError` if it cannot be read; a row that cannot be taken is in `refused`, with the reason.
    """
    table = open_table(
        path,
        encoding=encoding or (mapping.encoding if mapping else None),
        delimiter=mapping.delimiter if mapping else None,
    )
    mapping = mapping or detect_mapping(table.header)
    if currency is not None:
        mapping = mapping.with_default("currency", currency)
    result = Import(mapping=mapping, remarks=list(table.remarks))
    collection = Collection(mapping)
    columns = _columns(mapping, table)
    identity = [_place(table.header, column) for column in mapping.invoice_id_from]
    reader = Reader(mapping, columns, identity)
    for row in table.rows():
        result.rows += 1
        try:
            _check_width(row, len(table.header))
            collection.add(reader.read(row))
        except RowError as error:
            result.refused.append(Refused(row.line, error.column, error.reason))
        except InvalidError as error:
            column = mapping.column_of(error.thing)
            result.refused.append(Refused(row.line, column, str(error)))
    result.events = collection.events(until)
    result.remarks += collection.remarks(until)
    return result


def _columns(mapping: Mapping, table: Table) -> dict[Name, int]:
    """Where each thing stands in a row; raises `MappingError` if a required column is not there."""
    missing = mapping.missing(table.header)
    if missing:
        raise MappingError(
            f"{mapping.name}: the file lacks {', '.join(missing)}; it has {', '.join(table.header)}"
        )
    there = {plain(column) for column in table.header}
    return {
        name: _place(table.header, column)
        for name, column in mapping.columns.items()
        if plain(column) in there
    }


def _place(header: Sequence[str], column: str) -> int:
    places = [n for n, title in enumerate(header) if plain(title) == plain(column)]
    if len(places) > 1:
        raise MappingError(f"the file has {len(places)} columns named {column}")
    return places[0]


def _check_width(row: Row, width: int) -> None:
    if row.fault:
        raise RowError("", row.fault)
    if len(row.cells) != width:
        raise RowError("", f"{len(row.cells)} cells, but the header has {width}")
