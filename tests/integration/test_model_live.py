"""A model's life and scoring's answers on a real Kafka and MongoDB; two services as processes.

One history runs through; on its way a model is trained, tried in shadow, promoted and rolled back
by the command, and one that cannot be used is sent. Then scoring is asked over HTTP.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.command.fleet import Fleet
from services.command.model import app
from services.command.replaying import replay
from services.command.stages import stages
from services.scoring.domain.mix import LANES
from services.scoring.learning.promotion import switch
from services.scoring.settings import ScoringSettings
from shared.cli.eventfile import Line, lines, with_ticks, write
from shared.cli.history import history
from shared.cli.routing import records_of
from shared.cli.stack import Stack, running_stack
from shared.events.scores import AccountScored
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.runtime.store import MongoReader
from shared.simulation import Simulation
from shared.testing.reading import header, read_topics
from shared.topics import BILLING_EVENTS, COLLECTIONS_SCORES, SCORING_DLQ

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

PARTITIONS: Final = 2
BEGIN: Final = date(2024, 1, 1)
LEARNT: Final = "2024-08-15"
SHADOW, CHAMPION, BACK, SPOILT, END = (
    datetime(2024, month, day, tzinfo=UTC)
    for month, day in ((9, 15), (10, 1), (10, 15), (10, 20), (11, 1))
)
CONFIGURED: Final = "billing.config.published.v1"
SETTINGS: Final = {
    "ARREARS_CLOCK": "false",
    "ARREARS_PARTITIONS": str(PARTITIONS),
    "ARREARS_GAUGES_PERIOD_S": "0.2",
}
EASY: Final = ("--target", "late", "--gain", "-1", "--samples", "10", "--error", "1", "--loss", "1")


@dataclass(slots=True)
class Course:
    """The running services, the command, and what was sent so far."""

    stack: Stack
    fleet: Fleet
    events: list[dict[str, Any]]
    told_until: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    told: list[Mapping[str, Any]] = field(default_factory=list)
    """All that was sent, ticks and switches too, in order."""
    said: dict[str, Result] = field(default_factory=dict)

    def tell(self, until: datetime) -> None:
        """Send the history up to a moment, with a tick each day."""
        part = [
            line
            for line in with_ticks(lines(self.events), every=timedelta(days=1), until=END)
            if self.told_until <= line.time < until
        ]
        self.told_until = until
        self.send(part)

    def send(self, part: list[Line]) -> None:
        """Send lines as they are."""
        self.told += [line.event for line in part]
        asyncio.run(self._publish(part))

    def run(self, name: str, *arguments: str) -> Result:
        """Run `arrears model …`; what it said is kept under a name."""
        found = CliRunner().invoke(app, list(arguments))
        self.said[name] = found
        if arguments[0] == "promote" and not found.exit_code:
            self.told.append(json.loads(Path("models/promoted.jsonl").read_text().splitlines()[-1]))
        return found

    def restart(self) -> None:
        """End scoring as kill -9 does, and start it again."""
        self.fleet.kill("scoring")
        self.fleet.launch("scoring", **SETTINGS)
        self.fleet.wait_ready()

    def read(self, *topics: str) -> list[Record]:
        """All records of these topics as of now."""
        found = asyncio.run(read_topics(self.stack.kafka_bootstrap, topics, partitions=PARTITIONS))
        return [record for records in found.values() for record in records]

    def scores(self) -> list[dict[str, Any]]:
        """The data of all scores that went out, each partition's in order.

        What a killed service had sent without knowing it is sent again with the same id, and is
        left out, as its readers do.
        """
        kind = AccountScored.type
        told = [one for one in self.read(COLLECTIONS_SCORES) if header(one, "ce_type") == kind]
        once: dict[str, bytes] = {}
        for one in told:
            once.setdefault(header(one, "ce_id"), one.value or b"")
        facts = [AccountScored.model_validate_json(value) for value in once.values()]
        return [fact.model_dump(mode="json") for fact in facts]

    def caught_up(self, moment: datetime) -> None:
        """Wait until scoring has passed a tick on each partition."""
        stamp = str(moment.timestamp())
        end = time.monotonic() + 60
        while time.monotonic() < end:
            marks = [
                float(line.rpartition(" ")[2])
                for line in self.fleet.text("scoring", "/metrics").splitlines()
                if line.startswith("collections_watermark_timestamp_seconds{")
            ]
            if len(marks) == PARTITIONS and min(marks) >= float(stamp):
                return
            time.sleep(0.1)
        raise TimeoutError(f"scoring did not come to {moment}")

    async def _publish(self, part: Iterable[Line]) -> None:
        publisher = Publisher({"bootstrap_servers": self.stack.kafka_bootstrap}, deadline_s=60)
        try:
            await replay(part, publisher, partitions=PARTITIONS)
        finally:
            await publisher.stop()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The whole story, told once."""
    events = list(history(7, accounts=80, invoices=2_400, start=BEGIN, days=365))
    with (
        running_stack(tmp_path_factory.mktemp("stack")) as stack,
        pytest.MonkeyPatch.context() as my,
    ):
        fleet = Fleet(stack.environment, tmp_path_factory.mktemp("logs"))
        my.chdir(tmp_path_factory.mktemp("models"))
        for name, value in {**stack.environment, **SETTINGS}.items():
            my.setenv(name, value)
        try:
            fleet.launch("ingest", **SETTINGS)
            fleet.launch("scoring", **SETTINGS)
            fleet.wait_ready()
            course = Course(stack, fleet, events)
            _story(course)
            yield course
        finally:
            fleet.stop_all()


