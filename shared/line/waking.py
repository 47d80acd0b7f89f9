"""Waking one party: bookkeeping up to a tick, each at its wake's time; then one decision."""

from datetime import datetime

from shared.line.page import Page


def wake_up(page: Page, cause: str, party_id: str, at: datetime) -> None:
    """Bring a party up to a tick's time."""
    core, party = page.lane.core, page.lane.cache.get(party_id)
    try:
        page.begin(cause, party_id, woken=True)
        core.wake(party, at, page.effects)
        page.send()
        page.effects.woken = False
        core.decide(party, at, page.effects)
        page.send()
        wake = page.settle(party)
        _check_moved(wake, at)
    except Exception as defect:
        raise page.spoiled(party_id, defect) from defect


def _check_moved(wake: datetime | None, at: datetime) -> None:
    """A wake that does not move forward would be due for ever."""
    if wake is not None and wake <= at:
        message = f"the wake did not move forward: {wake} at {at}"
        raise ValueError(message)
