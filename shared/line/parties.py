"""The parties that a partition's owner holds in memory, and their documents as rows."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from shared.core import Document, Party
from shared.core.codec import read, write
from shared.line.ports import Row

_BATCHES_BETWEEN_COUNTS: Final = 20
"""Counting all documents at hand costs time; the limit may be passed by so many batches."""


class DocumentCodec:
    """Turns a core's documents into rows and back."""

    def __init__(self, kinds: Iterable[type[Document]]) -> None:
        """Prepare `kinds`; two with the same prefix are a defect."""
        self._kinds: dict[str, type[Document]] = {}
        for kind in kinds:
            if kind.prefix in self._kinds:
                message = f"two documents claim the prefix {kind.prefix!r}"
                raise TypeError(message)
            self._kinds[kind.prefix] = kind

    def document(self, row: Row) -> Document:
        """The document of a row."""
        return read(self._kinds[row.prefix], row.text)

    def row(
        self, party: str, document: Document, *, key: str | None = None, new: bool = False
    ) -> Row:
        """The row of a document as it now is; `new` if there was none before, `key` if known."""
        return Row(
            party,
            document.prefix,
            document.key if key is None else key,
            write(document),
            not document.settled,
            new,
            document.listed,
        )


class PartyCache:
    """The parties of one partition at hand, the least recently used let go of first."""

    def __init__(self, codec: DocumentCodec, *, documents_max: int, stored: bool) -> None:
        """Hold at most about `documents_max` documents between batches; all, if none is stored."""
        self.codec = codec
        self._stored = stored
        self._settled: dict[tuple[str, str, str], Document] = {}
        """Where there is no store: what was let go of, to be taken up again when asked for."""
        self._documents_max = documents_max
        self._parties: OrderedDict[str, Party] = OrderedDict()
        self._since_count = 0

    def __contains__(self, party_id: str) -> bool:
        """Whether the party is at hand."""
        return party_id in self._parties

    def get(self, party_id: str) -> Party:
        """The party, which must be at hand; it counts as used now."""
        parties = self._parties
        parties.move_to_end(party_id)
        return parties[party_id]

    def find(self, party_id: str) -> Party | None:
        """The party if it is at hand."""
        return self._parties.get(party_id)

    def ids(self) -> list[str]:
        """The ids of the parties at hand."""
        return list(self._parties)

    def add(self, parties: Iterable[str], rows: Iterable[Row]) -> None:
        """Take rows in: all open ones of the new `parties`, and single ones of those at hand."""
        for party_id in parties:
            if party_id not in self._parties:
                self._parties[party_id] = Party(party_id)
        for row in rows:
            party = self._parties[row.party]
            if not party.knows(row.prefix, row.key):
                party.take(self.codec.document(row))

    def know(self, party_id: str, prefix: str, key: str) -> None:
        """Note that a document was asked for: if it was not brought, there is none."""
        party = self._parties[party_id]
        if not prefix and not self._stored:
            for name in [name for name in self._settled if name[0] == party_id]:
                party.take(self._settled.pop(name))
        kept = self._settled.pop((party_id, prefix, key), None)
        if kept is not None:
            party.take(kept)
        party.know(prefix, key)

    def trim(self, touched: Iterable[str]) -> None:
        """After a batch: let go of settled documents, and of parties beyond the limit."""
        for party_id in touched:
            gone = self._parties[party_id].saved()
            if not self._stored:
                self._settled.update({(party_id, one.prefix, one.key): one for one in gone})
        self._since_count += 1
        if not self._stored or self._since_count < _BATCHES_BETWEEN_COUNTS:
            return
        self._since_count = 0
        total = sum(party.count() + 1 for party in self._parties.values())
        while total > self._documents_max and self._parties:
            _, party = self._parties.popitem(last=False)
            total -= party.count() + 1

    def clear(self) -> None:
        """Let go of all."""
        self._parties.clear()
