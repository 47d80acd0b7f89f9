"""What the reading doors ask of ingest's own store.

books   accounts, and who is overdue
book    one account's documents
"""

from services.ingest.store.book import CHUNK, Ahead, Book, Kinds, Page
from services.ingest.store.books import Books, Figures, Overdue, UnknownAccount

__all__ = [
    "CHUNK",
    "Ahead",
    "Book",
    "Books",
    "Figures",
    "Kinds",
    "Overdue",
    "Page",
    "UnknownAccount",
]
