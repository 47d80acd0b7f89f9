"""Random histories, in any order and with duplicates, against what is obvious of a ledger."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.payment import Payment
from services.ingest.domain.position import Position, position
from services.ingest.domain.rules import RULES
from services.ingest.domain.waiting import Waiting
from shared.core import Document, Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.money import minor, text
from shared.testing.line import Line

DAY_0 = date(2025, 1, 1)
T_0 = datetime(2025, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "A-1"
CURRENCIES = ("EUR", "JPY", "KWD")

days = st.integers(0, 200).map(lambda n: DAY_0 + timedelta(n))
amounts = st.one_of(st.integers(1, 5), st.integers(1, 20_000))
names = st.integers(1, 4).map(str)
currencies = st.sampled_from(CURRENCIES)


@st.composite
def issued(draw: st.DrawFn) -> Fact:
    """An invoice, perhaps with instalments, perhaps brought forward."""
    currency, invoice_id = draw(currencies), "I" + draw(names)
    parts = draw(st.lists(amounts, min_size=0, max_size=3))
    total = sum(parts) or draw(amounts)
    return billing.InvoiceIssued(
        account_id=ACCOUNT,
        invoice_id=invoice_id,
        issued_on=draw(days),
        due_on=draw(days),
        amount=text(total, currency),
        currency=currency,
        installments=tuple(
            billing.Installment(
                item_id=f"{invoice_id}/{n}", due_on=draw(days), amount=text(part, currency)
            )
            for n, part in enumerate(parts)
        )
        or None,
        opening=draw(
            st.none()
            | st.builds(
                billing.Opening,
                as_of=days,
                open_amount=st.integers(1, total).map(lambda part: text(part, currency)),
            )
        ),
    )


@st.composite
def amended(draw: st.DrawFn) -> Fact:
    """A new due date, total or set of instalments."""
    invoice_id, currency = "I" + draw(names), draw(currencies)
    parts = draw(st.lists(amounts, min_size=0, max_size=3))
    return billing.InvoiceAmended(
        account_id=ACCOUNT,
        invoice_id=invoice_id,
        amended_on=draw(days),
        due_on=draw(st.none() | days),
        amount=None if parts else draw(st.none() | amounts.map(lambda a: text(a, currency))),
        installments=tuple(
            billing.Installment(
                item_id=f"{invoice_id}/{draw(st.integers(0, 4))}-{n}",
                due_on=draw(days),
                amount=text(part, currency),
            )
            for n, part in enumerate(parts)
        )
        or None,
    )


@st.composite
def received(draw: st.DrawFn) -> Fact:
    """A payment, told or untold, perhaps for items of another currency."""
    currency = draw(currencies)
    shares = draw(st.lists(amounts, max_size=3))
    allocations = []
    for share in shares:
        invoice_id = "I" + draw(names)
        other = draw(currencies)
        allocations.append(
            billing.Allocation(
                invoice_id=invoice_id,
                item_id=draw(st.none() | st.just(f"{invoice_id}/0")),
                amount=text(draw(amounts), other) if draw(st.booleans()) else text(share, currency),
                payment_amount=draw(st.sampled_from([None, text(share, currency)])),
                deductions=tuple(
                    billing.Deduction(kind="bank_fee", amount=text(draw(amounts), currency))
                    for _ in range(draw(st.integers(0, 1)))
                ),
            )
        )
    told = tuple(
        part if part.payment_amount else part.model_copy(update={"amount": text(share, currency)})
        for part, share in zip(allocations, shares, strict=True)
    )
    return billing.PaymentReceived(
        account_id=ACCOUNT,
        payment_id="P" + draw(names),
        amount=text(sum(shares) + draw(amounts), currency),
        currency=currency,
        received_on=draw(days),
        allocations=told or None,
    )


@st.composite
def allocated(draw: st.DrawFn) -> Fact:
    """Where a payment or a credit note goes, told later."""
    currency = draw(currencies)
    payment = draw(st.booleans())
    return billing.PaymentAllocated(
        account_id=ACCOUNT,
        payment_id="P" + draw(names) if payment else None,
        credit_note_id=None if payment else "C" + draw(names),
        version=draw(st.integers(0, 3)),
        allocations=tuple(
            billing.Allocation(
                invoice_id="I" + draw(names),
                amount=text(amount, currency),
                deductions=tuple(
                    billing.Deduction(kind="bank_fee", amount=text(draw(amounts), currency))
                    for _ in range(draw(st.integers(0, 1)) if payment else 0)
                ),
            )
            for amount in draw(st.lists(amounts, max_size=3))
        ),
        allocated_on=draw(days),
    )


@st.composite
def stated(draw: st.DrawFn) -> Fact:
    """Totals of an invoice, that add up."""
    currency = draw(currencies)
    paid, credited, left = draw(st.tuples(*[st.integers(0, 20_000)] * 3))
    return billing.InvoiceStated(
        account_id=ACCOUNT,
        invoice_id="I" + draw(names),
        as_of=draw(days),
        version=draw(st.integers(0, 5)),
        total=text(paid + credited + left, currency),
        paid=text(paid, currency),
        credited=text(credited, currency),
        open=text(left, currency),
    )


@st.composite
def transferred(draw: st.DrawFn) -> Fact:
    """An item or cash that is another account's."""
    item = draw(st.booleans())
    return billing.ItemTransferred(
        transfer_id="T" + draw(names),
        from_account_id=ACCOUNT,
        to_account_id="A-2",
        item_id="I" + draw(names) if item else None,
        payment_id=None if item else "P" + draw(names),
        amount=text(draw(amounts), draw(currencies)),
        transferred_on=draw(days),
    )


