"""The made-up history: the same for the same seed, valid, in order, and with sums that hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.cli.eventfile import encode
from shared.cli.history import CREDITORS, POISON, history, is_poison
from shared.events import ACCEPTED, input_topic
from shared.money import minor

Event = dict[str, Any]
START = date(2025, 1, 1)
YEAR = {
    "billing.account.updated.v1": 391,
    "billing.config.published.v1": 1,
    "billing.dispute.opened.v1": 236,
    "billing.dispute.resolved.v1": 211,
    "billing.invoice.amended.v1": 193,
    "billing.invoice.credited.v1": 268,
    "billing.invoice.issued.v1": 10_074,
    "billing.invoice.voided.v1": 49,
    "billing.invoice.written_off.v1": 45,
    "billing.payment.failed.v1": 191,
    "billing.payment.received.v1": 11_574,
    "billing.payment.refunded.v1": 29,
    "billing.payment.reversed.v1": 99,
    "billing.payment.scheduled.v1": 2_806,
    "outreach.consent.set.v1": 9,
    "outreach.hold.place.v1": 46,
    "outreach.hold.release.v1": 13,
    "outreach.promise.make.v1": 402,
}


@cache
def year(seed: int = 1, *, poison: bool = False) -> tuple[Event, ...]:
    """The default history, drawn once for all tests."""
    return tuple(history(seed, start=START, poison=poison))


def small(seed: int, **options: Any) -> list[Event]:  # noqa: ANN401 - options of history
    """A short one, for properties."""
    shape = {"accounts": 12, "invoices": 150, "days": 120, "start": START}
    return list(history(seed, **{**shape, **options}))


def once(events: Iterable[Event]) -> list[Event]:
    """Without the copies, as ingest would see them: by event id, and by business id."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for event in events:
        data = event["data"]
        names = {("event", event["id"])}
        names |= {(key, data[key]) for key in ("payment_id",) if event["type"] in PAID}
        names |= {(key, data[key]) for key in ("invoice_id",) if event["type"] in ISSUED}
        if not names & seen:
            kept.append(event)
        seen |= names
    return kept


ISSUED = {"billing.invoice.issued.v1"}
PAID = {"billing.payment.received.v1"}


def fault_of(event: Event) -> str:
    """What the contract has against an event; "" if nothing."""
    model = ACCEPTED[input_topic(event["type"])].get(event["type"])
    if model is None:
        return "unknown type"
    try:
        told = model.model_validate_json(encode(event["data"]))
    except ValidationError as error:
        return str(error)
    mine = getattr(told, "account_id", event.get("subject"))
    return "" if mine == event.get("subject") else "another subject"


