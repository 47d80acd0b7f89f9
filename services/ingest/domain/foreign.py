"""Events that come without their account: resolved by what the source calls things, or kept.

A reference (`source#id`) is a party of its own. Once an account is bound to it, what was told of it
goes on to that account's partition as an event of the contract, by way of `billing.events`; until
then it waits here. Both events come in any order, so the result is the same in each.
"""

from datetime import datetime
from typing import ClassVar, Final

from typing_extensions import override

from services.ingest.domain.invoice import SEPARATOR
from shared.core import Compact, Effects, Event, Outgoing, Party, Refusal
from shared.events.base import Fact
from shared.events.billing import ReferenceBound, ReferenceTold
from shared.topics import BILLING_EVENTS

TYPES: Final = frozenset({ReferenceBound.type, ReferenceTold.type})
"""What this module folds."""
_OTHERS: Final = Refusal("conflict", "the reference belongs to another account", "owner_id")


class Reference(Compact):
    """A source's own id, and the account that it belongs to."""

    prefix: ClassVar[str] = "reference"
    owner_id: str


class Unresolved(Compact):
    """What was told of a reference before its account was known."""

    prefix: ClassVar[str] = "unresolved"
    cause: str
    """The id of the event that told it."""
    digest: str
    time: datetime
    text: str
    """The event's data, as JSON."""
    done: bool = False

    @property
    @override
    def key(self) -> str:
        return f"{self.cause}{SEPARATOR}{self.digest}"

    @property
    @override
    def settled(self) -> bool:
        return self.done

    @property
    def told(self) -> ReferenceTold:
        """The event's data, validated again."""
        return ReferenceTold.model_validate_json(self.text)


def fold(party: Party, event: Event, effects: Effects) -> Refusal | None:
    """Bind a reference to its account, or tell the account what was told of the reference."""
    known = party.find(Reference)
    told = event.data
    if isinstance(told, ReferenceBound):
        if known is not None:
            return None if known.owner_id == told.owner_id else _OTHERS
        party.keep(Reference(told.owner_id))
        for note in list(party.all(Unresolved)):
            if not note.done:
                note.done = True
                party.keep(note)
                _tell(effects, note.told, told.owner_id, cause=note.cause, time=note.time)
    elif isinstance(told, ReferenceTold):
        if known is None:
            note = Unresolved(event.id, event.digest().hex(), event.time, told.model_dump_json())
            party.keep(note)
        else:
            _tell(effects, told, known.owner_id, cause=event.id, time=event.time)
    return None


def _tell(
    effects: Effects, told: ReferenceTold, owner_id: str, *, cause: str, time: datetime
) -> None:
    """Send on what was told, and what else is known of the account by it.

    The cause is the event that told it, whichever came last: so ids are the same in any order.
    """
    _send(effects, told.of(owner_id), subject=owner_id, cause=cause, time=time)
    for reference in told.binds:
        bound = ReferenceBound(reference=reference, owner_id=owner_id)
        _send(effects, bound, subject=reference, cause=cause, time=time)


def _send(effects: Effects, fact: Fact, *, subject: str, cause: str, time: datetime) -> None:
    """Publish for another party: it is forwarded from here to the partition that it lives on."""
    effects.out.append(
        Outgoing(
            topic=BILLING_EVENTS,
            subject=subject,
            party=subject,
            data=fact,
            time=time,
            entity=effects.party,
            woken=False,
            cause=cause,
        )
    )
