"""What a door does before a core sees an event from outside: its id, its place, its copies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Final

from msgspec.structs import replace

from shared.core import Event, Refusal
from shared.line.arrivals import BROADCAST, FOLLOWS, Arrival
from shared.line.ports import Binding, Record
from shared.line.wiring import TICK, Wiring
from shared.topics import partition_of

TICK_AHEAD_MAX: Final = timedelta(seconds=2)
"""How far a tick may be ahead of the broker's time: clocks differ, and nobody may age the books."""

_CONFLICT: Final = Refusal("conflict", "this source and id came before with other content", "id")
_STRANGER: Final = Refusal("untrusted_tick", "a tick comes from the clock alone", "source")
_TWO_TIMES: Final = Refusal(
    "untrusted_tick", "it says one time, and another on its cover", "data.at"
)
_AHEAD: Final = Refusal("untrusted_tick", "a tick later than the broker's own time", "data.at")


class Entrance(Enum):
    """What becomes of an event at the door."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    FORWARDED = "forwarded"


@dataclass(slots=True)
class Door:
    """One partition's registrar of foreign ids and accounts, for one batch."""

    wiring: Wiring
    partition: int
    partitions: int
    known: Mapping[str, bytes] = field(default_factory=dict)
    """Digests of those ids of this batch that were taken before it."""
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    """Ids taken in this batch."""
    left: set[str] = field(default_factory=set)
    """Ids that were taken before it and are free again."""

    def id_of(self, event: Event) -> str:
        """How an id is registered; what concerns all is registered once per partition."""
        if event.type in self.wiring.broadcasts:
            return f"{self.partition}\x1f{event.source}\x1f{event.id}"
        return f"{event.source}\x1f{event.id}"

    def party_of(self, event: Event, follows: str = "") -> str:
        """The party that an event belongs to: its account's binding, else what it says itself.

        One that was sent on to an account's new party belongs to that: it `follows` the account.
        """
        if event.type in self.wiring.broadcasts or event.type == TICK:
            return ""
        if follows:
            return follows
        binding = self.bindings.get(event.subject)
        return binding.party if binding else event.party

    def placed(self, event: Event, party: str, *, sent_on: bool) -> Event:
        """The event as one of this party's, whatever it came with; `sent_on` to it or not."""
        if party == event.party and not sent_on:
            return event
        return replace(event, party=party, follows=sent_on, cover=None)

    def binding_wanted(self, event: Event) -> Binding | None:
        """The binding that this event would make, if its account has none yet."""
        if event.type not in self.wiring.bound_by or not event.subject:
            return None
        creditor = getattr(event.data, "creditor_id", None)
        return Binding(party=event.party, creditor=creditor or "")

    def is_ours(self, party: str) -> bool:
        """Whether a party lives on this partition."""
        return partition_of(party.encode(), self.partitions) == self.partition

    def enter(self, event: Event, party: str) -> Entrance | Refusal:
        """Register an event's id, once; the same id with other content is a conflict."""
        if party and not self.is_ours(party):
            return Entrance.FORWARDED
        name = self.id_of(event)
        digest = event.digest()
        before = self.taken.get(name) or self.known.get(name)
        if before is None:
            self.taken[name] = digest
            return Entrance.TAKEN
        return Entrance.DUPLICATE if before == digest else _CONFLICT

    def leave(self, event: Event) -> None:
        """Forget an id again: its event was refused, and may be sent once more."""
        name = self.id_of(event)
        if self.taken.pop(name, None) is None:
            self.left.add(name)  # taken by an earlier batch, as its party was parked

    def forward(self, arrival: Arrival, party: str) -> Record:
        """The same record, for the partition that its party lives on."""
        key = party.encode()
        return Record(
            topic=arrival.topic,
            partition=partition_of(key, self.partitions),
            key=key,
            value=arrival.value,
            headers=arrival.headers,
        )

    def send_on(self, arrival: Arrival, party: str) -> Record:
        """The same record, for the party that its account has gone to."""
        record = self.forward(arrival, party)
        told = [header for header in record.headers if header[0] != FOLLOWS]
        record.headers = [*told, (FOLLOWS, f"{arrival.hops + 1} {party}".encode())]
        return record

    def copies(self, arrival: Arrival) -> list[Record]:
        """A broadcast's copies for the other partitions, each with the same id."""
        headers = [*arrival.headers, (BROADCAST, b"1")]
        return [
            Record(self.wiring.inputs[0], partition, arrival.key, arrival.value, headers)
            for partition in range(self.partitions)
            if partition != self.partition
        ]

    def distrust(self, arrival: Arrival, event: Event) -> Refusal | None:
        """Why a tick is not believed, if it is not."""
        if event.source not in self.wiring.clock_sources:
            return _STRANGER
        if getattr(event.data, "at", event.time) != event.time:
            return _TWO_TIMES
        stamp, at = arrival.stamp, event.time
        if stamp is not None and at > stamp and at > stamp + TICK_AHEAD_MAX:
            return _AHEAD
        return None
