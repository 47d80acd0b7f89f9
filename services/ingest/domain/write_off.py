"""Write-offs: what the creditor gave up."""

from typing import ClassVar

from typing_extensions import override

from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.invoice import key_of
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.waiting import wait
from shared.core import Compact, Refusal
from shared.events.billing import InvoiceWrittenOff
from shared.money import MoneyError, minor


class WriteOff(Compact):
    """That a write-off was booked."""

    prefix: ClassVar[str] = "write_off"
    account_id: str
    write_off_id: str
    digest: str

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.write_off_id)

    @property
    @override
    def settled(self) -> bool:
        return True


def write_off(ledger: Ledger, told: InvoiceWrittenOff) -> Refusal | None:
    """Write an amount off, oldest instalment first: all that is open unless said, never more."""
    known = ledger.find(WriteOff, told.write_off_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal("conflict", "this write-off came before with other content", "write_off_id")
    invoice = ledger.invoice(told.invoice_id)
    if invoice is None:
        wait(ledger, told, kind="invoice", needed=told.invoice_id, on=told.written_off_on)
        return None
    left = sum(item.open for item in invoice.items)
    if told.amount is not None:
        try:
            left = min(left, minor(told.amount, invoice.currency))
        except MoneyError as fault:
            return Refusal("invalid", str(fault), "amount")
    entries = []
    for item in invoice.oldest_first():
        amount = min(item.open, left)
        if amount:
            on = max(told.written_off_on, item.free_from(amount))
            entries.append(ledger.post(invoice, item, "written_off", -amount, on))
            left -= amount
    ledger.party.keep(
        WriteOff(account_id=told.account_id, write_off_id=told.write_off_id, digest=ledger.digest)
    )
    if entries:
        adjusted(
            ledger,
            "written_off",
            currency=invoice.currency,
            entries=entries,
            effective_on=max(entry.effective_on for entry in entries),
            invoice_id=invoice.invoice_id,
            document_id=told.write_off_id,
            reason=told.reason or "",
        )
    return None
