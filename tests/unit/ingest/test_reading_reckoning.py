"""Positions, statements and standings of random histories, against a direct computation."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain import tally
from services.ingest.domain.aging import CURRENT
from services.ingest.domain.core import IngestCore
from services.ingest.domain.creditor import DEFAULT
from services.ingest.domain.invoice import DONE, Invoice, done_from
from services.ingest.domain.movement import movements
from services.ingest.domain.position import position
from services.ingest.domain.reckoning import Reckoning
from services.ingest.domain.standing import ACCOUNTS, AMOUNT, ITEMS, Standing
from services.ingest.domain.statement import Statement
from services.ingest.store.book import may_count
from shared.core import Document, Party
from shared.events import ledger
from shared.events.base import Fact
from shared.line.parties import DocumentCodec
from shared.money import minor, text
from shared.testing.line import Line
from tests.unit.ingest.test_ledger_histories import (
    ACCOUNT,
    T_0,
    creditors,
    days,
    events,
    issued,
    opened,
    received,
    steps,
    told,
)

CODEC = DocumentCodec(IngestCore.documents)
crowded = st.lists(
    st.one_of(events, events, issued(), received(), st.integers(20, 60)), min_size=15, max_size=40
)
"""Histories in which much falls overdue, and money comes for it after that."""
moments = st.none() | st.integers(0, 300).map(lambda n: T_0 + timedelta(n))


def all_of(party: Party) -> list[Document]:
    """Every document of a party, by kind."""
    return [
        document
        for kind in IngestCore.documents
        for document in cast("Iterable[Document]", party.all(kind))
    ]


def needed(documents: list[Document], since: date, until: date) -> list[Document]:
    """What a reader of days is given: what is open, and what was done on `since` or later.

    Without that of which no entry is of `until` or an earlier day, by what its JSON looks like.
    """
    found = []
    for document in documents:
        listed = document.listed or {}
        row = CODEC.row(ACCOUNT, document)
        changed = row.open or listed.get(DONE, "") >= done_from(ACCOUNT, since)
        if changed and may_count(row.text, until.isoformat()):
            found.append(CODEC.document(row))
    return found


@given(steps | crowded, creditors, days, moments)
@settings(max_examples=80)
def test_what_changed_since_a_day_is_enough_to_know_the_position_then(
    history: list[Fact | int], creditor: dict[str, str], day: date, known_at: datetime | None
) -> None:
    """The sums over it are those of every document, as known now and as known at any moment."""
    line = opened(creditor)
    told(line, history)
    party = line.party(ACCOUNT)
    since = day + timedelta(1) if known_at is None else min(day + timedelta(1), known_at.date())
    whole = position(party, ACCOUNT, day, line.shared, known_at=known_at)

    reckoning = Reckoning(ACCOUNT, day, DEFAULT.aging, known_at=known_at)
    for document in needed(all_of(party), since, day):
        reckoning.add(document)

    balances = reckoning.balances()
    expected: Counter[tuple[str, str]] = Counter()
    for item in whole.open_items if whole else ():
        expected[item.currency, item.bucket] += minor(item.open_amount, item.currency)
    assert dict(expected) == {
        (currency, label): share.amount
        for currency, balance in balances.items()
        for label, share in balance.buckets.items()
    }
    assert (whole.unapplied_cash if whole else {}) == {
        currency: text(balance.cash, currency)
        for currency, balance in balances.items()
        if balance.cash
    }
    assert (whole.unapplied_credit if whole else {}) == {
        currency: text(balance.credit, currency)
        for currency, balance in balances.items()
        if balance.credit
    }
    oldest = [item.due_on for item in whole.open_items if item.bucket != CURRENT] if whole else []
    known = [balance.oldest_due_on for balance in balances.values() if balance.oldest_due_on]
    assert min(oldest, default=None) == min(known, default=None)


@given(steps | crowded, creditors, days, st.integers(0, 90), moments)
@settings(max_examples=80)
def test_a_statement_adds_up(
    history: list[Fact | int],
    creditor: dict[str, str],
    begin: date,
    length: int,
    known_at: datetime | None,
) -> None:
    """Opening, plus each line, is the closing: of what is owed, of cash, of credit, in each step.

    The opening and closing are the positions of those days, computed from the items.
    """
    line = opened(creditor)
    told(line, history)
    party, end = line.party(ACCOUNT), begin + timedelta(length)
    aging = DEFAULT.aging

    statement = Statement(ACCOUNT, begin, end, aging, known_at=known_at, lines_max=10_000)
    first = begin if known_at is None else min(begin, known_at.date())
    for document in needed(all_of(party), first, end):
        statement.add(document)

    for section in statement.sections():
        assert section.adds_up
        balance = section.opening.net
        for each in section.lines:
            balance += each.movement.effect
            assert balance == each.balance
            assert begin <= each.movement.on <= end
        assert balance == section.closing.net
    ends = Reckoning(ACCOUNT, end, aging, known_at=known_at)
    for document in all_of(party):
        ends.add(document)
    shown = {
        one.currency: one.closing for one in statement.sections() if not one.closing.is_nothing
    }
    assert ends.balances() == shown


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('{"postings":[{"on":"2025-03-01","at":"x"},{"on":"2025-02-01"}]}', True),
        ('{"postings":[{"on":"2025-02-02"}],"due_on":"2024-01-01"}', False),
        ('{"invoice_id":"\\"on\\":\\"2024-01-01\\"","postings":[{"on":"2025-03-01"}]}', False),
        ('{"opened_on":"2025-03-01"}', True),
    ],
)
def test_what_can_count_is_seen_without_decoding(text: str, counts: bool) -> None:  # noqa: FBT001 - a case's answer
    """By the days of entries alone; what has none may count, and no id is taken for one."""
    assert counts is may_count(text, "2025-02-01")


@given(steps, creditors)
@settings(max_examples=100)
def test_every_entry_names_the_event_that_caused_it(
    history: list[Fact | int], creditor: dict[str, str]
) -> None:
    """Of each cause, the entries kept add up to those that it told."""
    line, sums = opened(creditor), Counter[tuple[str, str, str]]()
    told(line, history)
    for sent in line.out:
        if isinstance(sent.data, ledger.Moved):
            for entry in sent.data.entries:
                name = (sent.cause, entry.kind, sent.data.currency)
                sums[name] += minor(entry.amount, sent.data.currency)

    kept = Counter[tuple[str, str, str]]()
    for document in all_of(line.party(ACCOUNT)):
        for movement in movements(document):
            kept[movement.cause, movement.kind, movement.currency] += movement.amount

    assert "" not in {cause for cause, _, _ in kept}
    assert {name: sum_ for name, sum_ in sums.items() if sum_} == {
        name: sum_ for name, sum_ in kept.items() if sum_
    }


def overdue_of(line: Line) -> dict[str, Standing]:
    """What is overdue by the items themselves, by currency."""
    found: dict[str, Standing] = {}
    for invoice in line.party(ACCOUNT).all(Invoice):
        for item in invoice.items:
            if not (item.open and item.overdue):
                continue
            code = invoice.currency
            standing = found.setdefault(code, Standing(ACCOUNT, "default", code))
            amount, items = standing.buckets.get(item.bucket, (0, 0))
            standing.buckets[item.bucket] = (amount + item.open, items + 1)
            due_on = item.due_on.isoformat()
            standing.due[due_on] = standing.due.get(due_on, 0) + 1
    return found


@given(crowded, creditors, st.lists(st.integers(1, 200), min_size=1, max_size=3))
@settings(max_examples=80)
def test_a_standing_is_what_is_overdue_item_by_item(
    history: list[Fact | int], creditor: dict[str, str], later: list[int]
) -> None:
    """After any history and any wait; and the figures over all accounts are its sums."""
    line = opened(creditor)

    told(line, [*history, *later])

    kept = {one.currency: one for one in line.party(ACCOUNT).all(Standing)}
    assert overdue_of(line) == {code: one for code, one in kept.items() if one.due}
    figures: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (row, cell), amount in line.cells.items():
        if amount:
            figures[row.rpartition("\x1e")[2]][cell] = amount
    assert {
        code: {
            f"{label}\x1e{what}": number
            for label, (amount, items) in one.buckets.items()
            for what, number in ((AMOUNT, amount), (ITEMS, items), (ACCOUNTS, 1))
        }
        for code, one in overdue_of(line).items()
    } == dict(figures)


@given(crowded, creditors, st.integers(2, 6))
@settings(max_examples=80)
def test_a_tally_is_what_is_open_item_by_item(
    history: list[Fact | int], creditor: dict[str, str], many: int
) -> None:
    """While there is one, by currency and due date; and no later entry is on an open item."""
    line = opened(creditor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "MANY", many)
        told(line, history)

    party = line.party(ACCOUNT)
    for kept in party.all(tally.Tally):
        expected = tally.Tally(ACCOUNT)
        for invoice in party.all(Invoice):
            for item in invoice.items:
                if item.open:
                    expected.take(invoice, item)
        assert {code: sums for code, sums in kept.sums.items() if sums} == (
            expected.sums if kept.live else {}
        )
        assert not kept.live or expected.latest <= kept.latest


def test_a_standing_is_listed_only_while_something_is_overdue() -> None:
    """By age, by amount, and in each of its buckets; larger amounts sort before smaller ones."""
    small = Standing("A", "c", "EUR", {"1-30": (5, 1)}, {"2025-01-01": 1})
    large = Standing("B", "c", "EUR", {"1-30": (5, 1), "31-60": (70, 2)}, {"2024-12-01": 3})

    assert {"oldest", "largest", "in 1-30"} == small.listed.keys()
    assert {"oldest", "largest", "in 1-30", "in 31-60"} == large.listed.keys()
    assert large.listed["largest"] < small.listed["largest"]
    assert large.listed["oldest"] < small.listed["oldest"]
    assert {} == Standing("A", "c", "EUR").listed
