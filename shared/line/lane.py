"""One partition number of a service: what its owner holds in memory between batches.

A lane is told of arrivals, says what it needs from the store, folds, and hands over a write set. It
never waits and never reads a clock, so that `shared.simulation` runs it as it is.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.core import Core, Event, Party
from shared.line.arrivals import EPOCH, Arrival
from shared.line.door import Door
from shared.line.merging import merged, side_by_side
from shared.line.parties import DocumentCodec, PartyCache
from shared.line.ports import Acquired, Binding, Cursor, Parked, Row
from shared.line.rousing import Rousing
from shared.line.wakes import FOR_EVER, WakeIndex
from shared.line.wiring import TICK, Wiring

WAKES_AHEAD: Final = timedelta(days=400)
"""How far beyond the latest tick wakes are fetched, as many as fit: where history is replayed a
second has days, and each query holds all up."""
WAKES_HELD: Final = 10
"""How many times the wakes of one batch a lane holds at most between batches."""


class Gap(Exception):
    """An internal topic misses a sequence: something was lost upstream, and the lane must stop."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one batch of one lane."""

    records_max: int = 2000
    wakes_max: int = 1000
    documents_max: int = 200_000


@dataclass(slots=True)
class Needs:
    """What a lane must be given before it can fold its next batch."""

    parties: set[str] = field(default_factory=set)
    keys: set[tuple[str, str, str]] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


