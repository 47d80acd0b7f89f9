"""Transfers, second leg: what another account sent is booked; it is never refused."""

from collections.abc import Iterator
from typing import Final

from services.ingest.domain import credit, dispute, receipt
from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.allocation import Told
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import Installment, Invoice, key_of
from services.ingest.domain.issue import claim, new_item, tell_opened
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import NEVER_TOLD, Payment
from services.ingest.domain.sharing import came_back, give
from services.ingest.domain.transfer import Transfer
from shared.core import Document
from shared.events.billing import (
    ArrivingCash,
    ArrivingCredit,
    ArrivingItem,
    TransferArrived,
)
from shared.money import minor

_IN: Final = "arrived"


def arrive(ledger: Ledger, told: TransferArrived) -> None:
    """Book what came from another account; a second one of the same id changes nothing."""
    name = transfer_key(told)
    if ledger.find(Transfer, name) is not None:
        return
    ledger.party.keep(Transfer(told.account_id, name, ledger.digest, arrived=True))
    amount = minor(told.amount, told.currency)
    if told.item is not None:
        _item(ledger, told, told.item, amount)
    elif told.cash is not None:
        _cash(ledger, told, told.cash, amount)
    elif told.credit is not None:
        _credit(ledger, told, told.credit, amount)


def transfer_key(told: TransferArrived) -> str:
    """What tells an arrival from others: one transfer id may carry several things."""
    thing = told.item or told.cash or told.credit
    name = getattr(thing, "item_id", "") or getattr(thing, "payment_id", "")
    name = name or getattr(thing, "credit_note_id", "")
    return f"{_IN}:{told.from_account_id}:{told.transfer_id}:{name}"


def names(name: str, told: TransferArrived) -> tuple[str, ...]:
    """What a thing may be called here: by its name, unless the account has another one of it."""
    foreign = f"{name}@{told.from_account_id}"
    return name, foreign, f"{foreign}:{told.transfer_id}"


def wanted(told: TransferArrived) -> Iterator[tuple[type[Document], str]]:
    """The documents that an arrival may meet."""
    account_id = told.account_id
    yield Transfer, key_of(account_id, transfer_key(told))
    if told.item is not None:
        yield Installment, key_of(account_id, told.item.item_id)
        yield Invoice, key_of(account_id, told.item.item_id)
    for kind, name in (
        (Invoice, told.item and told.item.invoice_id),
        (Payment, told.cash and told.cash.payment_id),
        (CreditNote, told.credit and told.credit.credit_note_id),
    ):
        if name:
            for each in names(name, told):
                yield kind, key_of(account_id, each)
    if told.cash is not None:
        for part in told.cash.allocations:
            yield Invoice, key_of(account_id, part.invoice_id)
    if told.credit is not None and told.credit.invoice_id:
        yield Invoice, key_of(account_id, told.credit.invoice_id)


def brought(told: TransferArrived) -> Iterator[tuple[str, str]]:
    """What others may be waiting for that an arrival brings: its kind, and the names it may get."""
    if told.item is not None:
        kind, name = "invoice", told.item.invoice_id
    elif told.cash is not None:
        kind, name = "payment", told.cash.payment_id
    elif told.credit is not None:
        kind, name = "credit", told.credit.credit_note_id
    else:
        return
    for each in names(name, told):
        yield kind, each
    if told.item is not None and told.item.item_id != told.item.invoice_id:
        yield kind, told.item.item_id


def _item(ledger: Ledger, told: TransferArrived, part: ArrivingItem, amount: int) -> None:
    invoice = _invoice(ledger, told, part)
    item = invoice.item(part.item_id)
    on = told.transferred_on
    if item is None:
        item = new_item(part.item_id, due_on=part.due_on, amount=amount, from_on=on)
        item.first_overdue_on = part.first_overdue_on
        item.aged_from = on
        item.wakes_on = max(item.wakes_on, on) if item.wakes_on is not None else None
        invoice.items.append(item)
        _claim(ledger, invoice, part)
        ledger.open_item(invoice, item)
        entry = ledger.post(invoice, item, "moved", amount, on)
        tell_opened(ledger, invoice, item, [entry])
    else:
        entry = ledger.post(invoice, item, "moved", amount, on)
        item.amount += amount
        adjusted(
            ledger,
            "transferred",
            currency=invoice.currency,
            entries=[entry],
            effective_on=on,
            invoice_id=invoice.invoice_id,
            document_id=told.transfer_id,
        )
    dispute.meet(ledger, invoice)
    credit.meet(ledger, invoice)
    ledger.sweep = receipt.meet(ledger, invoice) or ledger.sweep
    ledger.came.append(("invoice", invoice.invoice_id))


