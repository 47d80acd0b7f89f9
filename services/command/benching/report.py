"""The results, as a table for people, as JSON, and as a section of the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table

from services.command.benching.bare import Bare
from services.command.benching.drain import Alone, Whole
from services.command.benching.latency import Latency
from services.command.benching.spread import Spread, median
from services.command.benching.wave import Wave
from services.command.service import SERVICES

TARGETS: Final = {"ingest": 0.25, "scoring": 0.25, "outreach": 0.12, "kpi": 0.25}
"""What a service on its own should reach of the bare loop."""
SCORE_US: Final = 50
"""What one score should cost in the core."""
_MB: Final = 1_000_000


@dataclass(slots=True)
class Results:
    """All that was measured, in one run on one machine."""

    at: str
    machine: Mapping[str, Any]
    mix: Mapping[str, float] = field(default_factory=dict)
    alone: dict[str, list[tuple[Bare, Alone]]] = field(default_factory=dict)
    """Each service, once for each pass over the backlog, with the bare loop right before and after
    it: what counts is how it did beside that, for a machine is not always as fast."""
    whole: Whole | None = None
    score_us: float = 0.0
    """Of one score in the core (`scored.one_score`)."""
    latency: dict[str, Latency] = field(default_factory=dict)
    waves: list[Wave] = field(default_factory=list)

    @property
    def bare(self) -> list[Bare]:
        """What the bare loop did beside each service, in each pass."""
        return [bare for pairs in self.alone.values() for bare, _ in pairs]

    @property
    def yardstick(self) -> float:
        """Records a second of the bare loop: the middle of its runs."""
        return median(run.per_second for run in self.bare)

    @property
    def bare_cpu_us(self) -> float:
        """Microseconds of CPU of the bare loop for each record."""
        return median(run.cpu_us for run in self.bare)


def as_json(results: Results) -> dict[str, Any]:
    """The results as plain values."""
    found: dict[str, Any] = {
        "at": results.at,
        "machine": dict(results.machine),
        "mix_percent": dict(results.mix),
        "bare": {
            "per_second": round(results.yardstick),
            "cpu_us": round(results.bare_cpu_us, 1),
            "runs": [round(run.per_second) for run in results.bare],
        },
        "score_us": round(results.score_us, 1),
        "alone": {name: _alone(pairs) for name, pairs in results.alone.items()},
        "latency_ms": {
            load: {
                "overdue_to_requested": _ms(one.requested),
                "payment_to_cancelled": _ms(one.cancelled),
                "missing": one.missing,
            }
            for load, one in results.latency.items()
        },
        "waves": [
            {
                "invoices": wave.invoices,
                "seconds": {name: round(at, 2) for name, at in wave.wall_s.items()},
                "cpu_us": {name: round(wave.cpu_us(name), 1) for name in SERVICES},
            }
            for wave in results.waves
        ],
    }
    if results.whole is not None:
        found["whole"] = _whole(results, results.whole)
    return found


def _alone(pairs: Sequence[tuple[Bare, Alone]]) -> dict[str, Any]:
    """The middle of all passes, each figure by itself; the last pass where it makes no odds."""
    passes = [one for _, one in pairs]
    last = passes[-1]
    ratios = [one.pace.per_second / bare.per_second for bare, one in pairs]
    return {
        "records": last.pace.events,
        "per_second": round(median(one.pace.per_second for one in passes)),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "cpu_us": round(median(one.cpu_us for one in passes), 1),
        "cpu_ratio": round(median(bare.cpu_us / one.cpu_us for bare, one in pairs), 3),
        "records_in_batch": round(median(one.pace.events / one.pace.batches for one in passes)),
        "resident_mb": round(last.resident / _MB),
        "time_percent": {
            stage: round(100 * spent / last.pace.seconds)
            for stage, spent in last.pace.stages.items()
        },
    }


def _whole(results: Results, one: Whole) -> dict[str, Any]:
    return {
        "records": one.records,
        "per_second": round(one.per_second),
        "ratio": round(one.per_second / results.yardstick, 3),
        "cpu_us": {name: round(cpu_us, 1) for name, cpu_us in one.cpu_us.items()},
        "resident_mb": {
            name: [round(each / _MB) for each in memory.quarters]
            for name, memory in one.memory.items()
        },
        "bytes_per_event": {name: round(m.slope) for name, m in one.memory.items()},
    }


def _ms(found: Spread) -> dict[str, Any]:
    times = {"p50": found.p50, "p95": found.p95, "p99": found.p99, "most": found.most}
    return {"samples": found.count, **{name: round(1e3 * s, 1) for name, s in times.items()}}


def show(console: Console, told: Mapping[str, Any]) -> None:
    """Print the results, given as `as_json` has them."""
    console.print(Group(*tables(told)), soft_wrap=True)


def tables(told: Mapping[str, Any]) -> list[RenderableType]:
    """The results as tables."""
    return [_speed(told), _latency(told), _waves(told), _memory(told)]


def _table(title: str, *columns: str) -> Table:
    """A table that fits a window of 80 columns."""
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _speed(told: Mapping[str, Any]) -> Table:
    mix = ", ".join(f"{kind} {share} %" for kind, share in told["mix_percent"].items())
    table = _table(
        f"a backlog of the demo's history beside a bare loop\n({mix})",
        "", "records\n/s", "ratio", "of\npasses", "to\nreach", "CPU\nµs", "in a\nbatch",
        "load/fold/\ncommit/\npublish %",
    )  # fmt: skip
    bare = told["bare"]
    table.add_row("bare", f"{bare['per_second']:,}", "1.00", "", "", f"{bare['cpu_us']}", "500", "")
    for name, one in told["alone"].items():
        table.add_row(
            name,
            f"{one['per_second']:,}",
            f"{one['ratio']:.2f}",
            "…".join(f"{ratio:.2f}" for ratio in sorted({min(one["ratios"]), max(one["ratios"])})),
            f"{TARGETS[name]:.2f}",
            f"{one['cpu_us']}",
            f"{one['records_in_batch']}",
            "/".join(str(share) for share in one["time_percent"].values()),
        )
    if whole := told.get("whole"):
        cpu_us = f"{sum(whole['cpu_us'].values()):.0f}"
        table.add_row(
            "all four", f"{whole['per_second']:,}", f"{whole['ratio']:.2f}", "", "", cpu_us, "", ""
        )
    table.caption = f"one score in the core: {told['score_us']} µs (to reach: {SCORE_US})"
    table.caption_justify = "left"
    return table


def _latency(told: Mapping[str, Any]) -> Table:
    table = _table(
        "latency in ms (to reach: p99 below 250 at half load)",
        "", "samples", "p50", "p95", "p99", "most", "never\ncame",
    )  # fmt: skip
    for load, one in told["latency_ms"].items():
        for name in ("overdue_to_requested", "payment_to_cancelled"):
            found = one[name]
            shown = [f"{found[key]:.0f}" for key in ("samples", "p50", "p95", "p99", "most")]
            table.add_row(f"{load}: {name.replace('_to_', ' → ')}", *shown, f"{one['missing']}")
    return table


def _waves(told: Mapping[str, Any]) -> Table:
    table = _table(
        "a tick that makes many invoices overdue at once: µs for each",
        "invoices", "wall", *(f"{name} CPU" for name in SERVICES),
    )  # fmt: skip
    for wave in told["waves"]:
        wall = 1e6 * max(wave["seconds"].values()) / wave["invoices"]
        cpu = [f"{wave['cpu_us'][name]:.0f}" for name in SERVICES]
        table.add_row(f"{wave['invoices']:,}", f"{wall:.0f}", *cpu)
    return table


def _memory(told: Mapping[str, Any]) -> Table:
    table = _table(
        "resident memory in MB over the run of all four",
        "", "25 %", "50 %", "75 %", "100 %", "bytes an event",
    )  # fmt: skip
    whole = told.get("whole") or {"resident_mb": {}}
    for name, quarters in whole["resident_mb"].items():
        table.add_row(name, *map(str, quarters), f"{whole['bytes_per_event'][name]}")
    return table
