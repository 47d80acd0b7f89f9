"""What the read API asks of KPI's own store: cells, calendars, and how far it has come."""

import asyncio
from datetime import date, datetime

from services.kpi.domain.creditors import Creditor, Creditors
from services.kpi.domain.cube import Sums
from services.kpi.wiring import WIRING
from shared.line.parties import DocumentCodec
from shared.runtime.store import MongoReader


class Figures:
    """Reads the cube of all partitions; every call may raise `Unavailable`."""

    def __init__(self, reader: MongoReader, *, partitions: int) -> None:
        self._reader = reader
        self._partitions = partitions
        self._codec = DocumentCodec([Creditors])
        self._closed = Sums()
        """What is known of days before `_until`, the day of knowledge that is read from next."""
        self._until = ""
        self._reading = asyncio.Lock()

    async def sums(self, *, through: date | None, reported_on: date | None) -> Sums:
        """All cells, as known now or at the end of a day; `through` is the last complete day (UTC).

        What became known before that stays as it is, since no creditor's day ends more than a day
        after that of UTC: it is read once, and from then on only what came later.
        """
        if reported_on is not None:
            found = Sums(reported_on=reported_on)
            async for _, row, cells in self._reader.each_share_from(""):
                found.add(row, cells.items())
            return found
        async with self._reading:
            until = through.isoformat() if through else ""
            if until < self._until:  # an older database was restored
                self._closed, self._until = Sums(), ""
            closing, still_open = Sums(), Sums()
            async for _, row, cells in self._reader.each_share_from(self._until):
                (closing if row < until else still_open).add(row, cells.items())
            self._closed, self._until = self._closed.plus(closing), until
            return self._closed.plus(still_open)

    async def creditors(self) -> dict[str, Creditor]:
        """The creditors' calendars as they are in force."""
        row = await self._reader.document("", Creditors.prefix, "")
        if row is None:
            return {}
        document = self._codec.document(row)
        return document.in_force if isinstance(document, Creditors) else {}

    async def watermarks(self) -> dict[tuple[str, int], datetime | None]:
        """The latest tick of each topic and partition; None where there was none."""
        found: dict[tuple[str, int], datetime | None] = {
            (topic, partition): None
            for topic in WIRING.inputs
            for partition in range(self._partitions)
        }
        for cursor in await self._reader.cursors():
            for topic in WIRING.inputs:
                found[(topic, cursor.partition)] = cursor.watermarks.get(topic)
        return found
