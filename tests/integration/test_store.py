"""The store on a real MongoDB: the rules of all stores, and what only a real one can break."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pymongo
import pytest
import pytest_asyncio

from shared.cli.stack import Stack
from shared.line.ports import Committed, Cursor, Record, Row, Unavailable, WriteSet
from shared.runtime.store import MongoReader, MongoStore, Snapshot, asking
from shared.runtime.store.outbox import KEPT_BYTES
from shared.testing.store_behaviour import BEHAVIOURS, Behaviour
from shared.testing.wire import Wire
from tests.integration.conftest import Database

pytestmark = pytest.mark.stack

OpenMongoStore = Callable[..., Awaitable[MongoStore]]


@pytest_asyncio.fixture
async def open_store(stack: Stack, database: Database) -> AsyncIterator[OpenMongoStore]:
    """Opens stores over the test's database, each as a process of its own would."""
    opened: list[MongoStore] = []

    async def open_one(uri: str = stack.mongodb_uri) -> MongoStore:
        store = MongoStore(uri, database.name, owner=f"owner-{len(opened)}")
        opened.append(store)
        await store.start()
        return store

    yield open_one
    for store in opened:
        await store.stop()


def following(cursor: Cursor) -> Cursor:
    """The cursor one commit later."""
    moved = cursor.copy()
    moved.version += 1
    return moved


def counting(cursor: Cursor) -> WriteSet:
    """A write set that counts one commit, in a cell and in the cursor."""
    return WriteSet(
        following(cursor),
        rows=[Row("party", "item", str(cursor.partition), f"{cursor.version}")],
        cells={("commits", "n"): 1},
        outbox=[Record("collections.ledger", cursor.partition, b"k", b"v", ())],
    )


async def counted(store: MongoStore) -> dict[int, int]:
    """How many commits each partition has counted."""
    return {partition: cells["n"] for partition, _, cells in await store.cells("commits")}


async def committed_at_last(store: MongoStore, writes: list[WriteSet]) -> Committed:
    """Commit as the shell does: again and again, until the store is available."""
    while True:
        with contextlib.suppress(Unavailable):
            return await store.commit(writes)


@pytest.mark.asyncio
@pytest.mark.parametrize("rule", BEHAVIOURS, ids=lambda rule: rule.__name__)
async def test_it_keeps_the_rule(rule: Behaviour, open_store: OpenMongoStore) -> None:
    """What holds in memory holds on MongoDB."""
    await rule(open_store)


@pytest.mark.asyncio
async def test_many_start_at_once(open_store: OpenMongoStore) -> None:
    """Several processes may make the same collections and indexes at the same moment, and again."""
    stores = await asyncio.gather(*(open_store() for _ in range(4)))

    for store in stores:
        await store.start()
        await store.ping()


@pytest.mark.asyncio
async def test_an_abandoned_transaction_is_ended_at_once(open_store: OpenMongoStore) -> None:
    """A frozen owner's open transaction holds its successor up for less than a second."""
    frozen, successor = await open_store(), await open_store()
    cursor = (await frozen.acquire([0]))[0].cursor
    session = frozen._session
    assert session is not None
    session.start_transaction()
    held = {"_id": 0, "epoch": cursor.epoch}
    await frozen._database.cursors.update_one(held, {"$set": {"version": 1}}, session=session)
    await frozen._database.parties.insert_one({"_id": "party", "p": 0}, session=session)

    started = time.monotonic()
    taken = (await successor.acquire([0]))[0].cursor
    write = counting(taken)
    write.wakes = {"party": None}
    await successor.commit([write])
    took_s = time.monotonic() - started
    with pytest.raises(pymongo.errors.PyMongoError):
        await session.commit_transaction()

    assert took_s < 1
    assert {0: 1} == await counted(successor)


@pytest.mark.asyncio
async def test_a_session_ended_by_a_successor_still_serves_the_other_partitions(
    open_store: OpenMongoStore,
) -> None:
    """One partition is taken from us, with our session: the others go on in the same session."""
    ours, other = await open_store(), await open_store()
    acquired = await ours.acquire([0, 1])
    first = await ours.commit([counting(acquired[p].cursor) for p in (0, 1)])
    await other.acquire([0])

    second = await ours.commit([counting(following(acquired[p].cursor)) for p in (0, 1)])

    assert frozenset() == first.fenced
    assert frozenset({0}) == second.fenced
    assert {0: 1, 1: 2} == await counted(ours)


