"""Disputes: how long they take to be resolved, and what stands open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.kpi.domain import figures
from services.kpi.domain.cube import Objection
from services.kpi.domain.figures import NONE_OPEN, NONE_RESOLVED, Answer, Missing
from services.kpi.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Disputes:
    """Days for disputes resolved within the period, and how old the open ones are at its end.

    The open ones stand beside, as those that take longest are not among the resolved.
    """

    opened: int
    resolved: int
    days_mean: Answer
    days_median: Answer
    open: int
    open_amount: int
    open_age_mean: Answer
    open_age_max: Answer


def disputes(objections: Iterable[Objection], period: Period) -> Disputes:
    """Count disputes opened and resolved in the period, and open at its end."""
    known = list(objections)
    resolved = [
        (row.count, (row.resolved_on - row.opened_on).days)
        for row in known
        if row.resolved_on is not None and row.resolved_on in period
    ]
    opened = sum(row.count for row in known if not row.resolved_on and row.opened_on in period)
    open_counts, open_amount = _open(known, period.last)
    ages = [(count, (period.last - on).days) for on, count in open_counts.items() if count]
    oldest: Answer = Fraction(max(age for _, age in ages)) if ages else NONE_OPEN
    return Disputes(
        opened=opened,
        resolved=sum(count for count, _ in resolved),
        days_mean=figures.weighted_mean(resolved, NONE_RESOLVED),
        days_median=figures.weighted_median(resolved, NONE_RESOLVED),
        open=sum(open_counts.values()),
        open_amount=open_amount,
        open_age_mean=figures.weighted_mean(ages, NONE_OPEN),
        open_age_max=oldest,
    )


def share_of(amount: int, gross: int) -> Answer:
    """The open disputed amount in percent of all receivables."""
    return figures.percent(amount, gross, Missing("no receivables"))


def _open(objections: Iterable[Objection], as_of: date) -> tuple[dict[date, int], int]:
    """How many disputes of each day are open at the end of a day, and their amount in all."""
    counts: dict[date, int] = {}
    amount = 0
    for row in objections:
        happened_on = row.resolved_on or row.opened_on
        if happened_on <= as_of:
            sign = -1 if row.resolved_on else 1
            counts[row.opened_on] = counts.get(row.opened_on, 0) + sign * row.count
            amount += sign * row.amount
    return counts, amount