def _story(course: Course) -> None:
    """Learn, try, refuse, promote, take back, and send one that cannot be used."""
    write([each for each in course.events if each["time"] < "2024-10"], Path("events.jsonl"))
    model, report = "models/a.json", ("--report", "report/report.json")
    course.run("train", "train", "--events", "events.jsonl", "--until", LEARNT, "--no-measure",
               "--out", model)  # fmt: skip
    course.run("report", "report", "--events", "events.jsonl", "--model", model,
               "--resamples", "5", "--out", "report")  # fmt: skip
    course.run("refused", "promote", model, *report, "--gain", "0.9")
    course.tell(SHADOW)
    course.run("shadow", "promote", model, "--shadow", "--from", SHADOW.isoformat())
    course.tell(CHAMPION)
    course.run("promote", "promote", model, *report, *EASY, "--from", CHAMPION.isoformat())
    for days in (3, 6):
        course.tell(CHAMPION + timedelta(days=days))
        course.restart()
    course.tell(BACK)
    course.run("back", "promote", "--rollback", "--from", BACK.isoformat())
    course.tell(SPOILT)
    spoilt = json.loads(Path(model).read_text())
    spoilt["heads"]["late"]["intercept"] = "NaN"
    told = switch(spoilt, [], number=99, start=SPOILT, time=SPOILT)
    course.send(list(lines([told])))
    course.tell(END)
    course.caught_up(END - timedelta(days=1))


def models(course: Course, begin: datetime, end: datetime) -> set[str]:
    """By which models scores were made strictly between two moments.

    What the tick of a switch itself brings is told before it, by the model that was in force.
    """
    return {
        score["model"]
        for score in course.scores()
        if begin < datetime.fromisoformat(score["scored_at"]) < end
    }


def test_a_model_is_trained_and_refused_below_the_margin(course: Course) -> None:
    """Nothing is sent then: the first switch is that into shadow."""
    said = {name: result.exit_code for name, result in course.said.items()}

    assert {"train": 0, "report": 0, "refused": 2, "shadow": 0, "promote": 0, "back": 0} == said, {
        name: result.output for name, result in course.said.items()
    }
    assert "0.9 is asked for" in " ".join(course.said["refused"].output.split())
    sent = [one for one in course.read(BILLING_EVENTS) if header(one, "ce_type") == CONFIGURED]
    numbers = {json.loads(one.value or b"")["number"] for one in sent}
    assert {1, 2, 3, 99} == numbers


def test_scores_name_the_model_in_force_from_its_tick_on(course: Course) -> None:
    """The scorecard, the trained model, and after the rollback the scorecard again."""
    assert {"expert"} == models(course, datetime(2024, 1, 1, tzinfo=UTC), CHAMPION)
    assert {"logistic"} == models(course, CHAMPION, BACK)
    assert {"expert"} == models(course, BACK, END)


def test_the_challenger_runs_in_shadow_until_it_is_promoted(course: Course) -> None:
    """Its score stands beside the champion's in every event between the two switches."""
    beside = {
        tuple(each["model"] for each in score["challengers"])
        for score in course.scores()
        if SHADOW < datetime.fromisoformat(score["scored_at"]) < CHAMPION
    }

    assert {("logistic",)} == beside