def _claim(ledger: Ledger, invoice: Invoice, part: ArrivingItem) -> None:
    """Let an instalment be found by its id here too, unless the id is taken."""
    if part.item_id != part.invoice_id and (
        ledger.find(Installment, part.item_id) is None and ledger.invoice(part.item_id) is None
    ):
        claim(ledger, invoice, part.item_id)


def _invoice(ledger: Ledger, told: TransferArrived, part: ArrivingItem) -> Invoice:
    """The invoice that the item is of here: the same one if it came before or came home."""
    for name in names(part.invoice_id, told):
        known = ledger.invoice(name)
        if known is None:
            invoice = Invoice(
                account_id=told.account_id,
                invoice_id=name,
                digest=ledger.digest,
                currency=told.currency,
                issued_on=part.issued_on,
                sales=part.sales,
                items=[],
                number=part.number,
                kind=part.kind,
                policy=part.policy,
                tags=list(part.tags),
                pay_url=part.pay_url or "",
                document_url=part.document_url or "",
                home_id=part.home_id,
            )
            return ledger.party.keep(invoice)
        if known.currency == told.currency and part.home_id == (known.home_id or known.account_id):
            return known
    raise LookupError(f"invoice {part.invoice_id!r} came twice by one transfer")


def _cash(ledger: Ledger, told: TransferArrived, part: ArrivingCash, amount: int) -> None:
    held = _payment(ledger, told, part)
    held.amount += amount - came_back(held, told.from_account_id, amount)
    held.unapplied += amount
    held.held_on = max(held.held_on, told.transferred_on)
    held.waiting = [*held.waiting, *(Told.of(each) for each in part.allocations)]
    ledger.party.keep(held)
    receipt.tell_held(ledger, held, amount, told.transferred_on)
    if part.from_parent and told.from_account_id == ledger.account.reported_to:
        sums = ledger.account.from_parent
        sums[told.currency] = sums.get(told.currency, 0) + amount
        ledger.party.keep(ledger.account)
    receipt.resume(ledger, held)
    give(ledger, held, told.transferred_on)
    ledger.came.append(("payment", held.payment_id))
    ledger.sweep = True


def _payment(ledger: Ledger, told: TransferArrived, part: ArrivingCash) -> Payment:
    for name in names(part.payment_id, told):
        known = ledger.find(Payment, name)
        if known is None:
            return Payment(
                account_id=told.account_id,
                payment_id=name,
                digest=ledger.digest,
                currency=told.currency,
                amount=0,
                received_on=part.received_on,
                unapplied=0,
                by_rule=part.by_rule,
                method=part.method,
                held_on=part.received_on,
                home_id=part.home_id,
                version=NEVER_TOLD,
            )
        if known.currency == told.currency and part.home_id == (known.home_id or known.account_id):
            return known
    raise LookupError(f"payment {part.payment_id!r} came twice by one transfer")


def _credit(ledger: Ledger, told: TransferArrived, part: ArrivingCredit, amount: int) -> None:
    name = next(
        name for name in names(part.credit_note_id, told) if ledger.find(CreditNote, name) is None
    )
    note = CreditNote(
        account_id=told.account_id,
        credit_note_id=name,
        digest=ledger.digest,
        currency=told.currency,
        credited_on=part.credited_on,
        unapplied=amount,
        waits_for=part.invoice_id or "",
        held_on=told.transferred_on,
    )
    ledger.party.keep(note)
    entry = ledger.hold("unapplied_credit", note, amount, told.transferred_on)
    adjusted(
        ledger,
        "transferred",
        currency=note.currency,
        entries=[entry],
        effective_on=told.transferred_on,
        document_id=name,
    )
    invoice = ledger.invoice(part.invoice_id) if part.invoice_id else None
    if invoice is not None and not invoice.void:
        credit.meet(ledger, invoice)
    ledger.came.append(("credit", name))
