"""Stripe's customers, invoices and credit notes: what is owed, and what takes it back."""

from collections.abc import Sequence

from services.ingest.doors.adapters.stripe import objects
from services.ingest.doors.adapters.stripe.change import NOBODYS, Change, Retold, money
from services.ingest.doors.adapters.telling import Teller, Told, label, reached_by


def customer(told: objects.Customer, change: Change) -> Retold:
    """What is known of a customer."""
    return (_profile(change, told.id, told),)


def _profile(change: Change, account_id: str, told: objects.Customer) -> Told:
    where = told.address or objects.Address()
    return change.teller.event(
        "account.updated",
        f"{change.id}:account",
        account_id,
        creditor_id=change.teller.source.creditor_id,
        version=change.created,
        name=label(told.name),
        language=told.preferred_locales[0] if told.preferred_locales else None,
        country=where.country or None,
        region=label(where.state),
        locality=label(where.city),
        postal_code=label(where.postal_code),
        contact_points=reached_by(email=told.email, phone=told.phone),
    )


def finalized(invoice: objects.Invoice, change: Change) -> Retold:
    """A new receivable: its account first, so that the creditor is known.

    What the customer's balance pays at once is a credit; what it adds is owed with the invoice.
    """
    account_id = invoice.customer
    if account_id is None:
        return NOBODYS
    teller, since = change.teller, invoice.status_transitions.finalized_at
    owner = objects.Customer(
        id=account_id,
        name=invoice.customer_name,
        email=invoice.customer_email,
        phone=invoice.customer_phone,
        address=invoice.customer_address,
    )
    told = [_profile(change, account_id, owner)]
    billed = max(invoice.total, invoice.amount_due)
    if billed > 0:
        told.append(_issued(teller, invoice, account_id, billed))
    if billed > invoice.amount_due:
        told.append(
            teller.event(
                "invoice.credited",
                f"{invoice.id}:balance",
                account_id,
                credit_note_id=f"{invoice.id}:balance",
                invoice_id=invoice.id,
                **money(billed - invoice.amount_due, invoice.currency),
                credited_on=teller.day(since or invoice.created),
            )
        )
    if invoice.amount_due and invoice.collection_method == "charge_automatically":
        told += _scheduled(teller, invoice, account_id, f"{invoice.id}:scheduled")
    return [*told, teller.bound(invoice.id, account_id)]


def _issued(teller: Teller, invoice: objects.Invoice, account_id: str, billed: int) -> Told:
    since = invoice.status_transitions.finalized_at or invoice.created
    return teller.event(
        "invoice.issued",
        f"{invoice.id}:issued",
        account_id,
        invoice_id=invoice.id,
        number=label(invoice.number),
        issued_on=teller.day(invoice.effective_at or since),
        due_on=teller.day(invoice.due_date or since),
        **money(billed, invoice.currency),
        pay_url=invoice.hosted_invoice_url or None,
        document_url=invoice.invoice_pdf or None,
    )


def _scheduled(
    teller: Teller, invoice: objects.Invoice, account_id: str, name: str
) -> Sequence[Told]:
    on = teller.day(invoice.next_payment_attempt)
    if on is None:
        return ()
    kind = "payment.scheduled"
    return (teller.event(kind, name, account_id, invoice_ids=[invoice.id], on=on),)


def updated(invoice: objects.Invoice, change: Change) -> Retold:
    """Of an open invoice only the due date can change; what was a draft is told as finalized."""
    if "due_date" not in change.before or "status" in change.before or invoice.status != "open":
        return ()
    if invoice.customer is None:
        return NOBODYS
    since = invoice.status_transitions.finalized_at or invoice.created
    return (
        change.teller.event(
            "invoice.amended",
            f"{change.id}:amended",
            invoice.customer,
            invoice_id=invoice.id,
            amended_on=change.teller.today,
            due_on=change.teller.day(invoice.due_date or since),
        ),
    )


def voided(invoice: objects.Invoice, change: Change) -> Retold:
    """The invoice is declared never to have been."""
    if invoice.customer is None:
        return NOBODYS
    on = change.teller.day(invoice.status_transitions.voided_at) or change.teller.today
    name = f"{invoice.id}:voided"
    told = change.teller.event(
        "invoice.voided", name, invoice.customer, invoice_id=invoice.id, voided_on=on
    )
    return (told,)


def uncollectible(invoice: objects.Invoice, change: Change) -> Retold:
    """Stripe gave up all that is open; what comes all the same is a recovery."""
    if invoice.customer is None:
        return NOBODYS
    teller, name = change.teller, f"{invoice.id}:uncollectible"
    return (
        teller.event(
            "invoice.written_off",
            name,
            invoice.customer,
            write_off_id=name,
            invoice_id=invoice.id,
            written_off_on=teller.day(invoice.status_transitions.marked_uncollectible_at)
            or teller.today,
            reason="marked uncollectible",
        ),
    )


def credited(note: objects.CreditNote, change: Change) -> Retold:
    """The part that lowers what is open. The rest Stripe keeps or pays back, and tells then."""
    credited = note.pre_payment_amount
    if credited is None:
        credited = 0 if note.type == "post_payment" else note.amount
    if not credited:
        return ()
    teller = change.teller
    return (
        teller.event(
            "invoice.credited",
            f"{note.id}:credited",
            note.customer,
            credit_note_id=note.id,
            invoice_id=note.invoice,
            **money(credited, note.currency),
            credited_on=teller.day(note.effective_at or note.created),
        ),
    )


def credit_voided(note: objects.CreditNote, change: Change) -> Retold:
    """The credit note is taken back; only one that lowered what was open can be."""
    on = change.teller.day(note.voided_at) or change.teller.today
    name = f"{note.id}:voided"
    kind = "credit.voided"
    told = change.teller.event(kind, name, note.customer, credit_note_id=note.id, voided_on=on)
    return (told,)
