"""What other systems' own tests expect of a ledger: Kill Bill's ages, Fineract's, ERPNext's."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.position import Position, position
from shared.core import Outgoing, Refusal
from shared.events import billing, ledger
from shared.events.base import Fact
from shared.testing.line import Line

STATES = ["1-29", "30-39", "40-49", "50+"]
"""Kill Bill's: from 30, 40 and 50 days after the date of the earliest unpaid invoice."""
NAMES = {"current": "CLEAR", "1-29": "CLEAR", "30-39": "OD1", "40-49": "OD2", "50+": "OD3"}


class Days:
    """One account, day after day, by the clock."""

    def __init__(self, begin: date, buckets: list[str] | None = None) -> None:
        self.line = Line(IngestCore(Audit(every=1, strict=True)))
        self.buckets: dict[str, str] = {}
        self._day = begin - timedelta(1)
        if buckets is not None:
            told = {"kind": "creditors", "number": 1, "from": self._at(begin) - timedelta(9)}
            document = {"creditors": {"default": {"buckets": buckets}}}
            self.line.tell(
                billing.ConfigPublished.model_validate(told | {"document": document}),
                time=self._at(begin) - timedelta(9),
            )
        self.until(begin)

    @staticmethod
    def _at(day: date) -> datetime:
        return datetime.combine(day, time(0, 1), UTC)

    def until(self, day: date) -> None:
        """Let the days pass, each with its tick."""
        while self._day < day:
            self._day += timedelta(1)
            self._hear(self.line.tick(self._at(self._day)))

    def tell(self, *facts: Fact) -> None:
        """Tell facts on the day that it is."""
        for fact in facts:
            answer = self.line.tell(fact, time=self._at(self._day))
            assert not isinstance(answer, Refusal), answer
            self._hear(answer)

    def _hear(self, sent: list[Outgoing]) -> None:
        for fact in (one.data for one in sent):
            if isinstance(fact, ledger.InvoiceBucketChanged):
                self.buckets[fact.item_id] = fact.bucket
            elif isinstance(fact, ledger.InvoiceSettled):
                self.buckets.pop(fact.item_id, None)

    def state(self) -> str:
        """The state of the account: that of its oldest item."""
        order = ["current", *STATES]
        return NAMES[max(self.buckets.values(), key=order.index, default="current")]

    def now(self) -> Position:
        """The position at the end of the day."""
        found = position(self.line.party("A"), "A", self._day)
        assert found is not None
        return found

    def overdue(self) -> list[str]:
        """The items that are overdue."""
        return [one.item_id for one in self.now().open_items if one.past_due_days > 0]


def issued(name: str, on: date, amount: str, *parts: tuple[date, str], due: date) -> Fact:
    """An invoice, perhaps in instalments."""
    return billing.InvoiceIssued(
        account_id="A",
        invoice_id=name,
        issued_on=on,
        due_on=due,
        amount=amount,
        currency="EUR",
        installments=tuple(
            billing.Installment(item_id=f"{name}/{number}", due_on=day, amount=part)
            for number, (day, part) in enumerate(parts, start=1)
        )
        or None,
    )


def paid(name: str, on: date, amount: str, *to: str) -> Fact:
    """A payment, perhaps of one invoice."""
    return billing.PaymentReceived(
        account_id="A",
        payment_id=name,
        amount=amount,
        currency="EUR",
        received_on=on,
        allocations=tuple(billing.Allocation(invoice_id=one, amount=amount) for one in to) or None,
    )


def test_kill_bills_ages() -> None:
    """Worked example A: by the earliest unpaid invoice; all paid, it is clear at once."""
    days = Days(date(2012, 5, 31), STATES)
    first, second = date(2012, 5, 31), date(2012, 6, 30)
    days.tell(issued("I1", first, "249.95", due=first))
    expected = {
        "06-08": "CLEAR", "06-16": "CLEAR", "06-24": "CLEAR", "06-30": "OD1", "07-02": "OD1",
        "07-08": "OD1", "07-10": "OD2", "07-16": "OD2", "07-18": "OD2", "07-20": "OD3",
    }  # fmt: skip

    found = {}
    for day in expected:
        days.until(date.fromisoformat(f"2012-{day}"))
        if day == "06-30":
            days.tell(issued("I2", second, "249.95", due=second))
        found[day] = days.state()
    days.tell(paid("P", date(2012, 7, 20), "499.90"))

    assert expected == found
    assert ("CLEAR", ()) == (days.state(), days.now().open_items)


