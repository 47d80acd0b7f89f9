"""`GET /v1/account/statement`: opening balance, each entry, closing balance and its aging."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import date, datetime
from typing import Final

from services.ingest.domain.statement import Statement, TooManyMovements
from services.ingest.reading import shown
from services.ingest.reading.accounts import AHEAD, period, read, today
from services.ingest.reading.page import POLICY, page
from services.ingest.reading.pdf import pdf
from services.ingest.reading.sheet import Sheet, sheet
from services.ingest.store import Ahead, Book, Books
from shared.runtime.doors import Problem, Request, Response
from shared.runtime.query import Query

LINES_MAX: Final = 5_000
"""Entries on one statement; a longer one is asked for in shorter periods."""
FORMATS: Final = ("json", "html", "pdf")
_HTML: Final = {"content-security-policy": POLICY, "x-content-type-options": "nosniff"}
_PDF: Final = {"content-disposition": 'inline; filename="statement.pdf"'}
_WRITERS: Final[Mapping[str, tuple[Callable[[Sheet], bytes], str, Mapping[str, str]]]] = {
    "html": (lambda told: page(told).encode(), "text/html; charset=utf-8", _HTML),
    "pdf": (pdf, "application/pdf", _PDF),
}


class StatementApi:
    """An account's statement in three formats; one PDF at a time."""

    def __init__(self, books: Books) -> None:
        """Read from `books`."""
        self._books = books
        # A PDF of thousands of lines takes seconds of CPU: two of them would starve the folding.
        self._writing = asyncio.Semaphore(1)

    async def __call__(self, request: Request) -> Response:
        """The statement; without a period, of the month that the latest tick is in."""
        query = Query(request.query, ("account_id", "from", "to", "known_at", "format"))
        form = query.choice("format", "json", FORMATS)
        known_at, (begin, end) = query.instant("known_at"), period(query)

        def work(book: Book) -> Response:
            last = end or max(today(book), begin or date.min)
            first = begin or last.replace(day=1)
            statement = Statement(
                book.account.account_id,
                first,
                last,
                book.creditor.aging,
                known_at=known_at,
                lines_max=LINES_MAX,
            )
            try:
                for document in book.changed_since(from_(first), last):
                    statement.add(document)
            except TooManyMovements:
                why = f"more than {LINES_MAX} entries: ask for a shorter period"
                raise Problem(413, "oversize", why, "from") from None
            return _response(book, statement, form, known_at)

        def from_(first: date) -> date:
            return first if known_at is None else min(first, known_at.date())

        ahead = Ahead(
            opened=AHEAD,
            done=AHEAD,
            since=lambda today: from_(begin or (end or today).replace(day=1)),
        )
        async with self._writing if form == "pdf" else nullcontext():
            return await read(self._books, query, work, ahead)


def _response(book: Book, statement: Statement, form: str, known_at: datetime | None) -> Response:
    """Write it out."""
    if form == "json":
        return Response(body=_json(book, statement, known_at))
    write, content_type, headers = _WRITERS[form]
    known = f"True up to {_moment(book.tick)}."
    if known_at:
        known = f"As it was known on {_moment(known_at)}."
    body = write(sheet(book, statement, known))
    return Response(body=body, content_type=content_type, headers=headers)


def _json(book: Book, statement: Statement, known_at: datetime | None) -> bytes:
    told = {
        **shown.heading(book, known_at=known_at),
        "name": book.account.profile.name or "",
        "from": statement.begin.isoformat(),
        "to": statement.end.isoformat(),
        "currencies": [shown.section(one, book.creditor) for one in statement.sections()],
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
