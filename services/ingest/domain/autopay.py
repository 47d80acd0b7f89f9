"""Autopay: a direct debit or card payment that is on its way, or failed."""

from services.ingest.domain.ledger import Ledger
from shared.events import ledger as facts
from shared.events.billing import PaymentFailed, PaymentScheduled


def schedule(ledger: Ledger, told: PaymentScheduled) -> None:
    """Tell that a payment is on its way: who collects waits for it."""
    fact = facts.AutopayScheduled(
        account_id=told.account_id,
        creditor_id=ledger.account.creditor_id,
        invoice_ids=told.invoice_ids,
        scheduled_on=told.on,
    )
    ledger.emit(fact)


def fail(ledger: Ledger, told: PaymentFailed) -> None:
    """Tell that it failed."""
    fact = facts.AutopayFailed(
        account_id=told.account_id,
        creditor_id=ledger.account.creditor_id,
        invoice_ids=told.invoice_ids,
        code=told.code,
        next_attempt_on=told.next_attempt_on,
    )
    ledger.emit(fact)
