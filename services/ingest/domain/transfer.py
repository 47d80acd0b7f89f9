"""Transfers, first leg: what leaves an account, and is sent to the other one."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, cast

from typing_extensions import override

from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.aging import day_of
from services.ingest.domain.allocation import Told
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import SEPARATOR, Installment, Invoice, Item, key_of
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment, Sent
from services.ingest.domain.reallocation import give_up
from services.ingest.domain.transit import printable, send
from services.ingest.domain.waiting import wait
from shared.core import Compact, Refusal
from shared.events import billing
from shared.events.ledger import Entry
from shared.money import MoneyError, minor, text


class Transfer(Compact):
    """That a transfer was booked, out of the account or (`arrived`) into it."""

    prefix: ClassVar[str] = "transfer"
    account_id: str
    transfer_id: str
    digest: str
    arrived: bool = False

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.transfer_id)

    @property
    @override
    def settled(self) -> bool:
        return True


def transfer(ledger: Ledger, told: billing.ItemTransferred) -> Refusal | None:
    """Send an item or cash to another account: as much as was told, at most what is there."""
    known = ledger.find(Transfer, told.transfer_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this transfer came before with other content", "transfer_id")
    if told.to_account_id == told.from_account_id:
        return Refusal("invalid", "it stays on the account", "to_account_id")
    on = told.transferred_on or day_of(ledger.time, ledger.creditor.time_zone)
    if told.item_id is not None:
        return _item(ledger, told, told.item_id, on)
    return _cash(ledger, told, told.payment_id or "", on)


def _booked(ledger: Ledger, told: billing.ItemTransferred) -> None:
    ledger.party.keep(Transfer(told.account_id, told.transfer_id, ledger.digest))


def _item(ledger: Ledger, told: billing.ItemTransferred, item_id: str, on: date) -> Refusal | None:
    part = ledger.find(Installment, item_id)
    invoice = ledger.invoice(item_id if part is None else part.invoice_id)
    item = invoice.item(item_id) if invoice is not None else None
    if invoice is None or item is None:
        wait(ledger, told, kind="invoice", needed=item_id, on=on)
        return None
    try:
        amount = min(item.open, minor(told.amount, invoice.currency))
    except MoneyError as fault:
        return Refusal("invalid", str(fault), "amount")
    _booked(ledger, told)
    if amount:
        route = Route(told.to_account_id, told.transfer_id, on)
        send_item(ledger, route, invoice, item, amount)
    return None


def _cash(
    ledger: Ledger, told: billing.ItemTransferred, payment_id: str, on: date
) -> Refusal | None:
    payment = ledger.find(Payment, payment_id)
    if payment is None:
        wait(ledger, told, kind="payment", needed=payment_id, on=on)
        return None
    try:
        amount = minor(told.amount, payment.currency)
    except MoneyError as fault:
        return Refusal("invalid", str(fault), "amount")
    give_up(ledger, payment, amount, on)
    _booked(ledger, told)
    amount = min(amount, payment.unapplied)
    if amount:
        send_cash(ledger, Route(told.to_account_id, told.transfer_id, on), payment, amount)
    ledger.sweep = True
    return None


@dataclass(frozen=True, slots=True)
class Route:
    """Where something goes, by which transfer, and the day that it leaves."""

    to_account: str
    transfer_id: str
    on: date


def send_item(ledger: Ledger, route: Route, invoice: Invoice, item: Item, amount: int) -> None:
    """Move an open amount of an item to another account, where it keeps its due date and age."""
    since = max(route.on, item.free_from(amount))
    entry = ledger.post(invoice, item, "moved", -amount, since)
    item.amount -= min(amount, item.amount)
    invoice.moved_to = route.to_account
    _tell(ledger, invoice.currency, [entry], since, route.transfer_id)
    arrived = billing.TransferArrived(
        transfer_id=route.transfer_id,
        account_id=route.to_account,
        from_account_id=invoice.account_id,
        transferred_on=since,
        amount=text(amount, invoice.currency),
        currency=invoice.currency,
        item=billing.ArrivingItem(
            item_id=item.item_id,
            invoice_id=printable(invoice.invoice_id),
            home_id=invoice.home_id or invoice.account_id,
            number=invoice.number,
            kind=cast("billing.Kind", invoice.kind),
            issued_on=invoice.issued_on,
            due_on=item.due_on,
            sales=invoice.sales,
            first_overdue_on=item.first_overdue_on,
            policy=invoice.policy,
            tags=tuple(invoice.tags),
            pay_url=invoice.pay_url or None,
            document_url=invoice.document_url or None,
        ),
    )
    send(ledger, arrived, route.to_account, item.item_id)


def send_cash(
    ledger: Ledger,
    route: Route,
    payment: Payment,
    amount: int,
    told: list[Told] | None = None,
    *,
    from_parent: bool = False,
) -> None:
    """Move held cash to another account, with what it is told to be for (`told`: only that)."""
    since = max(route.on, payment.held_on)
    entry = ledger.hold("unapplied_cash", payment, -amount, since)
    payment.unapplied -= amount
    name = printable(payment.payment_id)
    payment.sent.append(Sent(route.to_account, name, amount))
    if told is None:
        told = payment.waiting
        if not payment.unapplied:
            payment.waiting = []
    ledger.party.keep(payment)
    _tell(ledger, payment.currency, [entry], since, payment.payment_id)
    arrived = billing.TransferArrived(
        transfer_id=route.transfer_id,
        account_id=route.to_account,
        from_account_id=payment.account_id,
        transferred_on=since,
        amount=text(amount, payment.currency),
        currency=payment.currency,
        cash=billing.ArrivingCash(
            payment_id=name,
            home_id=payment.home_id or payment.account_id,
            received_on=payment.received_on,
            method=payment.method,
            by_rule=payment.by_rule or not told,
            from_parent=from_parent,
            allocations=tuple(part.told() for part in told if part.is_above_zero),
        ),
    )
    send(ledger, arrived, route.to_account, f"{name}{SEPARATOR}{len(payment.sent)}")


def send_credit(ledger: Ledger, route: Route, note: CreditNote) -> None:
    """Move all credit that a note still has to another account."""
    since = max(route.on, note.held_on, note.credited_on)
    amount = note.unapplied
    entry = ledger.hold("unapplied_credit", note, -amount, since)
    note.unapplied, note.sent = 0, note.sent + amount
    waits_for, note.waits_for = note.waits_for, ""
    ledger.party.keep(note)
    _tell(ledger, note.currency, [entry], since, note.credit_note_id)
    name = printable(note.credit_note_id)
    arrived = billing.TransferArrived(
        transfer_id=route.transfer_id,
        account_id=route.to_account,
        from_account_id=note.account_id,
        transferred_on=since,
        amount=text(amount, note.currency),
        currency=note.currency,
        credit=billing.ArrivingCredit(
            credit_note_id=name, credited_on=note.credited_on, invoice_id=waits_for or None
        ),
    )
    send(ledger, arrived, route.to_account, name)


def _tell(ledger: Ledger, currency: str, entries: list[Entry], on: date, name: str) -> None:
    adjusted(
        ledger,
        "transferred",
        currency=currency,
        entries=entries,
        effective_on=on,
        document_id=name,
    )
