"""Ingest's core: the ledger. One table says what each event from outside does to it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from services.ingest.domain import overdue, payment
from services.ingest.domain.account import Account, Head
from services.ingest.domain.amendment import amend
from services.ingest.domain.autopay import fail, schedule
from services.ingest.domain.closing import close
from services.ingest.domain.credit import CreditNote, credit, void_credit
from services.ingest.domain.creditor import DEFAULT, Creditors, creditor_of, publish
from services.ingest.domain.dispute import Dispute, open_dispute, resolve
from services.ingest.domain.invoice import Installment, Invoice, key_of
from services.ingest.domain.issue import issue
from services.ingest.domain.ledger import Ledger, ask_for, digest_of
from services.ingest.domain.payment import Payment, receive
from services.ingest.domain.profile import update
from services.ingest.domain.refund import Refund, refund
from services.ingest.domain.reversal import Reversal, reverse
from services.ingest.domain.reversal import reinstate as reinstate_payment
from services.ingest.domain.void import reinstate, void
from services.ingest.domain.waiting import Waiting, waiting_for, waits_already
from services.ingest.domain.write_off import WriteOff, write_off
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.base import Fact
from shared.events.billing import AddressSuppressed, ConfigPublished
from shared.events.outcomes import ContactComplained, ContactOptedOut

Wanted = tuple[type[Document], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one type of event does.

    `names` are the documents that its fields name, `lists` those that the parts of a list name
    (document, list, field of a part; "" where the parts are the ids themselves). `brings` is what
    others may be waiting for: its kind, and the field of its id. `own` is the field of the event's
    own business id, where it may have to wait.
    """

    book: Callable[[Ledger, Any], Refusal | None]
    names: tuple[tuple[type[Document], str], ...] = ()
    lists: tuple[tuple[type[Document], str, str], ...] = ()
    brings: tuple[str, str] | None = None
    own: str = ""


_INSTALLMENTS: Final = (
    (Installment, "installments", "item_id"),
    (Invoice, "installments", "item_id"),
)
_INVOICE: Final = (Invoice, "invoice_id")
_PAYMENT: Final = (Payment, "payment_id")
_REVERSAL: Final = (Reversal, "reversal_id")
_CREDIT: Final = (CreditNote, "credit_note_id")
_DISPUTE: Final = (Dispute, "dispute_id")

RULES: Final = {
    "billing.account.updated.v1": Rule(update),
    "billing.invoice.issued.v1": Rule(
        issue, (_INVOICE,), _INSTALLMENTS, brings=("invoice", "invoice_id")
    ),
    "billing.invoice.amended.v1": Rule(amend, (_INVOICE,), _INSTALLMENTS),
    "billing.invoice.voided.v1": Rule(void, (_INVOICE,)),
    "billing.invoice.reinstated.v1": Rule(
        reinstate, (_INVOICE,), brings=("reinstated", "invoice_id")
    ),
    "billing.invoice.credited.v1": Rule(
        credit, (_CREDIT, _INVOICE), brings=("credit", "credit_note_id")
    ),
    "billing.credit.voided.v1": Rule(void_credit, (_CREDIT,), own="credit_note_id"),
    "billing.invoice.written_off.v1": Rule(
        write_off, ((WriteOff, "write_off_id"), _INVOICE), own="write_off_id"
    ),
    "billing.payment.received.v1": Rule(
        receive, (_PAYMENT,), ((Invoice, "allocations", "invoice_id"),), ("payment", "payment_id")
    ),
    "billing.payment.reversed.v1": Rule(
        reverse, (_REVERSAL, _PAYMENT), brings=("reversal", "reversal_id"), own="reversal_id"
    ),
    "billing.payment.reinstated.v1": Rule(reinstate_payment, (_REVERSAL,), own="reversal_id"),
    "billing.payment.refunded.v1": Rule(
        refund,
        ((Refund, "refund_id"), _PAYMENT, _CREDIT),
        ((Invoice, "reopens", ""),),
        own="refund_id",
    ),
    "billing.payment.scheduled.v1": Rule(schedule),
    "billing.payment.failed.v1": Rule(fail),
    "billing.dispute.opened.v1": Rule(
        open_dispute, (_DISPUTE, _INVOICE), brings=("dispute", "dispute_id")
    ),
    "billing.dispute.resolved.v1": Rule(resolve, (_DISPUTE,), own="dispute_id"),
}
"""The table: event → what it does to the ledger."""

NOT_YET: Final = frozenset(
    {
        "billing.account.merged.v1",
        "billing.invoice.stated.v1",
        "billing.item.transferred.v1",
        "billing.payment.allocated.v1",
    }
)
"""Valid, but not acted on yet."""


