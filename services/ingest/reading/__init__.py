"""Ingest's reading doors: what an account owes, why, and who is overdue. Nothing is written here.

keys         who may read
accounts     positions, items and entries of one account
statements   its statement, as JSON, as a page (page) and as a PDF (pdf)
overdue      all accounts with something overdue
paging       pages through an account's documents
openapi      what the OpenAPI document says of all this
"""

from collections.abc import Mapping

from services.ingest.doors.rate import Rates
from services.ingest.doors.sources import Sources
from services.ingest.reading.accounts import AccountApi
from services.ingest.reading.keys import Readers
from services.ingest.reading.openapi import paths
from services.ingest.reading.overdue import OverdueApi
from services.ingest.reading.statements import StatementApi
from services.ingest.store import Books
from shared.runtime.clock import Clock
from shared.runtime.doors import Handler

__all__ = ["doors", "paths"]


def doors(books: Books, sources: Sources | None, clock: Clock) -> Mapping[str, Handler]:
    """The handlers by their paths; with `sources`, for those whose key may read."""
    readers = Readers(sources, Rates(clock, may="ask {} questions"))
    accounts = AccountApi(books)
    handlers: Mapping[str, Handler] = {
        "/v1/account/position": accounts.position,
        "/v1/account/items": accounts.items,
        "/v1/account/entries": accounts.entries,
        "/v1/account/statement": StatementApi(books),
        "/v1/overdue": OverdueApi(books),
    }
    return {path: readers.admitting(handler) for path, handler in handlers.items()}
