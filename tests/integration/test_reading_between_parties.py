"""The reading doors while an account goes from one party to another, on a real MongoDB."""

import json
from datetime import datetime
from typing import Any

import pytest

from services.ingest.domain.core import IngestCore
from services.ingest.reading import doors
from services.ingest.store import Books
from shared.cli.stack import Stack
from shared.line.parties import DocumentCodec
from shared.line.ports import Binding, WriteSet
from shared.runtime.clock import SystemClock
from shared.runtime.doors import Door
from shared.runtime.store import MongoReader, MongoStore
from shared.topics import BILLING_EVENTS, PARTITIONS, partition_of
from tests.scenario import test_ledger_new_party as stories
from tests.scenario.crossing import NOON
from tests.unit.ingest.test_reading_reckoning import all_of

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

CODEC = DocumentCodec(IngestCore.documents)
PATHS = ("position", "items", "entries", "statement")
NEW = "group"


class Place:
    """What the story's books are by now, stored as ingest stores them, and the doors on it."""

    def __init__(self, store: MongoStore, reader: MongoReader) -> None:
        self.books = stories.Books(*stories.LIFE)
        self._store = store
        self._stored: dict[str, set[tuple[str, str, str]]] = {}
        self._handlers = doors(Books(reader, partitions=PARTITIONS), None, SystemClock())

    async def save(self, tick: datetime, *, moves: int = 0) -> None:
        """Write the documents of both parties; after `moves` the account is bound to the new."""
        await self._store.bind({"A": Binding(party="A", creditor="default")})
        for name in ("A", NEW):
            partition = partition_of(name.encode(), PARTITIONS)
            cursor = (await self._store.acquire([partition]))[partition].cursor.copy()
            cursor.version += 1
            cursor.watermarks = {BILLING_EVENTS: tick}
            rows = [CODEC.row(name, one) for one in all_of(self.books.line.party(name))]
            names = {(name, row.prefix, row.key) for row in rows}
            gone = sorted(self._stored.get(name, set()) - names)
            self._stored[name] = names
            bound = {"A": (NEW, moves)} if moves else {}
            await self._store.commit([WriteSet(cursor, rows=rows, gone=gone, rebound=bound)])

    async def ask(self, path: str, query: str = "account_id=A") -> tuple[int, dict[str, str], Any]:
        """Status, headers and content of an answer."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            sent.append(message)

        full = f"/v1/account/{path}"
        door = Door(self._handlers[full], name=full, methods=("GET",), body_bytes_max=0)
        scope = {"method": "GET", "path": full, "query_string": query.encode(), "headers": []}
        await door(scope, receive, send)
        headers = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
        return sent[0]["status"], headers, json.loads(sent[1]["body"])


async def test_between_two_parties_the_answer_is_to_ask_again(stack: Stack) -> None:
    """503 with `retry-after` at every door from the first leg to the second; then the same books.

    The doors had answered for its old party before: that they know it by then does no harm.
    """
    store = MongoStore(stack.mongodb_uri, "between_parties", owner="test")
    reader = MongoReader(stack.mongodb_uri, "between_parties", owner="reader")
    await store.start()
    place = Place(store, reader)
    try:
        await place.save(NOON)
        before = [await place.ask(path) for path in PATHS]

        place.books.tell(stories.goes(NEW))
        await place.save(NOON)
        between = [await place.ask(path) for path in PATHS]
        place.books.arrive()
        await place.save(NOON, moves=1)
        after = [await place.ask(path) for path in PATHS]
        again = [await place.ask(path) for path in PATHS]
    finally:
        await reader.stop()
        await store.stop()

    assert {200} == {status for status, _, _ in (*before, *after)}
    assert [(503, "5", "unavailable")] * len(PATHS) == [
        (status, headers.get("retry-after"), told["reason"]) for status, headers, told in between
    ]
    assert {NEW} == {told["party_id"] for _, _, told in after}
    assert [told | {"party_id": NEW} for _, _, told in before] == [told for _, _, told in after]
    assert after == again
