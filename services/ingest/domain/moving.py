"""An account's new party: its books leave whole, and are opened there by the second leg.

All documents go, settled ones too, as they are: so what is told of any of them later is booked as
if the account had always been there, and its position is the same on every day. In the facts, what
is open or held leaves the one party and arrives at the other, on the same day.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar, Final, Literal, cast

from typing_extensions import override

from services.ingest.domain import dispute, written
from services.ingest.domain.account import Account
from services.ingest.domain.adjustment import adjusted
from services.ingest.domain.aging import CURRENT, day_of
from services.ingest.domain.closing import first_wake, wake_by
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.creditor import creditor_of
from services.ingest.domain.dispute import Dispute
from services.ingest.domain.family import Child
from services.ingest.domain.invoice import SEPARATOR, Installment, Invoice, Item, key_of
from services.ingest.domain.issue import tell_opened
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.receipt import tell_unapplied
from services.ingest.domain.refund import Refund
from services.ingest.domain.reversal import Reversal
from services.ingest.domain.transfer import Transfer
from services.ingest.domain.waiting import Waiting
from services.ingest.domain.write_off import WriteOff
from shared.core import Compact, Document, Effects, Event, Outgoing, Party
from shared.core.codec import read, write
from shared.events import ledger as facts
from shared.events.billing import AccountArrived
from shared.money import text
from shared.topics import BILLING_EVENTS

_KINDS: Final[dict[str, type[Document]]] = {
    kind.prefix: kind
    for kind in (
        Invoice, Installment, Payment, CreditNote, WriteOff, Reversal, Refund, Dispute, Waiting,
        Transfer, Child,
    )
}  # fmt: skip
"""All documents that are an account's, besides itself."""
PIECE: Final = 200_000
"""How many characters one message carries; the longest of them, escaped, still fit a record."""


class Arriving(Compact):
    """A piece of an account's books, kept until all of them are there."""

    prefix: ClassVar[str] = "arriving"
    account_id: str
    number: int
    part: int
    content: str

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, f"{self.number}{SEPARATOR}{self.part}")


def leave(ledger: Ledger, to_party: str) -> None:
    """Send the account to another party: all that the party has must be at hand.

    What is left is the account's name, and where it went: what still comes is sent on.
    """
    account, party = ledger.account, ledger.party
    on = day_of(ledger.time, ledger.creditor.time_zone)
    documents = sorted(_documents(party, account.account_id), key=lambda one: (one.prefix, one.key))
    if account.announced or documents:
        fact = facts.AccountLeft(
            account_id=account.account_id,
            creditor_id=account.creditor_id,
            to_party_id=to_party,
            left_on=on,
        )
        ledger.emit(fact)
    account.moves, account.announced = account.moves + 1, True
    content = "".join(f"{one.prefix} {write(one)}\n" for one in (account, *documents))
    _empty(ledger, on)
    for document in documents:
        party.drop(document)
    account.go(to_party)
    party.keep(account)
    pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)]
    for part, piece in enumerate(pieces):
        arrived = AccountArrived(
            arrived_id=account.account_id,
            party_id=to_party,
            from_party_id=party.id,
            number=account.moves,
            moved_on=on,
            part=part,
            parts=len(pieces),
            content=piece,
        )
        _send(ledger, arrived)


def arrive(party: Party, event: Event, told: AccountArrived, effects: Effects) -> None:
    """Take a piece of an account's books; with the last one, open them here."""
    known = party.find(Account, told.arrived_id)
    if known is not None and known.moves >= told.number:
        return
    party.keep(Arriving(told.arrived_id, told.number, told.part, told.content))
    pieces = [
        piece
        for piece in party.all(Arriving)
        if piece.account_id == told.arrived_id and piece.number == told.number
    ]
    if len(pieces) < told.parts:
        return
    pieces.sort(key=lambda piece: piece.part)
    for line in "".join(piece.content for piece in pieces).split("\n")[:-1]:
        prefix, _, content = line.partition(" ")
        party.keep(read(_KINDS.get(prefix, Account), content))
    for piece in pieces:
        party.drop(piece)
    account = party.find(Account, told.arrived_id)
    if account is None:
        raise LookupError(f"the books of {told.arrived_id!r} came without the account")
    effects.rebind(account.account_id, party.id, told.number)
    creditor = creditor_of(effects.shared, account.creditor_id, effects.now)
    ledger = Ledger(party, account, creditor, effects, event.time)
    _open(ledger, told.moved_on)


def announce(ledger: Ledger) -> None:
    """Tell an account as it now stands, as one whole."""
    account, party_id = ledger.account, ledger.party.id
    own = {
        "party_id": party_id,
        "creditor_id": account.creditor_id,
        "version": account.version or None,
    }
    fact = facts.AccountChanged(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        party_id=party_id,
        account=account.profile.model_copy(update=own),
    )
    ledger.emit(fact)


