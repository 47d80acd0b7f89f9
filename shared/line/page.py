"""What one batch of one lane writes, while it is being written."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from shared import envelope
from shared.core import Effects, Event, Outgoing, Party, Refusal
from shared.line.arrivals import BROADCAST, EPOCH, Arrival, dead_letter
from shared.line.lane import Lane
from shared.line.ports import Record, Row, WriteSet
from shared.line.size import exceeds
from shared.topics import MESSAGE_BYTES_MAX, partition_of

_LARGE_BYTES: Final = MESSAGE_BYTES_MAX // 2
"""With a value up to here a fact fits: its own headers are a few, of ids of 200 characters."""


class Spoiled(Exception):
    """A core could not fold an event: fold the batch again with that event parked."""

    def __init__(self, *, place: tuple[str, int] | None, party: str, reason: str) -> None:
        """Name the event by its place, if it is known which it was, and the party it spoiled."""
        super().__init__(f"{place or 'somewhere'} {party!r}: {reason}")
        self.place = place
        self.party = party
        self.reason = reason


def reason_of(defect: Exception) -> str:
    """What failed, in words that can be stored."""
    return f"{type(defect).__name__}: {defect}"[:500].encode(errors="replace").decode()


class Page:
    """The write set of a batch, the facts it sends, and where in the line it is."""

    def __init__(self, lane: Lane, *, enough: Callable[[], bool] = lambda: False) -> None:
        """Prepare; the fold ends early, between two events, once `enough()` says so."""
        self.lane = lane
        self.enough = enough
        self.cursor = lane.cursor.copy()
        self.cursor.version += 1
        self.writes = WriteSet(cursor=self.cursor)
        self.touched: dict[str, None] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.done = 0
        self.place: tuple[str, int] = ("", 0)
        self.stamp: datetime | None = None
        self.oldest: Arrival | None = None
        """The first arrival of the batch."""
        self.broadcasts_refused = 0
        """How much that concerns all could not be folded: what held before goes on holding."""
        self.unparked: set[str] = set()
        """Parties whose kept events were folded."""
        self.moved = False
        """Whether anything happened at all: else there is nothing to commit."""
        self.effects = Effects(now=EPOCH, shared=lane.shared)
        wiring = lane.wiring  # what every event asks of it, looked up once
        self._stateless, self._passed_on = wiring.stateless, wiring.passed_on
        self._partition, self._output = lane.partition, wiring.output
        self._source, self._door = wiring.source, wiring.door

    def count(self, arrival: Arrival, outcome: str) -> None:
        """Count what became of an arrival."""
        kind = arrival.event.type if arrival.event else "unknown"
        self.outcomes[(kind, outcome)] += 1

    def refuse(self, arrival: Arrival, refusal: Refusal) -> None:
        """Make an arrival a dead letter."""
        self.count(arrival, refusal.reason)
        letter = dead_letter(self.lane.wiring, self.lane.partition, arrival, refusal)
        self.writes.outbox.append(letter)

    def begin(self, cause: str, party: str, *, woken: bool) -> None:
        """Prepare the effects of what is folded next for a party; `cause` is an event's id."""
        effects = self.effects
        effects.now = self.cursor.watermarks.get(self.lane.clocks[self.place[0]], EPOCH)
        effects.cause, effects.party, effects.woken = cause, party, woken
        if party and not self._stateless:
            self.touched[party] = None

    def party(self, party_id: str) -> Party:
        """The party, which must be at hand."""
        return self.lane.shared if self._stateless else self.lane.cache.get(party_id)

    def settle(self, party: Party) -> datetime | None:
        """Note when a party wakes next; one whose documents could not be written is looked at."""
        lane = self.lane
        if party.id in lane.suspects:
            self.rows(party)
        if self._stateless:
            return None
        wake = lane.core.wake_at(party)
        lane.wakes.put(party.id, wake)
        return wake

    def wake_before(self, until: datetime, party: Party) -> None:
        """Run the party's own wakes up to what is folded next."""
        wake = self.lane.core.wake_at(party)
        if wake is not None and wake <= until:
            self.lane.core.wake(party, until, self.effects)
            self.send()  # it happened before the event, which may yet be taken up again
            self.settle(party)

    def pass_on(self, arrival: Arrival, event: Event) -> None:
        """Send an event on as it came, where the service passes it on."""
        if event.type not in self._passed_on:
            return
        sequence = self._sequence(self._output)
        as_it_came = None if self._door else envelope.renumbered(arrival.headers, sequence)
        if as_it_came is not None:
            key, value = arrival.key or b"", event.value
            record = Record(self._output, self._partition, key, value, as_it_came)
        else:
            key, value, headers = envelope.passed_on(
                event, sequence=sequence, recorded_at=event.recorded_at or self.stamp
            )
            record = Record(self._output, self._partition, key, value, headers)
        self.writes.outbox.append(record)

    def _sequence(self, topic: str) -> int:
        sequences = self.cursor.sequences
        sequence = sequences.get(topic, 1)
        sequences[topic] = sequence + 1
        return sequence

    def send(self) -> None:
        """Encode what the core emitted; a fact too large to publish is the core's defect."""
        effects = self.effects
        if effects.out:
            for outgoing in effects.out:
                self._encode(outgoing)
            effects.out.clear()
        if not effects.broadcasts:
            return
        for fact in effects.broadcasts:
            self._encode_broadcast(
                Outgoing(
                    topic=self.lane.wiring.inputs[0],
                    subject="",
                    party="",
                    data=fact,
                    time=effects.now,
                    entity=effects.party,
                    woken=False,
                    cause=effects.cause,
                )
            )
        effects.broadcasts.clear()

    def _encode(self, outgoing: Outgoing) -> None:
        key, value, headers = envelope.encode(
            outgoing,
            source=self._source,
            sequence=self._sequence(outgoing.topic),
            recorded_at=self.stamp if self._door else None,
        )
        if len(value) > _LARGE_BYTES and exceeds(MESSAGE_BYTES_MAX, key, value, headers):
            message = f"{outgoing.data.type} is larger than a record may be ({len(value)} bytes)"
            raise ValueError(message)
        partition = self._partition
        if not outgoing.subject and outgoing.topic in self.lane.wiring.inputs:
            # For a party, wherever accounts are bound: what is sent on after it must not pass it.
            partition = partition_of(key, self.lane.partitions)
        self.writes.outbox.append(Record(outgoing.topic, partition, key, value, headers))

    def _encode_broadcast(self, outgoing: Outgoing) -> None:
        key, value, headers = envelope.encode(
            outgoing, source=self.lane.wiring.source, sequence=0, recorded_at=None
        )
        for partition in range(self.lane.partitions):
            copy = [*headers, (BROADCAST, b"1")]
            self.writes.outbox.append(Record(outgoing.topic, partition, key, value, copy))

    def rows(self, party: Party) -> list[Row]:
        """The changed documents of a party, as rows."""
        codec, made = self.lane.cache.codec, party.made
        return [
            codec.row(party.id, document, key=name[1], new=name in made)
            for name, document in party.changed.items()
        ]

    def poisoned(self, party_id: str) -> bool:
        """Whether folding this very arrival failed for the party before."""
        poison = self.lane.poison
        return bool(poison) and (*self.place, party_id) in poison

    def parks_later(self, party_id: str) -> bool:
        """Whether to store first what went well: so each defect costs one refold of it, not all."""
        return self.poisoned(party_id) and bool(self.done or self.touched)

    def spoiled(self, party: str, defect: Exception) -> Spoiled:
        """Say that the arrival in hand spoiled a party."""
        return Spoiled(place=self.place, party=party, reason=reason_of(defect))