class TestShape:
    def test_a_seed_always_gives_the_same_history(self) -> None:
        """Byte for byte; another seed gives another one."""
        assert [encode(e) for e in small(7)] == [encode(e) for e in small(7)]
        assert [encode(e) for e in small(7)] != [encode(e) for e in small(8)]

    def test_the_default_year_has_these_events(self) -> None:
        """Counts that change only if the generator does: then see what else depends on it."""
        counts = Counter(event["type"] for event in year())

        assert YEAR == dict(sorted(counts.items()))

    def test_as_many_invoices_as_asked_for(self) -> None:
        """Not counting copies; every account has its part."""
        events = once(year())

        assert 10_000 == sum(event["type"] in ISSUED for event in events)
        assert 300 == len({event["subject"] for event in events if "subject" in event})

    @settings(max_examples=20)
    @given(
        seed=st.integers(0, 10_000),
        accounts=st.integers(1, 25),
        invoices=st.integers(0, 120),
        days=st.integers(1, 400),
        answers=st.booleans(),
    )
    def test_any_history_is_sorted_valid_and_within_its_days(
        self, seed: int, accounts: int, invoices: int, days: int, *, answers: bool
    ) -> None:
        """Whatever its size: the configuration first, then accounts, and nothing after the end."""
        start = date(2024, 2, 1)

        events = list(
            history(
                seed,
                accounts=accounts,
                invoices=invoices,
                start=start,
                days=days,
                channels_answer=answers,
            )
        )

        times = [event["time"] for event in events]
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert [] == [fault for event in events if (fault := fault_of(event))]
        assert "billing.config.published.v1" == events[0]["type"]
        assert start.isoformat() <= times[0]
        assert times[-1] < (start + timedelta(days=days)).isoformat()
        known = set()
        for event in events[1:]:
            assert event["type"] == "billing.account.updated.v1" or event["subject"] in known
            known.add(event["subject"])

    def test_a_history_needs_an_account_and_a_day(self) -> None:
        """Anything less is a mistake of the caller."""
        with pytest.raises(ValueError, match="an account and a day"):
            next(history(1, accounts=0, start=START))
        with pytest.raises(ValueError, match="an account and a day"):
            next(history(1, days=0, start=START))

    def test_events_happen_in_the_business_hours_of_the_creditor(self) -> None:
        """From nine to five, local time; on working days, but for the first day and copies."""
        zones = {name: ZoneInfo(creditor["time_zone"]) for name, creditor in CREDITORS.items()}
        creditor = {
            event["subject"]: event["data"]["creditor_id"]
            for event in year()
            if event["type"] == "billing.account.updated.v1" and event["data"]["version"] == 1
        }

        for event in once(year())[1:]:
            local = datetime.fromisoformat(event["time"]).astimezone(
                zones[creditor[event["subject"]]]
            )
            assert time(9) <= local.time() < time(17), event
            assert local.weekday() < 5 or local.date() == START, event
            assert local.date().isoformat() == event["time"][:10], event

    def test_all_events_of_a_party_have_its_key(self) -> None:
        """Some parties have two accounts, at the same creditor."""
        parties = defaultdict(set)
        for event in year()[1:]:
            parties[event["partitionkey"]].add(event["subject"])

        assert {1, 2} == {len(accounts) for accounts in parties.values()}
        assert 300 == sum(len(accounts) for accounts in parties.values())

    def test_addresses_are_reserved_for_examples(self) -> None:
        """Nobody can be reached by them."""
        points = [point for event in year() for point in event["data"].get("contact_points", ())]

        assert {"email", "sms", "phone", "letter"} == {point["channel"] for point in points}
        for point in points:
            if point["channel"] == "email":
                assert point["address"].endswith("@example.org")
            elif point["channel"] == "letter":
                assert "Example Street" in point["postal"]["lines"][0]
            else:
                assert point["address"].startswith(
                    (
                        "+493023125",
                        "+4917139200",
                        "+442079460",
                        "+447700900",
                        "+1202555",
                        "+1213555",
                    )
                )

    def test_memory_does_not_grow_with_the_history(self) -> None:
        """The first events of a much longer history come without the rest being drawn."""
        stream = history(1, accounts=50, invoices=100_000, start=START)

        assert 100 == len(list(islice(stream, 100)))


