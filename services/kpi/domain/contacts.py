"""What outreach did and did not do in a period: contacts, suppressions, cases, promises."""

from collections.abc import Iterable, Iterator
from typing import Any

from services.kpi.domain import figures
from services.kpi.domain.cube import Tally
from services.kpi.domain.figures import NONE_JUDGED, Answer
from services.kpi.domain.periods import Period

NO_ATTEMPTS = figures.Missing("no contact was attempted in the period")


def contacts(tallies: Iterable[Tally], period: Period) -> dict[str, Any]:
    """Counts by what happened and by channel, step, reason or outcome, in one order."""
    rows: dict[str, dict[tuple[str, ...], int]] = {}
    for tally in _within(tallies, "contact", period):
        what, *labels = tally.labels
        counts = rows.setdefault(what, {})
        counts[tuple(labels)] = counts.get(tuple(labels), 0) + tally.count
    return {
        "requested": _table(rows.get("requested", {}), "channel", "step"),
        "cancelled": _table(rows.get("cancelled", {}), "channel", "reason"),
        "suppressed": _table(rows.get("suppressed", {}), "channel", "step", "reason"),
        "attempted": _table(rows.get("attempted", {}), "channel", "outcome"),
        "inbound": _table(rows.get("inbound", {}), "channel", "outcome"),
        "right_party": _table(rows.get("right_party", {}), "channel"),
        "conversations": _table(rows.get("conversation", {}), "channel"),
    }


def right_party_rate(tallies: Iterable[Tally], period: Period) -> Answer:
    """Attempts that reached the right party, in percent of all attempts."""
    attempts = reached = 0
    for tally in _within(tallies, "contact", period):
        attempts += tally.count if tally.labels[0] == "attempted" else 0
        reached += tally.count if tally.labels[0] == "right_party" else 0
    return figures.percent(reached, attempts, NO_ATTEMPTS)


def cases(tallies: Iterable[Tally], period: Period) -> dict[str, Any]:
    """Cases opened, and closed by reason."""
    opened = 0
    closed: dict[tuple[str, ...], int] = {}
    for tally in _within(tallies, "case", period):
        if tally.labels[0] == "opened":
            opened += tally.count
        else:
            closed[tally.labels[1:]] = closed.get(tally.labels[1:], 0) + tally.count
    return {"opened": opened, "closed": _table(closed, "reason")}


def promises(tallies: Iterable[Tally], period: Period) -> dict[str, tuple[int, int]]:
    """Count and amount by state: of those made in the period, and of those due in it."""
    found: dict[str, tuple[int, int]] = {}
    for tally in _within(tallies, "promise", period):
        state = " ".join(tally.labels)
        count, amount = found.get(state, (0, 0))
        found[state] = (count + tally.count, amount + tally.amount)
    return found


def promise_kept_rate(states: dict[str, tuple[int, int]]) -> Answer:
    """Kept in percent of kept, partially kept and broken; open and cancelled ones left out."""
    kept, partly, broken = (
        states.get(state, (0, 0))[0] for state in ("kept", "partially_kept", "broken")
    )
    return figures.percent(kept, kept + partly + broken, NONE_JUDGED)


def spent(tallies: Iterable[Tally], period: Period) -> int:
    """What contacts cost, in minor units."""
    return sum(tally.amount for tally in _within(tallies, "cost", period))


def _within(tallies: Iterable[Tally], kind: str, period: Period) -> Iterator[Tally]:
    return (tally for tally in tallies if tally.kind == kind and tally.on in period)


def _table(counts: dict[tuple[str, ...], int], *names: str) -> list[dict[str, Any]]:
    return [
        {**dict(zip(names, labels, strict=True)), "count": count}
        for labels, count in sorted(counts.items())
    ]
