"""What a core is given and what it answers: events, and why one of them is not taken."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from shared.events.base import Fact

Header = tuple[str, bytes]


class Event(Struct, gc=False):  # like all that is made for every event: a third of the cost
    """One message of a line, decoded and valid. Nobody changes it.

    `party` is the unit of order and of state ("" for what concerns all parties of a partition).
    `woken` marks what a wake upstream caused (an item that fell overdue): a core's own wakes up to
    `time` are run before it. `value` is the data as it came, to be passed on as bytes.
    """

    id: str
    source: str
    type: str
    subject: str
    party: str
    time: datetime
    data: Fact
    value: bytes
    woken: bool = False
    recorded_at: datetime | None = None
    follows: bool = False
    """Whether it was sent on to `party`, which its account has gone to."""
    cover: tuple[list[Header], list[Header], list[Header]] | None = None
    """Its headers for going on, once they were written (`shared.envelope.passed_on`)."""
    _digest: bytes = b""

    def digest(self) -> bytes:
        """16 bytes that are equal for the same type, subject and validated data, and no other."""
        if not self._digest:
            name = f"{self.type}\x1f{self.subject}\x1f".encode()
            self._digest = blake2b(name + self.data.smallest(), digest_size=16).digest()
        return self._digest


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event from outside is not taken: it becomes a dead letter, and nothing else changes.

    `reason` is from `REFUSALS`. With `redrivable` the event's id is not registered, so that the
    same event can be sent again once it can be acted on.
    """

    reason: str
    detail: str
    field: str = ""
    redrivable: bool = False


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Why an event is not folded here: its account is another party's by now. It is sent there.

    Where an event that follows its account is there before it, it is sent once more to where it is.
    """

    party: str


REFUSALS: Final = {
    "malformed": "no CloudEvent, no JSON, or no UTF-8",
    "unknown_type": "a type that the contract does not have",
    "invalid": "a field is missing, of the wrong type or out of range",
    "oversize": "larger than a record may be",
    "conflict": "the same id came before with other content",
    "unknown_reference": "it names something that must be there and is not",
    "not_yet_supported": "valid, but not acted on yet; it can be redriven later",
    "untrusted_tick": "a tick that is not the clock's, or ahead of the broker's time",
    "unreadable": "an internal record that its reader cannot decode",
}
"""The closed list of reasons on dead letters."""