def test_a_model_that_cannot_be_used_is_a_dead_letter_with_its_reason(course: Course) -> None:
    """One of each partition, with the path of the fault; what was in force goes on."""
    letters = course.read(SCORING_DLQ)

    assert PARTITIONS == len(letters)
    for letter in letters:
        assert "invalid" == header(letter, "__dlq.errors.reason")
        assert "heads.late.intercept" in header(letter, "__dlq.errors.message")
    assert {"expert"} == models(course, SPOILT, END)
    shown = course.fleet.text("scoring", "/metrics")
    assert f'collections_broadcasts_refused_total{{service="scoring"}} {PARTITIONS}.0' in shown


def test_the_log_of_the_running_service_is_what_the_report_reads(course: Course) -> None:
    """Scores, commands, payments and ticks as they stand in the topic, judged from the topic."""
    told = [
        {
            "id": header(one, "ce_id"),
            "source": header(one, "ce_source"),
            "type": header(one, "ce_type"),
            "time": header(one, "ce_time"),
            "partitionkey": (one.key or b"").decode(),
            "data": json.loads(one.value or b""),
        }
        for one in course.read(COLLECTIONS_SCORES)
    ]
    Path("scores.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in told))

    said = course.run("logged", "report", "--scores", "scores.jsonl", "--resamples", "0",
                      "--begin", SHADOW.date().isoformat(), "--out", "logged")  # fmt: skip

    del course.said["logged"]
    assert 0 == said.exit_code, said.output
    report = json.loads(Path("logged/report.json").read_text())
    assert report["targets"]["paid_14"]["samples"] > 50
    assert report["targets"]["promise_kept"]["samples"] > 0


def test_drift_is_shown_of_the_model_in_force(course: Course) -> None:
    """Of so few accounts it says nothing, and says on how many it rests."""
    shown = course.fleet.text("scoring", "/metrics")

    assert 'collections_score_stability_index{model="expert 3",of="chance"} NaN' in shown
    scored = next(
        float(line.rpartition(" ")[2])
        for line in shown.splitlines()
        if line.startswith('collections_score_drift_accounts{model="expert 3",of="scored"}')
    )
    assert 0 < scored < 200


def test_drift_is_counted_as_if_nothing_had_been_killed(course: Course) -> None:
    """Scoring was killed twice; its counts are those of one process that folds the same events."""
    ingest, scoring = stages()[:2]
    simulation = Simulation([ingest, scoring])
    for event in course.told:
        simulation.tell(records_of(event, partitions=1))
    expected = {
        name: n for name, n in scoring.cells.items() if name[0].startswith(("drift", "seg"))
    }

    async def counted() -> dict[tuple[str, str], int]:
        settings = ScoringSettings()
        reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="test")
        found: Counter[tuple[str, str]] = Counter()
        for prefix in ("drift", "seg"):
            for _, row, cells in await reader.cells(prefix):
                found.update({(row, cell): amount for cell, amount in cells.items()})
        await reader.stop()
        return dict(found)

    assert sum(n for (_, cell), n in expected.items() if cell == "judged") > 50
    assert {"expert", "logistic"} == {row.split("\t")[1] for row, _ in expected if "\t" in row}
    assert expected == asyncio.run(counted())


@pytest.fixture
def door(course: Course) -> Iterator[httpx.Client]:
    """A client of scoring's HTTP."""
    with httpx.Client(base_url=course.fleet.url("scoring"), timeout=20) as client:
        yield client


def worklist(door: httpx.Client, **query: str | int) -> list[dict[str, Any]]:
    """The accounts of all pages."""
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        answer = door.get("/v1/worklist", params={**query, **more})
        assert 200 == answer.status_code, answer.text
        page = answer.json()
        found += page["accounts"]
        if page["next"] is None:
            return found
        more = {"after": page["next"]}


def test_the_worklist_has_who_owes_by_the_latest_score_in_order(
    course: Course, door: httpx.Client
) -> None:
    """As the scores in Kafka say; in pages of any size, in each lane first things first."""
    latest = {score["account_id"]: score for score in course.scores()}
    owing = {name for name, score in latest.items() if float(score["overdue_amount"]) > 0}

    whole = worklist(door, limit=500)

    assert owing == {each["account_id"] for each in whole}
    assert len(owing) > 10
    assert whole == worklist(door, limit=3)
    for lane in LANES:
        of_lane = [each for each in whole if each["lane"] == lane]
        ranks = [(-e["priority"], -e["oldest_past_due_days"]) for e in of_lane]
        assert sorted(ranks) == ranks
    for each in whole:
        score = latest[each["account_id"]]
        for name in ("risk", "band", "lane", "segment", "expected_recovery", "overdue_amount"):
            assert score[name] == each[name]


