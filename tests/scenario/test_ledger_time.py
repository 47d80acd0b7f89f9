"""Stories of time passing over the ledger: overdue, buckets, reopening, backdating, and size."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from time import process_time

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.position import position
from shared.core import Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.testing.line import Line


def noon(day: str) -> datetime:
    """12:00 UTC of a date."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def invoice(name: str, due_on: str, amount: str = "100.00", *, account: str = "A-1") -> Fact:
    """An invoice of the first of January, or of its due date if that is earlier."""
    return billing.InvoiceIssued(
        account_id=account,
        invoice_id=name,
        issued_on=min(date(2025, 1, 1), date.fromisoformat(due_on)),
        due_on=date.fromisoformat(due_on),
        amount=amount,
        currency="EUR",
    )


def payment(name: str, amount: str, on: str) -> Fact:
    """A payment without allocations."""
    return billing.PaymentReceived(
        account_id="A-1",
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=date.fromisoformat(on),
    )


def creditors(from_: datetime, rows: dict[str, object]) -> Fact:
    """The first configuration."""
    return billing.ConfigPublished.model_validate(
        {"kind": "creditors", "number": 1, "from": from_, "document": {"creditors": rows}}
    )


def tell(line: Line, time: str, *facts: Fact) -> list[Outgoing]:
    """Tell facts that are not refused: what follows from them."""
    sent: list[Outgoing] = []
    for fact in facts:
        answer = line.tell(fact, time=noon(time))
        assert not isinstance(answer, Refusal)
        sent += answer
    return sent


def news(sent: Sequence[Outgoing]) -> list[str]:
    """What was told of age and state: date, what, bucket."""
    lines = []
    for outgoing in sent:
        what = outgoing.data.type.split(".")[2]
        if isinstance(outgoing.data, ledger.InvoiceBucketChanged):
            what = f"{outgoing.data.previous} > {outgoing.data.bucket}"
        lines.append(f"{outgoing.time:%m-%d %H:%M} {what}")
    return lines


def days(line: Line, first: str, count: int) -> list[Outgoing]:
    """Let days pass, with a tick each noon."""
    return [fact for n in range(count) for fact in line.tick(noon(first) + timedelta(n))]


def test_an_item_ages_at_the_start_of_its_days() -> None:
    """Due on 01-31: overdue when 02-01 begins, then a bucket more at 31, 61, 91, 121 days."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"))

    sent = days(line, "2025-01-02", 160)

    assert [
        "02-01 00:00 overdue",
        "02-01 00:00 current > 1-30",
        "03-03 00:00 1-30 > 31-60",
        "04-02 00:00 31-60 > 61-90",
        "05-02 00:00 61-90 > 91-120",
        "06-01 00:00 91-120 > 121+",
    ] == news(sent)


def test_it_is_told_at_the_first_tick_of_the_day_and_not_before() -> None:
    """The last tick of the due date changes nothing, whatever the hour of the next."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"))

    before = line.tick(datetime(2025, 1, 31, 23, 59, 59, tzinfo=UTC))
    after = line.tick(datetime(2025, 2, 1, tzinfo=UTC))

    assert [] == before
    assert ["02-01 00:00 overdue", "02-01 00:00 current > 1-30"] == news(after)


def test_one_tick_after_an_outage_makes_up_for_the_missed_ones() -> None:
    """In order of moments across items, each at its own."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"), invoice("I-2", "2025-02-10"))

    sent = line.tick(noon("2025-03-20"))

    assert [
        "02-01 00:00 overdue",
        "02-01 00:00 current > 1-30",
        "02-11 00:00 overdue",
        "02-11 00:00 current > 1-30",
        "03-03 00:00 1-30 > 31-60",
        "03-13 00:00 1-30 > 31-60",
    ] == news(sent)


def test_a_backdated_item_lives_through_its_past_at_the_next_tick() -> None:
    """It comes at noon of 05-01 and was due on 01-31: nothing is skipped."""
    line = Line(IngestCore())
    line.tick(noon("2025-05-01"))
    came = tell(line, "2025-05-01", invoice("I-1", "2025-01-31"))

    sent = line.tick(noon("2025-05-02"))

    assert ["05-01 12:00 opened"] == news(came)
    assert [
        "02-01 00:00 overdue",
        "02-01 00:00 current > 1-30",
        "03-03 00:00 1-30 > 31-60",
        "04-02 00:00 31-60 > 61-90",
        "05-02 00:00 61-90 > 91-120",
    ] == news(sent)


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ("99.99", ["02-01 00:00 overdue", "02-01 00:00 current > 1-30"]),
        ("100.00", []),
        ("100.01", []),
    ],
)
def test_one_open_cent_falls_overdue_and_none_does_not(paid: str, expected: list[str]) -> None:
    """A cent either side of the whole amount."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"), payment("P-1", paid, "2025-01-20"))

    assert expected == news(line.tick(noon("2025-02-03")))


