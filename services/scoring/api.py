"""Scoring's HTTP answers: whom to work first, and why an account stands where it does."""

from datetime import datetime
from typing import Any, Final

from services.scoring.domain.mix import LANES, read_spot
from services.scoring.domain.standing import BETWEEN, Standing
from services.scoring.store import Scores
from shared.line.ports import Unavailable
from shared.money import text
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.query import Query

_FILTERS: Final[tuple[str, ...]] = ("creditor", "segment")
"""The first that is asked for leads: most creditors have fewer accounts than most segments."""
_LIMIT_MAX: Final = 500
_LIMIT: Final = 50


class ScoringApi:
    """`GET /v1/worklist` and `GET /v1/scores`."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    async def worklist(self, request: Request) -> Response:
        """Accounts with something overdue, those to be worked first, a page at a time.

        `lane`, `segment`, `creditor`: only those; with no lane, both by turns. `limit`: how many
        (50, at most 500); `after`: the `next` of the page before. An account that moves meanwhile
        may be on two pages or none.
        """
        told = Query(request.query, ("lane", *_FILTERS, "limit", "after"))
        limit = told.number("limit", _LIMIT, most=_LIMIT_MAX)
        filters = {name: told.text(name) for name in _FILTERS if name in told}
        try:
            page, behind = await self._page(told, filters, limit)
        except Unavailable as failure:
            raise Problem(503, "unavailable", str(failure)) from failure
        return answer(
            {
                "accounts": [_shown(standing) for standing in page],
                "next": behind if len(page) == limit else None,
            }
        )

    async def _page(
        self, told: Query, filters: dict[str, str], limit: int
    ) -> tuple[list[Standing], str]:
        """The standings of a page, and where it ends."""
        after = told.text("after")
        if "lane" not in told:
            spot = read_spot(after)
            if spot is None:
                raise Problem(400, "invalid", "not the end of a page of both lanes", "after")
            page, behind = await self._scores.mixed(filters, after=spot, limit=limit)
            return page, behind.text()
        lane = told.choice("lane", "", LANES)
        if BETWEEN in after:
            raise Problem(400, "invalid", "not the end of a page of one lane", "after")
        found = await self._scores.in_lane(lane, filters, after=after, limit=limit)
        return [standing for _, standing in found], found[-1][0] if found else ""

    async def scores(self, request: Request) -> Response:
        """An account's scores, newest first, and what would change its risk most.

        `account_id`; `limit`: how many (50, at most 500); `before`: the `next` of the page before.
        """
        told = Query(request.query, ("account_id", "limit", "before"))
        account_id = told.needed("account_id", "whose scores?")
        limit = told.number("limit", _LIMIT, most=_LIMIT_MAX)
        below = told.number("before", 0, most=10**8 - 1) if "before" in told else None
        try:
            return answer(await self._account(account_id, below, limit))
        except Unavailable as failure:
            raise Problem(503, "unavailable", str(failure)) from failure

    async def _account(self, account_id: str, below: int | None, limit: int) -> dict[str, Any]:
        party = await self._scores.party_of(account_id)
        if party is None:
            raise Problem(404, "unknown_account", "no score of it went out yet", "account_id")
        page = await self._scores.history(party, account_id, below=below, limit=limit)
        return {
            "account_id": account_id,
            "party_id": party,
            "scores": [fact for _, fact in page],
            "next": page[-1][0] if len(page) == limit else None,
            "would_change_most": await self._levers(party, account_id, await self._scores.now()),
        }

    async def _levers(self, party: str, account_id: str, now: datetime) -> list[dict[str, Any]]:
        behaviour = await self._scores.behaviour(party, account_id)
        if behaviour is None:
            return []
        model = await self._scores.model(now)
        seen = model.see(behaviour, max(behaviour.today, now.date()))
        return [
            {
                "feature": lever.feature,
                "observed": lever.observed,
                "would_be": lever.target,
                "risk_points_less": lever.points,
            }
            for lever in model.levers(seen, model.assess(seen))
        ]


def _shown(standing: Standing) -> dict[str, Any]:
    return {
        "account_id": standing.account_id,
        "creditor_id": standing.creditor_id,
        "lane": standing.lane,
        "priority": standing.priority,
        "segment": standing.segment,
        "risk": standing.risk,
        "band": standing.band,
        "confidence": standing.confidence,
        "currency": standing.currency,
        "overdue_amount": text(standing.overdue, standing.currency),
        "expected_recovery": text(standing.expected, standing.currency),
        "oldest_past_due_days": standing.past_due_days,
        "model": standing.model,
        "model_version": standing.model_version,
        "scored_at": standing.scored_at.isoformat(),
    }
