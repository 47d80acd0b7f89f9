"""A service's rules, as the shell calls them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from shared.core.documents import Document, Party
from shared.core.effects import Effects
from shared.core.events import Elsewhere, Event, Refusal


class Core(Protocol):
    """A service's rules, as the shell calls them. All of it is synchronous and pure."""

    documents: tuple[type[Document], ...]
    """The kinds of documents that a party has here."""

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:
        """Settled documents that folding `event` may need, besides those always loaded."""
        ...

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | Elsewhere | None:
        """Fold one event into the party. Unless it was folded, the party is as it was."""
        ...

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Do the bookkeeping of every wake up to `until`, in order, each at its own time."""
        ...

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Decide, once, at the tick's time, what a woken party's state now asks for."""
        ...

    def wake_at(self, party: Party) -> datetime | None:
        """When time alone will next matter to this party; after `wake(until)` it is later."""
        ...

    def share(self, event: Event, effects: Effects) -> bool:
        """Fold what concerns all parties into `effects.shared`; true wakes every party."""
        ...

    def tick(self, at: datetime, effects: Effects) -> None:
        """Act on a tick for the partition as a whole, after its parties were woken."""
        ...

    def parked(self, party: Party, effects: Effects) -> None:
        """Withdraw what stands open for a party whose events cannot be folded for now."""
        ...

    def unparked(self, party: Party, effects: Effects) -> None:
        """The party's events are folded again; those that were kept come after this, in order."""
        ...
