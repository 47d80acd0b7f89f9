"""Refunds that failed: the money came back to the creditor, so it is held again, or pays again."""

from services.ingest.domain import credit, receipt
from services.ingest.domain.allocation import Told
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.invoice import key_of
from services.ingest.domain.ledger import Ledger, ask_for, in_records
from services.ingest.domain.payment import Payment
from services.ingest.domain.refund import Refund, Taken, tell
from services.ingest.domain.reversal import ask_for_applied
from services.ingest.domain.waiting import wait
from shared.core import Refusal
from shared.events import ledger as facts
from shared.events.billing import RefundReversed
from shared.money import text

Source = Payment | CreditNote


def undo(ledger: Ledger, told: RefundReversed) -> Refusal | None:
    """Take a refund back: what it took is held again; what it reopened has the next claim on that.

    What of it had not been held is no longer waited for.
    """
    refund = ledger.find(Refund, told.refund_id)
    if refund is None:
        wait(ledger, told, kind="refund", needed=told.refund_id, on=told.reversed_on)
        return None
    if refund.undone:
        if refund.undone == ledger.digest:
            return None
        return Refusal("conflict", "the refund was taken back otherwise before", "refund_id")
    account_id = ledger.account.account_id
    items = _of_items(refund)
    pieces = [*refund.taken, *items]
    ask_for(
        ledger.party,
        [
            (Payment if one.kind == "payment" else CreditNote, key_of(account_id, one.name))
            for one in pieces
        ],
    )
    sources = [(_source(ledger, one), one.amount) for one in pieces]
    ask_for_applied(ledger, refund.reopened)
    for source, _ in sources:
        ask_for_applied(ledger, source.waiting)
    refund.left, refund.undone = 0, ledger.digest
    ledger.party.keep(refund)
    booked = [(amount, _give_again(ledger, source, amount, told)) for source, amount in sources]
    for one in items:
        _claim_again(ledger, _source(ledger, one), refund)
    for amount, portion in in_records(booked) if booked else ():
        tell(ledger, refund, portion, amount=amount, on=told.reversed_on, undone=True)
    for source, _ in sources:
        if isinstance(source, Payment):
            receipt.resume(ledger, source)
        else:
            credit.resume(ledger, source)
    ledger.sweep = True
    return None


def ask(ledger: Ledger, _told: RefundReversed) -> None:
    """Have at hand what taking a refund back may need, before the refund it waits for is booked.

    The money may have come out of any of these; what they have waiting claims what is held again.
    """
    party = ledger.party
    sources: list[Source] = [*party.all(Payment), *party.all(CreditNote)]
    for source in sources:
        if source.account_id == ledger.account.account_id:
            ask_for_applied(ledger, source.waiting)


def _of_items(refund: Refund) -> list[Taken]:
    """What came out of items, as what it came out of before that."""
    cash = sum(done.cash for done in refund.reopened)
    if not cash:
        return []
    if refund.payment_id:
        return [Taken("payment", refund.payment_id, cash)]
    return [Taken("credit", refund.credit_note_id, cash)]


def _source(ledger: Ledger, one: Taken) -> Source:
    source: Source | None = ledger.find(Payment, one.name) if one.kind == "payment" else None
    source = source or ledger.find(CreditNote, one.name)
    if source is None:
        raise LookupError(f"a refund was taken from {one.name!r}, which is not there")
    return source


def _give_again(ledger: Ledger, source: Source, amount: int, told: RefundReversed) -> facts.Entry:
    source.unapplied += amount
    source.refunded -= amount
    source.held_on = max(source.held_on, told.reversed_on)
    ledger.party.keep(source)
    if isinstance(source, Payment):
        return ledger.hold("unapplied_cash", source, amount, source.held_on)
    return ledger.hold("unapplied_credit", source, amount, source.held_on)


def _claim_again(ledger: Ledger, source: Source, refund: Refund) -> None:
    """Have what the refund reopened paid again, by what had paid it."""
    for done in refund.reopened:
        invoice = ledger.invoice(done.invoice_id)
        if invoice is not None:
            amount = text(done.amount, invoice.currency)
            source.waiting.append(Told(done.invoice_id, done.item_id, amount))