class TestMoney:
    @settings(max_examples=10)
    @given(seed=st.integers(0, 10_000))
    def test_no_invoice_gets_more_than_it_is(self, seed: int) -> None:
        """Paid, deducted and credited never exceed what is billed, at any moment after issue."""
        left: dict[str, int] = defaultdict(int)
        currency: dict[str, str] = {}
        applied: dict[str, dict[str, int]] = {}
        early = set()
        for event in once(small(seed, invoices=300, days=365)):
            data, kind = event["data"], event["type"].split(".")[-2]
            unit = currency.get(data.get("invoice_id", ""), data.get("currency", ""))
            if event["type"] in ISSUED:
                currency[data["invoice_id"]] = data["currency"]
                left[data["invoice_id"]] += minor(data["amount"], data["currency"])
            elif kind == "amended" and "amount" in data:
                left[data["invoice_id"]] = minor(data["amount"], unit)
            elif kind == "credited":
                left[data["invoice_id"]] -= minor(data["amount"], unit)
            elif kind == "received":
                unit = data["currency"]
                parts: dict[str, int] = defaultdict(int)
                for part in data.get("allocations", ()):
                    kept = sum(minor(cut["amount"], unit) for cut in part.get("deductions", ()))
                    parts[part["invoice_id"]] += minor(part["amount"], unit) + kept
                applied[data["payment_id"]] = parts
                early |= parts.keys() - currency.keys()
                for invoice_id, amount in parts.items():
                    left[invoice_id] -= amount
            elif kind == "reversed":
                for invoice_id, amount in applied[data["payment_id"]].items():
                    left[invoice_id] += amount
            assert [] == [i for i, amount in left.items() if amount < 0 and i not in early]
        assert [] == [i for i in early & currency.keys() if left[i] < 0]

    @settings(max_examples=10)
    @given(seed=st.integers(0, 10_000))
    def test_what_goes_back_had_come(self, seed: int) -> None:
        """Refunds and reversals name a payment that is there, and are no more than it."""
        came: dict[str, int] = {}
        for event in once(small(seed, invoices=300, days=365)):
            data = event["data"]
            if event["type"] in PAID:
                came[data["payment_id"]] = minor(data["amount"], data["currency"])
            elif event["type"] == "billing.payment.refunded.v1":
                came[data["payment_id"]] -= minor(data["amount"], data["currency"])
                assert came[data["payment_id"]] >= 0
            elif event["type"] == "billing.payment.reversed.v1":
                assert came.pop(data["payment_id"]) > 0

    def test_all_currencies_of_all_exponents_are_there(self) -> None:
        """No places, two and three."""
        assert {"EUR", "GBP", "USD", "JPY", "KWD"} == {
            event["data"]["currency"] for event in year() if event["type"] in ISSUED
        }

    def test_all_that_may_befall_an_invoice_does(self) -> None:
        """The year has each kind that the ledger must handle."""
        payments = [event["data"] for event in once(year()) if event["type"] in PAID]
        invoices = {e["data"]["invoice_id"]: e for e in once(year()) if e["type"] in ISSUED}

        told = [part for data in payments for part in data.get("allocations", ())]
        assert any("allocations" not in data for data in payments)
        assert any("item_id" in part for part in told)
        assert any("deductions" in part for part in told)
        assert any("installments" in event["data"] for event in invoices.values())
        assert any(
            event["time"] < invoices[event["data"]["allocations"][0]["invoice_id"]]["time"]
            for event in once(year())
            if event["type"] in PAID
            and event["data"].get("allocations")
            and event["data"]["allocations"][0]["invoice_id"] in invoices
        )
        assert {"accepted", "partly", "rejected", "withdrawn"} == {
            event["data"]["outcome"] for event in year() if "dispute.resolved" in event["type"]
        }
        assert {14, 30, 45, 60} <= {
            (
                date.fromisoformat(event["data"]["due_on"])
                - date.fromisoformat(event["data"]["issued_on"])
            ).days
            for event in invoices.values()
        }


class TestHabits:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_an_accounts_past_tells_its_future(self, seed: int) -> None:
        """Ranked by the share of late invoices so far, the late ones come first: AUC about 0.8."""
        auc = _auc(_ranked(once(year(seed))))

        assert 0.75 <= auc <= 0.88

    def test_a_few_in_a_hundred_are_never_paid(self) -> None:
        """Of the invoices due in the first eight months, without those voided or credited whole."""
        until = START + timedelta(days=240)
        due = {
            event["data"]["invoice_id"]
            for event in year()
            if event["type"] in ISSUED and event["data"]["due_on"] < until.isoformat()
        }
        over = {
            event["data"]["invoice_id"]
            for event in year()
            if event["type"] in {"billing.invoice.voided.v1", "billing.invoice.credited.v1"}
        }
        paid = {e["data"]["payment_id"].rpartition("-P")[0] for e in year() if e["type"] in PAID}

        assert 0.02 <= len(due - over - paid) / len(due) <= 0.05


