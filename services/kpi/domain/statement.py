"""One creditor's figures in one currency, put together for JSON."""

from collections.abc import Sequence
from typing import Any

from services.kpi.domain import contacts, figures
from services.kpi.domain.aging import aging
from services.kpi.domain.collected import Paying, collected_of_overdue, paying
from services.kpi.domain.cube import Cube
from services.kpi.domain.display import days, percents
from services.kpi.domain.objections import Disputes, disputes, share_of
from services.kpi.domain.outstanding import outstanding
from services.kpi.domain.periods import Period
from services.kpi.domain.rollforward import RollForward, day_before, roll_forward
from shared.money import text

Json = dict[str, Any]


def statement(cube: Cube, period: Period, ends: Sequence[int]) -> Json:
    """All that the cube says of the period's end and of the period; see `report` for the shapes."""
    last = period.last
    buckets = aging(cube.receivable(last), last, ends)
    roll = roll_forward(cube, period)
    promises = contacts.promises(cube.tallies, period)
    payers = paying(cube, period)
    objections = disputes(cube.objections, period)
    cash, credit = cube.held("unapplied_cash", last), cube.held("unapplied_credit", last)
    amounts = {
        "gross": roll.end,
        "overdue": roll.end - buckets["current"],
        "disputed": objections.open_amount,
        "unapplied_cash": cash,
        "unapplied_credit": credit,
        "net": roll.end - cash - credit,
        "became_overdue": _became_overdue(cube, period),
        "contact_cost": contacts.spent(cube.tallies, period),
    }
    return {
        "creditor_id": cube.creditor_id,
        "currency": cube.currency,
        "amounts": {name: text(amount, cube.currency) for name, amount in amounts.items()},
        "aging": [
            {
                "bucket": name,
                "amount": text(amount, cube.currency),
                "share": percents(figures.percent(amount, roll.end, figures.NO_RECEIVABLES)),
            }
            for name, amount in buckets.items()
        ],
        "roll_forward": _roll(roll, cube.currency),
        "figures": {
            **_outstanding(cube, period, roll, current=buckets["current"]),
            **_effectiveness(cube, period, roll, buckets=buckets, ends=ends),
            **_paying(payers),
            "disputed_share": percents(share_of(objections.open_amount, roll.end)),
            **_disputes(objections),
            "promise_kept_rate": percents(contacts.promise_kept_rate(promises)),
        },
        "counts": {
            "invoices_closed": payers.closed,
            "disputes_opened": objections.opened,
            "disputes_resolved": objections.resolved,
            "disputes_open": objections.open,
        },
        "promises": {
            state: {"count": count, "amount": text(amount, cube.currency)}
            for state, (count, amount) in sorted(promises.items())
        },
    }


def _outstanding(cube: Cube, period: Period, roll: RollForward, *, current: int) -> Json:
    found = outstanding(cube, period, roll, current=current)
    countback = days(found.countback.days)
    return {
        "dso_simple": days(found.simple),
        "dso_rolling_3_months": days(found.rolling),
        "dso_countback": {**countback, "exhausted": found.countback.exhausted},
        "best_possible_dso": days(found.best_possible),
        "average_days_delinquent": days(found.delinquent),
    }


def _effectiveness(
    cube: Cube, period: Period, roll: RollForward, *, buckets: dict[str, int], ends: Sequence[int]
) -> Json:
    eve = day_before(period.first)
    before = aging(cube.receivable(eve), eve, ends) if eve else {}
    overdue_at_begin = sum(before.values()) - before.get("current", 0)
    found = collected_of_overdue(cube, period)
    current = buckets["current"]
    cei = figures.cei(begin=roll.begin, sales=roll.raised, end_total=roll.end, end_current=current)
    cash = figures.cei_cash(
        cash=-roll.steps["cash"],
        begin=roll.begin,
        sales=roll.raised,
        end_current=current,
        written_off=-roll.steps["written_off"],
    )
    none = figures.NO_OVERDUE_AT_BEGIN
    resolved = found.cash + found.credits
    return {
        "collection_effectiveness": percents(cei),
        "collection_effectiveness_cash": percents(cash),
        "recovery_rate": percents(figures.percent(found.cash, overdue_at_begin, none)),
        "resolution_rate": percents(figures.percent(resolved, overdue_at_begin, none)),
        "bad_debt": percents(
            figures.percent(-roll.steps["written_off"], roll.net_sales, figures.NO_SALES)
            if roll.net_sales > 0
            else figures.NO_SALES
        ),
    }


def _paying(found: Paying) -> Json:
    return {
        "days_to_pay_mean": days(found.days_to_pay_mean),
        "days_to_pay_weighted": days(found.days_to_pay_weighted),
        "days_late_mean": days(found.days_late_mean),
        "days_late_floored": days(found.days_late_floored),
        "days_late_weighted": days(found.days_late_weighted),
        "days_late_by_payment": days(found.days_late_by_payment),
    }


def _disputes(found: Disputes) -> Json:
    return {
        "dispute_days_mean": days(found.days_mean),
        "dispute_days_median": days(found.days_median),
        "dispute_open_age_mean": days(found.open_age_mean),
        "dispute_open_age_max": days(found.open_age_max),
    }


def _roll(roll: RollForward, currency: str) -> Json:
    steps = {name: text(amount, currency) for name, amount in roll.steps.items()}
    return {
        "begin": text(roll.begin, currency),
        **steps,
        "end": text(roll.end, currency),
        "net_sales": text(roll.net_sales, currency),
        "holds": roll.holds,
    }


def _became_overdue(cube: Cube, period: Period) -> int:
    return sum(row.amount for row in cube.tallies if row.kind == "overdue" and row.on in period)
