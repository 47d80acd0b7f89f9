"""Bank statements as events: money that came, and money that the bank took back."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from shared.cli.importing import facts
from shared.cli.importing.camt.matching import BETWEEN, SOURCE, Known, Match
from shared.cli.importing.camt.statement import EntryError, Statement, Transaction, statements
from shared.cli.importing.camt.xml import XmlError, parse
from shared.cli.importing.facts import Event, InvalidError
from shared.cli.importing.mapping import Name
from shared.cli.importing.table import FileError
from shared.money import text

SIZE_MAX: Final = 64 * 1024 * 1024
"""Bytes of one file."""
_REFERENCE_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Unclear:
    """An entry that became no event, or that somebody should look at."""

    file: str
    line: int
    element: str
    reason: str


@dataclass(slots=True)
class Received:
    """What became of the files."""

    events: list[Event] = field(default_factory=list)
    """In the order of time."""
    matched: Counter[str] = field(default_factory=Counter)
    """How many payments were matched, by what."""
    unapplied: Counter[str] = field(default_factory=Counter)
    """What could not be matched, in minor units by currency."""
    refused: list[Unclear] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: int = 0
    again: int = 0
    """Transactions that another statement had told before."""


def contents(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file; raises `FileError` before one that is too large is read."""
    for path in paths:
        size = path.stat().st_size
        if size > SIZE_MAX:
            raise FileError(f"{path}: {size:,} bytes are more than {SIZE_MAX:,}")
        yield path.name, path.read_bytes()


def read_statements(
    files: Iterable[tuple[str, bytes]],
    known: Known,
    *,
    suspense: str,
    creditor_id: str | None = None,
) -> Received:
    """Read camt messages (name, bytes); what names no invoice for certain goes to `suspense`.

    With `creditor_id` the suspense account is that creditor's, and a closing balance says that all
    payments up to its day are in (`billing.source.completed`).
    Raises `FileError` on a file that is no such message or is not safe to read.
    """
    result = Received()
    reader = _Reader(known, result, suspense)
    for name, content in files:
        for statement in _open(name, content):
            reader.take(name, statement)
            if creditor_id and statement.closed_on and statement.adds_up is not False:
                event = facts.completed(creditor_id, statement.closed_on, source=SOURCE)
                result.events.append(event)
    if creditor_id and reader.suspended:
        first = min(event["time"] for event in reader.suspended)
        day = facts.day_of({"time": first})
        profile: dict[Name, str] = {"creditor_id": creditor_id}
        result.events.append(facts.account(suspense, profile, day, source=SOURCE))
    result.events.sort(key=itemgetter("time"))
    return result


def _open(name: str, content: bytes) -> list[Statement]:
    try:
        found = list(statements(parse(content)))
    except XmlError as error:
        raise FileError(f"{name}: {error}") from None
    if not found:
        raise FileError(f"{name}: neither a camt.053 statement nor a camt.054 notification")
    return found


class _Reader:
    """Turns transactions into events, each once, whichever statements tell it."""

    def __init__(self, known: Known, result: Received, suspense: str) -> None:
        self._known = known
        self._result = result
        self._suspense = suspense
        self._seen: set[str] = set()
        self.suspended: list[Event] = []

    def take(self, file: str, statement: Statement) -> None:
        """Take one statement's transactions; what cannot be taken is told, with its line."""
        result = self._result
        result.left_out += statement.left_out
        result.refused += [
            Unclear(file, one.line, one.element, one.reason) for one in statement.refused
        ]
        if statement.adds_up is False:
            result.remarks.append(
                f"{file}: statement {statement.name[:60]}: opening balance and entries do not make"
                " the closing balance: something is missing"
            )
        alike: Counter[str] = Counter()
        for told in statement.transactions:
            name = _name(statement, told, alike)
            if name in self._seen:
                result.again += 1
                continue
            self._seen.add(name)
            try:
                event = self._returned(told, name) if told.is_return else self._paid(told, name)
            except EntryError as error:
                result.refused.append(Unclear(file, error.line, error.element, error.reason))
            except InvalidError as error:
                result.refused.append(Unclear(file, told.line, error.thing, str(error)))
            else:
                result.events.append(event)

    def _paid(self, told: Transaction, name: str) -> Event:
        match = self._known.match(told)
        account_id = match.invoices[0].account_id if match else self._suspense
        data: dict[str, Any] = {
            "account_id": account_id,
            "payment_id": name,
            "amount": text(told.amount, told.currency),
            "currency": told.currency,
            "received_on": told.value_on.isoformat(),
            "method": "bank_transfer",
        }
        if words := _words_of(told):
            data["reference"] = words
        if match is not None and (parts := _parts(match, told)):
            data["allocations"] = parts
        event = facts.event(
            "billing.payment.received.v1", f"payment-{name}", told.value_on, data, source=SOURCE
        )
        for key in {told.end_to_end_id, told.bank_reference} - {""}:
            kept = self._known.payments.setdefault(key, [])
            kept.append((account_id, name, told.amount))
        if match is None:
            self._result.unapplied[told.currency] += told.amount
            self.suspended.append(event)
        else:
            self._result.matched[match.by] += 1
        return event

    def _returned(self, told: Transaction, name: str) -> Event:
        """A direct debit that came back, or a credit that the bank booked in error."""
        for key in (told.end_to_end_id, told.bank_reference):
            for account_id, payment_id, amount in self._known.payments.get(key, ()):
                if told.amount <= amount:
                    data = {
                        "account_id": account_id,
                        "reversal_id": name,
                        "payment_id": payment_id,
                        "amount": text(told.amount, told.currency),
                        "reversed_on": told.value_on.isoformat(),
                        "reason": "bounced",
                    }
                    kind = "billing.payment.reversed.v1"
                    what = f"reversal-{name}"
                    return facts.event(kind, what, told.value_on, data, source=SOURCE)
        raise EntryError(told.line, "Refs", "a return of a payment that is not known here")


def _name(statement: Statement, told: Transaction, alike: Counter[str]) -> str:
    """An id that is the same in every statement that tells it: the bank's own reference, if any."""
    sign = "return" if told.is_return else "payment"
    content: tuple[str, ...]
    if told.bank_reference:
        content = (statement.account, sign, told.bank_reference)
    else:
        content = (
            statement.account, sign, told.value_on.isoformat(), str(told.amount), told.currency,
            told.end_to_end_id, *told.structured, told.text, told.payer,
        )  # fmt: skip
    digest = hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:24]
    if told.bank_reference:
        return f"bank-{digest}"
    alike[digest] += 1
    return f"bank-{digest}" if alike[digest] == 1 else f"bank-{digest}-{alike[digest]}"


def _parts(match: Match, told: Transaction) -> list[dict[str, str]]:
    """What is for which invoice: one alone, or several that add up; else the creditor's rule."""
    invoices = match.invoices
    if any(invoice.currency != told.currency for invoice in invoices):
        return []
    if len(invoices) > 1 and sum(invoice.amount for invoice in invoices) != told.amount:
        return []
    return [
        {
            "invoice_id": invoice.invoice_id,
            "amount": text(min(invoice.amount, told.amount), told.currency),
        }
        for invoice in invoices
    ]


def _words_of(told: Transaction) -> str:
    """What the payer wrote and who it was, on one line, for a person to read."""
    said = [*told.structured, told.text, told.end_to_end_id, told.payer]
    line = BETWEEN.join(" ".join(part.split()) for part in said if part.strip())
    line = "".join(character if character.isprintable() else " " for character in line)
    return line[:_REFERENCE_CHARACTERS]
