"""What the bench makes of its measurements: percentiles, trends, the pace that a log tells."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.command.benching import endurance
from services.command.benching.bare import Bare
from services.command.benching.drain import Alone, Whole, memory
from services.command.benching.latency import Latency, score
from services.command.benching.mix import Reel, shares
from services.command.benching.pace import STAGES, Pace, pace
from services.command.benching.report import Results, as_json, show
from services.command.benching.scored import owing
from services.command.benching.spread import percentile, slope, spread
from services.command.benching.usage import Usage, usage
from services.command.service import SERVICES
from shared.cli.eventfile import tick

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def test_percentiles_are_values_that_were_measured() -> None:
    """By nearest rank: of 1 to 200, 99 % are not above 198."""
    found = spread(float(number) for number in range(200, 0, -1))

    assert (200, 100, 190, 198, 200) == (
        found.count, found.p50, found.p95, found.p99, found.most,
    )  # fmt: skip


def test_a_single_sample_is_every_percentile() -> None:
    """Few samples say little, but they are not made up."""
    found = spread([7.0])

    assert {7.0} == {found.p50, found.p95, found.p99, found.most}


def test_nothing_measured_has_no_spread() -> None:
    """No figure is better than a wrong one."""
    with pytest.raises(ValueError, match="nothing"):
        spread([])


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_so_many_are_not_above_a_percentile(samples: list[float], share: int) -> None:
    """What a percentile promises, for any samples."""
    ordered = sorted(samples)

    found = percentile(ordered, share)

    assert found in samples
    assert share / 100 <= sum(sample <= found for sample in samples) / len(samples)


def test_a_slope_is_that_of_the_line_through_the_points() -> None:
    """Three bytes more with each event; and none where nothing changes or is known."""
    assert 3 == pytest.approx(slope([(1, 10), (2, 13), (5, 22)]))
    assert 0 == slope([(1, 10), (2, 10)])
    assert 0 == slope([(1, 10)])
    assert 0 == slope([])


def test_a_pace_is_counted_from_the_end_of_the_first_batch() -> None:
    """The first batch has the start in it: 300 events in the two seconds after it."""

    def line(second: int, events: int) -> str:
        stages = dict.fromkeys(("load_ms", "fold_ms", "commit_ms", "publish_ms"), 250.0)
        at = (MIDNIGHT + timedelta(seconds=second)).isoformat()
        return json.dumps({"timestamp": at, "event": "batch.done", "events": events, **stages})

    log = "\n".join([line(0, 999), "not a batch", line(1, 100), line(2, 200), line(9, 0)])

    found = pace(log)

    assert (300, 2.0, 2) == (found.events, found.seconds, found.batches)
    assert 150 == found.per_second
    assert {"load": 0.5, "fold": 0.5, "commit": 0.5, "publish": 0.5} == found.stages


def test_a_log_of_one_batch_has_no_pace() -> None:
    """Two moments are needed for a time."""
    with pytest.raises(ValueError, match="fewer than two"):
        pace("")


def test_what_a_process_uses_is_read_from_its_metrics() -> None:
    """Events are added up over types and outcomes; what is not told is zero."""
    metrics = (
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 2.5\n"
        "# TYPE collections_events_processed_total counter\n"
        'collections_events_processed_total{type="a",outcome="applied"} 3\n'
        'collections_events_processed_total{type="b",outcome="duplicate"} 4\n'
    )

    assert Usage(cpu_s=2.5, resident=0, events=7) == usage(metrics)


def test_memory_is_shown_at_quarters_and_its_slope_leaves_the_start_out() -> None:
    """A process that grows only while it starts is flat."""
    grown = [Usage(0, min(100, 50 + events), events) for events in range(0, 401, 10)]

    found = memory(grown)

    assert [100, 100, 100, 100] == list(found.quarters)
    assert 0 == found.slope


def test_a_course_is_shown_at_each_twentieth_and_its_slope_is_of_the_second_half() -> None:
    """What a process takes while it warms up is not a leak; three bytes an event after it are."""
    looks = [Usage(0, 4_000 + 3 * max(0, n - 500), n) for n in range(0, 1_001, 10)]
    looks[2] = Usage(0, 9_000, 20)

    found = endurance.course(looks, seconds=2.0)

    assert (1_000, 2.0, 20) == (found.events, found.seconds, len(found.resident))
    assert [4_000, 4_000, 5_500] == [found.resident[at] for at in (0, 9, 19)]
    assert 3 == pytest.approx(found.slope)


def test_bars_start_at_zero() -> None:
    """A rise of a tenth looks like one; nothing at all is flat."""
    assert "▁▄█" == endurance.bars([0.0, 50.0, 110.0])
    assert "█████" == endurance.bars([100.0, 99.0, 98.0, 97.0, 96.0])
    assert "▁▁" == endurance.bars([0.0, 0.0])


def test_endurance_is_shown_by_service() -> None:
    """Megabytes along the way, and bytes an event."""
    resident = [float(100 + number) for number in range(20)]
    one = {"events": 999, "per_second": 7, "resident_mb": resident, "bytes_per_event": 1.5}
    console = Console(record=True, width=120, file=StringIO())

    console.print(endurance.table({"asked": 1_000, "accounts": 4, "course": {"ingest": one}}))

    row = next(line for line in console.export_text().splitlines() if "ingest" in line)
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert ["ingest", "100", "104", "109", "114", "119", "▇▇" + "█" * 8, "1.5"] == cells


def test_a_reel_goes_on_where_it_stood() -> None:
    """No line is lost or played twice between two parts."""
    lines = [tick(MIDNIGHT + timedelta(hours=hour)) for hour in range(6)]
    reel = Reel(lines)

    parts = [list(reel.before(MIDNIGHT + timedelta(hours=hour))) for hour in (0, 2, 2, 9)]

    assert [0, 2, 0, 4] == [len(part) for part in parts]
    assert lines == [line for part in parts for line in part]


def test_samples_fall_overdue_at_the_next_midnight() -> None:
    """Each midnight asks for the samples that the one before put in, and puts new ones in."""
    hours = [tick(MIDNIGHT + timedelta(hours=hour)) for hour in range(0, 49, 12)]

    beats = list(score(hours, each=2))

    asked = [beat.samples for beat in beats if beat.samples]
    assert [
        ("load-20260101-000000", "load-20260101-000001"),
        ("load-20260102-000000", "load-20260102-000001"),
    ] == asked


def test_a_mix_is_told_in_per_cent_by_kind() -> None:
    """Rare types are together."""
    mix = dict.fromkeys(("clock.ticked.v1", "billing.invoice.issued.v1", "a", "b"), 1)

    assert {"ticks": 25.0, "invoices": 25.0, "others": 50.0} == shares(Counter(mix))


def test_one_score_is_shown_beside_what_it_should_cost() -> None:
    """In the table of speed, in microseconds."""
    bare = Bare(records=100, seconds=1.0, cpu_s=0.1)
    one = Alone(Pace(100, 1.0, 1, MIDNIGHT, MIDNIGHT), cpu_us=1.0, resident=0)
    results = Results("2026-01-01T00:00:00Z", {}, score_us=62.34, alone={"kpi": [(bare, one)]})
    console = Console(record=True, width=120, file=StringIO())

    show(console, as_json(results))

    assert "one score in the core: 62.3 µs (to reach: 50)" in console.export_text()


def test_a_ratio_is_the_middle_of_the_passes_each_beside_its_own_bare_loop() -> None:
    """A machine that is fast in one pass and slow in another says nothing about a service."""

    def beside(bare_per_second: float, per_second: float) -> tuple[Bare, Alone]:
        seconds = 100 / per_second
        told = Pace(100, seconds, 4, MIDNIGHT, MIDNIGHT, {"load": seconds / 2})
        bare = Bare(records=100, seconds=100 / bare_per_second, cpu_s=1.0)
        return bare, Alone(told, cpu_us=40_000.0, resident=7e6)

    results = Results("2026-01-01T00:00:00Z", {})
    results.alone["ingest"] = [beside(100, 25), beside(200, 70), beside(400, 80)]
    console = Console(record=True, width=120, file=StringIO())

    told = as_json(results)
    show(console, told)

    found = told["alone"]["ingest"]
    assert [0.25, 0.35, 0.2] == found["ratios"]
    assert (200, 3) == (told["bare"]["per_second"], len(told["bare"]["runs"]))
    assert (0.25, 70, 0.25) == (found["ratio"], found["per_second"], found["cpu_ratio"])
    assert (25, 7, {"load": 50}) == (
        found["records_in_batch"], found["resident_mb"], found["time_percent"],
    )  # fmt: skip
    assert "0.25 │ 0.20…0.35 │" in console.export_text()


def test_nothing_is_cut_off_in_a_window_of_eighty_columns() -> None:
    """Names and figures, as large as they come."""
    results = Results("2026-01-01T00:00:00Z", {}, mix={"ticks": 59.1, "invoices": 17.4})
    results.whole = Whole(1, 0.0001, dict.fromkeys(SERVICES, 2_345.6))
    usual = Pace(123_456, 1.5, 30, MIDNIGHT, MIDNIGHT, dict.fromkeys(STAGES, 1.49))
    for name in SERVICES:
        bare = Bare(records=56_275, seconds=1.0, cpu_s=1.0)
        results.alone[name] = [(bare, Alone(usual, cpu_us=1_234.5, resident=1e9))] * 2
    slow = spread([9.999])
    for load in ("at rest", "half load"):
        results.latency[load] = Latency(requested=slow, cancelled=slow, missing=99_999)
    console = Console(record=True, width=80, file=StringIO())

    show(console, as_json(results))

    shown = console.export_text()
    assert "half load: payment → cancelled" in shown
    assert "…" not in shown.replace("1.46…1.46", "")


def test_one_score_is_measured_on_accounts_of_which_something_is_overdue() -> None:
    """There are such in the short history; of the others no score goes out."""
    begin = date(2025, 1, 1)

    found = owing(begin, begin + timedelta(days=30), accounts=5)

    assert found
    assert all(account.overdue_items() for account in found)
