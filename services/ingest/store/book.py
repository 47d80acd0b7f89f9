"""One account's book as of one moment."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from services.ingest.domain.account import Account
from services.ingest.domain.creditor import Creditor
from services.ingest.domain.invoice import DONE, SEPARATOR, Invoice, done_from, key_of
from services.ingest.domain.tally import Tally
from shared.core import Document
from shared.line.parties import DocumentCodec
from shared.line.ports import Row
from shared.runtime.store import Ask, Snapshot, asking

CHUNK: Final = 500
"""Documents that are read in one go."""
_ON: Final = re.compile(r'"on":"(\d{4}-\d\d-\d\d)"')
"""The day of an entry, as the codec writes it; within a text the quotes would be escaped."""
Kinds = tuple[type[Document], ...]
"""Only documents of these kinds; of all, if it is empty."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an answer asks of a book first: it is read along with the book, in one round trip.

    So many of what is `opened` and of what is `done`, each behind a place, and of these `kinds`.
    `since` says which day's changes those that are done begin with, from a day that is not after
    today; None: all of them.
    """

    opened: int = 0
    done: int = 0
    opened_after: str = ""
    done_after: str = ""
    kinds: Kinds = ()
    since: Callable[[date], date | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in their order, each with its place; whether there are `more`."""

    rows: list[tuple[str, Row]]
    more: bool

    @classmethod
    def of(cls, ask: Ask[tuple[str, Row]]) -> "Page":
        """What was found, which may be all there is."""
        return cls(ask.found, more=len(ask.found) == ask.limit)

    @property
    def last(self) -> str:
        """The place behind which the next page begins."""
        return self.rows[-1][0]


@dataclass(slots=True)
class Begun:
    """What was read ahead: the pages, and the day that those which are done begin with."""

    opened: Page | None = None
    done: Page | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """One account's documents as of one moment, after the tick `tick` of its partition.

    To be used where it was given: each call may ask the database and wait.
    """

    snapshot: Snapshot
    codec: DocumentCodec
    party: str
    account: Account
    creditor: Creditor
    tick: datetime
    ahead: Ahead
    begun: Begun
    tally: Tally | None = None
    """What is open, if there is so much of it that it is kept added up."""

    def invoice(self, invoice_id: str) -> Invoice | None:
        """The account's invoice of this id."""
        key = key_of(self.account.account_id, invoice_id)
        ask = asking.rows((self.party, Invoice.prefix, key, 0))
        self.snapshot.read(ask)
        for row in ask.found:
            found = self.codec.document(row)
            if isinstance(found, Invoice):
                return found
        return None

    def opened(self, kinds: Kinds = (), *, after: str = "", limit: int = CHUNK) -> Page:
        """Documents of the party that are not settled, by kind and id, behind a place."""
        if self.begun.opened and (kinds, after) == (self.ahead.kinds, self.ahead.opened_after):
            return self.begun.opened
        return self._page(ask_opened(self.party, kinds, after=after, limit=limit))

    def done(
        self, since: date | None = None, kinds: Kinds = (), *, after: str = "", limit: int = CHUNK
    ) -> Page:
        """Settled documents of the account on which something was booked on a day or later.

        There may be some among them on which something was booked only shortly before.
        """
        begun = self.begun
        if (
            begun.done
            and (kinds, after) == (self.ahead.kinds, self.ahead.done_after)
            and (begun.since is None or (since is not None and begun.since <= since))
        ):
            return begun.done
        account_id = self.account.account_id
        return self._page(ask_done(account_id, since, kinds, after=after, limit=limit))

    def changed_since(self, since: date, until: date) -> Iterator[Document]:
        """All that can matter to the days from the one before `since` to `until`.

        That is what is not settled, and what was settled by entries of `since` or later, without
        that of which nothing was booked by the end of `until`.
        """
        yield from self._through(until, self.opened(), lambda after: self.opened(after=after))
        yield from self._through(
            until, self.done(since), lambda after: self.done(since, after=after)
        )

    def changed_besides(
        self, since: date, until: date, kinds: Iterable[type[Document]]
    ) -> Iterator[Document]:
        """The same, but of what is not settled only the account's own of these `kinds`."""
        asks = {kind: self._ask_own(kind) for kind in kinds}
        self.snapshot.read(*asks.values())
        for kind, first in asks.items():
            yield from self._through(until, Page.of(first), partial(self._own, kind))
        yield from self._through(
            until, self.done(since), lambda after: self.done(since, after=after)
        )

    def _own(self, kind: type[Document], after: str) -> Page:
        return self._page(self._ask_own(kind, after))

    def _ask_own(self, kind: type[Document], after: str = "") -> Ask[tuple[str, Row]]:
        begin = key_of(self.account.account_id, "")
        return asking.opened(self.party, prefix=kind.prefix, begin=begin, after=after, limit=CHUNK)

    def _through(
        self, until: date, page: Page, following: Callable[[str], Page]
    ) -> Iterator[Document]:
        last = until.isoformat()
        while True:
            for _, row in page.rows:
                if may_count(row.text, last):
                    yield self.codec.document(row)
            if not page.more:
                return
            page = following(page.last)

    def _page(self, ask: Ask[tuple[str, Row]]) -> Page:
        self.snapshot.read(ask)
        return Page.of(ask)


def may_count(text: str, until: str) -> bool:
    """Whether any entry in a document's JSON can be of the day `until` (ISO) or an earlier one.

    Looking takes a tenth of the time of decoding. Where no day is found the document may count.
    """
    days = _ON.findall(text)
    return not days or min(days) <= until


def ask_opened(
    party: str, kinds: Kinds = (), *, after: str = "", limit: int
) -> Ask[tuple[str, Row]]:
    """For documents of a party that are not settled, by kind and id, behind a place."""
    return asking.opened(party, kinds=_prefixes(kinds), after=after, limit=limit)


def ask_done(
    account_id: str, since: date | None, kinds: Kinds = (), *, after: str = "", limit: int
) -> Ask[tuple[str, Row]]:
    """For settled documents of an account on which something was booked on a day or later."""
    return asking.listed(
        DONE,
        {DONE: f"{account_id}{SEPARATOR}"},
        kinds=_prefixes(kinds),
        at_least=done_from(account_id, since) if since else "",
        after=after,
        limit=limit,
    )


def _prefixes(kinds: Kinds) -> list[str]:
    return [kind.prefix for kind in kinds]
