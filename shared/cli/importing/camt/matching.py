"""Which invoice a payment is for: by structured reference, end-to-end id, or a number in the text.

What is not certain is not matched: a reference that fits two invoices fits none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from shared.cli.importing.camt.references import plain, qr_number, rf_number
from shared.cli.importing.camt.statement import Transaction
from shared.money import minor

SOURCE: Final = "import:camt"
"""The CloudEvents `source` of what was made from statements."""
BETWEEN: Final = " | "
"""What stands between the parts of a payment's reference."""
_WORD: Final = re.compile(r"[^\W_]+(?:[-_/.][^\W_]+)*")
_SHORTEST: Final = 4
"""A number of fewer characters is found in any text, so in a text it is no sign of an invoice."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """What is known of an invoice; `amount` is in minor units."""

    account_id: str
    invoice_id: str
    number: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a payment is for, and how that was found."""

    invoices: tuple[Invoice, ...]
    by: str


@dataclass(slots=True)
class Known:
    """Invoices and payments of which events told, by what payers and banks call them."""

    invoices: dict[str, set[Invoice]] = field(default_factory=dict)
    """By number and by id, both plain."""
    payments: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    """By end-to-end id or the bank's reference: (account, payment, amount)."""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Learn from an event of the contract; what is of no use here is passed over.

        Raises `KeyError` or `MoneyError` on an event that the contract would not take.
        """
        data = event["data"]
        if event["type"] == "billing.invoice.issued.v1":
            self._learn(
                Invoice(
                    account_id=data["account_id"],
                    invoice_id=data["invoice_id"],
                    number=data.get("number") or "",
                    amount=minor(data["amount"], data["currency"]),
                    currency=data["currency"],
                )
            )
        elif event["type"] == "billing.payment.received.v1" and event["source"] == SOURCE:
            paid = (data["account_id"], data["payment_id"], minor(data["amount"], data["currency"]))
            for name in data.get("reference", "").split(BETWEEN):
                self.payments.setdefault(name, []).append(paid)

    def _learn(self, invoice: Invoice) -> None:
        for name in {plain(invoice.number), plain(invoice.invoice_id)} - {""}:
            self.invoices.setdefault(name, set()).add(invoice)
            if name.isdigit():
                self.invoices.setdefault(name.lstrip("0"), set()).add(invoice)

    def match(self, told: Transaction) -> Match | None:
        """The invoices that a payment names, by the first way that names any for certain."""
        for by, names in (
            ("reference", _references(told.structured)),
            ("end-to-end id", [plain(told.end_to_end_id)]),
            ("text", _words(told.text)),
        ):
            found = self._certain(names)
            if found:
                return Match(found, by)
        return None

    def _certain(self, names: Iterable[str]) -> tuple[Invoice, ...]:
        found: dict[Invoice, None] = {}
        for name in names:
            fitting = self.invoices.get(name, set()) if name else set()
            if len(fitting) == 1:
                found.update(dict.fromkeys(fitting))
        accounts = {invoice.account_id for invoice in found}
        return tuple(found) if len(accounts) == 1 else ()


def _references(structured: Sequence[str]) -> Iterator[str]:
    """What each reference is about, and the reference itself, as some invoices have it whole."""
    for reference in structured:
        yield plain(reference)
        for number in (rf_number(reference), qr_number(reference)):
            if number:
                yield number
                yield number.lstrip("0")


def _words(text: str) -> Iterator[str]:
    """What may be an invoice's number in a text: a word with a digit, alone or with the next."""
    words = _WORD.findall(text)
    for first, second in pairwise([*words, ""]):
        for word in (plain(first), plain(f"{first}{second}")):
            if len(word) >= _SHORTEST and any(character.isdigit() for character in word):
                yield word
