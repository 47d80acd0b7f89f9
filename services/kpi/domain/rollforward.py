"""The roll-forward: how the receivables of a period's begin became those of its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.kpi.domain.cube import Cube, Line
from services.kpi.domain.periods import Period

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "brought_forward": ("opening",),
    "billed": ("billed", "adjusted", "voided", "reinstated"),
    "credited": ("credited", "credit_voided"),
    "cash": ("collected", "reversed"),
    "deducted": ("deducted", "deduction_reversed"),
    "written_off": ("written_off", "write_off_reversed"),
    "reopened": ("reopened",),
    "moved": ("moved",),
}
"""Each kind of entry is in exactly one step."""
_STEP_OF: Final = {kind: step for step, kinds in STEPS.items() for kind in kinds}
_SALES: Final = frozenset(STEPS["billed"] + STEPS["credited"])


@dataclass(frozen=True, slots=True)
class RollForward:
    """Minor units at begin and end, and the signed steps between them."""

    begin: int
    steps: Mapping[str, int]
    end: int
    net_sales: int
    """Billed less credited, of what counts as sales."""
    raised: int
    """All that was newly owed net of credits, sales or not, and what was brought forward."""

    @property
    def holds(self) -> bool:
        """Whether the steps lead from begin to end; if not, a kind of entry is in no step."""
        return self.begin + sum(self.steps.values()) == self.end


def day_before(day: date) -> date | None:
    """The day before, or None before the calendar's first."""
    return day - timedelta(days=1) if day > date.min else None


def roll_forward(cube: Cube, period: Period) -> RollForward:
    """The roll-forward of a period."""
    eve = day_before(period.first)
    begin = cube.gross(eve) if eve else 0
    steps = dict.fromkeys(STEPS, 0)
    net_sales = 0
    for line in cube.flow(period):
        if line.kind in _STEP_OF:
            steps[_STEP_OF[line.kind]] += line.amount
        net_sales += _sale(line)
    return RollForward(
        begin=begin,
        steps=steps,
        end=cube.gross(period.last),
        net_sales=net_sales,
        raised=steps["brought_forward"] + steps["billed"] + steps["credited"],
    )


def sales_by_month(cube: Cube, as_of: date) -> dict[tuple[int, int], int]:
    """Net credit sales by (year, month), up to a day."""
    found: dict[tuple[int, int], int] = {}
    for line in cube.receivable(as_of):
        if amount := _sale(line):
            month = (line.effective_on.year, line.effective_on.month)
            found[month] = found.get(month, 0) + amount
    return found


def _sale(line: Line) -> int:
    return line.amount if line.is_sale and line.kind in _SALES else 0
