"""Reads a row's cells and checks each of them."""

import unicodedata
from collections.abc import Mapping as Cells
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from shared import money
from shared.cli.importing.cells import CellError, Notation
from shared.cli.importing.invoice import (
    ID_LENGTH_MAX,
    Invoice,
    Payment,
    RowError,
    account_id_of,
    digest,
)
from shared.cli.importing.mapping import Mapping, Name
from shared.cli.importing.table import Row

_PROFILE: Final[tuple[Name, ...]] = (
    "account_name", "kind", "creditor_id", "country", "language", "time_zone", "email", "phone",
)  # fmt: skip


class Reader:
    """Reads the rows of one file: knows where its columns are."""

    def __init__(
        self, mapping: Mapping, columns: Cells[Name, int], identity: Sequence[int]
    ) -> None:
        """`columns` are the places of things in a row, `identity` those an id is made from."""
        self._mapping = mapping
        self._notation: Notation = mapping.notation
        self._columns = columns
        self._identity = identity
        self._rounded = False

    def read(self, row: Row) -> Invoice:
        """What the row says; raises `RowError` with the first thing that is wrong with it."""
        self._rounded = False
        name = self._text(row, "account_name")
        account_id = self._id(row, "account_id") or account_id_of(name)
        if not account_id:
            raise RowError(self._mapping.column_of("account_id", "account_name"), "is empty")
        currency = self._text(row, "currency").upper()
        if currency not in money.EXPONENTS:
            raise RowError(
                self._mapping.column_of("currency"), f"{currency[:40]!r} is no ISO 4217 currency"
            )
        issued_on = self._day(row, "issued_on")
        if issued_on is None:
            raise RowError(self._mapping.column_of("issued_on"), "is empty")
        amount = self._money(row, "amount", currency)
        if amount is None:
            raise RowError(self._mapping.column_of("amount"), "is empty")
        if amount == 0:
            raise RowError(self._mapping.column_of("amount"), "is zero: nothing is owed")
        due_on = self._due_on(row, issued_on)
        return Invoice(
            line=row.line,
            account_id=account_id,
            invoice_id=self._id(row, "invoice_id") or self._derived_id(row),
            number=self._text(row, "number"),
            issued_on=issued_on,
            due_on=due_on,
            amount=amount,
            currency=currency,
            credited_invoice_id=self._id(row, "credited_invoice_id"),
            payment=self._payment(row, issued_on, amount, currency),
            profile={name: text for name in _PROFILE if (text := self._text(row, name))},
            rounded=self._rounded,
        )

    def _due_on(self, row: Row, issued_on: date) -> date:
        due_on = self._day(row, "due_on")
        if due_on is not None:
            return due_on
        days = self._whole(row, "terms_days")
        if days is None:
            raise RowError(self._mapping.column_of("due_on", "terms_days"), "is empty")
        return self._after(issued_on, days, "terms_days")

    def _payment(self, row: Row, issued_on: date, amount: int, currency: str) -> Payment | None:
        """A paid day without an amount means that all of it was paid."""
        paid = self._money(row, "paid_amount", currency)
        left = self._money(row, "open_amount", currency)
        if left is not None and paid is not None and paid + left != amount:
            raise RowError(
                self._mapping.column_of("open_amount"),
                f"{money.text(amount, currency)} is not {money.text(paid, currency)} paid and"
                f" {money.text(left, currency)} open",
            )
        if paid == 0 or amount < 0:
            return None
        if paid is not None and paid < 0:
            raise RowError(self._mapping.column_of("paid_amount"), "is negative")
        received_on = self._day(row, "paid_on")
        if received_on is None:
            days = self._whole(row, "paid_after_days")
            if days is None:
                if paid is None:
                    return None
                raise RowError(
                    self._mapping.column_of("paid_on", "paid_after_days"),
                    f"is empty, so the day of the {money.text(paid, currency)} is not known",
                )
            if paid is None and "paid_amount" in self._columns:
                return None
            received_on = self._after(issued_on, days, "paid_after_days")
        elif paid is None and "paid_amount" in self._columns:
            raise RowError(
                self._mapping.column_of("paid_amount"), "is empty, but there is a day of payment"
            )
        return Payment(
            payment_id=self._id(row, "payment_id"),
            amount=amount if paid is None else paid,
            received_on=received_on,
            method=self._text(row, "method"),
        )

    def _after(self, day: date, days: int, name: Name) -> date:
        try:
            return day + timedelta(days=days)
        except OverflowError:
            raise RowError(
                self._mapping.column_of(name), f"{days} days lead out of the calendar"
            ) from None

    def _derived_id(self, row: Row) -> str:
        """From the cells that tell invoices apart, so that a longer file gives the same ids."""
        cells = [row.cells[place] for place in self._identity]
        if not any(cells):
            raise RowError(self._mapping.column_of("invoice_id"), "is empty")
        return f"row-{digest(chr(31).join(cells), 12)}"

    def _text(self, row: Row, name: Name) -> str:
        place = self._columns.get(name)
        cell = "" if place is None else row.cells[place]
        return cell or self._mapping.defaults.get(name, "")

    def _id(self, row: Row, name: Name) -> str:
        text = self._text(row, name)
        if len(text) > ID_LENGTH_MAX:
            raise RowError(
                self._mapping.column_of(name), f"is longer than {ID_LENGTH_MAX} characters"
            )
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise RowError(self._mapping.column_of(name), "has a control character in it")
        return text

    def _day(self, row: Row, name: Name) -> date | None:
        text = self._text(row, name)
        try:
            return self._notation.day(text) if text else None
        except CellError as error:
            raise RowError(self._mapping.column_of(name), str(error)) from None

    def _whole(self, row: Row, name: Name) -> int | None:
        text = self._text(row, name)
        try:
            return self._notation.whole(text) if text else None
        except CellError as error:
            raise RowError(self._mapping.column_of(name), str(error)) from None

    def _money(self, row: Row, name: Name, currency: str) -> int | None:
        text = self._text(row, name)
        try:
            if not text:
                return None
            amount = self._notation.minor(text, currency)
            exact = self._notation.number(text).scaleb(money.exponent(currency))
        except CellError as error:
            raise RowError(self._mapping.column_of(name), str(error)) from None
        self._rounded = self._rounded or exact != amount
        return amount