@pytest.mark.asyncio
@pytest.mark.parametrize(("size", "documents"), [(1_000, 0), (KEPT_BYTES, 1)])
async def test_a_small_outbox_is_kept_with_the_cursor(
    open_store: OpenMongoStore, database: Database, size: int, documents: int
) -> None:
    """It needs no document of its own; nobody who reads how far we have come reads it too."""
    store = await open_store()
    write = counting((await store.acquire([0]))[0].cursor)
    write.outbox = [Record("collections.ledger", 0, b"k", b"v" * size, ())]

    committed = await store.commit([write])

    (stored,) = database.cursors.find()
    asked = asking.Ask[dict[str, Any]]("cursors", {}, dict, without=asking.cursors().without)
    await store.in_snapshot(lambda snapshot: snapshot.read(asked))
    assert documents == database.outbox.count_documents({})
    assert 1 - documents == len(stored.get("outbox", {}))
    assert ["outbox" in cursor for cursor in asked.found] == [False]
    await store.release([0, 1], committed.outbox_ids[0])
    (stored,) = database.cursors.find()
    assert 0 == database.outbox.count_documents({}) + len(stored.get("outbox", {}))


@pytest.mark.asyncio
async def test_a_clean_hand_over_leaves_no_mark(
    open_store: OpenMongoStore, database: Database
) -> None:
    """After a release nobody ends our session; what another has taken over keeps its mark."""
    ours, other = await open_store(), await open_store()
    await ours.acquire([0, 1])
    await other.acquire([1])

    await ours.release([0, 1], [])

    owners = {cursor["_id"]: cursor.get("owner") for cursor in database.cursors.find()}
    assert {0: None, 1: "owner-1"} == owners


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", [{"answers": 1}, {"answers": 2}, {"requests": 2}])
@pytest.mark.parametrize("word", [b"cursors", b"cells", b"commitTransaction"])
async def test_a_commit_cut_off_is_written_once(
    open_store: OpenMongoStore, database: Database, word: bytes, lost: dict[str, int]
) -> None:
    """The connection breaks at any of its three parts, before it arrives or is answered."""
    host, port = database.client.address or ("", 0)
    async with Wire(host, port) as wire:
        store = await open_store(f"mongodb://127.0.0.1:{wire.port}/?directConnection=true")
        cursor = (await store.acquire([0]))[0].cursor
        wire.lose(word, **lost)
        committed = await store.commit([counting(cursor)])
        await store.stop()

    assert sum(lost.values()) == wire.lost
    assert Committed({0: ("0:1",)}, frozenset()) == committed
    assert {0: 1} == await counted(await open_store())


@pytest.mark.asyncio
async def test_a_commit_goes_there_and_back_three_times(
    open_store: OpenMongoStore, database: Database
) -> None:
    """The cursors, all that is written with them, and the commit; also where a hint was wrong."""
    host, port = database.client.address or ("", 0)
    async with Wire(host, port) as wire:
        store = await open_store(f"mongodb://127.0.0.1:{wire.port}/?directConnection=true")
        first = counting((await store.acquire([0]))[0].cursor)
        first.rows[0].new = True
        first.wakes, first.taken = {"party": None}, {"id": b"digest"}
        again = counting(first.cursor)
        again.rows[0].new = True
        again.taken = {"another": b"digest"}

        trips = []
        for write in (first, again, counting(again.cursor)):
            before = len(wire.sent)
            await store.commit([write])
            trips.append(sum(b"txnNumber" in piece for piece in wire.sent[before:]))
        await store.stop()

    refused_and_ended = 3  # the cursors, what holds the row that is there, and the end of that
    assert [3, refused_and_ended + 3, 3] == trips
    assert {0: 3} == await counted(await open_store())
    assert {"id", "another"} == {one["_id"] for one in database.taken.find()}


@pytest.mark.asyncio
async def test_questions_are_answered_from_indexes(
    open_store: OpenMongoStore, database: Database
) -> None:
    """Neither a party's rows nor wakes, parties or figures are searched for, nor sorted."""
    await open_store()
    found = {"p": 0, "w": {"$gt": 0, "$lte": 9}}
    questions: list[dict[str, Any]] = [
        {"find": "documents", "filter": {"y": {"$in": ["a", "b"]}, "o": True}},
        {"find": "parties", "filter": found, "sort": {"w": 1, "_id": 1}, "limit": 5},
        {"find": "parties", "filter": {"p": 0, "_id": {"$gt": "a"}}, "sort": {"_id": 1}},
        {"find": "parties", "filter": {"p": {"$in": [0, 1]}, "parked": {"$exists": True}}},
        {"find": "cells", "filter": {"row": {"$gte": "a", "$lt": "b"}}},
    ]

    plans = [
        str(database.command("explain", question)["queryPlanner"]["winningPlan"])
        for question in questions
    ]

    assert ["IXSCAN"] * 5 == ["IXSCAN" if "IXSCAN" in plan else plan for plan in plans]
    assert not [plan for plan in plans if "'SORT'" in plan or "COLLSCAN" in plan]


