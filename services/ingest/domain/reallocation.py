"""Telling anew where a payment or a credit note goes: the new set replaces the one before."""

from datetime import date

from services.ingest.domain import credit, receipt
from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.allocation import Application, Share, Told, taken_from
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.reversal import Booked, ask_for_applied, reopen
from services.ingest.domain.waiting import wait
from shared.core import Refusal
from shared.events.billing import PaymentAllocated
from shared.money import MoneyError, minor

Source = Payment | CreditNote


def allocate(ledger: Ledger, told: PaymentAllocated) -> Refusal | None:
    """Replace what a payment or credit note is for: what stays the same is not touched.

    The set with the highest version holds, in whichever order they come; it beats what came with
    the payment and what the creditor's rule did. What leaves an item goes back into what is held.
    """
    source: Source | None
    if told.payment_id is not None:
        source, kind, needed = ledger.find(Payment, told.payment_id), "payment", told.payment_id
    else:
        needed = told.credit_note_id or ""
        source, kind = ledger.find(CreditNote, needed), "credit"
    if source is None:
        wait(ledger, told, kind=kind, needed=needed, on=told.allocated_on)
        return None
    if told.version <= source.version:
        if told.version < source.version or source.version_digest == ledger.digest:
            return None
        return Refusal("conflict", "this version came before with other content", "version")
    if isinstance(source, CreditNote) and source.voided:
        return None
    parts = [Told.of(part) for part in told.allocations]
    if (refusal := _unsound(ledger, source, told, parts)) is not None:
        return refusal
    ask_for_applied(ledger, [*source.applied, *parts])
    source.version, source.version_digest = told.version, ledger.digest
    ledger.party.keep(source)
    _replace(ledger, source, parts, told.allocated_on)
    ledger.sweep = True
    return None


def _unsound(
    ledger: Ledger, source: Source, told: PaymentAllocated, parts: list[Told]
) -> Refusal | None:
    """Why the set cannot be right, if it cannot: no more is given out than there is."""
    left = source.amount
    for number, (part, given) in enumerate(zip(parts, told.allocations, strict=True)):
        where = f"allocations.{number}"
        if isinstance(source, CreditNote) and (given.deductions or given.payment_amount):
            return Refusal("invalid", "a credit note has no deductions and one currency", where)
        name = "payment_amount" if part.payment_amount else "amount"
        try:
            left -= minor(part.payment_amount or part.amount, source.currency)
        except MoneyError as fault:
            return Refusal("invalid", str(fault), f"{where}.{name}")
        if left < 0 and not _comes_in_parts(source):
            return Refusal("invalid", "more than there is of it", f"{where}.{name}")
    return receipt.unpriced(ledger, parts, source.currency)


def _comes_in_parts(source: Source) -> bool:
    """Whether cash may yet come: what another account received comes when it can."""
    return isinstance(source, Payment) and bool(source.home_id)


def _replace(ledger: Ledger, source: Source, parts: list[Told], on: date) -> None:
    """Undo what the new set does not have, then apply what it has more."""
    waiting, undone = _compare(ledger, source, parts)
    since = _undo(ledger, source, undone, on) if undone else on
    source.held_on = max(source.held_on, since)
    source.waiting = waiting
    if isinstance(source, Payment):
        source.by_rule = False
        receipt.resume(ledger, source)
    else:
        source.waits_for = ""
        credit.resume(ledger, source)


def _compare(
    ledger: Ledger, source: Source, parts: list[Told]
) -> tuple[list[Told], list[Application]]:
    """What is still to be applied, and what is not wanted any more; the rest stays applied."""
    kept: list[Application] = []
    undone: list[Application] = []
    waiting = list(parts)
    for done in source.applied:
        place = next(
            (
                number
                for number, part in enumerate(waiting)
                if part.invoice_id == done.invoice_id and part.item_id in ("", done.item_id)
            ),
            None,
        )
        invoice = ledger.invoice(done.invoice_id)
        if place is None or invoice is None:
            undone.append(done)
            continue
        part = waiting[place]
        wanted = part.priced(invoice.currency, source.currency)
        stays = _stays(done, wanted)
        if stays < done.amount or done.deducted > wanted.deducted:
            undone.append(taken_from(done, done.cash - stays) if stays else done)
            if not stays:
                continue
        kept.append(done)
        rest = Share(
            wanted.amount - done.amount,
            wanted.cash - done.cash,
            wanted.deducted - done.deducted,
        )
        if rest.amount:
            waiting[place] = part.left(rest, invoice.currency, source.currency)
        else:
            del waiting[place]
    source.applied = kept
    return waiting, undone


def _stays(done: Application, wanted: Share) -> int:
    """How much of what was applied the new set has too; of another currency all or nothing."""
    if done.deducted > wanted.deducted:
        return 0
    if done.amount == done.cash and wanted.amount == wanted.cash:
        return min(done.amount, wanted.amount)
    same_worth = done.amount * wanted.cash == done.cash * wanted.amount
    return done.amount if same_worth and done.amount <= wanted.amount else 0


def give_up(ledger: Ledger, payment: Payment, amount: int, on: date) -> None:
    """Take back from a payment's latest items what it needs to have this much unapplied."""
    need = amount - payment.unapplied
    if need <= 0:
        return
    ask_for_applied(ledger, payment.applied)
    undone: list[Application] = []
    while need > 0 and payment.applied:
        last = payment.applied[-1]
        done = payment.applied.pop() if need >= last.cash else taken_from(last, need)
        need -= done.cash
        undone.insert(0, done)
    if undone:
        payment.held_on = max(payment.held_on, _undo(ledger, payment, undone, on))
        ledger.party.keep(payment)


def _undo(ledger: Ledger, source: Source, undone: list[Application], on: date) -> date:
    """Book applications back into what is held: since which day that is all held."""
    booked: Booked = {}
    for done in reversed(undone):
        if isinstance(source, Payment):
            reopen(ledger, done, on, booked)
        else:
            credit.reopen(ledger, done, on, booked)
    since = max([on, *(done.on for done in undone)])
    freed = sum(done.cash for done in undone)
    source.unapplied += freed
    if freed:
        cash = isinstance(source, Payment)
        entry = ledger.hold("unapplied_cash" if cash else "unapplied_credit", source, freed, since)
        booked.setdefault(source.currency, []).append((freed, entry))
    name = source.payment_id if isinstance(source, Payment) else source.credit_note_id
    for currency, entries in booked.items():
        adjusted(
            ledger,
            "reallocated",
            currency=currency,
            entries=[entry for _, entry in entries],
            effective_on=since,
            document_id=name,
        )
    return since
