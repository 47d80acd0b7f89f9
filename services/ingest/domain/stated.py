"""Statements of totals: what a source says that knows no single payment; the difference is booked.

A source either tells payments and credit notes one by one or states totals: what was told one by
one is not taken back because a total lacks it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.ingest.domain.amendment import rebook
from services.ingest.domain.credit import CreditNote, credit, void_credit
from services.ingest.domain.invoice import SEPARATOR, Invoice, key_of
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.receipt import receive
from services.ingest.domain.reversal import Reversal, reverse
from services.ingest.domain.schedule import in_force, spread
from services.ingest.domain.waiting import wait
from shared.core import Refusal
from shared.events.billing import (
    Allocation,
    CreditVoided,
    InvoiceAmended,
    InvoiceCredited,
    InvoiceStated,
    PaymentReceived,
    PaymentReversed,
)
from shared.events.ledger import EntryKind
from shared.money import MoneyError, minor, text

METHOD: Final = "stated"
"""The method of payments that are known by a total only, and the reason of such amendments."""
STALE: Final = "stale_statement"
"""What is counted where a statement is older than the ledger."""
_PAID: Final[frozenset[EntryKind]] = frozenset(
    {"collected", "reversed", "reopened", "deducted", "deduction_reversed"}
)
_CREDITED: Final[frozenset[EntryKind]] = frozenset({"credited", "credit_voided"})


@dataclass(frozen=True, slots=True)
class _Totals:
    """Minor units."""

    total: int
    paid: int
    credited: int


def take_statement(ledger: Ledger, told: InvoiceStated) -> Refusal | None:
    """Book what makes the ledger say what the statement says, as of its day.

    One with a version that is not above the last one's, or with a day before the latest entry on
    the invoice, is older than the ledger: it changes nothing, and is counted.
    """
    invoice = ledger.invoice(told.invoice_id)
    if invoice is None:
        wait(ledger, told, kind="invoice", needed=told.invoice_id, on=told.as_of)
        return None
    if told.version == invoice.stated_version and ledger.digest != invoice.stated_digest:
        return Refusal("conflict", "this version came before with other content", "version")
    if told.version <= invoice.stated_version or told.as_of < _latest_entry(invoice):
        ledger.ignored[STALE] += 1
        return None
    if invoice.void:
        wait(ledger, told, kind="reinstated", needed=told.invoice_id, on=told.as_of)
        return None
    stated = _read(told, invoice.currency)
    return stated if isinstance(stated, Refusal) else _book(ledger, invoice, told, stated)


def _book(ledger: Ledger, invoice: Invoice, told: InvoiceStated, stated: _Totals) -> Refusal | None:
    """Book the difference: first what is taken back, then the total, then what came more."""
    known = _known(invoice)
    payments, notes = _stated_before(ledger, invoice)
    if (refusal := _told_one_by_one(stated, known, payments, notes)) is not None:
        return refusal
    invoice.stated_version, invoice.stated_digest = told.version, ledger.digest
    ledger.party.keep(invoice)
    _take_back(ledger, invoice, told, payments, known.paid - stated.paid)
    again = _uncredit(ledger, invoice, told, notes) if stated.credited < known.credited else 0
    if stated.total != known.total:
        _amend(ledger, invoice, told, stated.total)
    _add(ledger, invoice, told, paid=stated.paid - known.paid)
    _add(ledger, invoice, told, credited=stated.credited - known.credited + again)
    return None


def _latest_entry(invoice: Invoice) -> date:
    return max(posting.on for item in invoice.items for posting in item.postings)


def _read(told: InvoiceStated, currency: str) -> _Totals | Refusal:
    """The totals in minor units; refused if they do not add up."""
    amounts: dict[str, int] = {}
    for name in ("total", "paid", "credited", "open"):
        try:
            amounts[name] = minor(getattr(told, name), currency)
        except MoneyError as fault:
            return Refusal("invalid", str(fault), name)
    if amounts["total"] != amounts["paid"] + amounts["credited"] + amounts["open"]:
        return Refusal("invalid", "the total is not what is paid, credited and open", "open")
    return _Totals(amounts["total"], amounts["paid"], amounts["credited"])


def _known(invoice: Invoice) -> _Totals:
    """What the ledger says now."""
    return _Totals(
        total=sum(item.amount for item in invoice.items),
        paid=-sum(item.booked(_PAID) for item in invoice.items),
        credited=-sum(item.booked(_CREDITED) for item in invoice.items),
    )


def ask(ledger: Ledger, told: InvoiceStated) -> None:
    """Have at hand, before anything changes, what earlier statements of the invoice brought."""
    invoice = ledger.party.find(Invoice, key_of(told.account_id, told.invoice_id))
    if invoice is not None:
        _stated_before(ledger, invoice)


def _stated_before(ledger: Ledger, invoice: Invoice) -> tuple[list[Payment], list[CreditNote]]:
    """The payments and credit notes that earlier statements brought, the latest first."""
    payments = [ledger.find(Payment, name) for name in reversed(invoice.stated_payments)]
    notes = [ledger.find(CreditNote, name) for name in reversed(invoice.stated_credits)]
    return [p for p in payments if p is not None], [n for n in notes if n is not None]


def _told_one_by_one(
    stated: _Totals, known: _Totals, payments: list[Payment], notes: list[CreditNote]
) -> Refusal | None:
    """Refuse what would take back what no statement brought."""
    by_statement = sum(done.cash for payment in payments for done in payment.applied)
    if known.paid - stated.paid > by_statement:
        return Refusal("conflict", "payments that were told one by one came to more", "paid")
    credited = sum(done.amount for note in notes for done in note.applied)
    if known.credited - stated.credited > credited:
        return Refusal(
            "conflict", "credit notes that were told one by one came to more", "credited"
        )
    return None


def _take_back(
    ledger: Ledger, invoice: Invoice, told: InvoiceStated, payments: list[Payment], less: int
) -> None:
    """Reverse what earlier statements had as paid, the latest first."""
    for payment in payments:
        amount = min(max(0, less), sum(done.cash for done in payment.applied))
        if not amount:
            continue
        less -= amount
        name = f"{_name(told)}{SEPARATOR}{payment.payment_id}"
        ledger.coin(Reversal, name)
        reversal = PaymentReversed.model_construct(
            account_id=told.account_id,
            reversal_id=name,
            payment_id=payment.payment_id,
            amount=text(amount, invoice.currency),
            reversed_on=told.as_of,
            reason="error",
        )
        reverse(ledger, reversal)


def _uncredit(
    ledger: Ledger, invoice: Invoice, told: InvoiceStated, notes: list[CreditNote]
) -> int:
    """Take back all that earlier statements had as credited: how much that was on the invoice."""
    credited = 0
    for note in notes:
        if note.applied:
            credited += sum(done.amount for done in note.applied)
            void_credit(
                ledger,
                CreditVoided.model_construct(
                    account_id=invoice.account_id,
                    credit_note_id=note.credit_note_id,
                    voided_on=told.as_of,
                ),
            )
    return credited


def _amend(ledger: Ledger, invoice: Invoice, told: InvoiceStated, total: int) -> None:
    items = in_force(invoice.items) or invoice.items[-1:]
    amendment = InvoiceAmended.model_construct(
        account_id=told.account_id,
        invoice_id=told.invoice_id,
        amended_on=told.as_of,
        reason=METHOD,
    )
    rebook(ledger, invoice, spread(items, total), amendment)
    ledger.sweep = True


def _add(
    ledger: Ledger, invoice: Invoice, told: InvoiceStated, *, paid: int = 0, credited: int = 0
) -> None:
    """Book what is paid or credited more, as one payment or credit note of this statement."""
    currency, name = invoice.currency, _name(told)
    if paid > 0:
        amount = text(paid, currency)
        invoice.stated_payments.append(name)
        ledger.coin(Payment, name)
        payment = PaymentReceived.model_construct(
            account_id=told.account_id,
            payment_id=name,
            amount=amount,
            currency=currency,
            received_on=told.as_of,
            method=METHOD,
            allocations=(Allocation(invoice_id=told.invoice_id, amount=amount),),
        )
        receive(ledger, payment)
    if credited > 0:
        invoice.stated_credits.append(name)
        ledger.coin(CreditNote, name)
        note = InvoiceCredited.model_construct(
            account_id=told.account_id,
            credit_note_id=name,
            invoice_id=told.invoice_id,
            amount=text(credited, currency),
            currency=currency,
            credited_on=told.as_of,
        )
        credit(ledger, note)


def _name(told: InvoiceStated) -> str:
    """The id of what a statement brings; no told id can be like it."""
    return f"{told.invoice_id}{SEPARATOR}{METHOD}{SEPARATOR}{told.version}"
