"""What a service's pure core and the shell around it agree on.

A core sees one line of `Event`s, in order. It folds each into the documents of one `Party` and
tells what follows through `Effects`; it never reads a clock, never waits, looks nothing up.
The same core runs under Kafka and MongoDB (`shared.runtime`) and in one process
(`shared.simulation`), and gives the same answers for the same line.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import ClassVar, Final, Protocol, TypeVar, cast

from shared.events.base import Fact

D = TypeVar("D", bound="Document")


@dataclass(slots=True)  # not frozen, like all that is made for every event: that costs 2 µs each
class Event:
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
    _digest: bytes = b""

    def digest(self) -> bytes:
        """16 bytes that are equal for the same type, subject and validated data, and no other."""
        if not self._digest:
            name = f"{self.type}\x1f{self.subject}\x1f".encode()
            self._digest = blake2b(name + self.data.smallest(), digest_size=16).digest()
        return self._digest


@dataclass(slots=True)
class Document:
    """One piece of a party's state: a plain mutable dataclass with its own key.

    Subclasses are ``@dataclass(slots=True)`` with JSON-shaped fields (int, str, bool, date,
    datetime, list, dict, nested dataclasses), every field but the key with a default where a later
    version may add it. `prefix` names the kind in the store and never changes.
    """

    prefix: ClassVar[str]

    @property
    def key(self) -> str:
        """What tells this document from others of its kind in the party; "" for a single one."""
        return ""

    @property
    def settled(self) -> bool:
        """Whether it is done with: then it is loaded only when `Core.wants` names it."""
        return False

    @property
    def listed(self) -> Mapping[str, str] | None:
        """By list, the text that readers find it by and that orders it; None: never in any list."""
        return None


class NotLoaded(LookupError):
    """A core asked for a settled document that is not at hand, before it changed anything.

    The shell loads it and folds the same event again. It costs a query, so `Core.wants` names what
    the event itself tells; this is for what only another document tells (what a payment paid).
    With "" for both it asks for all that the party has (`Party.whole`).
    """

    def __init__(self, prefix: str, key: str) -> None:
        """Name the document."""
        super().__init__(f"{prefix} {key!r} is not at hand", prefix, key)
        self.prefix = prefix
        self.key = key


class Party:
    """The documents of one party that are at hand: all that are not settled, and those wanted."""

    __slots__ = (
        "_by_kind", "_known", "_passing", "changed", "dropped", "id", "made", "stored_wake",
    )  # fmt: skip

    def __init__(self, party_id: str, documents: Iterable[Document] = ()) -> None:
        """Start with `documents` as loaded, none of them changed."""
        self.id = party_id
        self._by_kind: dict[str, dict[str, Document]] = {}
        self._known: set[tuple[str, str]] = set()
        self._passing: set[tuple[str, str]] = set()
        self.stored_wake: datetime | str | None = "unknown"
        self.changed: dict[tuple[str, str], Document] = {}
        self.made: set[tuple[str, str]] = set()
        """Which of the changed were not at hand before: most likely they are new to the store."""
        self.dropped: set[tuple[str, str]] = set()
        """What is to be removed from the store."""
        for document in documents:
            self.take(document)

    def take(self, document: Document) -> None:
        """Add a document as the store has it (the shell's way in)."""
        self._by_kind.setdefault(document.prefix, {})[document.key] = document
        if document.settled:
            self._passing.add((document.prefix, document.key))

    def know(self, prefix: str, key: str) -> None:
        """Note that the store was asked for this one: absent now means that there is none."""
        self._known.add((prefix, key))

    def knows(self, prefix: str, key: str) -> bool:
        """Whether this document is at hand, or known not to exist."""
        return key in self._by_kind.get(prefix, ()) or (prefix, key) in self._known

    def find(self, kind: type[D], key: str = "") -> D | None:
        """The document of this kind and key, or None if there is none."""
        return cast("D | None", self._by_kind.get(kind.prefix, {}).get(key))

    def settled(self, kind: type[D], key: str) -> D | None:
        """As `find`, for a kind that may be settled; raises `NotLoaded` if nobody asked."""
        found = self.find(kind, key)
        if found is None and (kind.prefix, key) not in self._known:
            raise NotLoaded(kind.prefix, key)
        return found

    def keep(self, document: D) -> D:
        """Put a new or changed document; only what is kept is written."""
        name = (document.prefix, document.key)
        kind = self._by_kind.setdefault(document.prefix, {})
        if name[1] not in kind:
            self.made.add(name)
            if self.dropped:
                self.dropped.discard(name)
        kind[name[1]] = self.changed[name] = document
        return document

    def whole(self) -> None:
        """Make sure that all the party has is at hand, settled too; else raise `NotLoaded`."""
        if ("", "") not in self._known:
            raise NotLoaded("", "")

    def drop(self, document: Document) -> None:
        """Remove a document: from now on there is none."""
        name = (document.prefix, document.key)
        del self._by_kind[name[0]][name[1]]
        self.changed.pop(name, None)
        self.made.discard(name)
        self.dropped.add(name)
        self._known.add(name)

    def overwrite(self, document: D) -> D:
        """As `keep`, where the store has one of this name that is not at hand."""
        kept = self.keep(document)
        self.made.discard((document.prefix, document.key))
        return kept

    def all(self, kind: type[D]) -> Iterator[D]:
        """The documents of one kind that are at hand, in the order they came."""
        return iter(cast("list[D]", list(self._by_kind.get(kind.prefix, {}).values())))

    def count(self) -> int:
        """How many documents are at hand."""
        return sum(map(len, self._by_kind.values()))

    def saved(self) -> list[Document]:
        """All changes are written: let go of settled documents, and say which (for the shell)."""
        self._passing.update(self.changed)
        gone = []
        for prefix, key in self._passing:
            document = self._by_kind.get(prefix, {}).get(key)
            if document is not None and document.settled:
                gone.append(self._by_kind[prefix].pop(key))
        self._passing.clear()
        self._known.clear()
        self.changed.clear()
        self.made.clear()
        self.dropped.clear()
        return gone


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


@dataclass(slots=True)
class Outgoing:
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
    ) -> None:
        """Publish `data` about account `subject`; `entity` tells it from others of its cause."""
        self.out.append(
            Outgoing(
                topic=topic,
                subject=subject,
                party=self.party,
                data=data,
                time=time,
                entity=entity,
                woken=self.woken,
                cause=self.cause,
                expires_at=expires_at,
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
