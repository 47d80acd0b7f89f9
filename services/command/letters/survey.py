"""How all letters of a service stand now: read from Kafka, held to ingest's register."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from services.command.letters.letter import Letter
from services.command.letters.originals import originals
from services.command.letters.plan import Judged, closed, judge
from services.command.letters.topic import Told, read_letters
from services.ingest.wiring import WIRING as INGEST
from services.kpi.wiring import WIRING as KPI
from services.outreach.wiring import WIRING as OUTREACH
from services.scoring.wiring import WIRING as SCORING
from shared.line.ports import Unavailable
from shared.runtime.settings import ServiceSettings
from shared.runtime.store.register import RegisterReader

TOPICS: Final = {wiring.service: wiring.dead_letters for wiring in (INGEST, SCORING, OUTREACH, KPI)}
"""The dead letters of each service."""


async def survey(
    settings: ServiceSettings,
    *,
    service: str = INGEST.service,
    since: datetime | None = None,
    wanted: Callable[[Letter], bool] = lambda _letter: True,
    told: Told = lambda _done, _total: None,
) -> list[Judged]:
    """All letters that are `wanted`, and how each stands; changes nothing.

    Args:
        settings: ingest's: where Kafka is, and ingest's store.
        service: whose letters.
        since: only those that were written then or later.
        wanted: only those of which it is true.
        told: hears of progress.

    Raises:
        KafkaAway: they cannot be read.
        Unavailable: the register cannot.
    """
    connection = settings.kafka_client()
    letters = await read_letters(connection, TOPICS[service], since=since, wanted=wanted, told=told)
    if any(letter.omitted and not closed(letter) for letter in letters):
        async with originals(connection) as found:
            letters = [
                await found.complete(one) if one.omitted and not closed(one) else one
                for one in letters
            ]
    names = {one.registered_as for one in letters if one.named and not closed(one)}
    return judge(letters, seen=await _registered(settings, names))


async def _registered(settings: ServiceSettings, names: Collection[str]) -> Collection[str]:
    if not names:
        return ()
    database = settings.mongodb_database
    async with RegisterReader(settings.mongodb_uri, database, owner="letters") as reader:
        if not await reader.cursors():
            # Everything would count as never seen.
            raise Unavailable(f"the database {database} is not ingest's: nothing was ever taken in")
        return await reader.registered(names)
