"""What came in of what was overdue, and how late payers pay."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.kpi.domain import figures
from services.kpi.domain.cube import Cube, Line
from services.kpi.domain.figures import NONE_CLOSED, Answer
from services.kpi.domain.periods import Period

PAID_BY = ("cash", "deduction")
"""How an item is settled that tells how its payer pays."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Minor units on items that were overdue at the time; reversals and voids taken off."""

    cash: int
    credits: int


def collected_of_overdue(cube: Cube, period: Period) -> Collected:
    """Cash and credit notes of the period that went to items overdue when they came.

    A reversal is taken off in its own period, if the payment that it undoes was late.
    """
    cash = credited = 0
    for line in cube.flow(period):
        if line.kind in ("collected", "reversed") and _was_late(line):
            cash -= line.amount
        elif line.kind in ("credited", "credit_voided") and _was_late(line):
            credited -= line.amount
    return Collected(cash=cash, credits=credited)


@dataclass(frozen=True, slots=True)
class Paying:
    """Days from issue to pay, and from due to pay, of items that payments closed.

    `days_late_mean` counts early ones as below 0, `days_late_floored` as 0; both are plain means
    over items. The weighted ones weigh by what an item was issued for. `by_payment` is over the
    payments of the period instead, each with its own date and amount.
    """

    closed: int
    days_to_pay_mean: Answer
    days_to_pay_weighted: Answer
    days_late_mean: Answer
    days_late_floored: Answer
    days_late_weighted: Answer
    days_late_by_payment: Answer


def paying(cube: Cube, period: Period) -> Paying:
    """How long payers took, for items closed (and payments made) in the period.

    A payment that was reversed is left out of the day that it was made on, as if it never was.
    """
    closed = [row for row in cube.settlements if row.settled_on in period and row.by in PAID_BY]
    return Paying(
        closed=sum(row.count for row in closed),
        days_to_pay_mean=_mean((row.count, row.days_to_pay) for row in closed),
        days_to_pay_weighted=_mean((row.amount, row.days_to_pay) for row in closed),
        days_late_mean=_mean((row.count, row.days_late) for row in closed),
        days_late_floored=_mean((row.count, max(0, row.days_late)) for row in closed),
        days_late_weighted=_mean((row.amount, row.days_late) for row in closed),
        days_late_by_payment=_mean(_payments(cube, period)),
    )


def _mean(pairs: Iterator[tuple[int, int]]) -> Answer:
    return figures.weighted_mean(pairs, NONE_CLOSED)


def _payments(cube: Cube, period: Period) -> Iterator[tuple[int, int]]:
    """(amount, days late) of the payments made in the period; the undone ones take theirs back."""
    for line in cube.lines:
        made_on = _made_on(line)
        if made_on is not None and line.due_on is not None and made_on in period:
            yield -line.amount, (made_on - line.due_on).days


def _made_on(line: Line) -> date | None:
    if line.kind == "collected":
        return line.effective_on
    if line.kind == "reversed" and line.due_on is not None and line.undone_days_late is not None:
        return line.due_on + timedelta(days=line.undone_days_late)
    return None


def _was_late(line: Line) -> bool:
    if line.undone_days_late is not None:
        return line.undone_days_late > 0
    return line.due_on is not None and line.effective_on > line.due_on
