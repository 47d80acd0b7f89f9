"""Disputes: the debtor objects to an invoice, or to the whole account."""

from datetime import date
from typing import ClassVar, Literal

from typing_extensions import override

from services.ingest.domain.invoice import Invoice, key_of
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.waiting import wait
from shared.core import Compact, Refusal
from shared.events import ledger as facts
from shared.events.billing import DisputeOpened, DisputeResolved
from shared.money import MoneyError, minor, text

Outcome = Literal["accepted", "partly", "rejected", "withdrawn"]


class Dispute(Compact):
    """One dispute, with what was said of it. It is told once its invoice is there (`item_ids`)."""

    prefix: ClassVar[str] = "dispute"
    account_id: str
    dispute_id: str
    digest: str
    opened_on: date
    invoice_id: str = ""
    amount: str = ""
    reason_code: str = ""
    in_writing: bool = False
    currency: str = ""
    item_ids: list[str] | None = None
    """The items in dispute; None while their invoice has not come."""
    resolved: str = ""
    """The digest of its resolution."""

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.dispute_id)

    @property
    @override
    def settled(self) -> bool:
        return bool(self.resolved)


def open_dispute(ledger: Ledger, told: DisputeOpened) -> Refusal | None:
    """Open a dispute, of an invoice (when it is there) or of the whole account."""
    known = ledger.find(Dispute, told.dispute_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this dispute came before with other content", "dispute_id")
    invoice = ledger.invoice(told.invoice_id) if told.invoice_id else None
    dispute = Dispute(
        account_id=told.account_id,
        dispute_id=told.dispute_id,
        digest=ledger.digest,
        opened_on=told.opened_on,
        invoice_id=told.invoice_id or "",
        amount=told.amount or "",
        reason_code=told.reason_code or "",
        in_writing=told.in_writing,
    )
    if invoice is not None:
        currency = invoice.currency
    else:
        currency = ledger.account.profile.currency or ledger.creditor.currency
    if told.amount is not None and (invoice is not None or not told.invoice_id):
        try:
            minor(told.amount, currency)
        except MoneyError as fault:
            return Refusal("invalid", str(fault), "amount")
    ledger.party.keep(dispute)
    if not told.invoice_id:
        _announce(ledger, dispute, currency=currency, item_ids=[])
    elif invoice is not None:
        _announce(ledger, dispute, currency=currency, item_ids=_items(invoice))
    return None


def meet(ledger: Ledger, invoice: Invoice) -> None:
    """An invoice came: the disputes of it that came before are opened now, with their own dates."""
    account_id, invoice_id = ledger.account.account_id, invoice.invoice_id
    waiting = [
        dispute
        for dispute in ledger.party.all(Dispute)
        if dispute.item_ids is None
        and dispute.invoice_id == invoice_id
        and dispute.account_id == account_id
    ]
    for dispute in sorted(waiting, key=lambda dispute: (dispute.opened_on, dispute.dispute_id)):
        _announce(ledger, dispute, currency=invoice.currency, item_ids=_items(invoice))


def resolve(ledger: Ledger, told: DisputeResolved) -> Refusal | None:
    """Settle a dispute, whatever the outcome; credit notes come on their own."""
    dispute = ledger.find(Dispute, told.dispute_id)
    if dispute is None or dispute.item_ids is None:
        wait(ledger, told, kind="dispute", needed=told.dispute_id, on=told.resolved_on)
        return None
    if dispute.resolved:
        if dispute.resolved == ledger.digest:
            return None
        return Refusal("conflict", "the dispute was resolved otherwise before", "dispute_id")
    dispute.resolved = ledger.digest
    ledger.party.keep(dispute)
    tell_resolved(ledger, dispute, told.outcome, told.resolved_on)
    return None


def tell_resolved(
    ledger: Ledger, dispute: Dispute, outcome: Outcome, on: date, *, moved: bool = False
) -> None:
    """Tell that it is settled; `moved`: that it goes on under another party."""
    fact = facts.DisputeResolved(
        account_id=dispute.account_id,
        creditor_id=ledger.account.creditor_id,
        dispute_id=dispute.dispute_id,
        invoice_id=dispute.invoice_id,
        currency=dispute.currency,
        amount=dispute.amount,
        outcome=outcome,
        opened_on=dispute.opened_on,
        resolved_on=on,
        moved=moved,
    )
    ledger.emit(fact, dispute.dispute_id)


def _items(invoice: Invoice) -> list[str]:
    return [item.item_id for item in invoice.oldest_first()]


def _announce(ledger: Ledger, dispute: Dispute, *, currency: str, item_ids: list[str]) -> None:
    try:
        dispute.amount = dispute.amount and text(minor(dispute.amount, currency), currency)
    except MoneyError:
        dispute.amount = ""  # told before the currency was known: then all of it is disputed
    dispute.currency = currency
    dispute.item_ids = item_ids
    ledger.party.keep(dispute)
    ledger.came.append(("dispute", dispute.dispute_id))
    tell_opened(ledger, dispute)


def tell_opened(ledger: Ledger, dispute: Dispute, *, moved: bool = False) -> None:
    """Tell that the debtor objects; `moved`: that it goes on here from another party."""
    fact = facts.DisputeOpened(
        account_id=dispute.account_id,
        creditor_id=ledger.account.creditor_id,
        dispute_id=dispute.dispute_id,
        invoice_id=dispute.invoice_id,
        item_ids=tuple(dispute.item_ids or ()),
        currency=dispute.currency,
        amount=dispute.amount,
        reason_code=dispute.reason_code,
        in_writing=dispute.in_writing,
        opened_on=dispute.opened_on,
        moved=moved,
    )
    ledger.emit(fact, dispute.dispute_id)
