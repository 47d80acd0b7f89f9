"""Folding one batch of one lane: from arrivals to a write set, without waiting for anything."""

from collections.abc import Iterable
from typing import Final

from shared.core import Elsewhere, Event, NotLoaded, Refusal
from shared.line.arrivals import FOREIGN_BYTES_MAX, Arrival
from shared.line.door import Door, Entrance
from shared.line.lane import Gap
from shared.line.page import Page, Spoiled, reason_of
from shared.line.parking import park, start_parking
from shared.line.ports import WriteSet
from shared.line.size import exceeds
from shared.line.ticking import tick
from shared.line.unparking import unpark
from shared.line.wiring import TICK

__all__ = ["Fold", "Spoiled"]

_EVENTS_BETWEEN_LOOKS: Final = 8
_TOO_LARGE_TO_GO_ON: Final = Refusal(
    "oversize", f"it goes to other partitions, with at most {FOREIGN_BYTES_MAX} bytes"
)
_HOPS_MAX: Final = 10_000
"""An account on its way is there a few rounds later: what is sent on this often is nobody's."""
_NEVER_ARRIVES: Final = Refusal(
    "unknown_reference", "it follows an account that never came", "subject"
)
_NOBODYS: Final = Refusal(
    "invalid", "it says neither whose account nor whose party it is", "subject"
)


