"""What the read API asks of scoring's own store: standings in order, and an account's scores."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.configuration import Configured
from services.scoring.domain.drift import Cells, Drift, drift_of, first_weeks, rows_of, told_at
from services.scoring.domain.mix import LANES, Spot
from services.scoring.domain.model import Model
from services.scoring.domain.standing import (
    BY_ACCOUNT,
    SCORES_KEPT_MAX,
    Kept,
    Standing,
    in_list,
    kept_under,
)
from shared.configuration import Configuration
from shared.core import Party
from shared.line.parties import DocumentCodec
from shared.runtime.store import MongoReader

Figures = dict[str, dict[str, int]]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Scores:
    """Reads standings, scores and behaviour; every call may raise `Unavailable`."""

    def __init__(self, reader: MongoReader, configured: Configured) -> None:
        self._reader = reader
        self._configured = configured
        self._codec = DocumentCodec([Standing, Behaviour, Configuration])
        self._first: tuple[str, list[Cells]] = ("", [])
        """The first weeks of the model whose drift was asked for last: they do not change."""

    async def in_lane(
        self, lane: str, filters: Mapping[str, str], *, after: str, limit: int
    ) -> list[tuple[str, Standing]]:
        """A lane's accounts with something overdue, first things first, each with its place there.

        `filters` may name a segment and a creditor; the page begins behind the place `after`.
        """
        within = {name: in_list(value, lane) for name, value in filters.items()}
        within = within or {"lane": in_list(lane)}
        order = next(iter(within))
        behind = within[order] + after if after else ""
        found = await self._reader.listed(within, order, after=behind, limit=limit)
        page: list[tuple[str, Standing]] = []
        for text, row in found:
            document = self._codec.document(row)
            if isinstance(document, Standing):
                page.append((text.removeprefix(within[order]), document))
        return page

    async def mixed(
        self, filters: Mapping[str, str], *, after: Spot, limit: int
    ) -> tuple[list[Standing], Spot]:
        """The accounts of both lanes by turns, as the mix in force has it, and the spot behind."""
        lists = {
            lane: await self.in_lane(lane, filters, after=behind, limit=limit)
            for lane, behind in zip(LANES, after.behind, strict=True)
        }
        model = await self.model(await self.now())
        return model.terms.priorities.mix.merge(lists, after, limit)

    async def party_of(self, account_id: str) -> str | None:
        """The party of an account that was ever scored."""
        found = await self._reader.listed({BY_ACCOUNT: account_id}, BY_ACCOUNT, limit=1)
        return found[0][1].party if found and found[0][0] == account_id else None

    async def history(
        self, party: str, account_id: str, *, below: int | None, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """An account's kept scores, the newest first, each with its number; those below one."""
        begin = kept_under(account_id)
        rows = await self._reader.latest(party, Kept.prefix, begin=begin, limit=SCORES_KEPT_MAX)
        found = sorted(
            (
                (each["number"], _whole(each["fact"]))
                for each in (json.loads(row.text) for row in rows)
            ),
            key=itemgetter(0),
            reverse=True,
        )
        return [each for each in found if below is None or each[0] < below][:limit]

    async def behaviour(self, party: str, account_id: str) -> Behaviour | None:
        """How an account has paid so far."""
        row = await self._reader.document(party, Behaviour.prefix, account_id)
        document = None if row is None else self._codec.document(row)
        return document if isinstance(document, Behaviour) else None

    async def now(self) -> datetime:
        """The latest tick that any partition has heard of."""
        ticks = [tick for each in await self._reader.cursors() for tick in each.watermarks.values()]
        return max(ticks, default=_EPOCH)

    async def model(self, at: datetime) -> Model:
        """The model in force."""
        row = await self._reader.document("", Configuration.prefix, "model")
        shared = Party("", [] if row is None else [self._codec.document(row)])
        return self._configured.in_force(shared, at).model

    async def figures(self) -> Figures:
        """The counts of segments and of their changes, over all partitions."""
        return await self._sums("segment")

    async def drift(self) -> tuple[Model, Drift]:
        """The model in force, and whether it still meets its portfolio, by weeks that are over."""
        cursors = await self._reader.cursors()
        heard = [max(each.watermarks.values()) for each in cursors if each.watermarks]
        now = min(heard, default=_EPOCH)
        model = await self.model(now)
        rows = rows_of(model.model, model.version)
        latest, matured = [rows + week for week in told_at(now)]
        sums = {row: (await self._sums(row)).get(row, {}) for row in (latest, matured)}
        first = await self._first_weeks(rows, before=latest)
        return model, drift_of(sums[latest], sums[matured], first, model.reference)

    async def _first_weeks(self, rows: str, *, before: str) -> list[Cells]:
        """The counts of a model's first weeks; nothing while they are not over."""
        if self._first[0] == rows:
            return self._first[1]
        first = await self._reader.first_row(rows)
        weeks = [] if first is None else first_weeks(first.removeprefix(rows))
        if not weeks or rows + weeks[-1] >= before:
            return []
        found = [(await self._sums(rows + week)).get(rows + week, {}) for week in weeks]
        self._first = (rows, list(found))
        return self._first[1]

    async def _sums(self, prefix: str) -> Figures:
        """The rows whose names start with `prefix`, over all partitions."""
        total: Figures = {}
        for _, row, cells in await self._reader.cells(prefix):
            counts = total.setdefault(row, {})
            for cell, count in cells.items():
                counts[cell] = counts.get(cell, 0) + count
        return total


def _whole(fact: dict[str, Any]) -> dict[str, Any]:
    """A score with what is as by default, and so was not written."""
    return {**fact, "challengers": fact.get("challengers", [])}
