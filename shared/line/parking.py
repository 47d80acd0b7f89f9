"""Parking: a party on whose event a core failed is set aside, with all that comes for it."""

from shared.core import Event
from shared.events.ledger import PartyParked
from shared.line.arrivals import Arrival
from shared.line.page import Page
from shared.line.ports import Parked


def start_parking(page: Page, arrival: Arrival | None, event: Event, party_id: str) -> None:
    """Park a party: withdraw what stands open, tell the line, and keep the event."""
    lane = page.lane
    reason = lane.poison[(*page.place, party_id)]
    page.begin(event.id, party_id, woken=False)
    party = page.party(party_id)
    if (*page.place, f"{party_id}\x1fparked") not in lane.poison:
        try:
            lane.core.parked(party, page.effects)
            page.send()
            page.rows(party)
        except Exception as defect:
            raise page.spoiled(f"{party_id}\x1fparked", defect) from defect
    if lane.wiring.output:
        fact = PartyParked(
            party_id=party_id,
            service=lane.wiring.service,
            event_id=event.id,
            reason=reason[:200],
        )
        page.effects.emit(
            fact,
            topic=lane.wiring.output,
            subject=event.subject,
            entity=party_id,
            time=event.time,
        )
        page.send()
    lane.parkings.setdefault(party_id, 0)
    page.writes.parkings[party_id] = lane.parkings[party_id]
    lane.wakes.put(party_id, None)
    if arrival is not None:
        park(page, arrival, party_id, reason)


def park(page: Page, arrival: Arrival, party_id: str, reason: str) -> None:
    """Keep an event for a party that is parked, behind those that were kept before."""
    lane = page.lane
    number = lane.parkings[party_id]
    lane.parkings[party_id] = page.writes.parkings[party_id] = number + 1
    if not lane.wiring.stateless:
        page.touched[party_id] = None
    page.count(arrival, "parked")
    page.writes.parked.append(
        Parked(
            party=party_id,
            number=number,
            topic=arrival.topic,
            offset=arrival.offset,
            key=arrival.key,
            value=arrival.value,
            headers=arrival.headers,
            reason=reason,
            stamp=arrival.stamp,
            now=page.cursor.watermarks.get(lane.clocks[arrival.topic]),
        )
    )
