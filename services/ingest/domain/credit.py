"""Credit notes: applied to their invoice, or held on the account until somebody says what for."""

from datetime import date
from typing import ClassVar

from msgspec import field
from typing_extensions import override

from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.allocation import Application, Told
from services.ingest.domain.invoice import Held, Invoice, in_done, key_of, last_day
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import NEVER_TOLD
from services.ingest.domain.reversal import Booked, ask_for_applied
from services.ingest.domain.waiting import wait
from shared.core import Compact, Refusal
from shared.events import ledger as facts
from shared.events.billing import CreditVoided, InvoiceCredited
from shared.money import minor, text


class CreditNote(Compact):
    """One credit note, in minor units: amount = applied + unapplied + refunded, or it is void.

    `waits_for` is the invoice that it is for and that has not come.
    """

    prefix: ClassVar[str] = "credit"
    account_id: str
    credit_note_id: str
    digest: str
    currency: str
    credited_on: date
    unapplied: int
    waits_for: str = ""
    held_on: date = date.min
    """The last day on which credit came to be held: what is held is applied then or later."""
    refunded: int = 0
    applied: list[Application] = field(default_factory=list)
    voided: str = ""
    """The digest of the event that declared it void."""
    held: list[Held] = field(default_factory=list)
    """All entries about what was ever unapplied."""
    waiting: list[Told] = field(default_factory=list)
    """What it was told later to be for, and could not be applied to yet."""
    version: int = NEVER_TOLD
    version_digest: str = ""
    sent: int = 0
    """What of it went to another account."""

    @property
    def amount(self) -> int:
        """All of it that still counts."""
        applied = sum(done.amount for done in self.applied)
        return self.unapplied + self.refunded + self.sent + applied

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.credit_note_id)

    @property
    @override
    def settled(self) -> bool:
        return self.unapplied == 0

    @property
    @override
    def listed(self) -> dict[str, str]:
        """Among what is done, once nothing is held."""
        if self.unapplied:
            return {}
        last = last_day(self.credited_on, self.held)
        for done in self.applied:
            last = max(last, done.on)
        return in_done(self.account_id, last, self.prefix, self.credit_note_id)


def credit(ledger: Ledger, told: InvoiceCredited) -> Refusal | None:
    """Book a credit note on its invoice, oldest instalment first; what is beyond it is held."""
    known = ledger.find(CreditNote, told.credit_note_id)
    if known is not None:
        if known.digest == ledger.digest:
            return None
        return Refusal(
            "conflict", "this credit note came before with other content", "credit_note_id"
        )
    invoice = ledger.invoice(told.invoice_id) if told.invoice_id else None
    if invoice is not None and invoice.currency != told.currency:
        return Refusal("invalid", f"the invoice is in {invoice.currency}", "currency")
    note = CreditNote(
        account_id=told.account_id,
        credit_note_id=told.credit_note_id,
        digest=ledger.digest,
        currency=told.currency,
        credited_on=told.credited_on,
        held_on=told.credited_on,
        unapplied=minor(told.amount, told.currency),
        waits_for=(told.invoice_id or "") if invoice is None or invoice.void else "",
    )
    entries = [] if invoice is None else _apply(ledger, note, invoice, on=told.credited_on)
    if note.unapplied:
        entries.append(
            ledger.hold(
                "unapplied_credit",
                note,
                note.unapplied,
                note.credited_on,
                invoice_id=told.invoice_id or "",
            )
        )
    ledger.party.keep(note)
    ledger.came.append(("credit", note.credit_note_id))
    _tell(ledger, note, entries, invoice_id=told.invoice_id or "")
    return None


def meet(ledger: Ledger, invoice: Invoice) -> None:
    """An invoice came (or came back): credit that was told to be for it goes to it."""
    account_id, invoice_id = ledger.account.account_id, invoice.invoice_id
    notes: list[CreditNote] = []
    told_later = False
    for note in ledger.party.all(CreditNote):
        if note.account_id == account_id:
            told_later = told_later or bool(note.waiting)
            if note.waits_for == invoice_id:
                notes.append(note)
    for note in sorted(notes, key=lambda note: (note.credited_on, note.credit_note_id)):
        note.waits_for = ""
        ledger.party.keep(note)
        if note.currency != invoice.currency:
            continue  # nobody could know when the credit came: it stays on the account
        before = len(note.applied)
        entries = _apply(ledger, note, invoice, on=note.credited_on)
        entries += [
            ledger.hold("unapplied_credit", note, -done.amount, done.on, invoice_id=invoice_id)
            for done in note.applied[before:]
        ]
        if entries:
            _tell(ledger, note, entries, invoice_id=invoice_id)
    if told_later:
        sweep(ledger)


