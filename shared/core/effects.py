"""What follows from one fold: facts to publish, figures, and what concerns all."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from shared.core.documents import Party
from shared.events.base import Fact


class Outgoing(Struct, gc=False):
    """A fact to publish. Its id follows from cause, type, entity and moment, so it never varies."""

    topic: str
    subject: str
    party: str
    data: Fact
    time: datetime
    entity: str
    woken: bool
    cause: str
    expires_at: datetime | None = None
    value: bytes = b""
    """Its smallest JSON, where that was written before."""


@dataclass(slots=True)
class Effects:
    """What one fold leads to; the shell sets the context, the core adds to it.

    `now` is the line's time: the latest tick seen before (the epoch if there was none yet).
    `shared` holds the partition's own documents: configuration in force, suppressed addresses.
    """

    now: datetime
    shared: Party
    cause: str = ""
    party: str = ""
    woken: bool = False
    out: list[Outgoing] = field(default_factory=list)
    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    broadcasts: list[Fact] = field(default_factory=list)
    rebound: dict[str, tuple[str, int]] = field(default_factory=dict)

    def emit(
        self,
        data: Fact,
        *,
        topic: str,
        subject: str,
        entity: str,
        time: datetime,
        expires_at: datetime | None = None,
        value: bytes = b"",
    ) -> None:
        """Publish `data` about account `subject`; `entity` tells it from others of its cause.

        `value` is its smallest JSON, if the core has written that for a use of its own.
        """
        self.out.append(
            Outgoing(
                topic,
                subject,
                self.party,
                data,
                time,
                entity,
                self.woken,
                self.cause,
                expires_at,
                value,
            )
        )

    def add(self, row: str, cell: str, amount: int) -> None:
        """Add to one number of a cube, kept per source partition and summed on reading."""
        self.cells[(row, cell)] = self.cells.get((row, cell), 0) + amount

    def broadcast(self, data: Fact) -> None:
        """Send a fact to every partition, this one included (only a door's core may)."""
        self.broadcasts.append(data)

    def rebind(self, account_id: str, party_id: str, number: int) -> None:
        """Route what comes for an account to a party from now on (only a door's core may).

        `number` grows with each of the account's moves: a lower one changes nothing.
        """
        self.rebound[account_id] = (party_id, number)