def test_a_reopened_item_has_its_due_date_and_is_overdue_again_at_the_next_tick() -> None:
    """It does not grow through its buckets again: it takes up where it is."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"))
    line.tick(noon("2025-02-03"))
    tell(line, "2025-02-10", payment("P-1", "100.00", "2025-02-10"))
    quiet = days(line, "2025-02-11", 40)
    bounced = billing.PaymentReversed(
        account_id="A-1",
        reversal_id="R-1",
        payment_id="P-1",
        reversed_on=date(2025, 3, 23),
        reason="bounced",
    )

    told = tell(line, "2025-03-23", bounced)
    sent = line.tick(noon("2025-03-24"))
    later = line.tick(noon("2025-04-03"))

    reopened = told[-1].data
    assert [] == quiet
    assert ["03-23 12:00 reversed", "03-23 12:00 reopened"] == news(told)
    assert isinstance(reopened, ledger.InvoiceReopened)
    assert (date(2025, 1, 31), date(2025, 2, 1)) == (reopened.due_on, reopened.first_overdue_on)
    assert ["03-23 00:00 overdue", "03-23 00:00 current > 31-60"] == news(sent)
    assert ["04-02 00:00 31-60 > 61-90"] == news(later)


def test_a_later_due_date_makes_an_overdue_item_current_until_it_is_overdue_again() -> None:
    """The age follows the due date that holds now."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"))
    line.tick(noon("2025-03-05"))
    amended = billing.InvoiceAmended(
        account_id="A-1",
        invoice_id="I-1",
        amended_on=date(2025, 3, 5),
        due_on=date(2025, 3, 10),
    )

    told = tell(line, "2025-03-05", amended)
    sent = days(line, "2025-03-06", 10)

    assert ["03-05 12:00 adjusted", "03-05 12:00 31-60 > current"] == news(told)
    assert ["03-11 00:00 overdue", "03-11 00:00 current > 1-30"] == news(sent)


def test_an_earlier_due_date_makes_an_item_overdue_from_the_day_of_the_amendment() -> None:
    """What was not overdue at the time does not become so in the past."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-06-30"))
    line.tick(noon("2025-03-05"))
    amended = billing.InvoiceAmended(
        account_id="A-1",
        invoice_id="I-1",
        amended_on=date(2025, 3, 5),
        due_on=date(2025, 1, 31),
    )

    tell(line, "2025-03-05", amended)

    assert ["03-05 00:00 overdue", "03-05 00:00 current > 31-60"] == news(
        line.tick(noon("2025-03-06"))
    )


def test_days_begin_where_the_creditor_is() -> None:
    """Tokyo is nine hours ahead; its buckets are its own."""
    line = Line(IngestCore())
    line.tell(
        creditors(
            noon("2024-12-01"), {"edo": {"time_zone": "Asia/Tokyo", "buckets": ["1-3", "4+"]}}
        ),
        time=noon("2024-12-01"),
    )
    line.tick(noon("2024-12-02"))
    tell(line, "2025-01-01", billing.AccountUpdated(account_id="A-1", creditor_id="edo"))
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"))

    assert [
        "01-31 15:00 overdue",
        "01-31 15:00 current > 1-3",
        "02-03 15:00 1-3 > 4+",
    ] == news(line.tick(noon("2025-02-10")))


def test_new_buckets_take_effect_at_the_first_tick_that_is_not_before_them() -> None:
    """Every overdue item is put where it now belongs, once."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", "2025-01-31"), invoice("I-2", "2025-06-30"))
    line.tick(noon("2025-02-10"))
    line.tell(
        creditors(noon("2025-02-12"), {"default": {"buckets": ["1-7", "8-14", "15+"]}}),
        time=noon("2025-02-10"),
    )

    sent = days(line, "2025-02-11", 6)

    assert ["02-12 12:00 1-30 > 8-14", "02-15 00:00 8-14 > 15+"] == news(sent)