def of(model: type[Fact], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    """Events of one type about the account."""
    return st.builds(model, account_id=st.just(ACCOUNT), **fields)


def ids(letter: str) -> st.SearchStrategy[str]:
    """A few ids, so that events meet."""
    return names.map(lambda name: letter + name)


def money(currency: str) -> st.SearchStrategy[str]:
    """A decimal amount."""
    return amounts.map(lambda amount: text(amount, currency))


events = st.one_of(
    issued(),
    issued(),
    received(),
    received(),
    amended(),
    allocated(),
    stated(),
    transferred(),
    currencies.flatmap(
        lambda currency: of(
            billing.InvoiceCredited,
            credit_note_id=ids("C"),
            invoice_id=st.none() | ids("I"),
            amount=money(currency),
            currency=st.just(currency),
            credited_on=days,
        )
    ),
    of(billing.CreditVoided, credit_note_id=ids("C"), voided_on=days),
    of(billing.InvoiceVoided, invoice_id=ids("I"), voided_on=days),
    of(billing.InvoiceReinstated, invoice_id=ids("I"), reinstated_on=days),
    of(
        billing.InvoiceWrittenOff,
        write_off_id=ids("W"),
        invoice_id=ids("I"),
        amount=st.none() | money("JPY"),
        written_off_on=days,
    ),
    of(
        billing.PaymentReversed,
        reversal_id=ids("R"),
        payment_id=ids("P"),
        amount=st.none() | money("JPY"),
        reversed_on=days,
        reason=st.sampled_from(["chargeback", "bounced", "error"]),
    ),
    of(billing.PaymentReinstated, reversal_id=ids("R"), reinstated_on=days),
    currencies.flatmap(
        lambda currency: of(
            billing.PaymentRefunded,
            refund_id=ids("F"),
            payment_id=st.none() | ids("P"),
            amount=money(currency),
            currency=st.just(currency),
            refunded_on=days,
            reopens=st.lists(ids("I"), max_size=2).map(tuple),
        )
    ),
    of(billing.RefundReversed, refund_id=ids("F"), reversed_on=days),
    of(
        billing.DisputeOpened,
        dispute_id=ids("D"),
        invoice_id=st.none() | ids("I"),
        amount=st.none() | money("JPY"),
        opened_on=days,
    ),
    of(
        billing.DisputeResolved,
        dispute_id=ids("D"),
        outcome=st.sampled_from(["accepted", "rejected"]),
        resolved_on=days,
    ),
)
steps = st.lists(st.one_of(events, events, events, st.integers(1, 40)), max_size=40)


RULES_OF_CASH = ("oldest_due", "newest_due", "largest", "proportional", "source_only")
creditors = st.builds(
    lambda rule, small: {"allocation": rule, "small_balance": small, "currency": "JPY"},
    st.sampled_from(RULES_OF_CASH),
    st.sampled_from(["0", "3"]),
)


def opened(creditor: dict[str, str]) -> Line:
    """A line that checks its books after each event, for a creditor of this configuration."""
    line = Line(IngestCore(Audit(every=1, strict=True)))
    told = {"kind": "creditors", "number": 1, "from": T_0 - timedelta(1)}
    document = {"creditors": {"default": creditor}}
    line.tell(billing.ConfigPublished.model_validate(told | {"document": document}), time=T_0)
    line.tick(T_0)
    return line


def moves(sent: list[Outgoing]) -> list[ledger.Moved]:
    """The facts that move money."""
    return [outgoing.data for outgoing in sent if isinstance(outgoing.data, ledger.Moved)]


def name_of(entry: ledger.Entry, fact: ledger.Moved) -> tuple[str, ...]:
    """What an entry raises or lowers: an item, or what is held of a currency."""
    if entry.kind in ledger.RECEIVABLE_KINDS:
        return ("item", entry.invoice_id, entry.item_id, fact.currency)
    return (entry.kind, fact.currency)


class Book:
    """The obvious model: all entries that were told, and nothing else."""

    def __init__(self) -> None:
        self.sums: Counter[tuple[str, ...]] = Counter()
        self.open: set[tuple[str, str]] = set()

    def read(self, sent: list[Outgoing]) -> None:
        """Take in what was sent."""
        for fact in (outgoing.data for outgoing in sent):
            if isinstance(fact, ledger.InvoiceOpened | ledger.InvoiceReopened):
                self.open.add((fact.invoice_id, fact.item_id))
            elif isinstance(fact, ledger.InvoiceSettled):
                self.open.remove((fact.invoice_id, fact.item_id))
        for fact in moves(sent):
            for entry in fact.entries:
                name = name_of(entry, fact)
                self.sums[name] += minor(entry.amount, fact.currency)
                assert self.sums[name] >= 0
                if entry.kind in ledger.RECEIVABLE_KINDS:
                    assert text(self.sums[name], fact.currency) == entry.open_amount

    def held_of(self, kind: str) -> dict[str, str]:
        """What is held, as decimal strings by currency."""
        return {
            currency: text(amount, currency)
            for (name, *_, currency), amount in sorted(self.sums.items())
            if name == kind and amount
        }


def told(
    line: Line, steps: list[Fact | int], see: Callable[[list[Outgoing]], None] = lambda _: None
) -> list[Fact]:
    """Tell the steps, events and numbers of days to let pass: those events that were taken."""
    now, taken = T_0, []
    for step in steps:
        if isinstance(step, int):
            now += timedelta(step)
            see(line.tick(now))
            continue
        answer = line.tell(step, time=now)
        if not isinstance(answer, Refusal):
            taken.append(step)
            see(answer)
    return taken


def documents(line: Line) -> dict[str, list[Document]]:
    """All that is stored of the account."""
    party = line.party(ACCOUNT)
    return {kind.prefix: list(party.all(kind)) for kind in line.core.documents}


@given(steps, creditors)
@settings(max_examples=100)
def test_the_entries_that_were_told_are_the_position(
    steps: list[Fact | int], creditor: dict[str, str]
) -> None:
    """Replaying nothing but entries gives each open amount, and all cash and credit held."""
    line, book = opened(creditor), Book()

    told(line, steps, book.read)

    found = position(line.party(ACCOUNT), ACCOUNT, date.max) or Position(ACCOUNT, "")
    assert {
        name[1:]: amount for name, amount in book.sums.items() if amount and name[0] == "item"
    } == {
        (item.invoice_id, item.item_id, item.currency): minor(item.open_amount, item.currency)
        for item in found.open_items
    }
    assert book.open == {(item.invoice_id, item.item_id) for item in found.open_items}
    assert book.held_of("unapplied_cash") == found.unapplied_cash
    assert book.held_of("unapplied_credit") == found.unapplied_credit


@given(steps, creditors)
@settings(max_examples=100)
def test_on_no_day_is_less_than_nothing_open_or_held(
    steps: list[Fact | int], creditor: dict[str, str]
) -> None:
    """By effective dates too: what came late does not make the past impossible."""
    sent: list[Outgoing] = []
    told(opened(creditor), steps, sent.extend)

    changes: defaultdict[tuple[str, ...], Counter[date]] = defaultdict(Counter)
    for fact in moves(sent):
        for entry in fact.entries:
            amount = minor(entry.amount, fact.currency)
            changes[name_of(entry, fact)][entry.effective_on] += amount
    lowest = [min(accumulate(by_day[day] for day in sorted(by_day))) for by_day in changes.values()]

    assert min(lowest, default=0) >= 0


@given(steps, creditors)
@settings(max_examples=60)
def test_each_cent_of_cash_is_in_one_place(
    steps: list[Fact | int], creditor: dict[str, str]
) -> None:
    """Cash that came = applied + held + refunded + reversed + sent on, by payment; none below 0."""
    line = opened(creditor)

    told(line, steps)

    for payment in line.party(ACCOUNT).all(Payment):
        applied = sum(done.cash for done in payment.applied)
        sent_on = sum(sent.amount for sent in payment.sent)
        places = (applied, payment.unapplied, payment.refunded, payment.reversed, sent_on)
        assert min(places) >= 0
        assert payment.amount == sum(places)


def _named(event: Fact) -> tuple[str, str]:
    """The event's type and business id, or all of it where it has none."""
    own = RULES[event.type].own
    return event.type, str(getattr(event, own)) if own else repr(event)


@given(steps, creditors, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_what_came_before_changes_nothing(
    steps: list[Fact | int], creditor: dict[str, str], random: Random
) -> None:
    """An event that was taken, told again later under another id, changes and tells nothing."""
    line = opened(creditor)
    taken = told(line, steps)
    before = documents(line)
    assume(not any(note.refused for note in line.party(ACCOUNT).all(Waiting)))
    # Where one waited and could not be booked after all, its id was free for another.
    assume(len({_named(event) for event in taken}) == len({*map(repr, taken)}))

    again = [line.tell(event, time=T_0) for event in random.sample(taken, len(taken))]

    assert [[]] * len(taken) == again
    assert before == documents(line)
