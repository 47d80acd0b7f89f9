"""Reading scores from a real MongoDB: the worklist in order, and one account's scores."""

import itertools
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from services.scoring.api import ScoringApi
from services.scoring.domain.configuration import Configured
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.drift import first_weeks, rows_of, stability_index
from services.scoring.domain.mix import LANES
from services.scoring.domain.standing import Standing, in_list
from services.scoring.sources import read_scorecard, read_segments
from services.scoring.store import Scores
from shared.cli.stack import Stack
from shared.core import Document, Party
from shared.events.scores import AccountScored
from shared.line.parties import DocumentCodec
from shared.line.ports import Row, WriteSet
from shared.runtime.doors import Problem, Request, Response
from shared.runtime.store import MongoReader, MongoStore
from shared.runtime.store.names import starting_with
from shared.testing.line import Line
from tests.integration.conftest import Database
from tests.unit.kpi.books import Books, midnight, noon

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

CARD, SEGMENTS = read_scorecard(), read_segments()
JAN = date(2025, 1, 1)
ACCOUNTS = 30
TURNS = "qqpqqpqqqp"
"""Of the shipped mix: seven of ten places are quick recovery's, three protect value's."""


def portfolio() -> Line:
    """Thirty accounts of two creditors, of two parties each: amounts and ages differ, some tie."""
    line = Line(ScoringCore(CARD, SEGMENTS), reload=False)
    books = [Books(f"A{n:02d}", creditor_id=f"c{n % 2}") for n in range(ACCOUNTS)]
    for n, book in enumerate(books):
        amount = str(10 ** (1 + n % 5))
        due = JAN + timedelta(days=5 + 13 * (n % 7))
        for fact in book.issue(f"I{n}", amount, issued=JAN, due=due):
            line.tell(fact, time=noon(JAN), party=f"P{n // 2}")
    for days in range(100):
        day = JAN + timedelta(days=days)
        line.tick(midnight(day))
        for n, book in enumerate(books):
            for fact in book.day(day):
                line.tell(fact, time=midnight(day), woken=True)
            if days == 95 and n == 7:
                for fact in book.pay("P", f"I{n}", str(10 ** (1 + n % 5)), day):
                    line.tell(fact, time=noon(day))
    return line