class TestCopies:
    def test_some_events_come_twice_with_the_same_content(self) -> None:
        """At once or days later, under the same event id or (with a business id) another one."""
        first: dict[str, Event] = {}
        later = again = 0
        for event in year():
            original = first.setdefault(event["id"].removesuffix("-again"), event)
            if original is not event:
                assert original["type"] == event["type"]
                assert original["subject"] == event["subject"]
                assert original["data"] == event["data"]
                later += original["time"] < event["time"]
                again += event["id"].endswith("-again")

        copies = len(year()) - len(first)
        assert 100 <= copies <= 300
        assert 0 < again < later < copies


class TestPoison:
    def test_poison_and_nothing_else_is_against_the_contract(self) -> None:
        """But for `conflict`, which only its history makes bad: the payment with another amount."""
        events = year(poison=True)

        bad = [event for event in events if is_poison(event)]
        for event in events:
            conflict = is_poison(event) and event["id"].endswith("conflict")
            assert bool(fault_of(event)) == (is_poison(event) and not conflict), event
        assert len(bad) == len({event["id"] for event in bad})
        assert 0.0005 <= len(bad) / len(events) <= 0.002
        assert set(POISON) == {event["id"].split("-", 2)[2] for event in bad}

    def test_the_rest_is_as_without_it(self) -> None:
        """So that both runs can be compared."""
        with_it = year(poison=True)

        assert list(year()) == [event for event in with_it if not is_poison(event)]

    def test_a_conflict_has_a_known_payment_with_another_amount(self) -> None:
        """It comes behind the good one."""
        amounts: dict[str, str] = {}
        conflicts = 0
        for event in year(poison=True):
            if event["type"] not in PAID or not isinstance(event["data"], dict):
                continue
            if event["id"].endswith("conflict"):
                conflicts += 1
                assert amounts[event["data"]["payment_id"]] != event["data"]["amount"]
            elif not is_poison(event):
                amounts[event["data"]["payment_id"]] = event["data"]["amount"]
        assert conflicts > 0


def test_debtors_write_back_only_if_asked_to() -> None:
    """Outcomes without a task are told only with `channels_answer`."""
    outcomes = ACCEPTED["outreach.outcomes"]

    assert not any(event["type"] in outcomes for event in small(1, invoices=1000))
    answers = [e for e in small(1, invoices=1000, channels_answer=True) if e["type"] in outcomes]
    assert len(answers) > 5
    assert all(event["data"]["occurred_at"] <= event["time"] for event in answers)


def _ranked(events: list[Event]) -> list[tuple[float, bool]]:
    """Of each invoice from May on: the account's late share as known at issue, and whether late."""
    paid_on: dict[str, str] = {}
    for event in events:
        if event["type"] in PAID:
            paid_on[event["data"]["payment_id"].rpartition("-P")[0]] = event["data"]["received_on"]
    outcomes = defaultdict(list)
    for event in events:
        if event["type"] in ISSUED:
            data = event["data"]
            due_on = data["due_on"]
            last = paid_on.get(data["invoice_id"], "9999")
            outcomes[event["subject"]].append((data["issued_on"], due_on, last, last > due_on))
    ranked = []
    for account in outcomes.values():
        for issued_on, due_on, _, late in account:
            if "2025-05" <= issued_on and due_on < "2025-12-31":
                known = [was for _, due, last, was in account if min(due, last) < issued_on]
                ranked.append(((sum(known) + 2) / (len(known) + 4), late))
    return ranked


def _auc(ranked: list[tuple[float, bool]]) -> float:
    """The chance that a late one ranks above one in time; equal ranks count half."""
    late = Counter(score for score, was in ranked if was)
    in_time = Counter(score for score, was in ranked if not was)
    wins = sum(
        n * m * (1.0 if high > low else 0.5)
        for high, n in late.items()
        for low, m in in_time.items()
        if high >= low
    )
    return wins / (late.total() * in_time.total())
