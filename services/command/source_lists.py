"""Open items from where they are: a billing system's CSV, ingest's own store, a simulation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from services.command.source_compare import Items, Key, Open
from services.ingest.domain.account import Account
from services.ingest.domain.foreign import Unresolved
from services.ingest.domain.invoice import Invoice
from shared.cli.importing import FileError
from shared.cli.importing.cells import CellError, Notation
from shared.cli.importing.table import Row, open_table
from shared.line.parties import DocumentCodec
from shared.money import MoneyError, minor
from shared.runtime.store import MongoReader

REQUIRED: Final = ("account_id", "invoice_id", "open_amount", "currency")
_NOTATION: Final = Notation()


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be compared."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Listed:
    """What a file lists."""

    items: dict[Key, Open] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


class _RowError(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def of_file(path: Path) -> Listed:
    """A billing system's list: columns account_id, invoice_id, open_amount, currency, due_on?.

    Several rows of an invoice (its instalments) add up. A row that cannot be read is in `refused`.
    Raises `FileError` if the file is no such table.
    """
    table = open_table(path)
    places = {column.strip().casefold(): place for place, column in enumerate(table.header)}
    missing = [column for column in REQUIRED if column not in places]
    if missing:
        raise FileError(f"{path}: the file lacks {', '.join(missing)}; it has {table.header}")
    listed = Listed()
    for row in table.rows():
        try:
            key, amount, due_on = _read(row, places, len(table.header))
        except _RowError as error:
            listed.refused.append(Refused(row.line, error.column, str(error)))
        else:
            listed.items.setdefault(key, Open()).add(amount, due_on)
    return listed


def _read(row: Row, places: Mapping[str, int], width: int) -> tuple[Key, int, date | None]:
    if row.fault or len(row.cells) != width:
        reason = row.fault or f"{len(row.cells)} cells, but the header has {width}"
        raise _RowError("", reason)
    cells = {column: row.cells[place] for column, place in places.items()}
    for column in REQUIRED:
        if not cells[column]:
            raise _RowError(column, "is empty")
    currency = cells["currency"].upper()
    try:
        amount = _NOTATION.minor(cells["open_amount"], currency)
    except CellError as error:
        raise _RowError("open_amount", str(error)) from None
    except MoneyError as error:
        raise _RowError("currency", str(error)) from None
    due_on = cells.get("due_on", "")
    try:
        day = _NOTATION.day(due_on) if due_on else None
    except CellError as error:
        raise _RowError("due_on", str(error)) from None
    return Key(cells["account_id"], cells["invoice_id"], currency), amount, day


async def of_store(reader: MongoReader, day: date, creditor_id: str | None = None) -> Items:
    """All that is open in ingest's store at the end of `day`; of one creditor, if it is named.

    Raises `Unavailable` if the store does not answer.
    """
    codec = DocumentCodec([Account, Invoice])
    accounts: set[str] | None = None
    if creditor_id is not None:
        accounts = set()
        async for row in reader.documents(Account.prefix):
            account = codec.document(row)
            if isinstance(account, Account) and account.creditor_id == creditor_id:
                accounts.add(account.account_id)
    found: dict[Key, Open] = {}
    async for row in reader.documents(Invoice.prefix):
        invoice = codec.document(row)
        if isinstance(invoice, Invoice) and (accounts is None or invoice.account_id in accounts):
            add(found, invoice, day)
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something told of a reference before its account was known."""

    reference: str
    event_type: str
    since: datetime


async def waiting_in(reader: MongoReader) -> list[Waiting]:
    """What waits for its account in ingest's store, the oldest first.

    Raises `Unavailable` if the store does not answer.
    """
    codec = DocumentCodec([Unresolved])
    found: list[Waiting] = []
    async for row in reader.documents(Unresolved.prefix, open_only=True):
        note = codec.document(row)
        if isinstance(note, Unresolved):
            found.append(Waiting(row.party, note.told.event_type, note.time))
    return sorted(found, key=lambda note: (note.since, note.reference))


def add(found: dict[Key, Open], invoice: Invoice, day: date) -> None:
    """Add what is open of an invoice at the end of `day`."""
    for item in invoice.items:
        if amount := item.open_on(day):
            key = Key(invoice.account_id, invoice.invoice_id, invoice.currency)
            found.setdefault(key, Open()).add(amount, item.due_as_of(day))


def of_simulation(path: Path) -> Items:
    """All that is open in the `accounts.jsonl` of `arrears simulate`, as of its last day.

    Raises `FileError` if the file is something else.
    """
    found: dict[Key, Open] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                _add_account(found, json.loads(line))
            except (LookupError, TypeError, ValueError) as error:
                raise FileError(f"{path}:{number}: no account's position ({error!r})") from None
    return found


def _add_account(found: dict[Key, Open], told: dict[str, Any]) -> None:
    for item in told["open_items"]:
        key = Key(told["account_id"], item["invoice_id"], item["currency"])
        amount = minor(item["open_amount"], item["currency"])
        found.setdefault(key, Open()).add(amount, date.fromisoformat(item["due_on"]))