def test_worked_example_a_stages_by_age() -> None:
    """Kill Bill's overdue stages: 30 days (inclusive), 40, 50 after 05-31; paid, it is clear."""
    line = Line(IngestCore())
    line.tell(
        creditors(noon("2012-05-01"), {"default": {"buckets": ["1-29", "30-39", "40-49", "50+"]}}),
        time=noon("2012-05-01"),
    )
    line.tick(noon("2012-05-02"))
    told = [invoice("I-1", "2012-05-31", "249.95"), invoice("I-2", "2012-06-30", "249.95")]
    tell(line, "2012-05-31", *told)
    seen = {}
    stages = {
        **dict.fromkeys(("06-08", "06-16", "06-24"), "1-29"),
        **dict.fromkeys(("06-30", "07-02", "07-08"), "30-39"),
        **dict.fromkeys(("07-10", "07-16", "07-18"), "40-49"),
        "07-20": "50+",
    }
    for day in stages:
        line.tick(noon(f"2012-{day}"))
        found = position(line.party("A-1"), "A-1", date.fromisoformat(f"2012-{day}"), line.shared)
        assert found is not None
        seen[day] = found.open_items[0].bucket

    paid = tell(line, "2012-07-20", payment("P-1", "499.90", "2012-07-20"))

    assert stages == seen
    assert ["07-20 12:00 applied", *["07-20 12:00 settled"] * 2] == news(paid)
    assert [] == days(line, "2012-07-21", 60)


@pytest.mark.parametrize("due_on", ["9999-12-31", "9999-12-30", "9999-06-01", "0001-01-01"])
def test_the_ends_of_the_calendar_do_not_raise(due_on: str) -> None:
    """An item due on 9999-12-31 is never overdue; the day before it still can be."""
    line = Line(IngestCore())
    tell(line, "2025-01-01", invoice("I-1", due_on, "999999999999999.99"))
    far_away = date(9999, 12, 31) if due_on.startswith("9999") else date(1, 1, 1)
    later = billing.InvoiceAmended(
        account_id="A-1", invoice_id="I-1", amended_on=far_away, due_on=far_away
    )

    line.tick(noon("2025-01-02"))
    tell(line, "2025-01-02", later)
    line.tick(datetime(9999, 12, 31, 23, 59, tzinfo=UTC))

    found = position(line.party("A-1"), "A-1", date.max)
    assert found is not None
    assert ["999999999999999.99"] == [item.open_amount for item in found.open_items]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Time something without paying for what the tests before it have left to collect."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_an_account_with_10_000_open_items_costs_an_event_no_more_than_it_touches() -> None:
    """A told payment there takes about as long as on an account with ten."""
    taken = {}
    for size in (10, 10_000):
        line = Line(IngestCore(), reload=False)
        for n in range(size):
            tell(line, "2025-01-01", invoice(f"I-{n}", "2025-01-31"))
        paid = [
            billing.PaymentReceived(
                account_id="A-1",
                payment_id=f"P-{n}",
                amount="1.00",
                currency="EUR",
                received_on=date(2025, 1, 20),
                allocations=(billing.Allocation(invoice_id=f"I-{n % size}", amount="1.00"),),
            )
            for n in range(200)
        ]
        with undisturbed():
            start = process_time()
            tell(line, "2025-01-20", *paid)
            taken[size] = process_time() - start

    assert taken[10_000] < 5 * taken[10] + 0.05


def test_a_payment_of_everything_on_1_000_items_is_told_in_records_that_fit() -> None:
    """Each fact has at most 300 entries; together they are all of it."""
    line = Line(IngestCore(), reload=False)
    for n in range(1_000):
        tell(line, "2025-01-01", invoice(f"I-{n}", "2025-01-31", "1.00"))

    sent = tell(line, "2025-01-20", payment("P-1", "1000.00", "2025-01-20"))

    applied = [fact.data for fact in sent if isinstance(fact.data, ledger.PaymentApplied)]
    assert [300, 300, 300, 100] == [len(fact.entries) for fact in applied]
    assert ["300.00", "300.00", "300.00", "100.00"] == [fact.amount for fact in applied]
    assert 1_000 == sum(isinstance(fact.data, ledger.InvoiceSettled) for fact in sent)


def test_a_tick_that_makes_everything_overdue_is_linear() -> None:
    """Four times the items take about four times as long, however they are spread."""
    taken = {}
    for size in (1_000, 4_000):
        line = Line(IngestCore(), reload=False)
        for n in range(size):
            account = f"A-{n % 20}"
            fact = invoice(f"I-{n}", "2025-01-31", account=account)
            assert not isinstance(line.tell(fact, time=noon("2025-01-01")), Refusal)
        with undisturbed():
            start = process_time()
            sent = line.tick(noon("2025-02-01"))
            taken[size] = process_time() - start
        assert 2 * size == len(sent)

    assert taken[4_000] < 10 * taken[1_000] + 0.05