def resume(ledger: Ledger, note: CreditNote) -> None:
    """Apply what was told later, as far as it is open; the rest goes on waiting.

    Only what is open counts here, and that is always at hand.
    """
    waiting: list[Told] = []
    for part in note.waiting:
        key = key_of(note.account_id, part.invoice_id)
        invoice = ledger.party.find(Invoice, key)
        amount = minor(part.amount, note.currency)
        entries: list[facts.Entry] = []
        before = len(note.applied)
        if invoice is not None and not invoice.void and invoice.currency == note.currency:
            entries = _apply(
                ledger, note, invoice, on=note.held_on, most=amount, item_id=part.item_id
            )
        for done in note.applied[before:]:
            amount -= done.amount
            entries.append(
                ledger.hold(
                    "unapplied_credit", note, -done.amount, done.on, invoice_id=part.invoice_id
                )
            )
        if amount:
            waiting.append(Told(part.invoice_id, part.item_id, text(amount, note.currency)))
        if entries:
            _tell(ledger, note, entries, invoice_id=part.invoice_id)
    if waiting != note.waiting:
        note.waiting = waiting
        ledger.party.keep(note)


def sweep(ledger: Ledger) -> None:
    """Apply credit that was told what it is for wherever there is room again."""
    account_id = ledger.account.account_id
    notes = [
        note
        for note in ledger.party.all(CreditNote)
        if note.waiting and note.unapplied and note.account_id == account_id
    ]
    for note in sorted(notes, key=lambda note: (note.credited_on, note.credit_note_id)):
        resume(ledger, note)


def void_credit(ledger: Ledger, told: CreditVoided) -> Refusal | None:
    """Take a credit note back: its items reopen, and what of it is held is gone."""
    note = ledger.find(CreditNote, told.credit_note_id)
    if note is None:
        wait(ledger, told, kind="credit", needed=told.credit_note_id, on=told.voided_on)
        return None
    if note.voided:
        if note.voided == ledger.digest:
            return None
        return Refusal("conflict", "the credit note was declared void before", "credit_note_id")
    ask_for_applied(ledger, note.applied)
    booked: Booked = {}
    for done in reversed(note.applied):
        reopen(ledger, done, told.voided_on, booked)
    entries = [entry for _, entry in booked.get(note.currency, ())]
    on = max(told.voided_on, note.credited_on, note.held_on)
    if note.unapplied:
        entries.append(ledger.hold("unapplied_credit", note, -note.unapplied, on))
    invoice_id = note.applied[0].invoice_id if note.applied else note.waits_for
    note.voided = ledger.digest
    note.applied, note.unapplied, note.waits_for, note.waiting = [], 0, "", []
    ledger.party.keep(note)
    ledger.sweep = True
    adjusted(
        ledger,
        "credit_voided",
        currency=note.currency,
        entries=entries,
        effective_on=on,
        invoice_id=invoice_id,
        document_id=note.credit_note_id,
    )
    return None


def reopen(ledger: Ledger, done: Application, since: date, booked: Booked) -> None:
    """Book what credit did for an item back, not before `since`; the entry goes to `booked`."""
    invoice = ledger.invoice(done.invoice_id)
    item = invoice.item(done.item_id) if invoice is not None else None
    if invoice is None or item is None:
        raise LookupError(f"credit was applied to item {done.item_id!r}, which is not there")
    entry = ledger.post(invoice, item, "credit_voided", done.amount, max(since, done.on))
    booked.setdefault(invoice.currency, []).append((done.amount, entry))


def _apply(
    ledger: Ledger,
    note: CreditNote,
    invoice: Invoice,
    *,
    on: date,
    most: int | None = None,
    item_id: str = "",
) -> list[facts.Entry]:
    entries = []
    left = note.unapplied if most is None else min(most, note.unapplied)
    for item in invoice.oldest_first():
        amount = min(item.open, left) if not item_id or item.item_id == item_id else 0
        if amount:
            since = max(on, item.free_from(amount))
            entries.append(ledger.post(invoice, item, "credited", -amount, since))
            note.unapplied -= amount
            left -= amount
            note.applied.append(
                Application(
                    invoice_id=invoice.invoice_id,
                    item_id=item.item_id,
                    amount=amount,
                    cash=amount,
                    on=since,
                    days_late=0,
                )
            )
    return entries


def _tell(ledger: Ledger, note: CreditNote, entries: list[facts.Entry], *, invoice_id: str) -> None:
    adjusted(
        ledger,
        "credited",
        currency=note.currency,
        entries=entries,
        effective_on=max(entry.effective_on for entry in entries),
        invoice_id=invoice_id,
        document_id=note.credit_note_id,
    )
