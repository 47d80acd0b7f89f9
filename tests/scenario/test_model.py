"""A model's life on a made-up year: learnt, tried in shadow, compared, promoted, rolled back."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json
from typer.testing import CliRunner

from services.command.model import app
from services.command.model_history import UNITS, observe
from services.command.stages import stages
from services.ingest.domain.core import IngestCore
from services.ingest.wiring import WIRING as INGEST
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.features import FEATURES
from services.scoring.domain.logistic import Logistic
from services.scoring.domain.reading import ModelError
from services.scoring.learning.metrics import auc
from services.scoring.learning.observer import Observer, answers
from services.scoring.learning.promotion import SHIPPED, switch
from services.scoring.learning.sample import Sample, judged_from
from services.scoring.learning.training import Lesson, TooFewError, train
from services.scoring.sources import read_scorecard, read_segments
from services.scoring.wiring import WIRING as SCORING
from shared.cli.eventfile import Line, lines, with_ticks, write
from shared.cli.history import history
from shared.cli.routing import records_of
from shared.core import Effects, Event, Party
from shared.events.billing import ConfigPublished
from shared.line.ports import Record
from shared.simulation import Simulation, Stage
from shared.topics import COLLECTIONS_SCORES

START = date(2024, 1, 1)
SPLIT = datetime(2024, 9, 16, tzinfo=UTC)
END = datetime(2025, 3, 1, tzinfo=UTC)
SCORED = "collections.account.scored.v1"
Taken = tuple[list[Sample], list[Sample]]


@pytest.fixture(scope="module")
def year() -> list[dict[str, Any]]:
    """A seeded year of 80 accounts."""
    return list(history(7, accounts=80, invoices=2_400, start=START, days=365))


@pytest.fixture(scope="module")
def taken(year: list[dict[str, Any]]) -> Taken:
    """What scoring knew at each issue and each week, and what came."""
    return observe(ticked(year)).samples()


@pytest.fixture(scope="module")
def document(taken: Taken) -> dict[str, Any]:
    """A model that learnt what was known by the middle of September."""
    return train(Lesson(*taken, SPLIT), UNITS, name="trial")


def ticked(events: Iterable[dict[str, Any]]) -> Iterable[Line]:
    """Events with a tick each day."""
    return with_ticks(lines(events), every=timedelta(days=1))


def watched(told: Iterable[Line]) -> tuple[Observer, list[Party]]:
    """What was observed of a history, and scoring's own state at its end."""
    observer = Observer(ScoringCore(read_scorecard(), read_segments()))
    scoring = Stage(observer, SCORING)
    simulation = Simulation([Stage(IngestCore(), INGEST), scoring])
    for line in told:
        simulation.tell(records_of(line.event, partitions=1))
    return observer, list(scoring.parties())


def area(samples: Sequence[Sample], values: Sequence[float]) -> float:
    """Area under the curve of values for being late."""
    found = auc(values, [sample.outcomes["late"].happened for sample in samples])
    assert found is not None
    return found


def said(model: Logistic, samples: Sequence[Sample]) -> list[float]:
    """What a model says of lateness."""
    return [answers(model.estimate(each.snapshot, each.known))["late"] for each in samples]


@pytest.mark.timeout(300)
def test_scorecard_and_model_rank_as_well_as_the_best_single_feature(
    taken: Taken, document: dict[str, Any]
) -> None:
    """At issue, on what came after learning: neither is more than 0.03 below it."""
    judged = [each for each in judged_from(taken[0], "late", SPLIT) if each.known]
    shipped = next(iter(judged[0].scores))

    best = max(
        area(judged, [sign * each.snapshot[name] for each in judged])
        for name in FEATURES
        for sign in (1, -1)
    )

    assert len(judged) > 200
    assert area(judged, [each.scores[shipped]["late"] for each in judged]) >= best - 0.03
    assert area(judged, said(Logistic.from_document(document, FEATURES), judged)) >= best - 0.03


def test_outcomes_at_random_teach_nothing(taken: Taken) -> None:
    """If shuffled outcomes could be foretold, a feature would know the future."""
    shuffled = [outcome for each in taken[0] if (outcome := each.outcomes.get("late"))]
    random.Random(1).shuffle(shuffled)
    dealt = iter(shuffled)
    issued = [
        Sample(
            at=each.at, account_id=each.account_id, segment="", currency="", known=each.known,
            amount=each.amount, snapshot=each.snapshot,
            outcomes={"late": next(dealt)._replace(at=each.outcomes["late"].at)},
        )
        for each in taken[0]
        if "late" in each.outcomes
    ]  # fmt: skip
    model = Logistic.from_document(
        train(Lesson(issued, taken[1], SPLIT), UNITS, name="noise"), FEATURES
    )

    judged = judged_from(issued, "late", SPLIT)

    assert abs(area(judged, said(model, judged)) - 0.5) < 0.08


