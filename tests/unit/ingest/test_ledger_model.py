"""Random histories against a slow, obvious model: a set of facts, summed anew each time."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.payment import Payment
from services.ingest.domain.position import position
from shared.core import Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.money import minor, text
from shared.testing.line import Line

ACCOUNT = "A-1"
DAY_0 = date(2025, 1, 1)
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
WORTH = 100_000
"""What each invoice comes to: so much that no item is ever given more than it can take."""
COME = 10_000
SPARE = 1_000
"""What of each payment no allocation is ever about: refunds come out of that."""

days = st.integers(0, 150).map(lambda n: DAY_0 + timedelta(n))
shares = st.integers(1, 2_000)
names = st.sampled_from(["I0", "I0", "I0", "I1", "I3"])
"""Of invoices that may be there, one of them fought for, and one that never is."""


def of(model: type[Fact], **fields: Any) -> Fact:  # noqa: ANN401 - fields of the model
    """A fact about the account."""
    return model.model_validate({"account_id": ACCOUNT} | fields)


def money(amount: int) -> str:
    """A decimal string."""
    return text(amount, "EUR")


@dataclass
class Model:
    """All facts that were told, in no order; what is true is computed from scratch."""

    told: list[Fact] = field(default_factory=list)

    def all(self, model: type[Any]) -> list[Any]:
        """The facts of one type, each once."""
        return [fact for fact in {repr(f): f for f in self.told}.values() if type(fact) is model]

    def items(self) -> dict[str, tuple[date, int]]:
        """Due date and open amount of each invoice, where something is open."""
        found = {}
        for invoice in self.all(billing.InvoiceIssued):
            name = invoice.invoice_id
            changes = [a for a in self.all(billing.InvoiceAmended) if a.invoice_id == name]
            latest = max(changes, key=lambda change: change.amended_on, default=None)
            total = minor(latest.amount if latest else invoice.amount, "EUR")
            due_on = latest.due_on if latest else invoice.due_on
            total -= sum(paid for (_, to), paid in self.applied().items() if to == name)
            void = {fact.credit_note_id for fact in self.all(billing.CreditVoided)}
            for note in self.all(billing.InvoiceCredited):
                if note.invoice_id == name and note.credit_note_id not in void:
                    total -= minor(note.amount, "EUR")
            for lost in self.all(billing.InvoiceWrittenOff):
                if lost.invoice_id == name:
                    total -= minor(lost.amount, "EUR")
            if total:
                found[name] = (due_on, total)
        return found

    def applied(self) -> Counter[tuple[str, str]]:
        """What each payment pays of each invoice that is there: by the newest that was told."""
        there = {invoice.invoice_id for invoice in self.all(billing.InvoiceIssued)}
        found: Counter[tuple[str, str]] = Counter()
        for payment in self.all(billing.PaymentReceived):
            name = payment.payment_id
            if name in self.reversed():
                continue
            versions = [a for a in self.all(billing.PaymentAllocated) if a.payment_id == name]
            newest = max(versions, key=lambda version: version.version, default=payment)
            for part in newest.allocations or ():
                if part.invoice_id in there:
                    found[name, part.invoice_id] += minor(part.amount, "EUR")
        return found

    def reversed(self) -> set[str]:
        """The payments that never came, and were not won back."""
        back = {fact.reversal_id for fact in self.all(billing.PaymentReinstated)}
        return {
            fact.payment_id
            for fact in self.all(billing.PaymentReversed)
            if fact.reversal_id not in back
        }

    def held(self) -> int:
        """Cash without an item."""
        cash = 0
        for payment in self.all(billing.PaymentReceived):
            if payment.payment_id not in self.reversed():
                cash += COME - sum(
                    minor(fact.amount, "EUR")
                    for fact in self.all(billing.PaymentRefunded)
                    if fact.payment_id == payment.payment_id
                )
        return cash - sum(self.applied().values())

    def credit(self) -> int:
        """Credit whose invoice is not there yet."""
        there = {invoice.invoice_id for invoice in self.all(billing.InvoiceIssued)}
        void = {fact.credit_note_id for fact in self.all(billing.CreditVoided)}
        return sum(
            minor(note.amount, "EUR")
            for note in self.all(billing.InvoiceCredited)
            if note.invoice_id not in there and note.credit_note_id not in void
        )

    def disputes(self) -> tuple[int, int]:
        """How many were opened on invoices that are there, and how many of those are resolved."""
        there = {invoice.invoice_id for invoice in self.all(billing.InvoiceIssued)}
        opened = [d for d in self.all(billing.DisputeOpened) if d.invoice_id in there]
        names = {dispute.dispute_id for dispute in opened}
        ends = [d for d in self.all(billing.DisputeResolved) if d.dispute_id in names]
        return len(opened), len(ends)


class Histories(RuleBasedStateMachine):
    """Facts are made in one order and told in another, some more than once, with time passing."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line(IngestCore(Audit(every=1, strict=True)))
        self.model = Model()
        self.pool: list[Fact] = []
        self.now = NOON
        self.number = 0

    @initialize()
    def begin(self) -> None:
        """Something to refer to."""
        self._make(
            billing.InvoiceIssued,
            invoice_id="I0",
            issued_on=DAY_0,
            due_on=DAY_0,
            amount=money(WORTH),
            currency="EUR",
        )

    def _make(self, model: type[Fact], **fields: Any) -> None:  # noqa: ANN401 - fields of the model
        self.pool.append(of(model, **fields))

    def _next(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def _known(self, model: type[Any], draw: int) -> Any:  # noqa: ANN401 - of any type
        """One of the facts that were made, told or not."""
        facts = [fact for fact in [*self.model.told, *self.pool] if type(fact) is model]
        return facts[draw % len(facts)] if facts else None

    @rule(issued=days, due=days)
    def an_invoice(self, issued: date, due: date) -> None:
        """Each is due on a day of its own."""
        self._make(
            billing.InvoiceIssued,
            invoice_id=self._next("I"),
            issued_on=issued,
            due_on=due,
            amount=money(WORTH),
            currency="EUR",
        )

    @rule(which=st.integers(0, 9), due=days, more=shares)
    def an_amendment(self, which: int, due: date, more: int) -> None:
        """A new total and due date; no two are of one day."""
        self.number += 1
        self._make(
            billing.InvoiceAmended,
            invoice_id=self._known(billing.InvoiceIssued, which).invoice_id,
            amended_on=DAY_0 + timedelta(self.number),
            due_on=due,
            amount=money(WORTH + more),
        )

    @rule(which=st.integers(0, 9), on=days, parts=st.lists(shares, max_size=3))
    def a_payment(self, which: int, on: date, parts: list[int]) -> None:
        """Told what it is for, all but the spare; perhaps for nothing yet."""
        self._make(
            billing.PaymentReceived,
            payment_id=self._next("P"),
            amount=money(COME),
            currency="EUR",
            received_on=on,
            allocations=self._parts(which, parts or [1]),
        )

    def _parts(self, which: int, parts: list[int]) -> tuple[dict[str, str], ...]:
        names = [
            self._known(billing.InvoiceIssued, which + n).invoice_id for n in range(len(parts))
        ]
        whole = dict(zip(names, parts, strict=True))
        return tuple({"invoice_id": name, "amount": money(n)} for name, n in whole.items())

    @rule(
        payment=st.integers(0, 9),
        which=st.integers(0, 9),
        on=days,
        parts=st.lists(shares, max_size=3),
    )
    def an_allocation(self, payment: int, which: int, on: date, parts: list[int]) -> None:
        """The newest set replaces those before."""
        if (paid := self._known(billing.PaymentReceived, payment)) is not None:
            self.number += 1
            self._make(
                billing.PaymentAllocated,
                payment_id=paid.payment_id,
                version=self.number,
                allocations=self._parts(which, parts),
                allocated_on=on,
            )

    @rule(payment=st.integers(0, 9), on=days, won=st.booleans())
    def a_reversal(self, payment: int, on: date, *, won: bool) -> None:
        """Once for a payment, and not of one that was refunded in part."""
        paid = self._known(billing.PaymentReceived, payment)
        if paid is None or self._touched(paid.payment_id):
            return
        name = self._next("R")
        self._make(
            billing.PaymentReversed,
            reversal_id=name,
            payment_id=paid.payment_id,
            reversed_on=on,
            reason="bounced",
        )
        if won:
            self._make(billing.PaymentReinstated, reversal_id=name, reinstated_on=on)

    @rule(payment=st.integers(0, 9), on=days)
    def a_refund(self, payment: int, on: date) -> None:
        """Out of what no allocation is about."""
        paid = self._known(billing.PaymentReceived, payment)
        if paid is not None and not self._touched(paid.payment_id):
            self._make(
                billing.PaymentRefunded,
                refund_id=self._next("F"),
                payment_id=paid.payment_id,
                amount=money(SPARE),
                currency="EUR",
                refunded_on=on,
            )

    def _touched(self, payment_id: str) -> bool:
        return any(
            isinstance(fact, billing.PaymentReversed | billing.PaymentRefunded)
            and fact.payment_id == payment_id
            for fact in [*self.model.told, *self.pool]
        )

    @rule(which=st.integers(0, 9), on=days, amount=shares, void=st.booleans())
    def a_credit_note(self, which: int, on: date, amount: int, *, void: bool) -> None:
        """Perhaps taken back."""
        name = self._next("C")
        self._make(
            billing.InvoiceCredited,
            credit_note_id=name,
            invoice_id=self._known(billing.InvoiceIssued, which).invoice_id,
            amount=money(amount),
            currency="EUR",
            credited_on=on,
        )
        if void:
            self._make(billing.CreditVoided, credit_note_id=name, voided_on=on)

    @rule(which=st.integers(0, 9), on=days, amount=shares)
    def a_write_off(self, which: int, on: date, amount: int) -> None:
        """Of a part."""
        self._make(
            billing.InvoiceWrittenOff,
            write_off_id=self._next("W"),
            invoice_id=self._known(billing.InvoiceIssued, which).invoice_id,
            amount=money(amount),
            written_off_on=on,
        )

    @rule(which=st.integers(0, 9), on=days, over=st.booleans())
    def a_dispute(self, which: int, on: date, *, over: bool) -> None:
        """Perhaps resolved."""
        name = self._next("D")
        self._make(
            billing.DisputeOpened,
            dispute_id=name,
            invoice_id=self._known(billing.InvoiceIssued, which).invoice_id,
            opened_on=on,
        )
        if over:
            self._make(billing.DisputeResolved, dispute_id=name, outcome="rejected", resolved_on=on)

    @rule(draws=st.lists(st.integers(0, 99), min_size=1, max_size=6))
    def some_are_told(self, draws: list[int]) -> None:
        """Whichever of those that were made."""
        for draw in draws:
            if self.pool:
                self._tell(self.pool.pop(draw % len(self.pool)))

    @rule(draw=st.integers(0, 99))
    def one_is_told_again(self, draw: int) -> None:
        """Under an id of its own, as a source may that forgot."""
        if self.model.told:
            fact = self.model.told[draw % len(self.model.told)]
            answer = self.line.tell(fact, time=self.now)
            assert [] == answer

    @rule(hours=st.integers(1, 900))
    def time_passes(self, hours: int) -> None:
        """Items age."""
        self.now += timedelta(hours=hours)
        self.line.tick(self.now)

    def _tell(self, fact: Fact) -> None:
        answer = self.line.tell(fact, time=self.now)
        assert not isinstance(answer, Refusal), answer
        self.model.told.append(fact)

    @invariant()
    def the_ledger_is_the_sum_of_what_was_told(self) -> None:
        """After each step: open items, due dates, cash, credit, and who pays what."""
        party = self.line.party(ACCOUNT)
        there = position(party, ACCOUNT, date.max)
        if there is None:
            return
        found = {
            item.invoice_id: (item.due_on, minor(item.open_amount, "EUR"))
            for item in there.open_items
        }
        applied: Counter[tuple[str, str]] = Counter()
        for payment in party.all(Payment):
            for done in payment.applied:
                applied[payment.payment_id, done.invoice_id] += done.cash
        assert self.model.items() == found
        assert self.model.applied() == applied
        assert self.model.held() == minor(there.unapplied_cash.get("EUR", "0"), "EUR")
        assert self.model.credit() == minor(there.unapplied_credit.get("EUR", "0"), "EUR")
        kinds = Counter(type(sent.data) for sent in self.line.out)
        told = (kinds[ledger.DisputeOpened], kinds[ledger.DisputeResolved])
        assert self.model.disputes() == told

    @override
    def teardown(self) -> None:
        """Whatever was not told yet comes in the end, and then all is there."""
        Random(self.number).shuffle(self.pool)
        while self.pool:
            self._tell(self.pool.pop())
        self.the_ledger_is_the_sum_of_what_was_told()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@st.composite
def stories(draw: st.DrawFn) -> list[Fact]:
    """Invoices that cash fights for: told and untold, more than is owed, some of it bounced."""
    invoices = [
        of(
            billing.InvoiceIssued,
            invoice_id=f"I{n}",
            issued_on=DAY_0,
            due_on=draw(days),
            amount=money(draw(st.integers(1, 500))),
            currency="EUR",
        )
        for n in range(draw(st.integers(1, 2)))
    ]
    facts = list(invoices)
    for n in range(draw(st.integers(2, 6))):
        amount = draw(shares)
        to = draw(st.none() | names)
        parts = None if to is None else ({"invoice_id": to, "amount": money(amount)},)
        facts.append(
            of(
                billing.PaymentReceived,
                payment_id=f"P{n}",
                amount=money(amount),
                currency="EUR",
                received_on=draw(days),
                allocations=parts,
            )
        )
        if draw(st.integers(0, 3)) == 0:
            facts.append(
                of(
                    billing.PaymentAllocated,
                    payment_id=f"P{n}",
                    version=1,
                    allocations=({"invoice_id": draw(names), "amount": money(amount)},),
                    allocated_on=draw(days),
                )
            )
        if draw(st.booleans()):
            facts.append(
                of(
                    billing.PaymentReversed,
                    reversal_id=f"R{n}",
                    payment_id=f"P{n}",
                    reversed_on=draw(days),
                    reason="bounced",
                )
            )
    return facts


def told_of(payment: Payment) -> dict[str, int]:
    """What a payment was told to be for: applied or still waiting, by invoice."""
    found: Counter[str] = Counter()
    if payment.by_rule:
        return found
    for done in payment.applied:
        found[done.invoice_id] += done.cash
    for part in payment.waiting:
        found[part.invoice_id] += minor(part.amount, "EUR")
    return found


def outcome(facts: list[Fact]) -> tuple[int, dict[str, dict[str, int]]]:
    """What is owed less what is held, and what each payment was told to be for.

    In no order does cash lie idle while the item that it was told to be for is open.
    """
    line = Line(IngestCore(Audit(every=1, strict=True)))
    for fact in facts:
        answer = line.tell(fact, time=NOON)
        assert not isinstance(answer, Refusal), answer
    party = line.party(ACCOUNT)
    there = position(party, ACCOUNT, date.max)
    assert there is not None
    owed = sum(minor(item.open_amount, "EUR") for item in there.open_items)
    held = minor(there.unapplied_cash.get("EUR", "0"), "EUR")
    open_ = {item.invoice_id for item in there.open_items}
    idle = [p for p in party.all(Payment) if p.unapplied]
    assert not any(part.invoice_id in open_ for payment in idle for part in payment.waiting)
    return owed - held, {
        payment.payment_id: told_of(payment)
        for payment in party.all(Payment)
        if not payment.reversed
    }


@given(stories(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_totals_and_told_allocations_are_the_same_in_any_order(
    facts: list[Fact], random: Random
) -> None:
    """Even where cash without a purpose takes an item's place first: that is never made anew."""
    order = random.sample(facts, len(facts))

    assert outcome(facts) == outcome(order)
