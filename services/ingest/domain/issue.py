"""Issuing: an invoice comes, and with it what had been waiting for it."""

from collections.abc import Iterator
from datetime import date
from sys import intern

from services.ingest.domain import credit, dispute, receipt, written
from services.ingest.domain.aging import CURRENT
from services.ingest.domain.closing import first_wake
from services.ingest.domain.invoice import Installment, Invoice, Item
from services.ingest.domain.ledger import Ledger
from shared.core import Refusal
from shared.events import ledger as facts
from shared.events.billing import Installment as Part
from shared.events.billing import InvoiceAmended, InvoiceIssued, Opening
from shared.money import minor, text


def issue(ledger: Ledger, told: InvoiceIssued) -> Refusal | None:
    """Open an invoice's items; disputes, credit and cash that waited for it find it."""
    known = ledger.find(Invoice, told.invoice_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this invoice came before with other content", "invoice_id")
    if taken := taken_id(ledger, told.invoice_id, told.installments or ()):
        return taken
    invoice = Invoice(
        account_id=told.account_id,
        invoice_id=told.invoice_id,
        digest=ledger.digest,
        currency=told.currency,
        issued_on=told.issued_on,
        sales=told.counts_as_sales and told.opening is None,
        items=_items(told),
        number=told.number or "",
        kind=told.kind,
        policy=told.policy or "",
        tags=list(told.tags),
        pay_url=told.pay_url or "",
        document_url=told.document_url or "",
    )
    amounts = _open_amounts(told, invoice.items)
    opening = told.opening
    for item, amount in zip(invoice.items, amounts, strict=True):
        if amount:
            kind: facts.EntryKind = "opening" if opening is not None else "billed"
            ledger.open_item(invoice, item)
            entry = ledger.post(invoice, item, kind, amount, item.from_on)
            tell_opened(ledger, invoice, item, [entry], opening=opening)
        if told.installments:
            claim(ledger, invoice, item.item_id)
    dispute.meet(ledger, invoice)
    credit.meet(ledger, invoice)
    ledger.sweep = receipt.meet(ledger, invoice)
    ledger.came.append(("invoice", invoice.invoice_id))
    return None


def brought_by(told: InvoiceIssued | InvoiceAmended) -> Iterator[tuple[str, str]]:
    """What others may be waiting for that is new: the invoice, and instalments by their own ids."""
    if isinstance(told, InvoiceIssued):
        yield "invoice", told.invoice_id
    for part in told.installments or ():
        if part.item_id != told.invoice_id:
            yield "invoice", part.item_id


def taken_id(ledger: Ledger, invoice_id: str, parts: tuple[Part, ...]) -> Refusal | None:
    """Refuse instalments whose ids belong to another invoice of the account."""
    for number, part in enumerate(parts):
        owner = ledger.find(Installment, part.item_id)
        plain = ledger.find(Invoice, part.item_id)
        if (owner is not None and owner.invoice_id != invoice_id) or (
            plain is not None and plain.invoice_id != invoice_id
        ):
            where = f"installments.{number}.item_id"
            return Refusal("conflict", "another invoice has an item of this id", where)
    return None


def claim(ledger: Ledger, invoice: Invoice, item_id: str) -> None:
    """Note that an instalment's id is this invoice's."""
    ledger.party.keep(
        Installment(account_id=invoice.account_id, item_id=item_id, invoice_id=invoice.invoice_id)
    )
    ledger.came.append(("invoice", item_id))


def new_item(item_id: str, *, due_on: date, amount: int, from_on: date) -> Item:
    """An item on which nothing is booked yet."""
    item = Item(
        item_id=item_id,
        due_on=due_on,
        amount=amount,
        open=0,
        from_on=from_on,
        bucket=CURRENT,
    )
    item.wakes_on = first_wake(item)
    return item


def tell_opened(
    ledger: Ledger,
    invoice: Invoice,
    item: Item,
    entries: list[facts.Entry],
    *,
    opening: Opening | None = None,
) -> None:
    """Tell that an item is owed, or was when Arrears took over."""
    fact = written.InvoiceOpened(
        account_id=invoice.account_id,
        creditor_id=ledger.account.creditor_id,
        currency=invoice.currency,
        entries=tuple(entries),
        item_id=item.item_id,
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        kind=intern(invoice.kind),  # it may be as by default, which is left out
        issued_on=invoice.issued_on,
        due_on=item.due_on,
        amount=text(item.amount, invoice.currency),
        open_amount=text(item.open, invoice.currency),
        opening=opening is not None,
        contacts=opening.contacts if opening is not None else None,
        first_overdue_on=item.first_overdue_on,
        policy=invoice.policy,
        tags=tuple(invoice.tags),
        pay_url=invoice.pay_url,
        document_url=invoice.document_url,
    )
    ledger.emit(fact, invoice.invoice_id, item.item_id)


def _items(told: InvoiceIssued) -> list[Item]:
    from_on = told.issued_on if told.opening is None else told.opening.as_of
    if told.installments:
        items = [
            new_item(
                part.item_id,
                due_on=part.due_on,
                amount=minor(part.amount, told.currency),
                from_on=from_on,
            )
            for part in told.installments
        ]
    else:
        amount = minor(told.amount, told.currency)
        items = [new_item(told.invoice_id, due_on=told.due_on, amount=amount, from_on=from_on)]
    if told.opening is not None:
        for item in items:
            item.first_overdue_on = told.opening.first_overdue_on
    return items


def _open_amounts(told: InvoiceIssued, items: list[Item]) -> list[int]:
    """What is open of each item: of an opening balance, what is due last was not paid.

    An item of which nothing was left is not told: it was settled before the ledger began.
    """
    if told.opening is None:
        return [item.amount for item in items]
    left = minor(told.opening.open_amount, told.currency)
    amounts = [0] * len(items)
    by_due = sorted(range(len(items)), key=lambda i: (items[i].due_on, items[i].item_id))
    for index in reversed(by_due):
        amounts[index] = min(items[index].amount, left)
        left -= amounts[index]
    return amounts
