"""Whether the model in force still meets the portfolio that it was made for, week by week.

The first score of each account in a week is counted into groups: of the chance of thirty days, and
of a few telling features. The population stability index compares the shares of the groups with
those of a reference: ``sum((now - then) * ln(now / then))``; below 0.1 nothing has moved, above
0.25 the population is another (Siddiqi, Credit Risk Scorecards, 2006). Calibration drift is the
mean of what was foretold less the share of what came: above zero the model promises too much.

The counts are cells of the store, added to in the transaction that keeps the scores themselves, so
that a crash neither loses nor repeats one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from typing import Final

from services.scoring.domain.feature import Snapshot
from services.scoring.domain.reference import Reference
from services.scoring.domain.standing import BETWEEN
from shared.core import Effects

CHANCE: Final = "chance"
CUTS: Final[Mapping[str, tuple[float, ...]]] = {
    "known_outcomes": (1, 3, 6, 11, 21),
    "late_share": (15, 30, 50, 70),
    "days_late_mean": (1, 3, 7, 15, 30),
    "overdue_items": (2, 3, 5, 10),
    "oldest_past_due_days": (8, 31, 61, 91, 121),
    "overdue_amount": (10, 100, 1_000, 10_000, 100_000),
}
"""Where the groups of each feature begin, after the first."""
EVEN: Final = tuple(group / 10 for group in range(1, 10))
"""Where the groups of the chance begin, for a model that names no groups of its own."""
JUDGED: Final = "judged"
FORETOLD: Final = "foretold"
CAME: Final = "came"
WHOLE: Final = 10_000
"""Chances are counted in ten-thousandths."""
SCORED_MIN: Final = 200
"""Of fewer accounts the index is mostly chance: it is about ten groups by the number of them."""
JUDGED_MIN: Final = 100
"""Of fewer outcomes a share is off by a tenth now and then."""
FIRST_WEEKS: Final = 12
"""So many weeks from its first on are a model's reference, where it brings none."""
MATURES: Final = timedelta(days=30)
LEAST: Final = 0.0005
"""An empty group counts as this share, so that the logarithm exists."""
_ROW: Final = "drift"

Cells = Mapping[str, int]


@dataclass(slots=True)
class Drift:
    """What is told of one model; a figure that cannot be said yet is absent."""

    index: dict[str, float] = field(default_factory=dict)
    """The population stability index of the last whole week: of the chance, of each feature."""
    scored: int = 0
    """Accounts in that week."""
    calibration: float | None = None
    """Of the last whole week of which all has matured."""
    judged: int = 0


def rows_of(model: str, version: str) -> str:
    """What the names of all rows of one model begin with; the week follows."""
    return f"{_ROW}{BETWEEN}{model}{BETWEEN}{version}{BETWEEN}"


def week_of(moment: datetime) -> str:
    """The week by ISO 8601; weeks sort as texts."""
    year, week, _ = moment.isocalendar()
    return f"{year:04d}-W{week:02d}"


def count(
    effects: Effects, row: str, chance: int, features: Snapshot, reference: Reference | None
) -> None:
    """Count one score that went out into the groups of its week."""
    cuts = EVEN if reference is None else reference.cuts
    effects.add(row, f"{CHANCE}:{bisect_right(cuts, chance / WHOLE)}", 1)
    for name, begins in CUTS.items():
        effects.add(row, f"{name}:{bisect_right(begins, features.get(name, 0.0))}", 1)


def verdict(effects: Effects, row: str, chance: int, *, paid: bool) -> None:
    """Count what came of one score, in the week that it had gone out in."""
    effects.add(row, JUDGED, 1)
    effects.add(row, FORETOLD, chance)
    effects.add(row, CAME, WHOLE * paid)


def stability_index(then: Sequence[float], now: Sequence[float]) -> float:
    """The population stability index of shares against those of a reference."""
    total = 0.0
    for before, after in zip(then, now, strict=True):
        old, new = max(before, LEAST), max(after, LEAST)
        total += (new - old) * log(new / old)
    return total


def told_at(now: datetime) -> tuple[str, str]:
    """The last week that is over, and the last of which all scores have matured."""
    return _last_before(now), _last_before(now - MATURES)


def _last_before(moment: datetime) -> str:
    return week_of(moment - timedelta(days=moment.weekday() + 1))


def first_weeks(first: str) -> list[str]:
    """The weeks that are the reference of a model whose first week this is."""
    monday = datetime.strptime(f"{first}-1+0000", "%G-W%V-%u%z")
    return [week_of(monday + timedelta(days=7 * week)) for week in range(FIRST_WEEKS)]


def drift_of(
    latest: Cells, matured: Cells, first: Iterable[Cells], reference: Reference | None
) -> Drift:
    """The figures of one model, from the counts of its weeks.

    `latest` is the last whole week, `matured` the last that has matured; `first` are its first
    weeks, empty while they are not over; `reference` is what the model brings itself.
    """
    found = Drift()
    before: dict[str, int] = {}
    for cells in first:
        for cell, amount in cells.items():
            before[cell] = before.get(cell, 0) + amount
    groups = {name: len(cuts) + 1 for name, cuts in CUTS.items()}
    chances = len(reference.shares) if reference else len(EVEN) + 1
    for name, size in {CHANCE: chances, **groups}.items():
        now, then = _shares(latest, name, size), _shares(before, name, size)
        if name == CHANCE and reference is not None:
            then = list(reference.shares)
        if now and then:
            found.index[name] = stability_index(then, now)
    found.scored = sum(latest.get(f"{CHANCE}:{group}", 0) for group in range(chances))
    found.judged = matured.get(JUDGED, 0)
    if found.judged >= JUDGED_MIN:
        more = matured.get(FORETOLD, 0) - matured.get(CAME, 0)
        found.calibration = more / WHOLE / found.judged
    return found


def _shares(cells: Cells, name: str, size: int) -> list[float]:
    """The share of each group; none where too few were counted."""
    counts = [cells.get(f"{name}:{group}", 0) for group in range(size)]
    whole = sum(counts)
    return [part / whole for part in counts] if whole >= SCORED_MIN else []
