"""KPI's HTTP answers: all figures as of any day, and how complete they are."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.kpi.domain.completeness import complete_through
from services.kpi.domain.creditors import day_in
from services.kpi.domain.report import report_of
from services.kpi.store import Figures
from shared.line.ports import Unavailable
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.query import Query

_DAYS: Final = ("as_of", "begin", "reported_on")
_YEARS: Final = range(4, 9_997)
"""Figures need some two years before a day and after it."""


class KpiApi:
    """`GET /v1/kpis` and `GET /v1/progress`."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    async def kpis(self, request: Request) -> Response:
        """The report as JSON.

        `as_of`: the day, default the latest one that a tick has begun; `begin`: the period's first
        day, default the first of that month; `reported_on`: as it was known at the end of that day.
        """
        try:
            return answer(await self.report(_days(request.query)))
        except Unavailable as failure:
            raise Problem(503, "unavailable", str(failure)) from failure

    async def report(self, days: Mapping[str, date]) -> dict[str, Any]:
        """The report for the days that were asked for, with its completeness."""
        watermarks = await self._figures.watermarks()
        known = [moment for moment in watermarks.values() if moment is not None]
        through = complete_through(watermarks, time_zone="UTC")
        as_of = days.get("as_of") or (day_in("UTC", max(known)) if known else None)
        if as_of is None:
            raise Problem(503, "unavailable", "no tick has come yet, so there is no day to show")
        reported_on = days.get("reported_on")
        creditors = await self._figures.creditors()
        sums = await self._figures.sums(through=through, reported_on=reported_on)
        try:
            found = await asyncio.to_thread(  # figures take a while: the line goes on
                lambda: report_of(
                    sums.cubes(),
                    as_of=as_of,
                    begin=days.get("begin"),
                    reported_on=reported_on,
                    creditors=creditors,
                )
            )
        except ValueError as fault:
            raise Problem(400, "invalid", str(fault), "begin") from fault
        return {**found, "complete": through is not None and through >= as_of}

    async def progress(self, _request: Request) -> Response:
        """How far each topic and partition has come, and the last complete day (UTC)."""
        try:
            watermarks = await self._figures.watermarks()
        except Unavailable as failure:
            raise Problem(503, "unavailable", str(failure)) from failure
        through = complete_through(watermarks, time_zone="UTC")
        topics: dict[str, list[str | None]] = {}
        for (topic, _), moment in sorted(watermarks.items(), key=lambda item: item[0]):
            topics.setdefault(topic, []).append(moment.isoformat() if moment else None)
        return answer(
            {"complete_through": through.isoformat() if through else None, "watermarks": topics}
        )


def _days(query: str) -> dict[str, date]:
    """The days that a query string asks for."""
    asked = Query(query, _DAYS)
    found = {name: day for name in _DAYS if (day := asked.day(name)) is not None}
    for name, day in found.items():
        if day.year not in _YEARS:
            why = f"a day of the years {_YEARS[0]} to {_YEARS[-1]} is expected"
            raise Problem(400, "invalid", why, name)
    return found
