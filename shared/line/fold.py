"""Folding one batch of one lane: from arrivals to a write set, without waiting for anything."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared import envelope
from shared.core import Effects, Event, NotLoaded, Outgoing, Party, Refusal
from shared.events.ledger import PartyParked
from shared.line.arrivals import BROADCAST, FOREIGN_BYTES_MAX, Arrival, dead_letter
from shared.line.door import Door, Entrance
from shared.line.lane import EPOCH, Gap, Lane
from shared.line.ports import Parked, Record, Row, WriteSet
from shared.line.size import exceeds
from shared.line.wakes import LONG_AGO
from shared.line.wiring import TICK
from shared.topics import MESSAGE_BYTES_MAX

_EVENTS_BETWEEN_LOOKS: Final = 8
_LARGE_BYTES: Final = MESSAGE_BYTES_MAX // 2
"""With a value up to here a fact fits: its own headers are a few, of ids of 200 characters."""
_TOO_LARGE_TO_GO_ON: Final = Refusal(
    "oversize", f"it goes to other partitions, with at most {FOREIGN_BYTES_MAX} bytes"
)
_NOBODYS: Final = Refusal(
    "invalid", "it says neither whose account nor whose party it is", "subject"
)


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


def _check_moved(wake: datetime | None, at: datetime) -> None:
    """A wake that does not move forward would be due for ever."""
    if wake is not None and wake <= at:
        message = f"the wake did not move forward: {wake} at {at}"
        raise ValueError(message)


class Fold:
    """One pass over a line of arrivals. `outcomes` counts what became of them, by type."""

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
        self.moved = False
        """Whether anything happened at all: else there is nothing to commit."""
        self.effects = Effects(now=EPOCH, shared=lane.shared)

    def run(self, line: Iterable[Arrival]) -> WriteSet:
        """Fold as much of `line` as fits; raises `Spoiled` (try again) or `Gap` (stop the lane)."""
        asked = self.lane.asked
        for number, arrival in enumerate(line):
            if number % _EVENTS_BETWEEN_LOOKS == 0 and number and self.enough():
                break
            if not self._arrival(arrival):
                break
            self.cursor.offsets[arrival.topic] = arrival.offset + 1
            if asked:
                asked.pop(self.place, None)
            self.done += 1
        self._save()
        return self.writes

    def _arrival(self, arrival: Arrival) -> bool:
        """Fold one arrival; False if it must be taken up again after this batch is committed."""
        lane = self.lane
        self.place = (arrival.topic, arrival.offset)
        self.stamp = arrival.stamp
        if not lane.wiring.door and arrival.sequence:
            heard = self.cursor.heard.get(arrival.topic, 0)
            if arrival.sequence <= heard:
                self._count(arrival, "duplicate")
                return True
            if arrival.sequence > heard + 1:
                message = f"{arrival.topic}: sequence {arrival.sequence} follows {heard}"
                raise Gap(message)
        if arrival.event is None:
            self._refuse(arrival, arrival.refusal or Refusal("malformed", "no event"))
            finished = True
        elif arrival.event.type == TICK:
            finished = self._tick(arrival, arrival.event)
        else:
            finished = self._event(arrival, arrival.event)
        if finished and arrival.sequence:
            self.cursor.heard[arrival.topic] = arrival.sequence
        return finished

    def _count(self, arrival: Arrival, outcome: str) -> None:
        kind = arrival.event.type if arrival.event else "unknown"
        self.outcomes[(kind, outcome)] += 1

    def _refuse(self, arrival: Arrival, refusal: Refusal) -> None:
        self._count(arrival, refusal.reason)
        letter = dead_letter(self.lane.wiring, self.lane.partition, arrival, refusal)
        self.writes.outbox.append(letter)

    def _event(self, arrival: Arrival, event: Event) -> bool:
        lane = self.lane
        if lane.door is not None:
            party = lane.door.party_of(event)
            if party != event.party:
                event = replace(event, party=party)  # the account's binding, not what it came with
            if not self._enter(arrival, event, lane.door):
                return True
        party = event.party
        if event.type in lane.wiring.broadcasts:
            self._broadcast(arrival, event)
        elif not party and not lane.wiring.stateless:
            self._refuse(arrival, _NOBODYS)
        elif not lane.wiring.stateless and party not in lane.cache:
            return self._take_up_again(event)
        elif party in lane.parkings:
            self._pass_on(event)
            self._park(arrival, party, "parked before")
        else:
            return self._fold(arrival, event, party)
        return True

    def _enter(self, arrival: Arrival, event: Event, door: Door) -> bool:
        """Whether an event from outside is to be folded here and now."""
        entrance = door.enter(event, event.party)
        if isinstance(entrance, Refusal):
            self._refuse(arrival, entrance)
        elif entrance is Entrance.DUPLICATE:
            self._count(arrival, "duplicate")
        elif entrance is Entrance.FORWARDED and not self._fits(arrival):
            self._refuse(arrival, _TOO_LARGE_TO_GO_ON)
        elif entrance is Entrance.FORWARDED:
            self._count(arrival, "forwarded")
            self.writes.outbox.append(door.forward(arrival, event.party))
        return entrance is Entrance.TAKEN

    def _fits(self, arrival: Arrival) -> bool:
        """Whether the record can be sent on with what a door adds to it."""
        return not exceeds(FOREIGN_BYTES_MAX, arrival.key, arrival.value, arrival.headers)

    def _take_up_again(self, event: Event) -> bool:
        """End the batch before an event, which is then not yet taken."""
        if self.lane.door is not None:
            self.lane.door.leave(event)
        return False

    def _begin(self, event: Event, party: str, *, woken: bool) -> None:
        effects = self.effects
        clock = self.lane.wiring.clock_of(self.place[0])
        effects.now = self.cursor.watermarks.get(clock, EPOCH)
        effects.cause, effects.party, effects.woken = event.id, party, woken
        if party and not self.lane.wiring.stateless:
            self.touched[party] = None

    def _party(self, party_id: str) -> Party:
        lane = self.lane
        return lane.shared if lane.wiring.stateless else lane.cache.get(party_id)

    def _fold(self, arrival: Arrival, event: Event, party_id: str) -> bool:
        lane = self.lane
        if self._poisoned(party_id):
            if self._parks_later(party_id):
                return self._take_up_again(event)
            self._pass_on(event)
            self._start_parking(arrival, event, party_id)
            return True
        self._begin(event, party_id, woken=event.woken)
        party = self._party(party_id)
        try:
            if event.woken:
                self._wake_before(event, party)
            refusal = lane.core.fold(party, event, self.effects)
            if refusal is None or lane.door is None:
                self._pass_on(event)
            self._send()
            self._settle(party)
        except NotLoaded as missing:
            if party.knows(missing.prefix, missing.key) or self.effects.out:
                raise self._spoiled(party_id, missing) from missing
            lane.asked.setdefault(self.place, set()).add((party_id, missing.prefix, missing.key))
            return self._take_up_again(event)
        except Exception as defect:
            raise self._spoiled(party_id, defect) from defect
        if refusal is None:
            self._count(arrival, "applied")
            return True
        self._refuse(arrival, refusal)
        if lane.door is not None and refusal.redrivable:
            lane.door.leave(event)
        return True

    def _wake_before(self, event: Event, party: Party) -> None:
        """Run the party's own wakes up to an event that a wake upstream caused."""
        wake = self.lane.core.wake_at(party)
        if wake is not None and wake <= event.time:
            self.lane.core.wake(party, event.time, self.effects)
            self._send()  # it happened before the event, which may yet be taken up again
            self._settle(party)

    def _settle(self, party: Party) -> datetime | None:
        """Note when a party wakes next; one whose documents could not be written is looked at."""
        lane = self.lane
        if party.id in lane.suspects:
            self._rows(party)
        wake = None if lane.wiring.stateless else lane.core.wake_at(party)
        if not lane.wiring.stateless:
            lane.wakes.put(party.id, wake)
        return wake

    def _spoiled(self, party: str, defect: Exception) -> Spoiled:
        return Spoiled(place=self.place, party=party, reason=reason_of(defect))

    def _pass_on(self, event: Event) -> None:
        wiring = self.lane.wiring
        if event.type not in wiring.passed_on:
            return
        key, value, headers = envelope.passed_on(
            event,
            sequence=self._sequence(wiring.output),
            recorded_at=event.recorded_at or self.stamp,
        )
        self.writes.outbox.append(Record(wiring.output, self.lane.partition, key, value, headers))

    def _sequence(self, topic: str) -> int:
        sequence = self.cursor.sequences.get(topic, 1)
        self.cursor.sequences[topic] = sequence + 1
        return sequence

    def _send(self) -> None:
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
            source=self.lane.wiring.source,
            sequence=self._sequence(outgoing.topic),
            recorded_at=self.stamp if self.lane.wiring.door else None,
        )
        if len(value) > _LARGE_BYTES and exceeds(MESSAGE_BYTES_MAX, key, value, headers):
            message = f"{outgoing.data.type} is larger than a record may be ({len(value)} bytes)"
            raise ValueError(message)
        self.writes.outbox.append(Record(outgoing.topic, self.lane.partition, key, value, headers))

    def _encode_broadcast(self, outgoing: Outgoing) -> None:
        key, value, headers = envelope.encode(
            outgoing, source=self.lane.wiring.source, sequence=0, recorded_at=None
        )
        for partition in range(self.lane.partitions):
            copy = [*headers, (BROADCAST, b"1")]
            self.writes.outbox.append(Record(outgoing.topic, partition, key, value, copy))

    def _broadcast(self, arrival: Arrival, event: Event) -> None:
        """Fold what concerns all; what cannot be folded leaves the old configuration in force."""
        lane = self.lane
        if lane.door is not None and not arrival.copy:
            if not self._fits(arrival):
                lane.door.leave(event)
                self._refuse(arrival, _TOO_LARGE_TO_GO_ON)
                return
            self.writes.outbox.extend(lane.door.copies(arrival))
        self._pass_on(event)
        if self._poisoned(""):
            self._count(arrival, "broadcast_refused")
            return
        self._begin(event, "", woken=False)
        try:
            if lane.core.share(event, self.effects):
                lane.rousing.ask(getattr(event.data, "from_", None) or event.time)
            self._send()
            self._rows(lane.shared)
        except Exception as defect:
            raise self._spoiled("", defect) from defect
        self._count(arrival, "applied")

    def _tick(self, arrival: Arrival, event: Event) -> bool:
        """Wake who is due, then pass the tick on; False while more are due than one batch takes."""
        lane = self.lane
        if lane.door is not None and (distrust := lane.door.distrust(arrival, event)):
            self._refuse(arrival, distrust)
            return True
        if event.time <= self._watermark(arrival.topic):
            self._count(arrival, "duplicate")
            return True
        if not self._rouse(event) or not self._wake(event):
            return False
        lane.rousing.done(event.time)
        if not self._poisoned(""):
            self._begin(event, "", woken=False)
            try:
                lane.core.tick(event.time, self.effects)
                self._send()
                if lane.shared.changed:
                    self._rows(lane.shared)
            except Exception as defect:
                raise self._spoiled("", defect) from defect
        self._pass_on(event)
        self.cursor.watermarks[lane.wiring.clock_of(arrival.topic)] = event.time
        self._count(arrival, "applied")
        return True

    def _watermark(self, topic: str) -> datetime:
        return self.cursor.watermarks.get(self.lane.wiring.clock_of(topic), LONG_AGO)

    def _rouse(self, event: Event) -> bool:
        """Wake everyone where a configuration took effect; False while some are left."""
        lane = self.lane
        if not lane.rousing.due(event.time):
            return True
        if not lane.stored:
            lane.everyone = sorted(lane.cache.ids())
        elif self.done:
            lane.everyone = None  # listed before this batch's parties were stored
        if lane.everyone is None:
            return False
        for party_id in lane.everyone:
            if party_id <= lane.rousing.after:
                continue
            if party_id not in lane.cache or self._parks_later(party_id):
                return False
            self._wake_one(event, party_id)
            lane.rousing.after = party_id
        lane.everyone = None
        return lane.everyone_listed

    def _wake(self, event: Event) -> bool:
        lane = self.lane
        woken = 0
        while (first := lane.wakes.first()) is not None and first[0] <= event.time:
            party_id = first[1]
            if party_id not in lane.cache or woken >= lane.limits.wakes_max:
                return False
            if woken % _EVENTS_BETWEEN_LOOKS == 0 and woken and self.enough():
                return False
            if self._parks_later(party_id):
                return False
            self._wake_one(event, party_id)
            woken += 1
        return lane.wakes.known_until >= event.time

    def _parks_later(self, party_id: str) -> bool:
        """Whether to store first what went well: so each defect costs one refold of it, not all."""
        return self._poisoned(party_id) and bool(self.done or self.touched)

    def _poisoned(self, party_id: str) -> bool:
        """Whether folding this very arrival failed for the party before."""
        poison = self.lane.poison
        return bool(poison) and (*self.place, party_id) in poison

    def _wake_one(self, event: Event, party_id: str) -> None:
        """Bookkeeping up to the tick, each at its wake's time; then one decision, at the tick's."""
        lane = self.lane
        if party_id in lane.parkings:
            lane.wakes.put(party_id, None)
            return
        if self._poisoned(party_id):
            self._start_parking(None, event, party_id)
            return
        party = lane.cache.get(party_id)
        try:
            self._begin(event, party_id, woken=True)
            lane.core.wake(party, event.time, self.effects)
            self._send()
            self.effects.woken = False
            lane.core.decide(party, event.time, self.effects)
            self._send()
            wake = self._settle(party)
            _check_moved(wake, event.time)
        except Exception as defect:
            raise self._spoiled(party_id, defect) from defect

    def _start_parking(self, arrival: Arrival | None, event: Event, party_id: str) -> None:
        """Park a party: withdraw what stands open, tell the line, and keep the event."""
        lane = self.lane
        reason = lane.poison[(*self.place, party_id)]
        self._begin(event, party_id, woken=False)
        party = self._party(party_id)
        if (*self.place, f"{party_id}\x1fparked") not in lane.poison:
            try:
                lane.core.parked(party, self.effects)
                self._send()
                self._rows(party)
            except Exception as defect:
                raise self._spoiled(f"{party_id}\x1fparked", defect) from defect
        if lane.wiring.output:
            fact = PartyParked(
                party_id=party_id,
                service=lane.wiring.service,
                event_id=event.id,
                reason=reason[:200],
            )
            self.effects.emit(
                fact,
                topic=lane.wiring.output,
                subject=event.subject,
                entity=party_id,
                time=event.time,
            )
            self._send()
        lane.parkings.setdefault(party_id, 0)
        self.writes.parkings[party_id] = lane.parkings[party_id]
        lane.wakes.put(party_id, None)
        if arrival is not None:
            self._park(arrival, party_id, reason)

    def _park(self, arrival: Arrival, party_id: str, reason: str) -> None:
        lane = self.lane
        number = lane.parkings[party_id]
        lane.parkings[party_id] = self.writes.parkings[party_id] = number + 1
        if not lane.wiring.stateless:
            self.touched[party_id] = None
        self._count(arrival, "parked")
        self.writes.parked.append(
            Parked(
                party=party_id,
                number=number,
                topic=arrival.topic,
                offset=arrival.offset,
                key=arrival.key,
                value=arrival.value,
                headers=arrival.headers,
                reason=reason,
            )
        )

    def _rows(self, party: Party) -> list[Row]:
        codec = self.lane.cache.codec
        return [
            codec.row(party.id, document, new=name in party.made)
            for name, document in party.changed.items()
        ]

    def _save(self) -> None:
        """Gather what changed; a party with a document that cannot be written is then suspected.

        Which event made it so shows when the batch is folded again.
        """
        lane, writes = self.lane, self.writes
        self.moved = bool(self.done or self.touched)
        if not self.moved:
            return
        for party_id in self.touched:
            party = lane.cache.get(party_id)
            try:
                writes.rows.extend(self._rows(party))
            except Exception as defect:
                raise Spoiled(place=None, party=party_id, reason=reason_of(defect)) from defect
            wake = None if party_id in lane.parkings else lane.core.wake_at(party)
            if party.stored_wake != wake:
                writes.wakes[party_id] = party.stored_wake = wake
        shared = self._rows(lane.shared)
        writes.rows.extend(shared)
        writes.cells = self.effects.cells
        if lane.door is not None:
            writes.taken = lane.door.taken
        self.cursor.resume = lane.rousing.to_text()
        lane.cache.trim(self.touched)
        lane.shared.saved()
        lane.advance(self.cursor, shared, self.done)
