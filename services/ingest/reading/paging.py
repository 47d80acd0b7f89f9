"""Pages through an account's documents: what is open, by id; then what is settled, as it was."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from services.ingest.store import CHUNK, Ahead, Book, Kinds
from shared.core import Document
from shared.runtime.doors import Problem

T = TypeVar("T")
Place = tuple[str, str]
"""Among what is open or what is done, and where there."""
LOOKED_MAX: Final = 2_000
"""Documents that one page looks at; it may be short, or empty, and yet not the last one."""
_AT_LEAST: Final = 40
"""Documents that are read in one go, few as may be asked for."""
_OPEN, _DONE = "o", "d"


def token(place: str) -> str:
    """A place as a client hands it back: it stands in a URL as it is."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(told: str, name: str = "after") -> str:
    """The place that a token stands for; raises `Problem` (400) if it stands for none."""
    try:
        padded = told + "=" * (-len(told) % 4)
        return b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:
        why = "the `next` of the page before is expected"
        raise Problem(400, "invalid", why, name) from None


def ahead(
    after: Place, limit: int, since: Callable[[date], date | None], kinds: Kinds = ()
) -> Ahead:
    """What a page behind a place will ask for first."""
    source, place = after
    asked = _asked(limit)
    if source == _DONE:
        return Ahead(done=asked, done_after=place, kinds=kinds, since=since)
    return Ahead(opened=asked, done=asked, opened_after=place, kinds=kinds, since=since)


def page(
    book: Book,
    take: Callable[[Document], list[T]],
    *,
    after: Place,
    since: date | None,
    limit: int,
    kinds: Kinds = (),
) -> tuple[list[T], str | None]:
    """What `take` finds in the documents behind a place, and the token of the next page.

    Of what is settled only those documents count on which something was booked on `since` or
    later. What `take` finds in one document stays together, so that a page may be longer.
    """
    source, place = after
    found: list[T] = []
    looked = 0
    while looked < LOOKED_MAX:
        asked = _asked(limit - len(found))
        if source == _OPEN:
            some = book.opened(kinds, after=place, limit=asked)
        else:
            some = book.done(since, kinds, after=place, limit=asked)
        for behind, row in some.rows:
            found += take(book.codec.document(row))
            place = behind
            looked += 1
            if len(found) >= limit:
                return found, token(source + place)
        if not some.more:
            if source == _DONE:
                return found, None
            source, place = _DONE, ""
    return found, token(source + place)


def _asked(limit: int) -> int:
    """How many documents to read in one go for so many lines."""
    return min(CHUNK, max(_AT_LEAST, limit))


def begin(after: str) -> Place:
    """Where a page begins, from the token of the page before or "" for the first one."""
    if not after:
        return _OPEN, ""
    told = place_of(after)
    if told[:1] not in (_OPEN, _DONE):
        raise Problem(400, "invalid", "the `next` of the page before is expected", "after")
    return told[:1], told[1:]