def _empty(ledger: Ledger, on: date) -> None:
    """Tell of all that is open or held that it is gone; the documents themselves are not kept."""
    gone: dict[str, list[facts.Entry]] = {}
    for invoice, item in _open_items(ledger):
        entry = ledger.post(invoice, item, "moved", -item.open, _since(item, on))
        gone.setdefault(invoice.currency, []).append(entry)
    for payment in _held(ledger, Payment):
        since = max(on, payment.held_on)
        entry = ledger.hold("unapplied_cash", payment, -payment.unapplied, since)
        gone.setdefault(payment.currency, []).append(entry)
    for note in _held(ledger, CreditNote):
        since = max(on, note.held_on)
        entry = ledger.hold("unapplied_credit", note, -note.unapplied, since)
        gone.setdefault(note.currency, []).append(entry)
    for currency, entries in gone.items():
        adjusted(ledger, "transferred", currency=currency, entries=entries, effective_on=on)
    for one in _disputes(ledger):
        dispute.tell_resolved(ledger, one, "withdrawn", on, moved=True)


def _open(ledger: Ledger, on: date) -> None:
    """Tell of the account and of all that is open or held that it is here, as if it were new.

    Its own books know nothing of the move: nothing was booked on it.
    """
    announce(ledger)
    for invoice, item in _open_items(ledger):
        since = _since(item, on)
        item.overdue, item.bucket, item.aged_from = False, CURRENT, since
        item.wakes_on = first_wake(item)
        ledger.party.keep(invoice)
        entry = written.Entry(
            kind="moved",
            amount=text(item.open, invoice.currency),
            effective_on=since,
            item_id=item.item_id,
            invoice_id=invoice.invoice_id,
            issued_on=invoice.issued_on,
            due_on=item.due_on,
            open_amount=text(item.open, invoice.currency),
            sales=invoice.sales,
        )
        tell_opened(ledger, invoice, item, [entry])
        if item.wakes_on is not None:
            wake_by(ledger, item.wakes_on)
    for payment in _held(ledger, Payment):
        entry = _entry_of("unapplied_cash", payment, on)
        tell_unapplied(ledger, payment, entry)
    for note in _held(ledger, CreditNote):
        adjusted(
            ledger,
            "transferred",
            currency=note.currency,
            entries=[_entry_of("unapplied_credit", note, on)],
            effective_on=on,
            document_id=note.credit_note_id,
        )
    for one in _disputes(ledger):
        dispute.tell_opened(ledger, one, moved=True)


def _entry_of(
    kind: Literal["unapplied_cash", "unapplied_credit"], source: Payment | CreditNote, on: date
) -> facts.Entry:
    return written.Entry(
        kind=kind,
        amount=text(source.unapplied, source.currency),
        effective_on=max(on, source.held_on),
    )


def _since(item: Item, on: date) -> date:
    """The day on which an item changes party: not before all of it was open."""
    return max(on, item.free_from(item.open))


def _open_items(ledger: Ledger) -> Iterator[tuple[Invoice, Item]]:
    for invoice in _of(ledger, Invoice):
        for item in invoice.items:
            if item.open:
                yield invoice, item


def _held(ledger: Ledger, kind: type[Any]) -> Iterator[Any]:
    return (source for source in _of(ledger, kind) if source.unapplied)


def _disputes(ledger: Ledger) -> Iterator[Dispute]:
    """The open ones that were told of."""
    for one in _of(ledger, Dispute):
        if not one.resolved and one.item_ids is not None:
            yield one


def _of(ledger: Ledger, kind: type[Any]) -> list[Any]:
    """The account's documents of a kind, by their keys: the order that both legs tell them in."""
    account_id = ledger.account.account_id
    found = [one for one in ledger.party.all(kind) if one.account_id == account_id]
    return sorted(found, key=lambda one: cast("str", one.key))


def _documents(party: Party, account_id: str) -> Iterator[Document]:
    for kind in _KINDS.values():
        for document in party.all(kind):
            if cast("Any", document).account_id == account_id:
                yield document


def _send(ledger: Ledger, arrived: AccountArrived) -> None:
    """Publish for the other party by way of the line from outside; it has no subject."""
    ledger.effects.out.append(
        Outgoing(
            topic=BILLING_EVENTS,
            subject="",
            party=arrived.party_id,
            data=arrived,
            time=ledger.time,
            entity=SEPARATOR.join((arrived.arrived_id, str(arrived.number), str(arrived.part))),
            woken=False,
            cause=ledger.effects.cause,
        )
    )
