"""Parked parties: what was kept for them, and what is asked of their owners from outside."""

from collections.abc import Iterable
from datetime import datetime

from shared.line.ports import Parked, Parking
from shared.runtime.store.client import answers
from shared.runtime.store.names import Json, moment
from shared.runtime.store.reader import MongoReader


class MongoParkings(MongoReader):
    """A service's parked parties. Every call may raise `Unavailable`."""

    async def parkings(self) -> list[Parking]:
        """The parked parties, by id."""
        with answers():
            found = await self._database.parties.find(_PARKED).sort("_id", 1).to_list(None)
        return [
            Parking(
                party=party["_id"],
                partition=party["p"],
                events=party["parked"],
                asked=party.get("asked", False),
                why=party.get("why", ""),
            )
            for party in found
        ]

    async def ask_to_unpark(self, parties: Iterable[str]) -> int:
        """Ask the owners of parties to unpark them; how many of them are parked.

        It is the one thing that is written from outside, and nothing but a mark: the owner takes it
        up between two batches, and answers by unparking the party or with `Parking.why`.
        """
        named: Json = {"_id": {"$in": sorted(set(parties))}, **_PARKED}
        with answers():
            updated = await self._database.parties.update_many(named, {"$set": {"asked": True}})
        return int(updated.matched_count)

    async def to_unpark(self, partitions: Iterable[int]) -> list[tuple[int, str]]:
        """The partitions' parked parties that somebody asked to unpark, in order."""
        wanted: Json = {"p": {"$in": list(partitions)}, "asked": True, **_PARKED}
        with answers():
            found = await self._database.parties.find(wanted, {"p": True}).to_list(None)
        return sorted((party["p"], party["_id"]) for party in found)

    async def parked(self, partition: int, party: str, *, most: int | None = None) -> list[Parked]:
        """The events kept for a parked party, in order; `most`: so many of them at most."""
        wanted = {"p": partition, "y": party}
        with answers():
            kept = self._database.parked.find(wanted).sort("n", 1).limit(most or 0)
            found = await kept.to_list(None)
        return [
            Parked(
                party=event["y"],
                number=event["n"],
                topic=event["topic"],
                offset=event["offset"],
                key=event["key"],
                value=event["value"],
                headers=tuple((name, value) for name, value in event["headers"]),
                reason=event["reason"],
                stamp=_moment(event.get("stamp")),
                now=_moment(event.get("now")),
            )
            for event in found
        ]


_PARKED: Json = {"parked": {"$exists": True}}


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else moment(micros)
