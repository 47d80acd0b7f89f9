"""What came before the document it is about: it waits for it, and is booked then."""

from datetime import date
from typing import ClassVar

from typing_extensions import override

from services.ingest.domain.invoice import SEPARATOR
from services.ingest.domain.ledger import Ledger
from shared.core import Compact, Party
from shared.events.base import REGISTRY, Fact


class Waiting(Compact):
    """An event that names the document (`kind`, `needed`), which has not come.

    `own_id` is the event's business id, or its digest where it has none. Once `done`, `refused`
    says why it could not be booked after all, if so.
    """

    prefix: ClassVar[str] = "waiting"
    account_id: str
    kind: str
    needed: str
    type: str
    own_id: str
    on: date
    digest: str
    text: str
    """The event's data, as JSON."""
    done: bool = False
    refused: str = ""

    @property
    @override
    def key(self) -> str:
        return SEPARATOR.join((self.account_id, self.type, self.own_id))

    @property
    @override
    def settled(self) -> bool:
        return self.done

    @property
    def data(self) -> Fact:
        """The event's data, validated again."""
        return REGISTRY[self.type].model_validate_json(self.text)


def wait(ledger: Ledger, told: Fact, *, kind: str, needed: str, on: date) -> None:
    """Have an event wait for a document."""
    note = Waiting(
        account_id=ledger.account.account_id,
        kind=kind,
        needed=needed,
        type=told.type,
        own_id=ledger.own_id or ledger.digest,
        on=on,
        digest=ledger.digest,
        text=told.model_dump_json(),
    )
    ledger.party.keep(note)


def waits_already(ledger: Ledger, told: Fact) -> Waiting | None:
    """The event of this type and id that came before and still waits."""
    own_id = ledger.own_id or ledger.digest
    key = SEPARATOR.join((ledger.account.account_id, told.type, own_id))
    known = ledger.party.find(Waiting, key)
    return None if known is None or known.done else known


def waiting_for(party: Party, account_id: str, kind: str, needed: str) -> list[Waiting]:
    """The events that wait for a document, oldest first."""
    found = [
        note
        for note in party.all(Waiting)
        if not note.done
        and note.needed == needed
        and note.kind == kind
        and note.account_id == account_id
    ]
    return sorted(found, key=lambda note: (note.on, note.type, note.own_id))
