"""A user's own invoices: what the ledger says of each month end is what the file says.

    pytest tests/scenario/test_ledger_own_invoices.py --own-invoices FILE

does the same with a file of the `vendor-settled` shape; without it, a file is drawn.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.domain.position import Position, position
from shared import envelope
from shared.cli.eventfile import lines, with_ticks
from shared.cli.importing.csvfile import read_file
from shared.core import Event, Party, Refusal
from shared.events import ACCEPTED
from shared.events.clock import ClockTicked
from shared.testing.line import Line
from tests.scenario.test_own_invoices import HEADER, drawn_rows
from tests.unit.shared.csv_figures import BUCKETS, direct_figures, month_ends, rows_of


@pytest.fixture(scope="module")
def own_invoices(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that was named, or one that is drawn."""
    if named := request.config.getoption("--own-invoices"):
        return Path(str(named))
    path = tmp_path_factory.mktemp("own") / "invoices.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(drawn_rows(23, 300))
    return path


def night_after(day: date) -> datetime:
    """The tick that ends a day."""
    return datetime.combine(day + timedelta(1), time.min, UTC)


def positions(
    parties: Iterable[Party], day: date, known_at: datetime | None = None
) -> list[Position]:
    """The positions of all accounts at the end of a day."""
    found = (position(party, party.id, day, known_at=known_at) for party in parties)
    return [each for each in found if each is not None]


def shown(there: list[Position]) -> dict[str, Any]:
    """Their sums, in the words of the direct computation."""
    aging = dict.fromkeys(BUCKETS, Decimal(0))
    unapplied = Decimal(0)
    for each in there:
        for item in each.open_items:
            aging[item.bucket] += Decimal(item.open_amount)
        unapplied += sum(map(Decimal, each.unapplied_cash.values()))
    return {
        "open": sum(aging.values()),
        "aging": aging,
        "overdue": sum(aging.values()) - aging["current"],
        "unapplied": unapplied,
    }


@pytest.mark.timeout(600)
def test_the_ledger_of_each_month_end_is_the_file_as_known_now_and_as_known_then(
    own_invoices: Path,
) -> None:
    """Every event checks its books; a position is the same asked at the time, and asked later."""
    audit = Audit(every=1, strict=True)
    line = Line(IngestCore(audit), reload=False)
    told = list(lines(read_file(own_invoices, None).events))
    days = list(month_ends(told[0].time.date(), told[-1].time.date()))
    ends = {night_after(day): day for day in days}
    accounts: list[str] = []
    at_the_time: dict[date, list[Position]] = {}

    for each in with_ticks(told, every=timedelta(days=1)):
        event = taken(each.event)
        if isinstance(event.data, ClockTicked):
            line.tick(event.time)
            if (day := ends.get(event.time)) is not None:
                at_hand = (line._parties[name] for name in accounts)  # what is not settled
                at_the_time[day] = positions(at_hand, day)
            continue
        if event.subject not in accounts:
            accounts.append(event.subject)
        assert not isinstance(line.tell(event.data, time=event.time), Refusal)

    expected = direct_figures(rows_of(own_invoices), days)
    parties = [line.party(name) for name in accounts]
    assert days == sorted(at_the_time)
    for day in days:
        figures = shown(positions(parties, day))
        assert {name: expected[day][name] for name in figures} == figures, day
        then = positions(parties, day, night_after(day))
        assert list(filter(any_of, at_the_time[day])) == list(filter(any_of, then)), day
    assert (0, True) == (audit.broken, audit.checked >= len(told))


def any_of(there: Position) -> bool:
    """Whether anything is open or held: an account that was not there yet had nothing."""
    return bool(there.open_items or there.unapplied_cash)


def taken(told: Mapping[str, Any]) -> Event:
    """A line of a file of events, as the door takes it."""
    cover = envelope.from_structured(to_json(told))
    assert isinstance(cover, envelope.Envelope)
    event = envelope.event(cover, accepted=ACCEPTED["billing.events"], foreign=True)
    assert isinstance(event, Event)
    return event
