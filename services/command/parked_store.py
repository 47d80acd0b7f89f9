"""What `arrears parked` asks of the services' stores."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.line.ports import Parked, Parking
from shared.runtime.clock import monotonic
from shared.runtime.settings import ServiceSettings
from shared.runtime.store import MongoParkings

_LOOK_EACH_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A parked party: by which service, since which event (none: it failed at a tick), and why."""

    service: str
    parking: Parking
    since: datetime | None = None
    event: str = ""
    reason: str = ""


async def found_in(services: Iterable[str]) -> list[Found]:
    """All parties that these services have parked."""
    found = []
    for service in services:
        async with _store(service) as store:
            for parking in await store.parkings():
                first = await store.parked(parking.partition, parking.party, most=1)
                found.append(_found(service, parking, first))
    return found


def _found(service: str, parking: Parking, kept: list[Parked]) -> Found:
    if not kept:
        return Found(service, parking)
    [first] = kept
    told = {name: (value or b"").decode(errors="replace") for name, value in first.headers}
    named = " ".join(filter(None, (told.get("ce_type"), told.get("ce_id"))))
    return Found(
        service, parking, first.stamp, named or f"{first.topic} {first.offset}", first.reason
    )


async def ask(service: str, parties: Collection[str] | None) -> set[str]:
    """Ask for these parties, or all, to be unparked; those of them that are parked."""
    async with _store(service) as store:
        parked = {parking.party for parking in await store.parkings()}
        asked = parked if parties is None else parked.intersection(parties)
        await store.ask_to_unpark(asked)
        return asked


async def left_of(service: str, asked: Collection[str], *, wait_s: float) -> list[Parking]:
    """Those of them that are still parked once all were taken up, or after so many seconds."""
    until = monotonic() + wait_s
    async with _store(service) as store:
        while True:
            left = [parking for parking in await store.parkings() if parking.party in asked]
            if monotonic() >= until or not any(parking.asked for parking in left):
                return left
            await asyncio.sleep(_LOOK_EACH_S)


def _store(service: str) -> MongoParkings:
    settings = ServiceSettings(service=service)
    return MongoParkings(settings.mongodb_uri, settings.mongodb_database, owner="parked")
