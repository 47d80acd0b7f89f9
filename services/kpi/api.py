"""KPI's HTTP answers: all figures as of any day, and how complete they are."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

from services.kpi.domain.completeness import complete_through
from services.kpi.domain.creditors import day_in
from services.kpi.domain.report import report_of
from services.kpi.store import Figures
from shared.line.ports import Unavailable
from shared.runtime.doors import Problem, Request, Response, answer

_DAYS = ("as_of", "begin", "reported_on")


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
            found = await asyncio.to_thread(  # a year's figures take a second: the line goes on
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
    """The days in a query string; an unknown name or a text that is no day is refused."""
    found: dict[str, date] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in _DAYS:
            raise Problem(400, "invalid", f"one of {', '.join(_DAYS)} is expected", name[:40])
        try:
            found[name] = date.fromisoformat(text)
        except ValueError:
            raise Problem(400, "invalid", f"{text[:40]!r} is no day (2026-01-31)", name) from None
        if not date.min + timedelta(days=800) < found[name] < date.max - timedelta(days=800):
            raise Problem(400, "invalid", "a day of the years 4 to 9997 is expected", name)
    return found
