"""What one row of a file says of an invoice."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.cli.importing.mapping import Name

ID_LENGTH_MAX: Final = 200


class RowError(ValueError):
    """A row that cannot be taken: the column, as the file names it, and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}" if column else reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came for an invoice."""

    payment_id: str
    amount: int
    received_on: date
    method: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """What one row says. A negative `amount` is a credit note. Amounts are minor units."""

    line: int
    account_id: str
    invoice_id: str
    number: str
    issued_on: date
    due_on: date
    amount: int
    currency: str
    credited_invoice_id: str
    payment: Payment | None
    profile: Mapping[Name, str]
    """Of the account: what `account.updated` needs, where the row has it."""
    rounded: bool
    """Whether a binary fraction's remainder was cut from an amount."""

    @property
    def face(self) -> tuple[object, ...]:
        """What rows of the same invoice have in common."""
        return (self.issued_on, self.due_on, self.amount, self.currency)


def account_id_of(name: str) -> str:
    """An id from an account's name: readable, and the same for the same name in any file.

    Case and runs of spaces do not matter. A name with anything but letters a to z, digits and
    spaces gets a digest, so that two names never share an id.
    """
    same = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    slug = re.sub(r"[^a-z0-9]+", "-", same).strip("-")
    if slug.replace("-", " ") == same and len(slug) <= ID_LENGTH_MAX:
        return slug
    return f"{slug[:80] or 'account'}-{digest(same, 12)}"


def digest(text: str, length: int) -> str:
    """The first hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
