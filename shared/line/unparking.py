"""Unparking: what was kept for a party is folded after all, in order, once the defect is mended.

It comes right after a tick, so that the place in the line does not depend on batches. It is all or
nothing: of half of it nobody could say what the party owes. What fails again is kept on as it was,
and the store has the reason for whoever asked.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.core import Elsewhere, Event, Refusal
from shared.events.ledger import PartyUnparked
from shared.line.arrivals import EPOCH, Arrival, arrive
from shared.line.page import Page
from shared.line.ports import Parked
from shared.line.waking import wake_up

NotFolded = Callable[[Arrival, Event, Refusal | Elsewhere], None]
"""What becomes of an event that a core does not take."""


def unpark(page: Page, party_id: str, kept: Sequence[Parked], not_folded: NotFolded) -> None:
    """Fold what was kept for a party, and tell the line; or note why the party stays parked.

    Each event is folded at the line's time when it came, wakes between them included. What ticks
    would have decided meanwhile is not made up for: it is decided once, at the latest one's time.
    `kept` is what the store has; what this batch has kept follows.
    """
    lane, writes = page.lane, page.writes
    kept = [*kept, *(one for one in writes.parked if one.party == party_id)]
    if why := _reason_not_to(page, party_id, kept):
        writes.still_parked[party_id] = why
        return
    writes.parked = [one for one in writes.parked if one.party != party_id]
    stamp, page.place = page.stamp, _before(page)
    now = page.cursor.watermarks.get(lane.clocks[page.place[0]], EPOCH)
    cause = f"{party_id} unparked {now.isoformat()}"
    page.begin(cause, party_id, woken=False)
    try:
        lane.core.unparked(page.party(party_id), page.effects)
        page.send()
    except Exception as defect:
        raise page.spoiled(party_id, defect) from defect
    for one in kept:
        _fold(page, party_id, one, not_folded)
    page.stamp, page.place = stamp, _before(page)
    if not lane.wiring.stateless:
        wake_up(page, cause, party_id, now)
    page.begin(cause, party_id, woken=False)
    _tell(page, party_id, len(kept), now)
    del lane.parkings[party_id]
    writes.parkings[party_id] = -1
    page.unparked.add(party_id)


def _before(page: Page) -> tuple[str, int]:
    """A place before all that the lane has yet to fold."""
    return page.lane.wiring.inputs[0], -1


def _reason_not_to(page: Page, party_id: str, kept: Sequence[Parked]) -> str:
    """What failed in the pass before this one, or what is wrong with what was kept."""
    lane = page.lane
    wanted = lane.parkings[party_id]
    if [one.number for one in kept] != list(range(wanted)):
        return f"{wanted} events were kept for it, and the store has {len(kept)} of them"
    places = [_before(page), *((one.topic, one.offset) for one in kept)]
    failed = (lane.poison.get((*place, party_id)) for place in places)
    return next((reason for reason in failed if reason), "")


def _fold(page: Page, party_id: str, one: Parked, not_folded: NotFolded) -> None:
    """Fold one event as on the day it came; its bytes went on then, where they do."""
    lane = page.lane
    page.place, page.stamp = (one.topic, one.offset), one.stamp
    arrival = arrive(
        lane.wiring,
        topic=one.topic,
        offset=one.offset,
        stamp=one.stamp,
        key=one.key,
        value=one.value,
        headers=one.headers,
    )
    event = arrival.event
    if event is None:
        page.refuse(arrival, arrival.refusal or Refusal("malformed", "no event"))
        return
    if lane.door is not None:
        event = lane.door.placed(event, party_id, sent_on=bool(arrival.party))
    party = page.party(party_id)
    try:
        if not lane.wiring.stateless:
            _begin(page, event.id, party_id, one.now, woken=True)
            page.wake_before(max(one.now or EPOCH, event.time if event.woken else EPOCH), party)
        _begin(page, event.id, party_id, one.now, woken=event.woken)
        refusal = lane.core.fold(party, event, page.effects)
        page.send()
        page.settle(party)
    except Exception as defect:
        raise page.spoiled(party_id, defect) from defect
    if refusal is None:
        page.count(arrival, "unparked")
    else:
        not_folded(arrival, event, refusal)


def _begin(page: Page, cause: str, party_id: str, now: datetime | None, *, woken: bool) -> None:
    page.begin(cause, party_id, woken=woken)
    page.effects.now = now or EPOCH


def _tell(page: Page, party_id: str, events: int, now: datetime) -> None:
    """Say downstream that the party is up to date: what it led to has been said before."""
    wiring = page.lane.wiring
    if wiring.output:
        fact = PartyUnparked(party_id=party_id, service=wiring.service, events=events)
        page.effects.emit(fact, topic=wiring.output, subject="", entity=party_id, time=now)
        page.send()
