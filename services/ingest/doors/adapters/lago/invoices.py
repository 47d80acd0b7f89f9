"""Lago's customers, invoices and credit notes: what is owed, and what takes it back."""

from services.ingest.doors.adapters.lago import objects
from services.ingest.doors.adapters.lago.notice import NOBODYS, Notice, Retold, money
from services.ingest.doors.adapters.telling import Told, label, reached_by

_FINAL = "finalized"


def customer(told: objects.Customer, notice: Notice) -> Retold:
    """What is known of a customer."""
    return (_profile(told, notice),)


def _profile(told: objects.Customer, notice: Notice) -> Told:
    return notice.teller.event(
        "account.updated",
        f"{notice.id}:account",
        told.external_id,
        creditor_id=notice.teller.source.creditor_id,
        version=max(0, int(notice.teller.time.timestamp() * 1_000)),
        name=label(told.legal_name or told.name),
        country=told.country or None,
        region=label(told.state),
        locality=label(told.city),
        postal_code=label(told.zipcode),
        time_zones=[told.timezone] if told.timezone else None,
        contact_points=reached_by(email=told.email, phone=told.phone),
    )


def issued(invoice: objects.Invoice, notice: Notice) -> Retold:
    """A receivable, once it is final; one of nothing, or less, is not owed."""
    if invoice.status != _FINAL:
        return ()
    if invoice.customer is None:
        return NOBODYS
    teller, account_id = notice.teller, invoice.customer.external_id
    told = [_profile(invoice.customer, notice)]
    if invoice.total_amount_cents > 0:
        told.append(
            teller.event(
                "invoice.issued",
                f"{invoice.lago_id}:issued",
                account_id,
                invoice_id=invoice.lago_id,
                number=label(invoice.number),
                issued_on=invoice.issuing_date.isoformat(),
                due_on=(invoice.payment_due_date or invoice.issuing_date).isoformat(),
                **money(invoice.total_amount_cents, invoice.currency),
            )
        )
    return [*told, teller.bound(invoice.lago_id, account_id)]


def voided(invoice: objects.Invoice, notice: Notice) -> Retold:
    """The invoice is declared never to have been."""
    told = notice.about(
        invoice.lago_id,
        invoice.customer,
        "invoice.voided",
        f"{invoice.lago_id}:voided",
        invoice_id=invoice.lago_id,
        voided_on=notice.teller.day(invoice.voided_at) or notice.teller.today,
    )
    return (told,)


def credited(note: objects.CreditNote, notice: Notice) -> Retold:
    """The part that lowers the invoice at once.

    What Lago keeps for later lowers the total of the invoice that it is used for, and would count
    twice if it were booked here as well; what it pays back never was open.
    """
    if not note.offset_amount_cents:
        return ()
    told = notice.about(
        note.lago_invoice_id,
        note.customer,
        "invoice.credited",
        f"{note.lago_id}:credited",
        credit_note_id=note.lago_id,
        invoice_id=note.lago_invoice_id,
        **money(note.offset_amount_cents, note.currency),
        credited_on=note.issuing_date.isoformat(),
    )
    return (told,)
