"""State: a party's documents, plain and mutable, and which of them are at hand."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from msgspec import Struct

D = TypeVar("D", bound="Document")


class Document:
    """One piece of a party's state: a plain mutable object with its own key.

    Subclasses are `Compact`, or ``@dataclass(slots=True)``, with JSON-shaped fields (int, str,
    bool, date, datetime, list, dict, nested ones of their like), every field but the key with a
    default where a later version may add it. `prefix` names the kind in the store and never
    changes.
    """

    __slots__ = ()

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


class Piece(Struct, omit_defaults=True, gc=False):
    """A part of a `Compact` document: plain values, which never lead back to it.

    What is as by default is not written, so a default never changes. It is made in half, written in
    a tenth of the time that a dataclass takes, and costs the collector of cycles nothing.
    """


class Compact(Document, Piece):
    """A document that is written as its pieces are: without what is as by default."""


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
        self._by_kind: dict[str, dict[str, Any]] = {}
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
        documents = self._by_kind.get(kind.prefix)
        found: D | None = documents.get(key) if documents is not None else None
        return found

    def settled(self, kind: type[D], key: str) -> D | None:
        """As `find`, for a kind that may be settled; raises `NotLoaded` if nobody asked."""
        found = self.find(kind, key)
        if found is None and (kind.prefix, key) not in self._known:
            if ("", "") in self._known:
                return None  # all was asked for, and there is none
            raise NotLoaded(kind.prefix, key)
        return found

    def keep(self, document: D) -> D:
        """Put a new or changed document; only what is kept is written."""
        name = (document.prefix, document.key)
        if self.changed.get(name) is document:
            return document
        kind = self._by_kind.setdefault(name[0], {})
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
        documents = self._by_kind.get(kind.prefix)
        return iter(list(documents.values()) if documents else ())

    def has(self, kind: type[D]) -> bool:
        """Whether a document of this kind is at hand."""
        return bool(self._by_kind.get(kind.prefix))

    def count(self) -> int:
        """How many documents are at hand."""
        return sum(map(len, self._by_kind.values()))

    def saved(self) -> list[Document]:
        """All changes are written: let go of settled documents, and say which (for the shell)."""
        gone = []
        for prefix, key in self._passing.union(self.changed) if self._passing else self.changed:
            documents = self._by_kind[prefix]
            document = documents.get(key)
            if document is not None and document.settled:
                gone.append(documents.pop(key))
        self._passing.clear()
        self._known.clear()
        self.changed.clear()
        self.made.clear()
        self.dropped.clear()
        return gone
