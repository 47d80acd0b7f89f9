"""The same facts in two orders: in the end the same is open of each item, and the same is held.

Payments are told more than an item can take, and fight for it; they bounce, are won back; refunds
come before their cash is there or free. What is told of each payment adds up in the end; on the way
there an older set may have given out what a refund takes.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.position import position
from shared.core import Refusal
from shared.events import billing
from shared.events.base import Fact
from shared.money import text
from shared.testing.line import Line

DAY_0 = date(2025, 1, 1)
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
COME = 1_000
days = st.integers(0, 60).map(lambda n: DAY_0 + timedelta(n))


def money(amount: int) -> str:
    """A decimal string."""
    return text(amount, "EUR")


@st.composite
def parts(draw: st.DrawFn, most: int) -> tuple[billing.Allocation, ...]:
    """What a payment is told to be for: no more than `most`."""
    told = []
    for name in draw(st.permutations(["I1", "I2", "I3", "I4"]))[: draw(st.integers(0, 3))]:
        if most > 0:
            amount = draw(st.just(most) | st.integers(1, most))
            told.append(billing.Allocation(invoice_id=name, amount=money(amount)))
            most -= amount
    return tuple(told)


@st.composite
def payment_life(draw: st.DrawFn, name: str) -> list[Fact]:
    """A payment, what it was told to be for over time, and how it went back, if it did."""
    refunds = draw(st.lists(st.integers(1, 300), max_size=2))
    bounces = not refunds and draw(st.booleans())
    sets = [draw(parts(COME)) for _ in range(draw(st.integers(0, 2)))]
    first = draw(parts(COME)) if sets else draw(parts(COME - sum(refunds)))
    if sets:
        sets.append(draw(parts(COME - sum(refunds))))
    told: list[Fact] = [
        billing.PaymentReceived(
            account_id="A",
            payment_id=name,
            amount=money(COME),
            currency="EUR",
            received_on=draw(days),
            allocations=first or (billing.Allocation(invoice_id="never", amount="0.01"),),
        )
    ]
    told += [
        billing.PaymentAllocated(
            account_id="A",
            payment_id=name,
            version=version,
            allocations=given_,
            allocated_on=draw(days),
        )
        for version, given_ in enumerate(sets)
    ]
    told += [
        billing.PaymentRefunded(
            account_id="A",
            refund_id=f"F-{name}-{number}",
            payment_id=name,
            amount=money(amount),
            currency="EUR",
            refunded_on=draw(days),
        )
        for number, amount in enumerate(refunds)
    ]
    if bounces:
        told.append(
            billing.PaymentReversed(
                account_id="A",
                reversal_id=f"R-{name}",
                payment_id=name,
                reversed_on=draw(days),
                reason="bounced",
            )
        )
        if draw(st.booleans()):
            told.append(
                billing.PaymentReinstated(
                    account_id="A", reversal_id=f"R-{name}", reinstated_on=draw(days)
                )
            )
    return told


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Some invoices of different worth, and payments that are told to be for them."""
    told: list[Fact] = [
        billing.InvoiceIssued(
            account_id="A",
            invoice_id=f"I{number}",
            issued_on=draw(days),
            due_on=draw(days),
            amount=money(draw(st.integers(1, 1_500))),
            currency="EUR",
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    for number in range(draw(st.integers(1, 3))):
        told += draw(payment_life(f"P{number}"))
    return told


@dataclass(frozen=True)
class End:
    """What is left of a history."""

    open: dict[str, str]
    held: dict[str, str]


def end_of(history: list[Fact]) -> End:
    """What a history comes to; every event of it is taken."""
    line = Line(IngestCore(Audit(every=1, strict=True)))
    for number, fact in enumerate(history):
        answer = line.tell(fact, time=NOON + timedelta(hours=number))
        assert not isinstance(answer, Refusal), answer
    found = position(line.party("A"), "A", date.max)
    assert found is not None
    return End({one.item_id: one.open_amount for one in found.open_items}, found.unapplied_cash)


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=100)
def test_the_order_of_arrival_does_not_show_in_the_end(history: list[Fact], seed: int) -> None:
    """Of each item the same is open, and the same cash is held in all."""
    random = Random(seed)
    expected = end_of(history)

    others = [end_of(random.sample(history, len(history))) for _ in range(5)]

    assert [expected] * 5 == others
