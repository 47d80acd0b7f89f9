"""A statement in words for people: what a page of HTML and a PDF both show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.ingest.domain.movement import Movement, Step
from services.ingest.domain.reckoning import Share
from services.ingest.domain.statement import Section, Statement
from services.ingest.reading.shown import labels
from services.ingest.store import Book
from shared.events.ledger import EntryKind
from shared.money import text

COLUMNS: Final = ("Date", "Entry", "Reference", "Due", "Amount", "Balance")
_WORDS: Final[dict[EntryKind, tuple[str, str]]] = {
    "billed": ("Invoice", "Invoice"),
    "opening": ("Brought forward", "Brought forward"),
    "adjusted": ("Invoice amended", "Invoice amended"),
    "moved": ("Moved here", "Moved away"),
    "voided": ("Invoice void", "Invoice void"),
    "reinstated": ("Invoice valid again", "Invoice valid again"),
    "collected": ("Payment", "Payment"),
    "deducted": ("Deduction", "Deduction"),
    "credited": ("Credit note", "Credit note"),
    "credit_voided": ("Credit note withdrawn", "Credit note withdrawn"),
    "written_off": ("Written off", "Written off"),
    "write_off_reversed": ("Write-off undone", "Write-off undone"),
    "reversed": ("Payment returned", "Payment returned"),
    "deduction_reversed": ("Deduction undone", "Deduction undone"),
    "reopened": ("Open again after a refund", "Open again after a refund"),
    "unapplied_cash": ("Held payment used", "Payment held"),
    "unapplied_credit": ("Held credit used", "Credit held"),
}
"""What an entry is called when it raises the balance, and when it lowers it."""
_STEPS: Final[dict[Step, str]] = {
    "brought_forward": "Brought forward",
    "billed": "Invoiced",
    "amended": "Invoices amended",
    "voided": "Invoices void",
    "credited": "Credit notes",
    "collected": "Payments on invoices",
    "deducted": "Deductions",
    "written_off": "Written off",
    "reversed": "Payments returned",
    "refunded": "Open again after refunds",
    "transferred": "Moved between due dates or accounts",
    "cash_held": "Payments held, or used",
    "credit_held": "Credit held, or used",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One currency's part: rows of words, amounts as decimal strings."""

    currency: str
    summary: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, ...], ...]
    """As `COLUMNS`."""
    aging: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole statement."""

    account_id: str
    name: str
    creditor: str
    period: str
    as_known: str
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """What it is, and whose."""
        return f"Statement of account {self.account_id}"


def sheet(book: Book, statement: Statement, known: str) -> Sheet:
    """The statement of a book's account; `known` says up to which moment it is true."""
    account, creditor = book.account, book.creditor
    return Sheet(
        account_id=account.account_id,
        name=account.profile.name or "",
        creditor=creditor.name or account.creditor_id,
        period=f"{statement.begin} to {statement.end}",
        as_known=known,
        parts=tuple(_part(section, book) for section in statement.sections()),
    )


def _part(section: Section, book: Book) -> Part:
    currency, nothing = section.currency, Share()
    closing = section.closing
    steps = [
        (words, text(section.steps[step], currency))
        for step, words in _STEPS.items()
        if step in section.steps
    ]
    rest = [
        (words, text(-amount, currency))
        for words, amount in (("Payments held", closing.cash), ("Credit held", closing.credit))
        if amount
    ]
    return Part(
        currency=currency,
        summary=(
            ("Opening balance", text(section.opening.net, currency)),
            *steps,
            ("Closing balance", text(closing.net, currency)),
        ),
        lines=tuple(_lines(section)),
        aging=(
            *(
                (_bucket(label), text(closing.buckets.get(label, nothing).amount, currency))
                for label in labels(book.creditor)
            ),
            *rest,
            ("Balance", text(closing.net, currency)),
        ),
    )


def _bucket(label: str) -> str:
    return "Not due" if label == "current" else f"{label.replace('-', '–')} days overdue"


def _lines(section: Section) -> Iterator[tuple[str, ...]]:
    for line in section.lines:
        movement = line.movement
        rises, falls = _WORDS[movement.kind]
        yield (
            movement.on.isoformat(),
            rises if movement.effect >= 0 else falls,
            _reference(movement),
            movement.due_on.isoformat() if movement.due_on and movement.amount > 0 else "",
            text(movement.effect, movement.currency),
            text(line.balance, movement.currency),
        )


def _reference(movement: Movement) -> str:
    """The invoice by its number, else its id; the item where it has one of its own; what paid."""
    names = [movement.number or movement.invoice_id]
    if movement.item_id != movement.invoice_id:
        names.append(movement.item_id)
    names.append(movement.document_id)
    return " · ".join(filter(None, names))
