"""What a round needs of the store before it can fold: bindings, wakes, documents, known ids."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeVar

from shared.line.arrivals import Arrival
from shared.line.lane import Lane, Needs
from shared.line.ports import Binding, Row, Store, WriteSet
from shared.runtime.clock import monotonic

T = TypeVar("T")
Name = tuple[str, str, str]
"""A document's party, prefix and key."""
_BINDINGS_MAX: Final = 500_000


class Persist(Protocol):
    """Tries a call to the store until it works."""

    async def __call__(self, doing: str, call: Callable[[], Awaitable[T]]) -> T:
        """What the call answers at last."""
        ...


@dataclass(slots=True)
class Loading:
    """Reads for the lanes while the round before is still being written.

    What it reads must not be older than that: where the two meet, it takes what is being written,
    or waits until that has `landed`.
    """

    store: Store
    persist: Persist
    landed: Callable[[], Awaitable[None]]
    stop: Callable[[str], None]
    """Ends the service with a message, and raises what ends the round."""
    look_each_s: float
    """How often to look whom to unpark, in seconds, while any party is parked."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    _look_again_at: float = 0.0

    async def bind(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        """Bind the lines' accounts, and tell the lanes how they are bound."""
        wanted: dict[str, Binding] = {}
        subjects: set[str] = set()
        if len(self.bindings) > _BINDINGS_MAX:
            self.bindings.clear()  # before any is looked up for this round
        for lane, line in lines.items():
            if lane.door is None:
                return
            wanted.update(
                (account, binding)
                for account, binding in lane.bindings_wanted(line).items()
                if account not in self.bindings
            )
            subjects.update(a.event.subject for a in line if a.event is not None)
        unknown = {
            subject: wanted.get(subject)
            for subject in subjects
            if subject and subject not in self.bindings
        }
        if unknown:
            found = await self.persist("binding accounts", lambda: self.store.bind(unknown))
            self.bindings.update(found)
        for lane in lines:
            lane.give_bindings(self.bindings)

    async def list_wakes(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        """List whom the lines' ticks wake."""
        lacking = [
            (lane, tick)
            for lane, line in lines.items()
            if (tick := lane.last_tick(line)) is not None
            and (lane.lacks_wakes(tick) or lane.lacks_everyone(tick))
        ]
        if lacking:
            await self.landed()  # what is listed must not be older than what was written
            await asyncio.gather(*(self._list(lane, tick) for lane, tick in lacking))

    async def _list(self, lane: Lane, tick: datetime) -> None:
        """List whom a tick wakes, as far as a lane does not know it yet."""
        limit = lane.limits.wakes_max
        while lane.lacks_wakes(tick):
            until, after = lane.wakes_until(tick), lane.wakes.known_until
            found = await self.persist(
                "listing wakes",
                lambda: self.store.wakes(lane.partition, after, until, limit),  # noqa: B023 - awaited at once
            )
            lane.wakes.learn(found, until if len(found) < limit else found[-1][0])
        if lane.lacks_everyone(tick):
            after_party = lane.rousing.after
            lane.list_everyone(
                await self.persist(
                    "listing parties",
                    lambda: self.store.everyone(lane.partition, after_party, limit),
                )
            )

    async def bring_parked(self, lines: Mapping[Lane, list[Arrival]]) -> None:
        """Bring what was kept for parties that somebody asked to unpark, now and then looked for.

        They are unparked at a tick. At most about a batch for each lane; the rest has its turn with
        the ticks that follow.
        """
        lanes = {
            lane.partition: lane
            for lane, line in lines.items()
            if lane.parkings and lane.last_tick(line) is not None
        }
        if not lanes or monotonic() < self._look_again_at:
            return
        await self.landed()  # it may have the latest of what was kept, or an answer
        asked = await self.persist("looking whom to unpark", lambda: self.store.to_unpark(lanes))
        if not asked:
            self._look_again_at = monotonic() + self.look_each_s
        for lane in lanes.values():
            lane.unparking = {}
        for partition, party in asked:
            lane = lanes[partition]
            if lane.has_room_to_unpark(party):
                lane.unparking[party] = await self.persist(
                    "reading what was kept",
                    lambda: self.store.parked(partition, party),  # noqa: B023 - awaited at once
                )

    async def load(
        self, lines: Mapping[Lane, list[Arrival]], in_flight: Collection[WriteSet]
    ) -> None:
        """Give the lanes what their lines need; `in_flight` is being written meanwhile."""
        all_needs = {lane: lane.needs(line) for lane, line in lines.items()}
        parties = set[str]().union(*(needs.parties for needs in all_needs.values()))
        keys = set[Name]().union(*(needs.keys for needs in all_needs.values()))
        ids = set[str]().union(*(needs.ids for needs in all_needs.values()))
        if in_flight and _asks_for_all(in_flight, parties, keys):
            await self.landed()
            in_flight = ()
        rows, asked = _from_flight(in_flight, keys)
        known = {
            name: write.taken[name] for write in in_flight for name in ids & write.taken.keys()
        }
        loading = self.persist("loading", lambda: self.store.load(parties, asked))
        knowing = self.persist("looking up ids", lambda: self.store.taken(ids - known.keys()))
        if parties or asked:
            found, taken = await asyncio.gather(loading, knowing)
            rows += found
        else:
            loading.close()
            taken = await knowing
        known.update(taken)
        by_party: dict[str, list[Row]] = {}
        for row in rows:
            by_party.setdefault(row.party, []).append(row)
        for lane, needs in all_needs.items():
            named = needs.parties.union(key[0] for key in needs.keys)
            brought = [row for party in named for row in by_party.get(party, ())]
            self._give(lane, needs, brought, known)

    def _give(self, lane: Lane, needs: Needs, rows: list[Row], known: Mapping[str, bytes]) -> None:
        try:
            lane.give(needs, rows, known)
        except ValueError as defect:
            self.stop(f"a stored document cannot be read (partition {lane.partition}): {defect}")


def _asks_for_all(
    in_flight: Collection[WriteSet], parties: Collection[str], keys: Collection[Name]
) -> bool:
    """Whether all that a party has is asked for while some of it is being written."""
    whole = {party for party, prefix, _ in keys if not prefix}.union(parties)
    return bool(whole) and any(
        any(row.party in whole for row in write.rows)
        or any(name[0] in whole for name in write.gone)
        for write in in_flight
    )


def _from_flight(in_flight: Collection[WriteSet], keys: set[Name]) -> tuple[list[Row], set[Name]]:
    """The rows asked for that are just being written, and what the store is to be asked for."""
    if not keys or not in_flight:
        return [], keys
    flying = {(row.party, row.prefix, row.key): row for write in in_flight for row in write.rows}
    gone = {name for write in in_flight for name in write.gone}
    return [flying[name] for name in keys if name in flying], keys - flying.keys() - gone