@pytest.mark.asyncio
@pytest.mark.timeout(180)
async def test_an_outage_is_unavailability(stack: Stack, open_store: OpenMongoStore) -> None:
    """Without a server every call says so within seconds, and works again when it is back."""
    store = await open_store()
    cursor = (await store.acquire([0]))[0].cursor
    write = counting(cursor)
    calls: list[Callable[[], Awaitable[object]]] = [
        store.ping,
        lambda: store.commit([write]),
        lambda: store.acquire([1]),
        lambda: store.load(["party"], []),
        lambda: store.wakes(0, None, datetime.max.replace(tzinfo=UTC), 1),
        lambda: store.taken(["id"]),
        lambda: store.bind({"account": None}),
        lambda: store.cells(""),
        lambda: store.release([0], []),
    ]

    stack.mongod.kill()
    try:
        started = time.monotonic()
        refused = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
        took_s = time.monotonic() - started
    finally:
        await asyncio.to_thread(stack.mongod.start)
    await store.commit([write])

    assert [Unavailable] * len(calls) == [type(answer) for answer in refused]
    assert took_s < 20
    assert {0: 1} == await counted(store)


@pytest.mark.asyncio
@pytest.mark.timeout(180)
async def test_kills_of_the_database_lose_nothing(stack: Stack, open_store: OpenMongoStore) -> None:
    """`kill -9` of mongod, three times, amid commits: each is written once, in order."""
    store = await open_store()
    cursors = {p: a.cursor for p, a in (await store.acquire(range(4))).items()}
    kills = 3
    over = asyncio.Event()

    async def write() -> int:
        number = 0
        while not over.is_set():
            writes = [counting(cursor) for cursor in cursors.values()]
            committed = await committed_at_last(store, writes)
            assert frozenset() == committed.fenced
            cursors.update((write.partition, write.cursor) for write in writes)
            number += 1
        return number

    writing = asyncio.ensure_future(write())
    for kill in range(kills):
        await asyncio.sleep(0.4 + kill * 0.137)
        await asyncio.to_thread(stack.mongod.kill)
        await asyncio.to_thread(stack.mongod.start)
    await asyncio.sleep(0.3)
    over.set()
    commits = await writing

    assert commits > 10 * kills
    assert dict.fromkeys(range(4), commits) == await counted(store)
    left = await store.acquire(range(4))
    assert [commits] * 4 == [len(left[p].leftovers) for p in range(4)]


@pytest.mark.asyncio
@pytest.mark.timeout(180)
async def test_a_commit_larger_than_a_message_is_written(open_store: OpenMongoStore) -> None:
    """More than one message, or one transaction with a small cache, can take is written."""
    store = await open_store()
    writes = [counting(a.cursor) for a in (await store.acquire(range(3))).values()]
    for write in writes:
        party = f"party-{write.partition}"
        write.rows = [Row(party, "item", str(n), "x" * 2_000_000, new=n < 7) for n in range(14)]

    committed = await committed_at_last(store, writes)

    assert frozenset() == committed.fenced
    assert {0: 1, 1: 1, 2: 1} == await counted(store)
    assert [14] * 3 == [len(await store.load([f"party-{p}"], [])) for p in range(3)]


@pytest_asyncio.fixture
async def forgetful(database: Database) -> AsyncIterator[None]:
    """MongoDB keeps nothing of its past, for once."""
    name = "minSnapshotHistoryWindowInSeconds"
    admin = database.client.admin
    kept = admin.command({"getParameter": 1, name: 1})[name]
    admin.command({"setParameter": 1, name: 0})
    yield
    admin.command({"setParameter": 1, name: kept})


@pytest.mark.asyncio
@pytest.mark.usefixtures("forgetful")
async def test_an_answer_that_outlasts_mongodbs_past_is_unavailable(
    stack: Stack, database: Database
) -> None:
    """Its later queries would be of another moment than its first: docs/decisions/0013."""
    database.bindings.insert_one({"_id": "B", "number": 0})
    reader = MongoReader(stack.mongodb_uri, database.name, owner="reader")

    def slow(snapshot: Snapshot) -> None:
        for _ in range(200):
            snapshot.read(asking.binding("A"))  # which there is not
            database.bindings.update_one({"_id": "B"}, {"$inc": {"number": 1}})
            time.sleep(0.05)

    try:
        with pytest.raises(Unavailable, match="older than the oldest"):
            await reader.in_snapshot(slow)
    finally:
        await reader.stop()