def test_a_sample_is_the_same_whatever_comes_later(
    year: list[dict[str, Any]], taken: Taken
) -> None:
    """Told only the first third of the year, scoring takes the very same samples up to there."""
    cut = datetime(2024, 5, 1, tzinfo=UTC)
    first = [event for event in year if event["time"] < "2024-05-01"]

    issued, weekly = observe(ticked(first)).samples()

    for short, whole in ((issued, taken[0]), (weekly, taken[1])):
        expected = [(e.at, e.account_id, e.snapshot, e.scores) for e in whole if e.at < cut]
        assert expected == [(e.at, e.account_id, e.snapshot, e.scores) for e in short if e.at < cut]
        assert len(expected) > 50


@pytest.mark.timeout(300)
def test_promises_are_judged_as_the_service_judges_them(year: list[dict[str, Any]]) -> None:
    """At the end of the year the report counts as many kept and broken as the features do."""
    observer, parties = watched(ticked(year))

    outcomes = [each.outcomes.get("promise_kept") for each in observer.promised()]
    kept = [outcome.happened for outcome in outcomes if outcome is not None]
    counted = [behaviour for party in parties for behaviour in party.all(Behaviour)]

    assert sum(kept) == sum(each.promises_kept for each in counted) > 5
    assert kept.count(False) == sum(each.promises_broken for each in counted) > 5


def test_only_what_was_known_in_time_is_learnt_from(taken: Taken) -> None:
    """An item issued before the split, of which the outcome came after it, is no lesson."""
    lesson = Lesson(*taken, SPLIT)

    for target in ("late", "paid_30"):
        assert all(each.outcomes[target].at < SPLIT for each in lesson.of(target))
    late = [each for each in taken[0] if each.at < SPLIT <= each.outcomes.get("late", (0, END))[1]]
    assert late


def test_too_little_history_is_refused_with_its_count(taken: Taken) -> None:
    """A model of a handful of outcomes would be noise with digits."""
    with pytest.raises(TooFewError, match=r"late: .* at least 200 are needed"):
        train(Lesson(*taken, datetime(2024, 2, 15, tzinfo=UTC)), UNITS, name="early")


def test_the_same_history_teaches_the_same_model(taken: Taken, document: dict[str, Any]) -> None:
    """To the last digit that is written."""
    assert document == train(Lesson(*taken, SPLIT), UNITS, name="trial")


