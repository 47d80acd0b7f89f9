"""What a bank says in camt.053 (statement) and camt.054 (notification): entries, booked ones alone.

ISO 20022, versions 02 to 13: they differ in where a party, a status or an amount stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from shared.cli.importing.camt.xml import Element
from shared.money import MoneyError, minor

_REPORTS: Final = (("BkToCstmrStmt", "Stmt"), ("BkToCstmrDbtCdtNtfctn", "Ntfctn"))
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,5})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NOTHING: Final = frozenset({"", "NOTPROVIDED"})
_TRUE: Final = frozenset({"true", "1"})
_INDICATORS: Final = {"CRDT": 1, "DBIT": -1}


class EntryError(ValueError):
    """An entry that cannot be taken: the line of the file, the element, and the reason."""

    def __init__(self, line: int, element: str, reason: str) -> None:
        super().__init__(reason)
        self.line, self.element, self.reason = line, element, reason


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that one party sent, or took back. `amount` is in minor units, above zero."""

    line: int
    bank_reference: str
    """The bank's own name for it, "" if it has none."""
    amount: int
    currency: str
    value_on: date
    is_return: bool
    """Whether it takes back what came before."""
    structured: tuple[str, ...]
    """Creditor references."""
    end_to_end_id: str
    text: str
    """What the payer wrote."""
    payer: str


@dataclass(slots=True)
class Statement:
    """One statement or notification of one account."""

    account: str
    """IBAN or another id."""
    name: str
    opening: tuple[int, str] | None = None
    closing: tuple[int, str] | None = None
    closed_on: date | None = None
    moved: int = 0
    """What all booked entries add up to, signed, in minor units."""
    transactions: list[Transaction] = field(default_factory=list)
    refused: list[EntryError] = field(default_factory=list)
    left_out: int = 0
    """Entries that are no money that came or was taken back: debits, pending ones."""

    @property
    def adds_up(self) -> bool | None:
        """Whether opening and entries make the closing balance; None where it does not say."""
        if self.opening is None or self.closing is None:
            return None
        same = self.opening[1] == self.closing[1]
        return same and self.opening[0] + self.moved == self.closing[0]


def statements(root: Element) -> Iterator[Statement]:
    """The statements of a document; none if it is another message."""
    for message, report in _REPORTS:
        for told in root.all(message, report):
            yield _statement(told)


def _statement(told: Element) -> Statement:
    account = told.words("Acct", "Id", "IBAN") or told.words("Acct", "Id", "Othr", "Id")
    statement = Statement(account=account, name=told.words("Id"))
    for balance in told.all("Bal"):
        code = balance.words("Tp", "CdOrPrtry", "Cd")
        if code in {"OPBD", "PRCD"} and statement.opening is None:
            statement.opening = _balance(balance)
        elif code == "CLBD":
            statement.closing = _balance(balance)
            statement.closed_on = _closed_on(balance) or statement.closed_on
    for entry in told.all("Ntry"):
        try:
            _entry(entry, statement)
        except EntryError as error:
            statement.refused.append(error)
    return statement


def _balance(told: Element) -> tuple[int, str] | None:
    try:
        amount, currency = _amount(told, told)
    except EntryError:
        return None
    return amount * _INDICATORS.get(told.words("CdtDbtInd"), 1), currency


def _closed_on(told: Element) -> date | None:
    try:
        return _day(told, "Dt")
    except EntryError:
        return None


