"""Which dead letters can be sent again, which not and why, and what is sent. No I/O."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from services.command.letters.letter import Header, Letter
from services.ingest.wiring import WIRING
from shared.line.arrivals import BROADCAST
from shared.line.ports import Record
from shared.line.wiring import TICK
from shared.topics import BY_NAME, partition_of

REDRIVABLE: Final = "redrivable"
SEEN: Final = "seen"
SAME: Final = "same"
GONE: Final = "gone"
OVERSIZE: Final = "oversize"
MEANINGS: Final = {
    SEEN: "the id is registered; corrected, it comes under a new id",
    SAME: "a newer letter has the same input",
    "internal": "its place is in a numbered line, which nothing is put into",
    "webhook": "no topic has it; the provider has to send it again",
    "tick": "the clock's next one makes up for it",
    "unknown": "it does not say from which of ingest's topics it came",
    GONE: "the bytes were left where it came from, and are not there any more",
    OVERSIZE: "larger than a record may be",
}
"""The closed list of why a letter is not sent."""


class Judged(NamedTuple):
    """A letter, and how it stands: `REDRIVABLE`, or a word of `MEANINGS`."""

    letter: Letter
    standing: str


@dataclasses.dataclass(slots=True)
class Cause:
    """All letters of one fingerprint."""

    fingerprint: str
    reason: str
    field: str
    first: datetime
    last: datetime
    types: Counter[str] = dataclasses.field(default_factory=Counter)
    sources: Counter[str] = dataclasses.field(default_factory=Counter)
    standings: Counter[str] = dataclasses.field(default_factory=Counter)

    still_refused: int = 0
    """How many of those that can be sent would be letters again (`Letter.still_refused`)."""

    @property
    def letters(self) -> int:
        """How many there are."""
        return self.standings.total()


def closed(letter: Letter) -> str:
    """Why a letter can never be sent again, whatever its bytes are; "" if it can."""
    topic, partition, _ = letter.origin
    if topic.startswith("/"):  # the path of a door, where no topic is
        return "webhook"
    if topic not in WIRING.inputs:
        return "internal" if topic in BY_NAME else "unknown"
    if partition < 0:
        return "unknown"
    return "tick" if letter.type == TICK or letter.reason == "untrusted_tick" else ""


def judge(letters: Iterable[Letter], *, seen: Collection[str]) -> list[Judged]:
    """How each letter stands, in the order of their times.

    Args:
        letters: those that are asked about; one with bytes that are gone has no `identity`.
        seen: of their names (`Letter.registered_as`), those that ingest has registered.
    """
    newest: set[bytes] = set()
    found = []
    for letter in sorted(letters, key=lambda one: (one.at, one.place), reverse=True):
        standing = closed(letter)
        if not standing and not letter.identity:
            standing = GONE
        elif not standing and letter.named and letter.registered_as in seen:
            standing = SEEN
        elif not standing and letter.identity in newest:
            standing = SAME
        elif not standing:
            standing = REDRIVABLE
            newest.add(letter.identity)
        found.append(Judged(letter, standing))
    return found[::-1]


def to_send(judged: Iterable[Judged]) -> list[Letter]:
    """The letters that are sent, in the order in which their records came."""
    wanted = (letter for letter, standing in judged if standing == REDRIVABLE)
    return sorted(wanted, key=lambda one: (one.appended_at, one.origin))


def record_of(
    letter: Letter,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[Header],
    *,
    partitions: int,
) -> Record:
    """The record to send: the bytes as they came, on the partition that its key lives on.

    What concerns all goes to where it was: each partition has its own copy.
    """
    topic, partition, _ = letter.origin
    bound = letter.for_all or any(name == BROADCAST for name, _ in headers)
    if key is not None and not bound:
        partition = partition_of(key, partitions)
    return Record(topic, partition, key, value, headers)


def causes(judged: Iterable[Judged]) -> list[Cause]:
    """The letters by fingerprint, most of them first."""
    found: dict[str, Cause] = {}
    for letter, standing in judged:
        cause = found.get(letter.fingerprint)
        if cause is None:
            told = (letter.fingerprint, letter.reason, letter.field)
            cause = found[letter.fingerprint] = Cause(*told, first=letter.at, last=letter.at)
        cause.first, cause.last = min(cause.first, letter.at), max(cause.last, letter.at)
        cause.types[letter.type] += 1
        cause.sources[letter.source] += 1
        cause.standings[standing] += 1
        cause.still_refused += standing == REDRIVABLE and letter.still_refused
    return sorted(found.values(), key=lambda one: (-one.letters, one.fingerprint))