class IngestCore:
    """Keeps the ledger, and finds what time alone makes overdue; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...] = (
        Head, Account, Invoice, Installment, Payment, CreditNote, WriteOff, Reversal, Refund,
        Dispute, Waiting, Creditors,
    )  # fmt: skip

    def wants(self, event: Event) -> Iterable[Wanted]:
        """The documents that the event names by their ids."""
        rule = RULES.get(event.type)
        return () if rule is None else _wanted(rule, event.data)

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """Book one event, and then what had been waiting for what it brought."""
        rule = RULES.get(event.type)
        if rule is None:
            return _not_booked(event, effects)
        told: Any = event.data
        account = party.find(Account, told.account_id)
        is_new = account is None
        if account is None:
            creditor_id = getattr(told, "creditor_id", None) or DEFAULT.creditor_id
            account = Account(told.account_id, creditor_id)
        creditor = creditor_of(effects.shared, account.creditor_id, effects.now)
        ledger = Ledger(party, account, creditor, effects, event.time)
        ledger.digest = digest_of(told)
        ledger.own_id = getattr(told, rule.own) if rule.own else ""
        some_wait = next(party.all(Waiting), None) is not None
        if some_wait:
            _ask_for_waiting(ledger, rule, told)
            if (before := waits_already(ledger, told)) is not None:
                if before.digest == ledger.digest:
                    return None
                return Refusal("conflict", "this id came before with other content", rule.own)
        refusal = rule.book(ledger, told)
        if refusal is not None:
            return refusal
        if is_new:
            party.keep(account)
        if some_wait:
            _release(ledger)
        if ledger.sweep:
            payment.sweep(ledger)
        close(ledger)
        return None

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Tell what fell overdue or changed bucket up to `until`."""
        overdue.wake(party, until, effects)

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Nothing: the ledger books, it does not decide."""

    def wake_at(self, party: Party) -> datetime | None:
        """The start of the day on which the next item falls overdue or changes bucket."""
        head = party.find(Head)
        return None if head is None else head.wake

    def share(self, event: Event, effects: Effects) -> bool:
        """Take the creditors' configuration; the rest of what concerns all is only passed on."""
        told = event.data
        if isinstance(told, ConfigPublished) and told.kind == "creditors":
            return publish(effects.shared, told, effects.now)
        return False

    def tick(self, at: datetime, effects: Effects) -> None:
        """Nothing: items are woken with their party."""

    def parked(self, party: Party, effects: Effects) -> None:
        """Nothing: what is in the ledger stays true."""


def _wanted(rule: Rule, told: Any) -> Iterator[Wanted]:  # noqa: ANN401 - any of the table's facts
    account_id = told.account_id
    for kind, field in rule.names:
        name = getattr(told, field)
        if name is not None:
            yield kind, key_of(account_id, name)
    for kind, several, field in rule.lists:
        for part in getattr(told, several) or ():
            yield kind, key_of(account_id, getattr(part, field) if field else part)


def _ask_for_waiting(ledger: Ledger, rule: Rule, told: Fact) -> None:
    """Have at hand, before anything changes, what the events need that wait for this one."""
    party, account_id = ledger.party, ledger.account.account_id
    if rule.brings is None:
        return
    kind, field = rule.brings
    for note in waiting_for(party, account_id, kind, getattr(told, field)):
        after, data = RULES[note.type], note.data
        ask_for(party, list(_wanted(after, data)))
        _ask_for_waiting(ledger, after, data)


def _release(ledger: Ledger) -> None:
    """Book what had been waiting for what came, and what was waiting for that in turn."""
    while ledger.came:
        kind, needed = ledger.came.pop(0)
        for note in waiting_for(ledger.party, ledger.account.account_id, kind, needed):
            note.done = True
            ledger.party.keep(note)
            rule, told = RULES[note.type], note.data
            ledger.digest = note.digest
            ledger.own_id = getattr(told, rule.own) if rule.own else ""
            refusal = rule.book(ledger, told)
            if refusal is not None:
                note.refused = f"{refusal.reason}: {refusal.detail}"


def _not_booked(event: Event, effects: Effects) -> Refusal | None:
    """Events that book nothing: some are not acted on yet, an opt-out concerns all accounts."""
    if event.type in NOT_YET:
        return Refusal("not_yet_supported", f"{event.type} is not acted on yet", redrivable=True)
    told = event.data
    if isinstance(told, ContactOptedOut | ContactComplained) and told.address:
        effects.broadcast(
            AddressSuppressed(
                channel=told.channel,
                address_digest=sha256(told.address.lower().encode()).hexdigest(),
                reason="opted_out" if isinstance(told, ContactOptedOut) else "complained",
            )
        )
    return None
