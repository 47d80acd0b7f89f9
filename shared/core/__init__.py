"""What a service's pure core and the shell around it agree on.

A core sees one line of `Event`s, in order. It folds each into the documents of one `Party` and
tells what follows through `Effects`; it never reads a clock, never waits, looks nothing up.
The same core runs under Kafka and MongoDB (`shared.runtime`) and in one process
(`shared.simulation`), and gives the same answers for the same line.

events        what comes in, and why it may not be taken
documents     the state of a party
codec         … as text and back
effects       what goes out
core          the rules, as the shell calls them
"""

from shared.core.core import Core
from shared.core.documents import Compact, Document, NotLoaded, Party, Piece
from shared.core.effects import Effects, Outgoing
from shared.core.events import REFUSALS, Elsewhere, Event, Refusal

__all__ = [
    "REFUSALS", "Compact", "Core", "Document", "Effects", "Elsewhere", "Event", "NotLoaded",
    "Outgoing", "Party", "Piece", "Refusal",
]  # fmt: skip