def test_kill_bills_age_moves_on_when_the_oldest_is_paid() -> None:
    """The next one is as old as it is: its issue 2297 keeps the age of what is paid."""
    days = Days(date(2012, 5, 31), STATES)
    days.tell(issued("I1", date(2012, 5, 31), "249.95", due=date(2012, 5, 31)))
    days.until(date(2012, 6, 30))
    days.tell(issued("I2", date(2012, 6, 30), "249.95", due=date(2012, 6, 30)))
    days.until(date(2012, 7, 20))

    days.tell(paid("P", date(2012, 7, 20), "249.95"))

    assert ("CLEAR", [20]) == (days.state(), [one.past_due_days for one in days.now().open_items])


@pytest.mark.parametrize(
    ("day", "past", "owed"),
    [
        ("02-06", [5], "1033.33"),
        ("02-09", [8], "1033.33"),
        ("02-13", [12], "1033.33"),
        ("02-23", [22], "1033.33"),
        ("03-12", [40, 11], "2049.99"),
    ],
)
def test_fineracts_past_due_days_on_the_ledger(day: str, past: list[int], owed: str) -> None:
    """Worked example E: they know no pauses; of two instalments each has its own."""
    days = Days(date(2012, 1, 1))
    parts = ((date(2012, 2, 1), "1033.33"), (date(2012, 3, 1), "1016.66"))
    days.tell(issued("L", date(2012, 1, 1), "2049.99", *parts, due=date(2012, 2, 1)))

    days.until(date.fromisoformat(f"2012-{day}"))

    late = [one for one in days.now().open_items if one.past_due_days > 0]
    assert past == [one.past_due_days for one in late]
    assert owed == f"{sum(float(one.open_amount) for one in late):.2f}"


TODAY = date(2025, 6, 16)
POSTED = TODAY - timedelta(6)
TERMS = ((POSTED + timedelta(5), "50.00"), (POSTED + timedelta(10), "50.00"))


@pytest.fixture
def terms() -> Days:
    """ERPNext's invoice: half due after five days, half after ten; posted six days ago."""
    days = Days(POSTED)
    days.tell(issued("SI", POSTED, "100.00", *TERMS, due=TERMS[0][0]))
    days.until(TODAY)
    return days


def test_erpnexts_terms_have_exactly_one_overdue_row(terms: Days) -> None:
    """Worked example I: the first half by a day, the second not yet."""
    assert ["SI/1"] == terms.overdue()


def test_erpnexts_dunning_is_resolved_by_its_payment_and_not_by_a_cancelled_one(
    terms: Days,
) -> None:
    """Worked example I: paid it is resolved, the invoice partly paid; cancelled, overdue again."""
    half = paid("PE", TODAY, "50.00", "SI")
    back = billing.PaymentReversed(
        account_id="A", reversal_id="X", payment_id="PE", reversed_on=TODAY, reason="error"
    )

    terms.tell(half)
    resolved = (terms.overdue(), [one.open_amount for one in terms.now().open_items])
    terms.tell(back)

    assert ([], ["50.00"]) == resolved
    assert (["SI/1"], 2) == (terms.overdue(), len(terms.now().open_items))


@pytest.mark.parametrize(("invoice", "left"), [("SI", []), (None, ["SI/1"])])
def test_erpnexts_credit_note_resolves_what_it_is_linked_to(
    terms: Days, invoice: str | None, left: list[str]
) -> None:
    """Worked example I: cancelled, it is unresolved again; one that stands alone resolves none."""
    note = billing.InvoiceCredited(
        account_id="A",
        credit_note_id="CN",
        invoice_id=invoice,
        amount="50.00",
        currency="EUR",
        credited_on=TODAY,
    )

    terms.tell(note)
    credited = terms.overdue()
    terms.tell(billing.CreditVoided(account_id="A", credit_note_id="CN", voided_on=TODAY))

    assert (left, ["SI/1"]) == (credited, terms.overdue())


def test_erpnexts_fee_stays_claimable_when_the_principal_is_paid() -> None:
    """Worked example I: interest 0.41 and fee 10.00 are a charge of their own, and open."""
    days = Days(date(2025, 6, 1))
    days.tell(issued("SI", date(2025, 6, 1), "100.00", due=date(2025, 6, 1)))
    days.until(TODAY)
    charge = issued("DUNN", TODAY, "10.41", due=TODAY)
    assert isinstance(charge, billing.InvoiceIssued)
    days.tell(charge.model_copy(update={"kind": "charge"}))
    owed = sum(float(one.open_amount) for one in days.now().open_items)

    days.tell(paid("PE", TODAY, "100.00", "SI"))

    assert 110.41 == pytest.approx(owed)
    assert {"DUNN": "10.41"} == {one.item_id: one.open_amount for one in days.now().open_items}
