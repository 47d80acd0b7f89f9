"""Ticks: who is due is woken, each at the wake's own time, and then the tick is passed on."""

from collections.abc import Callable
from typing import Final

from shared.core import Event
from shared.line.arrivals import Arrival
from shared.line.page import Page
from shared.line.parking import start_parking
from shared.line.wakes import LONG_AGO
from shared.line.waking import wake_up

_WAKES_BETWEEN_LOOKS: Final = 8


def tick(page: Page, arrival: Arrival, event: Event, *, then: Callable[[], None]) -> bool:
    """Wake who is due, pass the tick on, and do what comes `then`.

    False while more are due than one batch takes.
    """
    lane, watermarks = page.lane, page.cursor.watermarks
    if lane.door is not None and (distrust := lane.door.distrust(arrival, event)):
        page.refuse(arrival, distrust)
        return True
    clock = lane.clocks[arrival.topic]
    if event.time <= watermarks.get(clock, LONG_AGO):
        page.count(arrival, "duplicate")
        return True
    if not _rouse(page, event) or not _wake(page, event):
        return False
    lane.rousing.done(event.time)
    if not page.poisoned(""):
        _tick_all(page, event)
    page.pass_on(arrival, event)
    watermarks[clock] = event.time
    page.count(arrival, "applied")
    then()
    return True


def _tick_all(page: Page, event: Event) -> None:
    """What the core does at a tick for the partition as a whole."""
    lane = page.lane
    page.begin(event.id, "", woken=False)
    try:
        lane.core.tick(event.time, page.effects)
        page.send()
        if lane.shared.changed:
            page.rows(lane.shared)
    except Exception as defect:
        raise page.spoiled("", defect) from defect


def _rouse(page: Page, event: Event) -> bool:
    """Wake everyone where a configuration took effect; False while some are left."""
    lane = page.lane
    if not lane.rousing.due(event.time):
        return True
    if not lane.stored:
        lane.everyone = sorted(lane.cache.ids())
    elif page.done:
        lane.everyone = None  # listed before this batch's parties were stored
    if lane.everyone is None:
        return False
    for party_id in lane.everyone:
        if party_id <= lane.rousing.after:
            continue
        if party_id not in lane.cache or page.parks_later(party_id):
            return False
        _wake_one(page, event, party_id)
        lane.rousing.after = party_id
    lane.everyone = None
    return lane.everyone_listed


def _wake(page: Page, event: Event) -> bool:
    lane = page.lane
    woken = 0
    while (first := lane.wakes.first()) is not None and first[0] <= event.time:
        party_id = first[1]
        if party_id not in lane.cache or woken >= lane.limits.wakes_max:
            return False
        if woken % _WAKES_BETWEEN_LOOKS == 0 and woken and page.enough():
            return False
        if page.parks_later(party_id):
            return False
        _wake_one(page, event, party_id)
        woken += 1
    return lane.wakes.known_until >= event.time


def _wake_one(page: Page, event: Event, party_id: str) -> None:
    """Bookkeeping up to the tick, each at its wake's time; then one decision, at the tick's."""
    lane = page.lane
    if party_id in lane.parkings:
        lane.wakes.put(party_id, None)
        return
    if page.poisoned(party_id):
        start_parking(page, None, event, party_id)
        return
    wake_up(page, event.id, party_id, event.time)
