"""The events of a file's rows, which may say the same account, invoice or payment again."""

from collections import Counter
from datetime import date
from operator import itemgetter
from typing import Final

from shared.cli.importing import facts
from shared.cli.importing.facts import Event
from shared.cli.importing.invoice import Invoice, RowError
from shared.cli.importing.mapping import Mapping, Name

Profile = dict[Name, str]
Mark = tuple[object, ...]
"""What a file may say only once."""


class Collection:
    """The events so far, and what tells a row that says something again."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._source: Final = f"import:{mapping.name}"
        self._events: list[Event] = []
        self._profiles: dict[str, Profile] = {}
        self._faces: dict[tuple[str, str], tuple[object, ...]] = {}
        self._lines: dict[Mark, int] = {}
        """Where something was said first that may be said only once."""
        self._payments: Counter[tuple[str, str]] = Counter()
        self._seen: Counter[str] = Counter()

    def add(self, told: Invoice) -> None:
        """Take all that a row says, or nothing: `RowError` or `InvalidError`."""
        invoice_id = self._invoice_id(told)
        profile = self._profile(told)
        mark = _mark(told, invoice_id)
        self._check_new(mark)
        events = []
        if (told.account_id, invoice_id) not in self._faces:
            events.append(facts.invoice(told, invoice_id, source=self._source))
        if told.payment is not None:
            events.append(
                facts.payment(
                    told,
                    told.payment,
                    invoice_id=invoice_id,
                    payment_id=self._payment_id(told, invoice_id),
                    source=self._source,
                )
            )
        self._events += events
        self._profiles[told.account_id] = profile
        self._faces[told.account_id, invoice_id] = told.face
        self._lines[mark] = told.line
        self._lines.setdefault(("invoice", told.account_id, invoice_id), told.line)
        self._payments[told.account_id, invoice_id] += told.payment is not None
        self._seen["rounded"] += told.rounded
        self._seen["alike"] += invoice_id != told.invoice_id

    def events(self, until: date | None) -> list[Event]:
        """All events up to `until`; each account is there from its first day on."""
        first: dict[str, str] = {}
        events = []
        for event in sorted(self._events, key=itemgetter("time")):
            if until is None or facts.day_of(event) <= until:
                first.setdefault(event["subject"], event["time"])
                events.append(event)
        accounts = [
            facts.account(
                account_id,
                self._profiles[account_id],
                date.fromisoformat(time[:10]),
                source=self._source,
            )
            for account_id, time in first.items()
        ]
        return sorted(accounts + events, key=itemgetter("time"))

    def remarks(self, until: date | None) -> list[str]:
        """What people should know of how the rows were read."""
        remarks = []
        if self._seen["alike"]:
            remarks.append(
                f"{self._seen['alike']} rows are like one above in"
                f" {', '.join(self._mapping.invoice_id_from)}; each is an invoice of its own"
            )
        if self._seen["rounded"]:
            remarks.append(
                f"{self._seen['rounded']} rows had amounts with the remainder of a binary fraction,"
                " which was cut off"
            )
        late = sum(until is not None and facts.day_of(event) > until for event in self._events)
        if late:
            remarks.append(f"{late} events after {until} were left out")
        return remarks

    def _invoice_id(self, told: Invoice) -> str:
        """The id of the row's invoice.

        With an id in the file, a row with the same id is the same invoice and may bring another
        payment. Without, each row is an invoice of its own, and those alike are numbered.
        """
        known = self._faces.get((told.account_id, told.invoice_id))
        if known is None:
            return told.invoice_id
        if "invoice_id" not in self._mapping.columns:
            number = 2
            while (told.account_id, f"{told.invoice_id}-{number}") in self._faces:
                number += 1
            return f"{told.invoice_id}-{number}"
        if known != told.face:
            raise RowError(
                self._mapping.column_of("invoice_id"),
                f"{told.invoice_id!r} stands above with another amount, currency or date",
            )
        return told.invoice_id

    def _check_new(self, mark: Mark) -> None:
        if mark in self._lines:
            name: Name = "payment_id" if mark[0] == "payment" else "invoice_id"
            raise RowError(
                self._mapping.column_of(name),
                f"{mark[2]!r} stands above, in line {self._lines[mark]}, with the same content"
                if mark[0] != "payment"
                else f"{mark[2]!r} stands above, in line {self._lines[mark]}",
            )

    def _payment_id(self, told: Invoice, invoice_id: str) -> str:
        if told.payment is not None and told.payment.payment_id:
            return told.payment.payment_id
        number = self._payments[told.account_id, invoice_id] + 1
        return f"{invoice_id}-paid" if number == 1 else f"{invoice_id}-paid-{number}"

    def _profile(self, told: Invoice) -> Profile:
        """What is known of the account with this row: what was said first, holds."""
        known = self._profiles.get(told.account_id, {})
        creditor = known.get("creditor_id", told.profile.get("creditor_id"))
        if known and creditor != told.profile.get("creditor_id", creditor):
            raise RowError(
                self._mapping.column_of("creditor_id"),
                f"account {told.account_id!r} stands above with creditor {creditor!r}",
            )
        profile = {**told.profile, **known}
        if profile != known:
            facts.account(told.account_id, profile, told.issued_on, source=self._source)
        return profile


def _mark(told: Invoice, invoice_id: str) -> Mark:
    """What may be said only once: a payment by its id, else by its invoice, day and amount."""
    paid = told.payment
    if paid is None:
        return ("invoice", told.account_id, invoice_id)
    if paid.payment_id:
        return ("payment", told.account_id, paid.payment_id)
    return ("paid", told.account_id, invoice_id, paid.received_on, paid.amount)