class Fold(Page):
    """One pass over a line of arrivals. `outcomes` counts what became of them, by type."""

    def run(self, line: Iterable[Arrival]) -> WriteSet:
        """Fold as much of `line` as fits; raises `Spoiled` (try again) or `Gap` (stop the lane)."""
        asked = self.lane.asked
        for number, arrival in enumerate(line):
            if number % _EVENTS_BETWEEN_LOOKS == 0 and number and self.enough():
                break
            if not self._arrival(arrival):
                break
            if not number:
                self.oldest = arrival
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
                self.count(arrival, "duplicate")
                return True
            if arrival.sequence > heard + 1:
                message = f"{arrival.topic}: sequence {arrival.sequence} follows {heard}"
                raise Gap(message)
        if arrival.event is None:
            self.refuse(arrival, arrival.refusal or Refusal("malformed", "no event"))
            finished = True
        elif arrival.event.type == TICK:
            finished = tick(self, arrival, arrival.event, then=self._unpark)
        else:
            finished = self._event(arrival, arrival.event)
        if finished and arrival.sequence:
            self.cursor.heard[arrival.topic] = arrival.sequence
        return finished

    def _unpark(self) -> None:
        if not (self.unparked or self.writes.still_parked):  # or else it was at an earlier tick
            for party_id, kept in self.lane.unparking.items():
                unpark(self, party_id, kept, self._not_folded)

    def _event(self, arrival: Arrival, event: Event) -> bool:
        lane, wiring = self.lane, self.lane.wiring
        if lane.door is not None:
            party = lane.door.party_of(event, arrival.party)
            event = lane.door.placed(event, party, sent_on=bool(arrival.party))
            if not self._enter(arrival, event, lane.door):
                return True
        party = event.party
        if event.type in wiring.broadcasts:
            self._broadcast(arrival, event)
        elif not party and not wiring.stateless:
            self.refuse(arrival, _NOBODYS)
        elif not wiring.stateless and party not in lane.cache:
            return self._take_up_again(event)
        elif party in lane.parkings:
            self.pass_on(arrival, event)
            park(self, arrival, party, "parked before")
        else:
            return self._fold(arrival, event, party)
        return True

    def _enter(self, arrival: Arrival, event: Event, door: Door) -> bool:
        """Whether an event from outside is to be folded here and now."""
        entrance = door.enter(event, event.party)
        if entrance is Entrance.TAKEN:
            return True
        if isinstance(entrance, Refusal):
            self.refuse(arrival, entrance)
        elif entrance is Entrance.DUPLICATE:
            self.count(arrival, "duplicate")
        elif not self._fits(arrival):
            self.refuse(arrival, _TOO_LARGE_TO_GO_ON)
        else:
            self.count(arrival, "forwarded")
            self.writes.outbox.append(door.forward(arrival, event.party))
        return False

    def _fits(self, arrival: Arrival) -> bool:
        """Whether the record can be sent on with what a door adds to it."""
        return not exceeds(FOREIGN_BYTES_MAX, arrival.key, arrival.value, arrival.headers)

    def _take_up_again(self, event: Event) -> bool:
        """End the batch before an event, which is then not yet taken."""
        if self.lane.door is not None:
            self.lane.door.leave(event)
        return False

    def _fold(self, arrival: Arrival, event: Event, party_id: str) -> bool:
        lane = self.lane
        if self.poisoned(party_id):
            if self.parks_later(party_id):
                return self._take_up_again(event)
            self.pass_on(arrival, event)
            start_parking(self, arrival, event, party_id)
            return True
        self.begin(event.id, party_id, woken=event.woken)
        party = self.party(party_id)
        try:
            if event.woken:
                self.wake_before(event.time, party)
            refusal = lane.core.fold(party, event, self.effects)
            if refusal is None or lane.door is None:
                self.pass_on(arrival, event)
            self.send()
            self.settle(party)
        except NotLoaded as missing:
            if party.knows(missing.prefix, missing.key) or self.effects.out:
                raise self.spoiled(party_id, missing) from missing
            lane.asked.setdefault(self.place, set()).add((party_id, missing.prefix, missing.key))
            return self._take_up_again(event)
        except Exception as defect:
            raise self.spoiled(party_id, defect) from defect
        if refusal is None:
            self.count(arrival, "applied")
        else:
            self._not_folded(arrival, event, refusal)
        return True

    def _not_folded(self, arrival: Arrival, event: Event, why: Refusal | Elsewhere) -> None:
        if isinstance(why, Elsewhere):
            self._send_on(arrival, event, why.party)
            return
        self.refuse(arrival, why)
        if self.lane.door is not None and why.redrivable:
            self.lane.door.leave(event)

    def _send_on(self, arrival: Arrival, event: Event, party: str) -> None:
        """Send an event after its account, to the party that this has gone to; it counts there."""
        door = self.lane.door
        if door is None:
            message = "only a door sends on what comes for an account that has gone"
            raise RuntimeError(message)
        door.leave(event)
        if not self._fits(arrival):
            self.refuse(arrival, _TOO_LARGE_TO_GO_ON)
        elif arrival.hops >= _HOPS_MAX:
            self.refuse(arrival, _NEVER_ARRIVES)
        else:
            self.count(arrival, "forwarded")
            self.writes.outbox.append(door.send_on(arrival, party))

    def _broadcast(self, arrival: Arrival, event: Event) -> None:
        """Fold what concerns all.

        What cannot be folded leaves the old configuration in force; a dead letter says why.
        """
        lane = self.lane
        if lane.door is not None and not arrival.copy:
            if not self._fits(arrival):
                lane.door.leave(event)
                self.refuse(arrival, _TOO_LARGE_TO_GO_ON)
                return
            self.writes.outbox.extend(lane.door.copies(arrival))
        self.pass_on(arrival, event)
        if self.poisoned(""):
            self.broadcasts_refused += 1
            self.refuse(arrival, Refusal("invalid", lane.poison[(*self.place, "")]))
            return
        self.begin(event.id, "", woken=False)
        try:
            if lane.core.share(event, self.effects):
                lane.rousing.ask(getattr(event.data, "from_", None) or event.time)
            self.send()
            self.rows(lane.shared)
        except Exception as defect:
            raise self.spoiled("", defect) from defect
        self.count(arrival, "applied")

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
            if party.dropped:
                writes.gone.extend((party_id, *name) for name in party.dropped)
            try:
                writes.rows.extend(self.rows(party))
            except Exception as defect:
                raise Spoiled(place=None, party=party_id, reason=reason_of(defect)) from defect
            wake = None if party_id in lane.parkings else lane.core.wake_at(party)
            if party.stored_wake != wake:
                writes.wakes[party_id] = party.stored_wake = wake
        shared = self.rows(lane.shared)
        writes.rows.extend(shared)
        writes.cells = self.effects.cells
        writes.rebound = self.effects.rebound
        if lane.door is not None:
            writes.taken, writes.left = lane.door.taken, lane.door.left
        self.cursor.resume = lane.rousing.to_text()
        lane.cache.trim(self.touched)
        lane.shared.saved()
        lane.advance(self.cursor, shared, self.done)
