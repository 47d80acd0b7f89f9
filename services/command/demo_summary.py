"""What the demo shows at its end: what happened, and the figures."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic_core import from_json
from rich.console import Console
from rich.table import Table

from services.command.demo_doors import show_worklist, worked_first
from services.command.fleet import Fleet
from services.outreach.sources import read_policy
from shared.events.scores import AccountScored
from shared.topics import COLLECTIONS_SCORES, PARTITIONS

FIGURES_DAYS: Final = 90
"""The period of the figures: rates of a whole year from nothing say little."""

NOBODY_TO_CONTACT: Final = "no contact tasks: no account has an address to be contacted at"


@dataclass(frozen=True, slots=True)
class Run:
    """What was replayed, and how long it took until KPI had the last of it."""

    events: int
    ticks: int
    seconds: float
    first: date
    last: date


async def show_summary(console: Console, fleet: Fleet, bootstrap: str, run: Run) -> str | None:
    """Print what happened, from the services' own figures; the account to be worked first."""
    whole = f"/v1/kpis?as_of={run.last}&begin={run.first}"
    year = await asyncio.to_thread(fleet.get, "kpi", whole)
    begin = max(run.first, run.last - timedelta(days=FIGURES_DAYS))
    recent = f"/v1/kpis?as_of={run.last}&begin={begin}"
    quarter = await asyncio.to_thread(fleet.get, "kpi", recent)
    bands = await scores_by_band(bootstrap)
    overdue = processed(await asyncio.to_thread(fleet.text, "scoring", "/metrics"))
    per_second = run.events / run.seconds
    console.print(
        f"[bold]{run.events:,} events and {run.ticks:,} ticks in {run.seconds:.1f} s[/]"
        f" ({per_second:,.0f} events a second, through all four services)",
        soft_wrap=True,
    )
    found = overdue.get("collections.invoice.overdue.v1", 0)
    console.print(
        f"{found:,} items found overdue; accounts by score band: {_counts(bands)}", soft_wrap=True
    )
    contacts = _contacts(year["activity"])
    console.print(_tasks(contacts["requested"]) if contacts["requested"] else NOBODY_TO_CONTACT)
    if contacts["suppressed"]:
        console.print(_reasons(contacts["suppressed"]))
    console.print(_figures(quarter))
    first = await asyncio.to_thread(worked_first, fleet)
    show_worklist(console, first)
    return first[0]["account_id"] if first else None


async def scores_by_band(bootstrap: str) -> Counter[str]:
    """How many accounts have each band now: the last score of each account counts."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    spots = [TopicPartition(COLLECTIONS_SCORES, number) for number in range(PARTITIONS)]
    consumer.assign(spots)
    await consumer.start()
    bands: dict[str, str] = {}
    try:
        ends = await consumer.end_offsets(spots)
        while any([await consumer.position(spot) < ends[spot] for spot in spots]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if ("ce_type", AccountScored.type.encode()) in record.headers:
                        told = from_json(record.value)
                        bands[told["account_id"]] = told["band"]
    finally:
        await consumer.stop()
    return Counter(bands.values())


def processed(metrics: str) -> dict[str, int]:
    """Events applied by type, from a service's metrics."""
    found: dict[str, int] = {}
    for line in metrics.splitlines():
        name, _, rest = line.partition("{")
        if name == "collections_events_processed_total" and 'outcome="applied"' in rest:
            kind = rest.partition('type="')[2].partition('"')[0]
            found[kind] = int(float(rest.rpartition(" ")[2]))
    return found


def _contacts(parts: Sequence[dict[str, Any]]) -> dict[str, Counter[tuple[str, ...]]]:
    """Contacts of all creditors, by what became of them."""
    total: dict[str, Counter[tuple[str, ...]]] = {"requested": Counter(), "suppressed": Counter()}
    for part in parts:
        for row in part["contacts"]["requested"]:
            total["requested"][(row["step"], row["channel"])] += row["count"]
        for row in part["contacts"]["suppressed"]:
            total["suppressed"][(row["reason"],)] += row["count"]
    return total


def _tasks(counts: Counter[tuple[str, ...]]) -> Table:
    channels = sorted({channel for _, channel in counts})
    order = [step.name for step in read_policy().steps]
    steps = sorted(
        {step for step, _ in counts},
        key=lambda name: (name not in order, order.index(name) if name in order else 0, name),
    )
    table = Table("step", *channels, title="contact tasks", title_justify="left")
    for step in steps:
        table.add_row(step, *(f"{counts[(step, channel)]:,}" for channel in channels))
    return table


def _reasons(counts: Counter[tuple[str, ...]]) -> Table:
    table = Table("reason", "times", title="contacts not made", title_justify="left")
    for (reason,), count in counts.most_common():
        table.add_row(reason, f"{count:,}")
    return table


def _figures(report: dict[str, Any]) -> Table:
    names = {
        "dso_countback": "DSO",
        "collection_effectiveness": "CEI %",
        "recovery_rate": "cash in / overdue at begin %",
        "dispute_days_mean": "dispute days",
    }
    title = f"figures as of {report['as_of']}, period from {report['period']['first']}"
    table = Table(title=title, title_justify="left")
    table.add_column("creditor", no_wrap=True)
    table.add_column("receivables", justify="right", no_wrap=True)
    table.add_column("overdue", justify="right", no_wrap=True)
    for shown in names.values():
        table.add_column(shown, justify="right")
    for part in report["receivables"]:
        amounts, figures = part["amounts"], part["figures"]
        table.add_row(
            part["creditor_id"],
            f"{amounts['gross']} {part['currency']}",
            amounts["overdue"],
            *(_value(figures[name]["value"]) for name in names),
        )
    return table


def _value(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {counts[name]:,}" for name in sorted(counts)) or "none"
