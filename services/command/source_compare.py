"""A billing system's own open items against the ledger's: where they differ."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple

from shared.money import text

Kind = Literal["only_theirs", "only_ours", "amount", "due_on"]
MEANINGS: Final[Mapping[Kind, str]] = {
    "only_theirs": "open there, not here",
    "only_ours": "open here, not there",
    "amount": "open on both sides, with another amount",
    "due_on": "open on both sides, with another due date",
}


class Key(NamedTuple):
    """What is compared: one invoice in one currency."""

    account_id: str
    invoice_id: str
    currency: str


@dataclass(slots=True)
class Open:
    """What is open of an invoice, in minor units, and the first day on which any of it is due."""

    amount: int = 0
    due_on: date | None = None

    def add(self, amount: int, due_on: date | None) -> None:
        """Add one item of the invoice."""
        self.amount += amount
        if due_on is not None:
            self.due_on = due_on if self.due_on is None else min(self.due_on, due_on)


Items = Mapping[Key, Open]


@dataclass(frozen=True, slots=True)
class Difference:
    """One invoice on which the two sides do not agree; amounts and days as text, "" for none."""

    kind: Kind
    key: Key
    theirs: str
    ours: str


@dataclass(slots=True)
class Reconciliation:
    """What came of a comparison."""

    differences: list[Difference] = field(default_factory=list)
    """In the order of account and invoice."""
    agreed: int = 0
    theirs: Counter[str] = field(default_factory=Counter)
    """All that is open on their side, in minor units by currency."""
    ours: Counter[str] = field(default_factory=Counter)

    def counts(self) -> Counter[Kind]:
        """How many differences there are of each kind."""
        return Counter(one.kind for one in self.differences)


def compare(theirs: Items, ours: Items) -> Reconciliation:
    """Compare two lists of open items, invoice by invoice.

    A due date is compared where both sides have one. What is zero is not open.
    """
    result = Reconciliation()
    nothing = Open()
    for key in sorted({*theirs, *ours}):
        there, here = theirs.get(key, nothing), ours.get(key, nothing)
        result.theirs[key.currency] += there.amount
        result.ours[key.currency] += here.amount
        found = list(_differences(key, there, here))
        result.differences += found
        result.agreed += not found
    return result


def _differences(key: Key, there: Open, here: Open) -> Iterator[Difference]:
    if there.amount != here.amount:
        kind: Kind = "amount"
        if not here.amount:
            kind = "only_theirs"
        elif not there.amount:
            kind = "only_ours"
        amounts = (text(there.amount, key.currency), text(here.amount, key.currency))
        yield Difference(kind, key, *amounts)
    if not there.amount or not here.amount or None in {there.due_on, here.due_on}:
        return
    if there.due_on != here.due_on:
        yield Difference("due_on", key, str(there.due_on), str(here.due_on))