def scores_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The data of all scores that ingest and scoring make of events."""
    found: list[dict[str, Any]] = []

    def see(record: Record) -> None:
        if record.topic == COLLECTIONS_SCORES and ("ce_type", SCORED.encode()) in record.headers:
            found.append(json.loads(record.value or b""))

    simulation = Simulation(stages()[:2], seen=see)
    for line in ticked(sorted(events, key=lambda event: event["time"])):
        simulation.tell(records_of(line.event, partitions=1))
    return found


def test_shadow_promotion_and_rollback_are_events_of_the_line(
    year: list[dict[str, Any]], document: dict[str, Any]
) -> None:
    """Each takes effect at its tick; the shadow says what the model makes of that snapshot."""
    months = [datetime(2024, month, 1, tzinfo=UTC) for month in (2, 3, 4)]
    switches = [
        switch(told, beside, number=number, start=at, time=at)
        for number, (told, beside, at) in enumerate(
            zip([SHIPPED, document, SHIPPED], [[document], [], []], months, strict=True), start=1
        )
    ]
    spring = [event for event in year if event["time"] < "2024-05-01"]
    model = Logistic.from_document(document, FEATURES)

    scores = scores_of(spring + switches)

    for score in scores:
        at = datetime.fromisoformat(score["scored_at"])
        if at in months:
            continue  # what the tick itself brings is told before it, by the model that was
        past = sum(at > month for month in months)
        assert ("trial" if past == 2 else "expert") == score["model"]
        if past == 1:
            (shadow,) = score["challengers"]
            known = int(score["features"].get("known_outcomes", 0))
            estimate = model.estimate(score["features"], known)
            assert {day: c / 10_000 for day, c in estimate.paid.items()} == shadow["p_pay"]
            assert (estimate.late + 50) // 100 == shadow["risk"]
    assert {"trial", "expert"} == {score["model"] for score in scores}
    assert scores == scores_of(spring + switches)


def test_a_model_that_cannot_be_used_leaves_the_running_one_in_force(
    document: dict[str, Any],
) -> None:
    """The switch is refused with path and reason; what was in force before goes on."""
    core, shared = ScoringCore(read_scorecard(), read_segments()), Party("")
    effects = Effects(now=SPLIT, shared=shared)
    spoilt = json.loads(json.dumps(document))
    name, _ = spoilt["heads"]["late"]["coefficients"].popitem()

    for number, told in enumerate((document, spoilt), start=1):
        data = switch(told, [], number=number, start=SPLIT, time=SPLIT)["data"]
        fact = ConfigPublished.model_validate_json(to_json(data))
        event = Event("e", "s", fact.type, "", "", SPLIT, fact, b"")
        if told is document:
            assert core.share(event, effects)
        else:
            with pytest.raises(
                ModelError, match=rf"^heads\.late\.coefficients\.{name}: is missing"
            ):
                core.share(event, effects)

    assert document["version"] == core.configured.in_force(shared, END).model.version


@pytest.mark.timeout(300)
def test_train_report_promote_and_roll_back_by_command(
    year: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page, a JSON, metrics; refused below the margin, sent above it, taken back."""
    monkeypatch.chdir(tmp_path)
    write([event for event in year if event["time"] < "2024-11-01"], Path("events.jsonl"))
    run = CliRunner().invoke

    trained = run(app, ["train", "--events", "events.jsonl", "--out", "models/a.json",
                        "--until", "2024-08-15", "--no-measure"])  # fmt: skip
    told = run(app, ["report", "--events", "events.jsonl", "--model", "models/a.json",
                     "--out", "report", "--resamples", "10"])  # fmt: skip

    assert (0, 0) == (trained.exit_code, told.exit_code), (trained.output, told.output)
    report = json.loads(Path("report/report.json").read_text())
    assert not report["models"][0]["judged_on_what_it_learnt"]
    assert {"late", "paid_7", "paid_14", "paid_30", "promise_kept"} == set(report["targets"])
    assert "arrears_model_auc{" in Path("report/metrics.prom").read_text()
    page = Path("report/report.html").read_text()
    assert "<svg" in page
    assert not [mark for mark in ("http:", "https:", "<script", "src=") if mark in page]

    asked = ["promote", "models/a.json", "--report", "report/report.json", "--out", "switch.jsonl"]
    strict = run(app, [*asked, "--gain", "0.9"])
    easy = run(app, [*asked, "--target", "late", "--gain", "-1", "--samples", "10",
                     "--error", "1", "--loss", "1"])  # fmt: skip
    back = run(app, ["promote", "--rollback", "--out", "switch.jsonl"])

    assert 2 == strict.exit_code
    assert "0.9 is asked for" in " ".join(strict.output.split())
    assert (0, 0) == (easy.exit_code, back.exit_code), (easy.output, back.output)
    sent = [json.loads(line) for line in Path("switch.jsonl").read_text().splitlines()]
    assert [1, 2] == [event["data"]["number"] for event in sent]
    assert ["logistic", "scorecard"] == [event["data"]["document"]["kind"] for event in sent]
    assert Path("models/promoted.jsonl").read_bytes() == Path("switch.jsonl").read_bytes()


def test_a_log_of_scores_is_read_in_its_own_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times in the line go back where a tick wakes parties; only what is no event is refused."""
    monkeypatch.chdir(tmp_path)
    ticks = [
        {"type": "clock.ticked.v1", "time": at, "data": {"at": at}}
        for at in ("2024-01-18T16:05:26Z", "2024-01-18T05:00:00Z")
    ]
    Path("log.jsonl").write_text("".join(f"{json.dumps(tick)}\n" for tick in ticks))
    run = CliRunner().invoke

    taken = run(app, ["report", "--scores", "log.jsonl", "--out", "whole"])
    Path("log.jsonl").write_text("no event\n")
    refused = run(app, ["report", "--scores", "log.jsonl", "--out", "spoilt"])

    assert 0 == taken.exit_code, taken.output
    assert 1 == refused.exit_code
    assert "log.jsonl:1" in refused.output
