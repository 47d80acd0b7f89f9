"""What the read API asks of KPI's own store: cells, calendars, and how far it has come."""

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

    async def sums(self, *, reported_on: date | None) -> Sums:
        """All cells, as known now or at the end of a day."""
        found = Sums(reported_on=reported_on)
        async for _, row, cells in self._reader.each_share(""):
            found.add(row, cells.items())
        return found

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
