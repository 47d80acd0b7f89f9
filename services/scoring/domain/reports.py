"""What channels and collectors report: whether the right party was reached, and who objected."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.bookings import LOST
from shared.events.commands import ContactRecord, DisputeOpen, DisputeResolve, TaskComplete
from shared.events.outcomes import (
    ContactAnswered,
    ContactBusy,
    ContactNoAnswer,
    ContactReplied,
    ContactVoicemail,
)

_Told = ContactAnswered | ContactRecord | TaskComplete


def _missed(behaviour: Behaviour, _told: object) -> None:
    behaviour.contacts_missed += 1


def _reached(behaviour: Behaviour, _told: object) -> None:
    behaviour.contacts_reached += 1


def _answered(behaviour: Behaviour, told: _Told) -> None:
    """A call in which nobody says who answered tells that somebody did."""
    if told.party in (None, "right"):
        behaviour.contacts_reached += 1
    else:
        behaviour.contacts_missed += 1


def _recorded(behaviour: Behaviour, told: _Told) -> None:
    """What a collector writes down tells only where it names the party."""
    if told.party is not None:
        _answered(behaviour, told)


def _objected(behaviour: Behaviour, told: DisputeOpen) -> None:
    behaviour.objected(told.dispute_id)


def _objection_ended(behaviour: Behaviour, told: DisputeResolve) -> None:
    behaviour.objection_ended(told.dispute_id, lost=told.outcome in LOST)


REPORTS: Final[Mapping[str, Callable[[Behaviour, Any], None]]] = {
    ContactAnswered.type: _answered,
    ContactReplied.type: _reached,
    ContactNoAnswer.type: _missed,
    ContactBusy.type: _missed,
    ContactVoicemail.type: _missed,
    ContactRecord.type: _recorded,
    TaskComplete.type: _recorded,
    DisputeOpen.type: _objected,
    DisputeResolve.type: _objection_ended,
}
"""By type. Of an account that the ledger has not told of, nothing is noted."""
