"""`GET /v1/account/…`: what an account owes as of a day, its items, and each entry behind them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from services.ingest.domain.aging import day_of
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.dispute import Dispute
from services.ingest.domain.invoice import Invoice
from services.ingest.domain.movement import movements
from services.ingest.domain.payment import Payment
from services.ingest.domain.reckoning import Reckoning
from services.ingest.reading import shown
from services.ingest.reading.paging import ahead, begin, page
from services.ingest.reading.shown import Json
from services.ingest.store import Ahead, Book, Books, UnknownAccount
from shared.core import Document
from shared.line.ports import Unavailable
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.query import Query

LIMIT: Final = 50
LIMIT_MAX: Final = 500
AHEAD: Final = 50
"""Documents that are read along with the account: more than most accounts have."""
STATES: Final = ("open", "settled", "all")


class AccountApi:
    """An account's position, items and entries."""

    def __init__(self, books: Books) -> None:
        """Read from `books`."""
        self._books = books

    async def position(self, request: Request) -> Response:
        """What the account owes and has, by currency and bucket, at the end of a day."""
        query = Query(request.query, ("account_id", "as_of", "known_at"))
        as_of, known_at = query.day("as_of"), query.instant("known_at")

        def work(book: Book) -> Response:
            day = as_of or today(book)
            reckoning = Reckoning(
                book.account.account_id, day, book.creditor.aging, known_at=known_at
            )
            _reckon(book, reckoning, day, known_at)
            shares = [
                shown.balance(currency, found, book.creditor, day)
                for currency, found in reckoning.balances().items()
            ]
            head = shown.heading(book, known_at=known_at)
            return answer({**head, "as_of": day.isoformat(), "currencies": shares})

        def from_(today: date) -> date:
            return since(as_of or today, known_at)

        return await read(self._books, query, work, Ahead(AHEAD, AHEAD, since=from_))

    async def items(self, request: Request) -> Response:
        """The account's items at the end of a day, in pages."""
        names = ("account_id", "state", "as_of", "known_at", "limit", "after")
        query = Query(request.query, names)
        state = query.choice("state", "open", STATES)
        as_of, known_at = query.day("as_of"), query.instant("known_at")
        limit, after = query.number("limit", LIMIT, most=LIMIT_MAX), begin(query.text("after"))

        def work(book: Book) -> Response:
            day = as_of or today(book)

            def take(document: Document) -> list[Json]:
                if not isinstance(document, Invoice) or not mine(book, document):
                    return []
                found = (
                    shown.item(document, item, book.creditor, day, known_at)
                    for item in document.items
                )
                return [one for one in found if one and state in ("all", one["state"])]

            first = from_(day)
            items, behind = page(
                book, take, after=after, since=first, limit=limit, kinds=(Invoice,)
            )
            head = shown.heading(book, known_at=known_at)
            return answer({**head, "as_of": day.isoformat(), "items": items, "next": behind})

        def from_(today: date) -> date | None:
            return since(as_of or today, known_at) if state == "open" else None

        return await read(self._books, query, work, ahead(after, limit, from_, (Invoice,)))

    async def entries(self, request: Request) -> Response:
        """Every entry of the account, or of one invoice, with the event that caused it."""
        names = ("account_id", "invoice_id", "from", "to", "known_at", "limit", "after")
        query = Query(request.query, names)
        known_at, (first, last) = query.instant("known_at"), period(query)
        limit, after = query.number("limit", LIMIT, most=LIMIT_MAX), begin(query.text("after"))
        invoice_id = query.text("invoice_id")

        def work(book: Book) -> Response:
            def take(document: Document) -> list[Json]:
                return [
                    shown.movement(found)
                    for found in (movements(document) if mine(book, document) else ())
                    if found.known(known_at)
                    and (first is None or found.on >= first)
                    and (last is None or found.on <= last)
                ]

            behind: str | None = None
            if invoice_id:
                invoice = book.invoice(invoice_id)
                if invoice is None:
                    raise Problem(404, "unknown_invoice", "it is not the account's", "invoice_id")
                found = take(invoice)
            else:
                found, behind = page(book, take, after=after, since=first, limit=limit)
            head = shown.heading(book, known_at=known_at)
            return answer({**head, "entries": found, "next": behind})

        first_ones = None if invoice_id else ahead(after, limit, lambda _: first)
        return await read(self._books, query, work, first_ones)


def _reckon(book: Book, reckoning: Reckoning, day: date, known_at: datetime | None) -> None:
    """Add all that matters to the day, or what is kept added up already and the rest."""
    tally, first = book.tally, since(day, known_at)
    if tally is None or known_at is not None or day < tally.latest:
        for document in book.changed_since(first, day):
            reckoning.add(document)
        return
    reckoning.add_tally(tally)
    for document in book.changed_besides(first, day, (Payment, CreditNote, Dispute)):
        reckoning.add(document)
        disputed = document.invoice_id if isinstance(document, Dispute) else ""
        invoice = book.invoice(disputed) if disputed else None
        if invoice is not None:
            reckoning.note(invoice)


async def read(
    books: Books, query: Query, work: Callable[[Book], Response], ahead: Ahead | None = None
) -> Response:
    """What `work` answers of the account that is asked for; else `Problem`: 400, 404, or 503."""
    account_id = query.needed("account_id", "whose account?")
    try:
        return await books.read(account_id, work, ahead)
    except UnknownAccount:
        raise Problem(404, "unknown_account", "no event has named it", "account_id") from None
    except Unavailable as failure:
        raise Problem(503, "unavailable", str(failure)) from failure


def period(query: Query) -> tuple[date | None, date | None]:
    """The first and last day that are asked for, if they are."""
    first, last = query.day("from"), query.day("to")
    if first and last and first > last:
        raise Problem(400, "invalid", "the period ends before it begins", "to")
    return first, last


def mine(book: Book, document: Document) -> bool:
    """Whether a document of the party is this account's."""
    return getattr(document, "account_id", "") == book.account.account_id


def today(book: Book) -> date:
    """The creditor's date at the latest tick."""
    return day_of(book.tick, book.creditor.time_zone)


def since(day: date, known_at: datetime | None) -> date:
    """What was settled by entries before this day was settled at the end of `day`, as known."""
    following = day + timedelta(days=1)
    return following if known_at is None else min(following, known_at.date())