def rows(line: Line) -> list[Row]:
    """Every document of the line as the shell would write it."""
    codec = DocumentCodec(ScoringCore.documents)
    parties = [line.party(f"P{n}") for n in range(ACCOUNTS // 2)]
    return [
        codec.row(party.id, document, new=True)
        for party in parties
        for kind in ScoringCore.documents
        for document in cast("list[Document]", list(party.all(kind)))
    ]


@pytest.fixture(scope="module")
def line() -> Line:
    """The portfolio, folded once."""
    return portfolio()


@pytest.fixture
def standings(line: Line) -> list[Standing]:
    """Where those with something overdue stand: both lanes by turns, first things first in each."""
    found = [
        each for n in range(ACCOUNTS // 2) for each in line.party(f"P{n}").all(Standing)
    ]  # fmt: skip
    overdue = [each for each in found if each.watched]
    overdue.sort(key=lambda s: (-s.priority, -s.past_due_days, -s.overdue, s.account_id))
    lanes = {lane[0]: [s for s in overdue if s.lane == lane] for lane in LANES}
    found = []
    for turn in itertools.cycle(TURNS):
        other = "p" if turn == "q" else "q"
        if not lanes[turn] and not lanes[other]:
            return found
        found.append((lanes[turn] or lanes[other]).pop(0))
    raise AssertionError


@pytest_asyncio.fixture
async def api(stack: Stack, database: Database, line: Line) -> AsyncIterator[ScoringApi]:
    """The read API over a database of its own that has the portfolio."""
    store = MongoStore(stack.mongodb_uri, database.name, owner="writer")
    await store.start()
    cursor = (await store.acquire([0]))[0].cursor
    cursor.version += 1
    cursor.watermarks = {"collections.ledger": datetime(2025, 4, 10, tzinfo=UTC)}
    await store.commit([WriteSet(cursor, rows=rows(line), cells=line.cells)])
    reader = MongoReader(stack.mongodb_uri, database.name, owner="reader")
    yield ScoringApi(Scores(reader, Configured(CARD, SEGMENTS)))
    await reader.stop()
    await store.stop()


def asking(**query: object) -> Request:
    """A request with this query."""
    return Request("GET", "/", urlencode(query), {}, b"")


def content(response: Response) -> dict[str, Any]:
    """The JSON of an answer."""
    told: dict[str, Any] = json.loads(response.body)
    return told


async def pages(api: ScoringApi, **query: object) -> list[str]:
    """The accounts of all pages."""
    found: list[str] = []
    after: str | None = None
    while True:
        more = {} if after is None else {"after": after}
        page = content(await api.worklist(asking(**query, **more)))
        found += [each["account_id"] for each in page["accounts"]]
        after = page["next"]
        if after is None:
            return found


async def test_the_worklist_takes_both_lanes_by_turns(
    api: ScoringApi, standings: list[Standing]
) -> None:
    """In each by priority, then the older, the larger, by id; in pages of any size; no paid one."""
    expected = [standing.account_id for standing in standings]
    lanes = [standing.lane[0] for standing in standings]

    assert list(TURNS[:6]) == lanes[:6]
    assert ACCOUNTS - 1 == len(expected)
    assert expected == await pages(api)
    assert expected == await pages(api, limit=1)
    assert expected == await pages(api, limit=7)


async def test_the_worklist_of_a_lane_a_segment_and_a_creditor(
    api: ScoringApi, standings: list[Standing]
) -> None:
    """In the same order, and only those."""
    wanted = [s for s in standings if s.lane == "protect_value" and s.creditor_id == "c1"]

    both = await pages(api, lane="protect_value", creditor="c1", limit=3)
    segments = {s.segment for s in standings}
    by_segment = {segment: await pages(api, segment=segment, limit=4) for segment in segments}

    assert wanted
    assert [s.account_id for s in wanted] == both
    for segment in segments:
        for lane in LANES:
            expected = [s for s in standings if s.segment == segment and s.lane == lane]
            found = [
                each for each in by_segment[segment] if each in {s.account_id for s in expected}
            ]
            assert [s.account_id for s in expected] == found
        assert len(by_segment[segment]) == sum(s.segment == segment for s in standings)
    assert [] == await pages(api, creditor="c")


async def test_an_account_on_the_list_in_full(api: ScoringApi, standings: list[Standing]) -> None:
    """What a collector needs to choose."""
    first = content(await api.worklist(asking(limit=1)))["accounts"][0]

    standing = standings[0]
    assert {
        "account_id": standing.account_id,
        "creditor_id": standing.creditor_id,
        "lane": standing.lane,
        "priority": standing.priority,
        "segment": standing.segment,
        "risk": standing.risk,
        "band": standing.band,
        "confidence": "low",
        "currency": "EUR",
        "overdue_amount": f"{standing.overdue // 100}.{standing.overdue % 100:02d}",
        "expected_recovery": f"{standing.expected // 100}.{standing.expected % 100:02d}",
        "oldest_past_due_days": standing.past_due_days,
        "model": "expert",
        "model_version": CARD.version,
        "scored_at": standing.scored_at.isoformat(),
    } == first


async def test_an_accounts_scores_over_time(api: ScoringApi, line: Line) -> None:
    """All that went out of it, newest first, in pages too."""
    sent = [json.loads(out.data.model_dump_json()) for out in line.out if out.subject == "A07"]

    whole = content(await api.scores(asking(account_id="A07")))
    first = content(await api.scores(asking(account_id="A07", limit=2)))
    rest = content(await api.scores(asking(account_id="A07", before=first["next"])))

    assert len(sent) > 2
    assert sent[::-1] == whole["scores"] == first["scores"] + rest["scores"]
    assert "P3" == whole["party_id"]
    assert whole["next"] is None


async def test_old_scores_give_way_to_new_ones_in_the_store(
    stack: Stack, database: Database
) -> None:
    """Written in many batches as the shell does: two are left, and they are the latest."""
    store = MongoStore(stack.mongodb_uri, database.name, owner="writer")
    await store.start()
    cursor = (await store.acquire([0]))[0].cursor
    core, told = ScoringCore(CARD, SEGMENTS, scores_kept=2), portfolio()
    facts = [out.data for out in told.out if out.subject == "A07"]
    codec = DocumentCodec(core.documents)
    inserted: list[bool] = []
    for number, fact in enumerate(facts, start=1):
        party = Party("P3")
        core._keep(party, number, cast("AccountScored", fact).account_id, fact.smallest())
        new = {name: name in party.made for name in party.changed}
        inserted += new.values()
        cursor.version += 1
        written = [codec.row("P3", doc, new=new[key]) for key, doc in party.changed.items()]
        await store.commit([WriteSet(cursor.copy(), rows=written)])
    reader = MongoReader(stack.mongodb_uri, database.name, owner="reader")
    scores = Scores(reader, Configured(CARD, SEGMENTS))

    whole = await scores.history("P3", "A07", below=None, limit=50)
    older = await scores.history("P3", "A07", below=whole[0][0], limit=1)

    last = len(facts)
    assert last > 3
    assert [number <= 2 for number in range(1, last + 1)] == inserted
    assert [last, last - 1] == [number for number, _ in whole]
    assert [json.loads(fact.model_dump_json()) for fact in facts[:-3:-1]] == [f for _, f in whole]
    assert whole[1:2] == older
    await reader.stop()
    await store.stop()


async def test_drift_is_the_same_for_every_reader_and_sums_all_partitions(
    stack: Stack, database: Database
) -> None:
    """The last week and the one that has matured, of the model in force; a new reader reads it."""
    rows = rows_of(CARD.model, CARD.version)
    store = MongoStore(stack.mongodb_uri, database.name, owner="writer")
    await store.start()
    told = {
        **{(f"{rows}{week}", "chance:3"): 100 for week in first_weeks("2025-W01")},
        (f"{rows}2025-W20", "chance:3"): 50,
        (f"{rows}2025-W20", "chance:7"): 50,
        (f"{rows}2025-W15", "judged"): 60,
        (f"{rows}2025-W15", "foretold"): 48 * 10_000,
        (f"{rows}2025-W15", "came"): 30 * 10_000,
        (f"{rows_of(CARD.model, CARD.version + '0')}2025-W20", "chance:3"): 1_000,
    }
    writes = []
    for partition, acquired in (await store.acquire([0, 1])).items():
        cursor = acquired.cursor
        cursor.version += 1
        days = 19 + partition  # Monday of the 21st week, and the day after
        cursor.watermarks = {"collections.ledger": datetime(2025, 5, days, tzinfo=UTC)}
        writes.append(WriteSet(cursor, cells=told))
    await store.commit(writes)

    found = []
    for owner in ("one", "after a restart"):
        reader = MongoReader(stack.mongodb_uri, database.name, owner=owner)
        scores = Scores(reader, Configured(CARD, SEGMENTS))
        found += [await scores.drift(), await scores.drift()]
        await reader.stop()

    for model, drift in found:
        assert CARD is model
        assert pytest.approx(stability_index([1, 0], [0.5, 0.5])) == drift.index["chance"]
        assert (200, 120) == (drift.scored, drift.judged)
        assert pytest.approx(0.3) == drift.calibration
    await store.stop()


async def test_what_would_change_the_score_most(api: ScoringApi) -> None:
    """By the model in force, and by what is known now: the most telling first."""
    told = content(await api.scores(asking(account_id="A00")))

    levers = told["would_change_most"]
    unknown = next(row for row in CARD.rows if row.feature.name == "late_share").points_unknown
    assert ["late_share", "late_of_last_three", "overdue_items"] == [e["feature"] for e in levers]
    assert {
        "feature": "late_share",
        "observed": "1 of 1 late",
        "would_be": "below 15 percent",
        "risk_points_less": unknown,
    } == levers[0]


@pytest.mark.parametrize(
    ("door", "query", "status", "field"),
    [
        ("worklist", {"lan": "x"}, 400, "lan"),
        ("worklist", {"limit": "0"}, 400, "limit"),
        ("worklist", {"limit": "501"}, 400, "limit"),
        ("worklist", {"limit": "9" * 5_000}, 400, "limit"),
        ("worklist", {"after": "a\0b"}, 400, "after"),
        ("worklist", {"after": "a"}, 400, "after"),
        ("worklist", {"lane": "protect_value", "after": "1\ta\tb"}, 400, "after"),
        ("worklist", {"lane": "fast"}, 400, "lane"),
        ("scores", {}, 400, "account_id"),
        ("scores", {"account_id": "A0"}, 404, "account_id"),
        ("scores", {"account_id": "A00", "before": "-1"}, 400, "before"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    api: ScoringApi, door: str, query: dict[str, str], status: int, field: str
) -> None:
    """With the field."""
    with pytest.raises(Problem) as problem:
        await getattr(api, door)(asking(**query))

    assert (status, field) == (problem.value.status, problem.value.field)


async def test_the_worklist_is_served_by_an_index(api: ScoringApi) -> None:
    """It looks at no more documents than it shows, and sorts nothing."""
    reader = api._scores._reader
    plan = await reader._database.command(
        "explain",
        {
            "find": "documents",
            "filter": {"l.creditor": starting_with(in_list("c1", "quick_recovery"))},
            "sort": {"l.creditor": 1},
            "limit": 5,
        },
        verbosity="executionStats",
    )

    assert "SORT" not in json.dumps(plan["queryPlanner"]["winningPlan"]).replace(
        '"sortPattern"', ""
    )
    assert plan["executionStats"]["totalDocsExamined"] <= 5
