"""What the read API asks of scoring's own store: standings in order, and an account's scores."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.configuration import Configured
from services.scoring.domain.mix import LANES, Spot
from services.scoring.domain.model import Model
from services.scoring.domain.standing import (
    BY_ACCOUNT,
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


class Scores:
    """Reads standings, scores and behaviour; every call may raise `Unavailable`."""

    def __init__(self, reader: MongoReader, configured: Configured) -> None:
        self._reader = reader
        self._configured = configured
        self._codec = DocumentCodec([Standing, Behaviour, Configuration])

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
        """An account's scores, the newest first, each with its number; those below a number."""
        rows = await self._reader.latest(
            party,
            Kept.prefix,
            begin=kept_under(account_id),
            below="" if below is None else f"{below:08d}",
            limit=limit,
        )
        kept = [json.loads(row.text) for row in rows]
        return [(each["number"], each["fact"]) for each in kept]

    async def behaviour(self, party: str, account_id: str) -> Behaviour | None:
        """How an account has paid so far."""
        row = await self._reader.document(party, Behaviour.prefix, account_id)
        document = None if row is None else self._codec.document(row)
        return document if isinstance(document, Behaviour) else None

    async def now(self) -> datetime:
        """The latest tick that any partition has heard of."""
        ticks = [tick for each in await self._reader.cursors() for tick in each.watermarks.values()]
        return max(ticks, default=datetime(1970, 1, 1, tzinfo=UTC))

    async def model(self, at: datetime) -> Model:
        """The model in force."""
        row = await self._reader.document("", Configuration.prefix, "model")
        shared = Party("", [] if row is None else [self._codec.document(row)])
        return self._configured.in_force(shared, at).model

    async def figures(self) -> Figures:
        """The counts of segments and of their changes, over all partitions."""
        total: Figures = {}
        for _, row, cells in await self._reader.cells("segment"):
            counts = total.setdefault(row, {})
            for cell, count in cells.items():
                counts[cell] = counts.get(cell, 0) + count
        return total