def _entry(told: Element, statement: Statement) -> None:
    """Take the transactions of one entry, all or none."""
    if (told.words("Sts", "Cd") or told.words("Sts")) != "BOOK":
        statement.left_out += 1
        return
    amount, currency = _amount(told, told)
    indicator = told.words("CdtDbtInd")
    if indicator not in _INDICATORS:
        raise EntryError(told.line, "CdtDbtInd", "CRDT or DBIT is expected")
    statement.moved += _INDICATORS[indicator] * amount
    details = list(told.all("NtryDtls", "TxDtls"))
    returned = told.words("RvslInd") in _TRUE or any(one.find("RtrInf") for one in details)
    if (indicator == "DBIT") != returned:
        statement.left_out += 1  # our own payment, or one of ours that came back
        return
    value_on = _day(told, "ValDt") or _day(told, "BookgDt")
    if value_on is None:
        raise EntryError(told.line, "ValDt", "a day of value or booking is expected")
    reference = told.words("AcctSvcrRef")
    if len(details) <= 1:
        one = details[0] if details else told
        found = [
            _transaction(
                told, one, reference, amount, currency, value_on=value_on, returned=returned
            )
        ]
    else:
        found = []
        for number, one in enumerate(details):
            part, code = _part(one, told)
            if code != currency:
                raise EntryError(one.line, "Amt", f"a part in {code} of an entry in {currency}")
            name = one.words("Refs", "AcctSvcrRef") or (reference and f"{reference}/{number}")
            found.append(
                _transaction(told, one, name, part, code, value_on=value_on, returned=returned)
            )
        if sum(one.amount for one in found) != amount:
            raise EntryError(told.line, "NtryDtls", "its transactions do not add up to the entry")
    statement.transactions += found


def _transaction(
    entry: Element,
    told: Element,
    reference: str,
    amount: int,
    currency: str,
    *,
    value_on: date,
    returned: bool,
) -> Transaction:
    remittance = told.find("RmtInf")
    structured: tuple[str, ...] = ()
    text = ""
    if remittance is not None:
        references = (one.text.strip() for one in remittance.all("Strd", "CdtrRefInf", "Ref"))
        structured = tuple(one for one in references if one)
        text = " ".join(one.text.strip() for one in remittance.all("Ustrd"))
    debtor = ("RltdPties", "Dbtr")
    name = told.words("Refs", "EndToEndId")
    return Transaction(
        line=told.line,
        bank_reference=told.words("Refs", "AcctSvcrRef") or reference,
        amount=amount,
        currency=currency,
        value_on=value_on,
        is_return=returned,
        structured=structured,
        end_to_end_id="" if name.upper() in _NOTHING else name,
        text=text or entry.words("AddtlNtryInf"),
        payer=told.words(*debtor, "Nm") or told.words(*debtor, "Pty", "Nm"),
    )


def _part(told: Element, entry: Element) -> tuple[int, str]:
    """The amount of one of several transactions, where its version has it."""
    for path in ((), ("AmtDtls", "TxAmt"), ("AmtDtls", "InstdAmt")):
        place = told.find(*path)
        if place is not None and place.find("Amt") is not None:
            return _amount(place, entry)
    raise EntryError(told.line, "Amt", "one of several transactions has no amount")


def _amount(place: Element, where: Element) -> tuple[int, str]:
    found = place.find("Amt")
    if found is None:
        raise EntryError(where.line, "Amt", "an amount is expected")
    text, currency = found.text.strip(), found.attributes.get("Ccy", "")
    if not _AMOUNT.fullmatch(text):
        raise EntryError(found.line, "Amt", f"{text[:40]!r} is no amount like 1234.50")
    whole, _, fraction = text.partition(".")
    try:
        value = minor(f"{whole}.{fraction.rstrip('0') or '0'}", currency)
    except MoneyError as error:
        raise EntryError(found.line, "Amt", str(error)[:200]) from None
    if not value and place is where and where.name == "Ntry":
        raise EntryError(found.line, "Amt", "is zero: nothing moved")
    return value, currency


def _day(told: Element, name: str) -> date | None:
    found = told.find(name)
    text = "" if found is None else found.words("Dt") or found.words("DtTm") or found.text.strip()
    if not text:
        return None
    match = _DAY.match(text)
    try:
        return date.fromisoformat(match.group()) if match else None
    except ValueError:
        raise EntryError(told.line, name, f"{text[:40]!r} is a day that does not exist") from None
