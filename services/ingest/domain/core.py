"""Ingest's core: the ledger. `rules.RULES` says what each event from outside does to it."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from services.ingest.domain import credit as credit_note
from services.ingest.domain import foreign, moving, overdue, receipt
from services.ingest.domain.account import Account, Head
from services.ingest.domain.closing import close
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.creditor import DEFAULT, Creditors, creditor_of, publish
from services.ingest.domain.dispute import Dispute
from services.ingest.domain.family import Child, pay_for_children, report
from services.ingest.domain.identity import Audit, balances
from services.ingest.domain.invoice import Installment, Invoice
from services.ingest.domain.ledger import Ledger, ask_for
from services.ingest.domain.merger import empty, goes_on, readdress
from services.ingest.domain.payment import Payment
from services.ingest.domain.refund import Refund, take_back
from services.ingest.domain.reversal import Reversal
from services.ingest.domain.rules import RULES, Rule, Wanted, named, wanted_by
from services.ingest.domain.standing import Standing
from services.ingest.domain.tally import Tally
from services.ingest.domain.transfer import Transfer
from services.ingest.domain.waiting import Waiting, waiting_for, waits_already
from services.ingest.domain.write_off import WriteOff
from shared.core import Document, Effects, Elsewhere, Event, Party, Refusal
from shared.events.base import Fact
from shared.events.billing import (
    AccountArrived,
    AddressSuppressed,
    ConfigPublished,
)
from shared.events.outcomes import ContactComplained, ContactOptedOut

OWN_SOURCE: Final = "arrears:ingest"
"""Who alone may write the second legs of what crosses accounts."""
_NOT_OURS: Final = Refusal("invalid", "only the ledger itself says this", "source")


class IngestCore:
    """Keeps the ledger, and finds what time alone makes overdue; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...] = (
        Head, Account, Invoice, Installment, Payment, CreditNote, WriteOff, Reversal, Refund,
        Dispute, Waiting, Creditors, Transfer, Standing, Tally, foreign.Reference,
        foreign.Unresolved, moving.Arriving, Child,
    )  # fmt: skip

    def __init__(self, audit: Audit | None = None) -> None:
        """Keep books; `audit` checks them as it is set to (without one nothing is checked)."""
        self.audit = audit or Audit()

    def wants(self, event: Event) -> Iterable[Wanted]:
        """The documents that the event names by their ids."""
        rule = RULES.get(event.type)
        return () if rule is None else wanted_by(rule, event.data)

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
        """Book one event, and then what had been waiting for what it brought.

        What comes for an account that has gone to another party is that party's.
        """
        if not self.audit.every or not self.audit.falls_due():
            return self._fold(party, event, effects)
        before, told = balances(party), len(effects.out)
        refusal = self._fold(party, event, effects)
        self.audit.check(before, effects.out[told:], party)
        return refusal

    def _fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
        rule = RULES.get(event.type)
        if rule is None:
            return _not_booked(party, event, effects)
        if rule.own_source and event.source != OWN_SOURCE:
            return _NOT_OURS
        told: Any = event.data
        account = party.find(Account, told.account_id)
        is_new = account is None
        if account is None:
            if event.follows:
                return Elsewhere(party.id)
            creditor_id = getattr(told, "creditor_id", None) or DEFAULT.creditor_id
            account = Account(told.account_id, creditor_id)
        elif account.moved_to:
            return Elsewhere(account.moved_to)
        creditor = creditor_of(effects.shared, account.creditor_id, effects.now)
        ignored = self.audit.ignored
        ledger = Ledger(party, account, creditor, effects, event.time, ignored=ignored)
        ledger.digest = event.digest().hex()
        ledger.own_id = getattr(told, rule.own) if rule.own else ""
        if account.merged_into and not rule.stays and goes_on(ledger, named(rule, told)):
            readdress(ledger, told, ledger.own_id or ledger.digest)
            return None
        refusal = _book(ledger, rule, told)
        if refusal is None and is_new:
            party.keep(account)
        return refusal

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

    def unparked(self, party: Party, effects: Effects) -> None:
        """Nothing: nothing was withdrawn."""


def _book(ledger: Ledger, rule: Rule, told: Any) -> Refusal | None:  # noqa: ANN401 - any of the table's facts
    some_wait = ledger.party.has(Waiting)
    if some_wait:
        _ask_for_waiting(ledger, rule, told)
        if (before := waits_already(ledger, told)) is not None:
            if before.digest == ledger.digest:
                return None
            return Refusal("conflict", "this id came before with other content", rule.own)
    refusal = rule.book(ledger, told)
    if refusal is not None:
        return refusal
    if some_wait:
        _release(ledger)
    _finish(ledger)
    return None


def _finish(ledger: Ledger) -> None:
    """Put what is held to work where that was asked for, and close the book."""
    if ledger.freed:
        take_back(ledger)
    if ledger.sweep:
        credit_note.sweep(ledger)
        receipt.sweep(ledger)
    if ledger.creditor.parents_pay and (ledger.sweep or ledger.freed):
        pay_for_children(ledger)
    if ledger.account.merged_into:
        empty(ledger)
    close(ledger)
    if ledger.creditor.parents_pay or ledger.account.reported_to:
        report(ledger)


def _ask_for_waiting(ledger: Ledger, rule: Rule, told: Fact) -> None:
    """Have at hand, before anything changes, what the events need that wait for this one."""
    party, account_id = ledger.party, ledger.account.account_id
    for kind, name in rule.brings(told) if rule.brings is not None else ():
        for note in waiting_for(party, account_id, kind, name):
            after, data = RULES[note.type], note.data
            ask_for(party, list(wanted_by(after, data)))
            if after.asks is not None:
                after.asks(ledger, data)
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


def _not_booked(party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
    """Events that book nothing here, but for an account that arrives; most are only passed on."""
    if event.type in foreign.TYPES:
        return foreign.fold(party, event, effects)
    told = event.data
    if isinstance(told, AccountArrived):
        if event.source != OWN_SOURCE:
            return _NOT_OURS
        moving.arrive(party, event, told, effects)
        return None
    account = party.find(Account, event.subject)
    if account is None and event.follows:
        return Elsewhere(party.id)
    if account is not None and account.moved_to:
        return Elsewhere(account.moved_to)
    if isinstance(told, ContactOptedOut | ContactComplained) and told.address:
        effects.broadcast(
            AddressSuppressed(
                channel=told.channel,
                address_digest=sha256(told.address.lower().encode()).hexdigest(),
                reason="opted_out" if isinstance(told, ContactOptedOut) else "complained",
            )
        )
    return None
