"""The roll-forward identity: what was there, and what was booked, is what is there.

For each account and currency: opening + billed - credited - collected - deductions - written off
+- reversals +- transfers = closing, and the same of cash and credit held. The two sides are
computed apart: the closing from the documents, the steps from the entries that were told. What is
in transit between two accounts has left the one and not reached the other: over both accounts, it
is what is missing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.payment import Payment
from shared.core import Outgoing, Party
from shared.events.ledger import RECEIVABLE_KINDS, Moved
from shared.money import minor

RECEIVABLE: Final = "receivable"
Balances = dict[tuple[str, str, str], int]
"""By account, currency, and what it is (receivable, unapplied_cash, unapplied_credit)."""


class IdentityBroken(Exception):
    """What an event booked and what it changed are not the same; the text says where."""


@dataclass(slots=True)
class Audit:
    """Checks one event in `every` (1: each, 0: none), by its place in what this process folds.

    With `strict` an event that breaks the identity is a defect, and its party is parked; else it is
    only counted. The counts are of this process, and of what was folded, not of what was committed.
    """

    every: int = 0
    strict: bool = False
    checked: int = 0
    broken: int = 0
    latest: str = ""
    """What was wrong the last time."""
    ignored: Counter[str] = field(default_factory=Counter)
    """How much changed nothing because the ledger knew better, by what it was."""
    _folded: int = field(default=0, repr=False)

    def falls_due(self) -> bool:
        """Whether the event at hand is one to check."""
        if not self.every:
            return False
        self._folded += 1
        return self._folded % self.every == 0

    def check(self, before: Balances, sent: Iterable[Outgoing], party: Party) -> None:
        """Hold what is there now against what was there before and what was told; and each sum."""
        self.checked += 1
        fault = unequal(rolled_forward(before, sent), balances(party)) or unsound(party)
        if fault:
            self.broken += 1
            self.latest = fault
            if self.strict:
                raise IdentityBroken(fault)


def balances(party: Party) -> Balances:
    """What each account owes and has: sums over the documents. What is settled adds nothing."""
    found: Balances = {}
    for invoice in party.all(Invoice):
        name = (invoice.account_id, invoice.currency, RECEIVABLE)
        found[name] = found.get(name, 0) + sum(item.open for item in invoice.items)
    for payment in party.all(Payment):
        name = (payment.account_id, payment.currency, "unapplied_cash")
        found[name] = found.get(name, 0) + payment.unapplied
    for note in party.all(CreditNote):
        name = (note.account_id, note.currency, "unapplied_credit")
        found[name] = found.get(name, 0) + note.unapplied
    return found


def rolled_forward(before: Balances, sent: Iterable[Outgoing]) -> Balances:
    """Balances with all entries added that facts tell."""
    found = dict(before)
    for outgoing in sent:
        fact = outgoing.data
        if isinstance(fact, Moved):
            for entry in fact.entries:
                kind = RECEIVABLE if entry.kind in RECEIVABLE_KINDS else entry.kind
                name = (fact.account_id, fact.currency, kind)
                found[name] = found.get(name, 0) + minor_of(entry.amount, fact.currency)
    return found


def minor_of(amount: str, currency: str) -> int:
    """Minor units of a signed decimal string, as entries have it."""
    return -minor(amount[1:], currency) if amount.startswith("-") else minor(amount, currency)


def unequal(expected: Balances, actual: Balances) -> str:
    """Where two balances differ; "" if nowhere."""
    for name in sorted(expected.keys() | actual.keys()):
        if (told := expected.get(name, 0)) != (there := actual.get(name, 0)):
            account_id, currency, kind = name
            return f"{kind} of {account_id!r} in {currency}: {told} by the entries, {there} there"
    return ""


def unsound(party: Party) -> str:
    """Which document at hand does not add up by itself; "" if all do."""
    for invoice in party.all(Invoice):
        for item in invoice.items:
            booked = sum(posting.amount for posting in item.postings)
            if item.open != booked or item.open < 0:
                return f"item {item.item_id!r}: {item.open} open, {booked} booked"
    for payment in party.all(Payment):
        applied = sum(done.cash for done in payment.applied)
        sent = sum(one.amount for one in payment.sent)
        places = (applied, payment.unapplied, payment.refunded, payment.reversed, sent)
        if payment.amount != sum(places) or min(places) < 0:
            return f"payment {payment.payment_id!r}: {payment.amount} came, {places} are places"
    for note in party.all(CreditNote):
        if note.unapplied < 0:
            return f"credit note {note.credit_note_id!r}: {note.unapplied} is left"
    return ""