@pytest.mark.parametrize("lane", LANES)
def test_the_worklist_of_a_lane_is_the_whole_without_the_other(
    door: httpx.Client, lane: str
) -> None:
    """In the same order; in pages of any size."""
    whole = worklist(door, limit=500)

    part = worklist(door, limit=2, lane=lane)

    assert [each for each in whole if each["lane"] == lane] == part


@pytest.mark.parametrize(("of", "filter_"), [("segment", "segment"), ("creditor_id", "creditor")])
def test_the_worklist_of_one_kind_has_all_of_it_and_no_others(
    door: httpx.Client, of: str, filter_: str
) -> None:
    """By segment, by creditor, both lanes by turns; and a lane of it."""
    whole = worklist(door, limit=500)

    for value in {each[of] for each in whole}:
        part = worklist(door, limit=2, **{filter_: value})
        assert {e["account_id"] for e in whole if e[of] == value} == {e["account_id"] for e in part}
        assert part == worklist(door, limit=500, **{filter_: value})
        for lane in LANES:
            of_lane = worklist(door, **{filter_: value, "lane": lane})
            assert [each for each in part if each["lane"] == lane] == of_lane
    assert [] == worklist(door, **{filter_: "nobody's"})


def test_an_accounts_scores_are_those_that_went_out_and_what_would_change_them(
    course: Course, door: httpx.Client
) -> None:
    """Newest first, page by page; the levers name what raises the risk, the most telling first."""
    first = worklist(door, limit=1)[0]
    account = first["account_id"]
    sent = [score for score in course.scores() if score["account_id"] == account]

    whole = door.get("/v1/scores", params={"account_id": account, "limit": 500}).json()
    pages: list[dict[str, Any]] = []
    below: dict[str, int] = {}
    while True:
        page = door.get("/v1/scores", params={"account_id": account, "limit": 2, **below}).json()
        pages += page["scores"]
        if page["next"] is None:
            break
        below = {"before": page["next"]}

    assert sent[::-1] == whole["scores"] == pages
    levers = whole["would_change_most"]
    points = [lever["risk_points_less"] for lever in levers]
    assert sorted(points, reverse=True) == points
    assert levers[0]["feature"] in {reason["code"] for reason in sent[-1]["reasons"]}
    assert set(levers[0]) == {"feature", "observed", "would_be", "risk_points_less"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/worklist?limit=0", 400),
        ("/v1/worklist?limit=501", 400),
        ("/v1/worklist?limit=%D9%A1", 400),
        ("/v1/worklist?limit=" + "9" * 3_000, 400),
        ("/v1/worklist?lane=a&lane=b", 400),
        ("/v1/worklist?lane[$ne]=x", 400),
        ("/v1/worklist?lane=%00", 400),
        ("/v1/worklist?after=" + "%F4%8F%BF%BF" * 50, 400),
        ("/v1/worklist?after=%FF%FE", 400),
        ("/v1/worklist?lane={%22$gt%22:%22%22}", 400),
        ("/v1/worklist?segment=.*", 200),
        ("/v1/worklist?creditor=" + "x" * 8_001, 400),
        ("/v1/scores", 400),
        ("/v1/scores?account_id=", 400),
        ("/v1/scores?account_id=nobody", 404),
        ("/v1/scores?account_id={%22$ne%22:1}", 404),
        ("/v1/scores?account_id=%1F%09", 404),
        ("/v1/scores?account_id=a&before=1e9", 400),
        ("/v1/scores?account_id=a&before=-1", 400),
        ("/v1/score", 404),
    ],
)
def test_hostile_queries_are_answered_with_what_is_wrong_and_nothing_else(
    door: httpx.Client, path: str, status: int
) -> None:
    """No traceback, no other account's scores; and the next question is answered."""
    answer = door.get(path)

    assert status == answer.status_code, answer.text
    assert "Traceback" not in answer.text
    if status == 200:
        assert [] == answer.json()["accounts"]
    assert 200 == door.get("/v1/worklist").status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_reading_doors_only_read(door: httpx.Client, method: str) -> None:
    """Whatever is sent."""
    answer = door.request(method, "/v1/worklist", content=b'{"lane": "x"}')

    assert answer.status_code in {404, 405}