class Lane:
    """The owner's memory of one partition number; see the module's text."""

    def __init__(
        self,
        *,
        core: Core,
        wiring: Wiring,
        codec: DocumentCodec,
        acquired: Acquired,
        partitions: int,
        limits: Limits,
        stored: bool = True,
    ) -> None:
        """Start where the partition's cursor is; without a store everything is known at once."""
        self.core = core
        self.wiring = wiring
        self.clocks = {topic: wiring.clock_of(topic) for topic in wiring.inputs}
        """By input topic, the one whose ticks are its time."""
        self.limits = limits
        self.partitions = partitions
        self.cursor: Cursor = acquired.cursor
        self.parkings: dict[str, int] = dict(acquired.parkings)
        self._stored_parkings = dict(acquired.parkings)
        self.unparking: dict[str, list[Parked]] = {}
        """Parties to unpark at the next tick, and what the store has kept for each, in order."""
        self.pending: dict[str, deque[Arrival]] = {topic: deque() for topic in wiring.inputs}
        self.poison: dict[tuple[str, int, str], str] = {}
        """What failed before: (topic, offset, party) -> why. It is parked, not folded again."""
        self.suspects: set[str] = set()
        """Parties with a document that could not be written: each of their events is looked at."""
        self.asked: dict[tuple[str, int], set[tuple[str, str, str]]] = {}
        """Documents (party, prefix, key) that a core asked for as it folded an event, by its place
        (topic, offset): they are loaded with each batch until that event is done with."""
        self.cache = PartyCache(codec, documents_max=limits.documents_max, stored=stored)
        self.wakes = WakeIndex() if stored else WakeIndex(FOR_EVER)
        self.rousing = Rousing.from_text(acquired.cursor.resume)
        self.everyone: list[str] | None = None
        """The next parties to rouse, in order; None when they must be listed first."""
        self.everyone_listed = not stored
        """Whether no party comes after the last one of `everyone`."""
        self.stored = stored
        self._shared_rows = {(row.prefix, row.key): row for row in acquired.shared}
        self.shared = self._shared_party()
        self.door = Door(wiring, self.cursor.partition, partitions) if wiring.door else None

    @property
    def partition(self) -> int:
        """The partition number."""
        return self.cursor.partition

    def now(self, topic: str) -> datetime:
        """The line's time on an input topic: its latest tick."""
        return self.cursor.watermarks.get(self.clocks[topic], EPOCH)

    def _shared_party(self) -> Party:
        codec = self.cache.codec
        return Party("", [codec.document(row) for row in self._shared_rows.values()])

    def receive(self, arrival: Arrival) -> None:
        """Queue a record; what lies below the cursor was folded before and is dropped."""
        queue = self.pending[arrival.topic]
        expected = queue[-1].offset + 1 if queue else self.cursor.offsets.get(arrival.topic, 0)
        if arrival.offset >= expected:
            queue.append(arrival)

    def expected(self, topic: str) -> int:
        """The offset that the next record of a topic should have."""
        queue = self.pending[topic]
        return queue[-1].offset + 1 if queue else self.cursor.offsets.get(topic, 0)

    def waiting(self) -> int:
        """How many records are queued."""
        return sum(map(len, self.pending.values()))

    def line(self, read_up: Callable[[str], bool], *, most: int | None = None) -> list[Arrival]:
        """The next records in the order in which they are folded, at most a batch of them.

        `most` asks for fewer, where there is no time for more.
        """
        limit = self.limits.records_max if most is None else min(most, self.limits.records_max)
        if self.wiring.merged:
            return merged(self.pending, limit, read_up)
        return side_by_side(self.pending, limit)

    def needs(self, line: Sequence[Arrival]) -> Needs:
        """What must be at hand to fold `line`; bindings, wakes and everyone come before it."""
        needs = Needs()
        for party in () if self.wiring.stateless else self.unparking:
            self._want(needs, party)
            needs.keys.add((party, "", ""))
        for party, prefix, key in set[tuple[str, str, str]]().union(*self.asked.values()):
            self._want(needs, party)
            needs.keys.add((party, prefix, key))
        for arrival in line:
            event = arrival.event
            if event is None or event.type == TICK:
                continue
            if self.door is not None:
                needs.ids.add(self.door.id_of(event))
            if not self.wiring.stateless:
                self._need(needs, arrival, event)
        tick = self.last_tick(line)
        if tick is not None:
            for party in self.wakes.due(tick, self.limits.wakes_max):
                self._want(needs, party)
            for party in self.everyone or ():
                self._want(needs, party)
        return needs

    def _need(self, needs: Needs, arrival: Arrival, event: Event) -> None:
        party = event.party
        if self.door is not None:
            party = self.door.party_of(event, arrival.party)
        if not party or (self.door is not None and not self.door.is_ours(party)):
            return  # what will be forwarded may only be held by the owner of its partition
        self._want(needs, party)
        at_hand = self.cache.find(party)
        for prefix, key in self._wanted(arrival, event, party):
            if at_hand is None or not at_hand.knows(prefix, key):
                needs.keys.add((party, prefix, key))

    def _wanted(self, arrival: Arrival, event: Event, party: str) -> list[tuple[str, str]]:
        """The settled documents that an event names; a core that fails here fails on the event."""
        try:
            return [(kind.prefix, key) for kind, key in self.core.wants(event)]
        except Exception as defect:  # noqa: BLE001 - any defect of a core parks the party
            reason = f"{type(defect).__name__}: {defect}"[:500]
            self.poison[(arrival.topic, arrival.offset, party)] = reason
            return []

    def has_room_to_unpark(self, party: str) -> bool:
        """Whether what was kept for one more party fits into the next batch; for one it does."""
        if party not in self.parkings or party in self.unparking:
            return False
        events = sum(map(len, self.unparking.values())) + self.parkings[party]
        return not self.unparking or events <= self.limits.records_max

    def last_tick(self, line: Iterable[Arrival]) -> datetime | None:
        """The latest tick of a line, if it has any."""
        ticks = [
            arrival.event.time
            for arrival in line
            if arrival.event is not None and arrival.event.type == TICK
        ]
        return max(ticks, default=None)

    def lacks_wakes(self, tick: datetime) -> bool:
        """Whether wakes must be fetched before a tick: unknown ones, and too few at hand."""
        if self.wakes.known_until >= tick:
            return False
        return len(self.wakes.due(tick, self.limits.wakes_max)) < self.limits.wakes_max

    def wakes_until(self, tick: datetime) -> datetime:
        """How far to fetch wakes for a tick: some time ahead, so that not every tick asks."""
        return tick + WAKES_AHEAD if tick < FOR_EVER - WAKES_AHEAD else tick

    def lacks_everyone(self, tick: datetime) -> bool:
        """Whether the next parties to rouse must be listed before a tick."""
        return self.everyone is None and self.rousing.due(tick)

    def list_everyone(self, parties: list[str]) -> None:
        """Take the next parties to rouse; fewer than a chunk are the last."""
        self.everyone = parties
        self.everyone_listed = len(parties) < self.limits.wakes_max

    def _want(self, needs: Needs, party: str) -> None:
        if party not in self.cache:
            needs.parties.add(party)

    def bindings_wanted(self, line: Iterable[Arrival]) -> dict[str, Binding]:
        """The bindings that the line's accounts would make, the first event of each winning."""
        wanted: dict[str, Binding] = {}
        if self.door is None:
            return wanted
        for arrival in line:
            event = arrival.event
            if event is not None and event.subject and event.subject not in wanted:
                binding = self.door.binding_wanted(event)
                if binding is not None:
                    wanted[event.subject] = binding
        return wanted

    def give_bindings(self, bindings: Mapping[str, Binding]) -> None:
        """Say how the accounts of the next batch are bound."""
        if self.door is not None:
            self.door.bindings = bindings

    def give(self, needs: Needs, rows: Iterable[Row], known: Mapping[str, bytes]) -> None:
        """Bring what was needed; what was asked for and not brought does not exist."""
        self.cache.add(needs.parties, rows)
        for party_id, prefix, key in needs.keys:
            self.cache.know(party_id, prefix, key)
        if self.door is not None:
            self.door.known = known
            self.door.taken, self.door.left = {}, set()

    def advance(self, cursor: Cursor, shared: Iterable[Row], taken: int) -> None:
        """The batch is folded: `cursor` is the new one, and `taken` arrivals are done with."""
        for row in shared:
            self._shared_rows[(row.prefix, row.key)] = row
        self.cursor = cursor
        self.wakes.tidy(WAKES_HELD * self.limits.wakes_max)
        if taken:
            self.everyone = None  # new parties may have come since they were listed
        if self.poison:
            self.poison = {
                place: reason
                for place, reason in self.poison.items()
                if place[1] >= cursor.offsets.get(place[0], 0)
            }
        self._stored_parkings = dict(self.parkings)
        self.unparking = {}
        for topic, queue in self.pending.items():
            while queue and taken and queue[0].offset < cursor.offsets.get(topic, 0):
                queue.popleft()
                taken -= 1

    def spoil(self, place: tuple[str, int] | None, party: str, reason: str) -> None:
        """A fold failed on an event: from now on its party is parked there, and all is read anew.

        Where it is not known on which event it failed, the party is looked at more closely.
        """
        if place is None and party not in self.suspects:
            self.suspects.add(party)
        elif place is not None and (*place, party) not in self.poison:
            self.poison[(*place, party)] = reason
        else:
            message = f"parking {party!r} did not help: {reason}"
            raise RuntimeError(message)
        self.forget()

    def spoil_shared(self, place: tuple[str, int], reason: str) -> None:
        """What concerns all could not be folded: it is refused, and what holds now goes on."""
        self.poison[(*place, "")] = reason
        self.shared = self._shared_party()
        if self.door is not None:
            self.door.taken = {}

    def forget(self) -> None:
        """A fold failed half way: drop all that memory holds, so that it is read anew."""
        self.cache.clear()
        self.everyone = None
        self.parkings = dict(self._stored_parkings)
        self.wakes = WakeIndex()
        self.rousing = Rousing.from_text(self.cursor.resume)
        self.shared = self._shared_party()
