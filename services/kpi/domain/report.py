"""The report: every figure of a day and a period, ready for JSON, by creditor and currency.

Amounts are decimal strings in the currency's places; figures are numbers rounded to the places of
their unit (`display.DIGITS`), or null with the reason. Currencies are never added up.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.kpi.domain.contacts import cases, contacts, right_party_rate
from services.kpi.domain.creditors import DEFAULT, Creditor
from services.kpi.domain.cube import Cube, cubes
from services.kpi.domain.display import percents
from services.kpi.domain.objections import disputes
from services.kpi.domain.periods import Period, month_to
from services.kpi.domain.statement import statement


def report(
    cells: Mapping[tuple[str, str], int],
    *,
    as_of: date,
    begin: date | None = None,
    reported_on: date | None = None,
    creditors: Mapping[str, Creditor] | None = None,
) -> dict[str, Any]:
    """As `report_of`, from cells summed over the source partitions."""
    known = cubes(cells, reported_on=reported_on)
    return report_of(known, as_of=as_of, begin=begin, reported_on=reported_on, creditors=creditors)


def report_of(
    known: Sequence[Cube],
    *,
    as_of: date,
    begin: date | None = None,
    reported_on: date | None = None,
    creditors: Mapping[str, Creditor] | None = None,
) -> dict[str, Any]:
    """All figures as of the end of a day, from all that is known.

    The period runs from `begin` (the first of the month of `as_of` unless given) to `as_of`;
    ValueError if it begins later. With `reported_on`, the cubes are as they were known at the end
    of that day, else as known now. `receivables` has one part per creditor and currency, `activity`
    one per creditor: what outreach did, which has no currency.
    """
    period = month_to(as_of) if begin is None else Period(begin, as_of)
    calendars = creditors or {}
    return {
        "as_of": as_of.isoformat(),
        "reported_on": reported_on.isoformat() if reported_on else None,
        "period": {
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
            "days": period.days,
        },
        "receivables": [
            statement(cube, period, calendars.get(cube.creditor_id, DEFAULT).bucket_ends)
            for cube in known
            if cube.currency
        ],
        "activity": [_activity(cube, period) for cube in known if not cube.currency],
    }


def _activity(cube: Cube, period: Period) -> dict[str, Any]:
    of_accounts = disputes(cube.objections, period)
    return {
        "creditor_id": cube.creditor_id,
        "contacts": contacts(cube.tallies, period),
        "cases": cases(cube.tallies, period),
        "disputes_of_accounts": {
            "opened": of_accounts.opened,
            "resolved": of_accounts.resolved,
            "open": of_accounts.open,
        },
        "right_party_rate": percents(right_party_rate(cube.tallies, period)),
    }
