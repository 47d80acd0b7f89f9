"""Days sales outstanding and its kin, for one cube and period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice, takewhile

from services.kpi.domain import figures
from services.kpi.domain.cube import Cube
from services.kpi.domain.figures import Answer, Countback
from services.kpi.domain.periods import Period, months_back
from services.kpi.domain.rollforward import RollForward, sales_by_month

ROLLING_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Days; `rolling` is over the last three months, `delinquent` is `simple - best_possible`."""

    simple: Answer
    rolling: Answer
    countback: Countback
    best_possible: Answer
    delinquent: Answer


def outstanding(cube: Cube, period: Period, roll: RollForward, *, current: int) -> Outstanding:
    """DSO in its variants as of the period's end, where `current` is not past due."""
    sales = sales_by_month(cube, period.last)
    months = [
        (sales.get((month.first.year, month.first.month), 0), month.days)
        for month in _known_months(cube, period.last)
    ]
    rolling = list(islice(months_back(period.last), ROLLING_MONTHS))
    simple = figures.dso(roll.end, roll.net_sales, period.days)
    best_possible = figures.dso(current, roll.net_sales, period.days)
    return Outstanding(
        simple=simple,
        rolling=figures.dso(
            roll.end,
            sum(sales.get((month.first.year, month.first.month), 0) for month in rolling),
            sum(month.days for month in rolling),
        ),
        countback=figures.dso_countback(roll.end, months),
        best_possible=best_possible,
        delinquent=figures.average_days_delinquent(simple, best_possible),
    )


def _known_months(cube: Cube, as_of: date) -> Iterator[Period]:
    first = cube.first_day()
    if first is None:
        return iter(())
    return takewhile(lambda month: month.last >= first, months_back(as_of))
