"""What a party's state is: rows, wakes, parkings; and what is asked about it."""

from datetime import UTC, datetime

from shared.line.ports import Parked, Row
from shared.testing.store_behaviour.givens import (
    HOSTILE,
    OpenStore,
    after,
    by_key,
    expect,
    item,
    on,
    owned,
)


async def open_rows_come_with_their_party(open_store: OpenStore) -> None:
    """Loading a party brings its open rows; a settled one comes only if it is named, and once."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.rows = [
        item("a", "open"),
        item("a", "settled", settled=True),
        item("b", "open"),
        item("b", "settled", settled=True),
        item("c", "open"),
    ]
    await store.commit([write])

    found = await store.load(["a", "c", "none"], [("b", "item", "settled"), ("a", "item", "open")])
    named = await store.load([], [("a", "item", "settled"), ("a", "item", "none")])

    expect(by_key([*write.rows[:1], write.rows[3], write.rows[4]]), by_key(found))
    expect([write.rows[1]], named)
    expect([], await store.load([], []))


async def a_party_is_loaded_whole(open_store: OpenStore) -> None:
    """Named by neither prefix nor key: all it has, settled too, and nothing of another's."""
    store = await open_store()
    (write,) = await owned(store, 0)
    names = tuple(dict.fromkeys(("a", *HOSTILE)))
    write.rows = [
        item(party, key, settled=settled)
        for party in names
        for key, settled in (("open", False), ("settled", True))
    ]
    await store.commit([write])

    for party in names:
        found = await store.load([], [(party, "", "")])
        both = await store.load(["a"], [(party, "", ""), ("a", "item", "settled")])

        expect({(party, "open"), (party, "settled")}, {(row.party, row.key) for row in found})
        expect(2 if party == "a" else 4, len(both))


async def rows_are_removed(open_store: OpenStore) -> None:
    """What is gone is not there any more, alone or with its party, and may come again."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.rows = [item("a", "1"), item("a", "2", settled=True), item("b", "1")]
    await store.commit([write])
    write = after(write.cursor)
    write.gone = [("a", "item", "1"), ("a", "item", "2"), ("a", "item", "none")]
    await store.commit([write])

    gone = await store.load(["a", "b"], [("a", "", ""), ("a", "item", "2")])
    write = after(write.cursor)
    write.rows = [item("a", "1", "again", new=True)]
    await store.commit([write])

    expect([item("b", "1")], gone)
    expect(["again"], [row.text for row in await store.load(["a"], [])])


async def a_row_is_replaced_and_settles(open_store: OpenStore) -> None:
    """The last text is what is stored; what settles is loaded no more, and may open again."""
    store = await open_store()
    (write,) = await owned(store, 0)
    states = []
    for row in (
        item("a", "1", "first", new=True),
        item("a", "1", "second", settled=True),
        item("a", "1", "third"),
    ):
        write.rows = [row]
        await store.commit([write])
        write = after(write.cursor)
        states.append((await store.load(["a"], []), await store.document("a", "item", "1")))

    expect([["first"], [], ["third"]], [[row.text for row in rows] for rows, _ in states])
    expect(["first", "second", "third"], [row.text for _, row in states if row is not None])


async def new_is_a_hint_and_no_promise(open_store: OpenStore) -> None:
    """A row is written whether or not it is there, whatever was said about it."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.rows = [item("a", "1", "first"), item("", "config", "first")]
    await store.commit([write])
    write = after(write.cursor)
    write.rows = [
        item("a", "1", "second", settled=True, new=True),
        item("a", "2", "made", new=True),
    ]
    write.cells = {("row", "cell"): 1}
    await store.commit([write])
    write = after(write.cursor)
    write.rows = [item("a", "2", "third"), item("a", "3", "made")]
    write.cells = {("row", "cell"): 1}
    await store.commit([write])

    expect(item("a", "1", "second", settled=True), await store.document("a", "item", "1"))
    expect([item("a", "2", "third"), item("a", "3", "made")], by_key(await store.load(["a"], [])))
    expect([(0, "row", {"cell": 2})], await store.cells("row"))


async def shared_rows_belong_to_their_partition(open_store: OpenStore) -> None:
    """Rows of party "" are each partition's own, come with taking it over, settled or not."""
    store = await open_store()
    writes = await owned(store, 0, 10)
    for write in writes:
        write.rows = [
            item("", "open", f"of {write.partition}"),
            item("", "settled", f"of {write.partition}", settled=True),
        ]
    await store.commit(writes)

    found = await store.acquire([0, 10])
    one = await store.document("", "item", "open", partition=10)

    expect([by_key(write.rows) for write in writes], [by_key(found[p].shared) for p in (0, 10)])
    expect(writes[1].rows[0], one)
    expect([], await store.load([""], []))


async def hostile_names_stay_apart(open_store: OpenStore) -> None:
    """Parties and keys are told apart and come back as they were, whatever is in them."""
    store = await open_store()
    writes = await owned(store, 0, 1)
    writes[0].rows = [item(party, key, f"{party}|{key}") for party in HOSTILE for key in HOSTILE]
    writes[1].rows = [item("", key, f"shared {key}") for key in HOSTILE]
    writes[0].wakes = dict.fromkeys(HOSTILE, on(1))
    await store.commit(writes)

    loaded = await store.load(HOSTILE, [])
    named = await store.load([], [(row.party, row.prefix, row.key) for row in writes[0].rows])
    of_kind = [row async for row in store.documents("item")]
    shared = (await store.acquire([1]))[1].shared

    expect(by_key(writes[0].rows), by_key(loaded))
    expect(by_key(writes[0].rows), by_key(named))
    expect(by_key(writes[0].rows + writes[1].rows), by_key(of_kind))
    expect(by_key(writes[1].rows), by_key(shared))
    expect(sorted(HOSTILE), await store.everyone(0, "", 100))
    expect(sorted(HOSTILE), [party for _, party in await store.wakes(0, None, on(1), 100)])


async def documents_are_listed_by_kind(open_store: OpenStore) -> None:
    """All of one kind, or the open ones, of all partitions; a kind is no prefix of another."""
    store = await open_store()
    writes = await owned(store, 0, 1)
    other = Row(party="a", prefix="items", key="1", text="{}")
    writes[0].rows = [item("a", "1"), other]
    writes[1].rows = [item("b", "1", settled=True)]
    await store.commit(writes)

    every = [row async for row in store.documents("item")]
    still_open = [row async for row in store.documents("item", open_only=True)]

    expect(by_key([writes[0].rows[0], writes[1].rows[0]]), by_key(every))
    expect([writes[0].rows[0]], still_open)


async def wakes_come_in_order_within_their_bounds(open_store: OpenStore) -> None:
    """After one moment, up to another, by moment and party, of one partition, exactly."""
    store = await open_store()
    zero, one = await owned(store, 0, 1)
    far = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    zero.wakes = {
        "late": on(3),
        "b": on(2),
        "a": on(2),
        "soon": on(1, microsecond=1),
        "sooner": on(1),
        "never": None,
        "far": far,
    }
    one.wakes = {"elsewhere": on(2)}
    await store.commit([zero, one])

    every = await store.wakes(0, None, far, 100)
    some = await store.wakes(0, on(1), on(2), 100)

    expect(["sooner", "soon", "a", "b", "late", "far"], [party for _, party in every])
    expect([(on(1, microsecond=1), "soon"), (on(2), "a"), (on(2), "b")], some)


async def a_wake_moves_and_ends(open_store: OpenStore) -> None:
    """A party has one wake, the last one written; with None it has none, and is still known."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.wakes = {"moves": on(1), "ends": on(1)}
    await store.commit([write])
    write = after(write.cursor)
    write.wakes = {"moves": on(2), "ends": None}
    await store.commit([write])

    found = await store.wakes(0, None, on(9), 100)

    expect([(on(2), "moves")], found)
    expect(["ends", "moves"], await store.everyone(0, "", 100))


async def a_list_of_wakes_is_cut_between_two_moments(open_store: OpenStore) -> None:
    """Fewer than the limit are all there are; a list that is cut has each of its moments whole."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.wakes = {f"{day}-{n}": on(day) for day in (1, 2, 3) for n in range(3)}
    await store.commit([write])

    lengths = [len(await store.wakes(0, None, on(9), limit)) for limit in range(1, 11)]
    rest = await store.wakes(0, on(1), on(9), 100)

    expect([3, 3, 3, 6, 6, 6, 9, 9, 9, 9], lengths)
    expect(6, len(rest))


async def everyone_is_listed_in_chunks(open_store: OpenStore) -> None:
    """All parties that ever had a wake or were parked, above the last one of the chunk before."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.wakes = {"b": None, "a": on(1), "d": on(1)}
    write.parkings = {"c": 0}
    await store.commit([write])

    first = await store.everyone(0, "", 3)
    second = await store.everyone(0, first[-1], 3)

    expect((["a", "b", "c"], ["d"]), (first, second))


async def parked_events_are_kept_in_order(open_store: OpenStore) -> None:
    """A parked party's events wait, byte by byte, in the order of their numbers: 9 before 10."""
    store = await open_store()
    (write,) = await owned(store, 5)
    write.parked = [
        Parked(
            party="$a.b",
            number=number,
            topic="collections.ledger",
            offset=2**40 + number,
            key=None,
            value=b"\xff",
            headers=(("ce_id", None), ("ce_id", b"\xfe")),
            reason="ValueError: naïve",
            stamp=on(1, microsecond=number) if number else None,
            now=on(2, microsecond=number) if number else None,
        )
        for number in range(11)
    ]
    write.wakes, write.parkings = {"$a.b": None, "b": on(1)}, {"$a.b": 11, "b": 0}
    await store.commit([write])

    found = await store.acquire([5])

    expect({"$a.b": 11, "b": 0}, dict(found[5].parkings))
    expect(write.parked, await store.parked(5, "$a.b"))
    expect([[], []], [await store.parked(5, "b"), await store.parked(0, "$a.b")])
    expect([("$a.b", 5), ("b", 5)], [(one.party, one.partition) for one in await store.parkings()])
    expect([(on(1), "b")], await store.wakes(5, None, on(9), 10))


async def a_party_is_unparked(open_store: OpenStore) -> None:
    """A count below 0 ends the parking, drops the events kept, and leaves others and the wake."""
    store = await open_store()
    (write,) = await owned(store, 0)
    events = [
        Parked(party, 0, "collections.ledger", 1, b"", b"", (), "why") for party in ("a", "b")
    ]
    write.parked, write.parkings = events, {"a": 1, "b": 1}
    await store.commit([write])
    write = after(write.cursor)
    write.parkings, write.wakes = {"a": -1}, {"a": on(1)}
    await store.commit([write])

    found = await store.acquire([0])

    expect({"b": 1}, dict(found[0].parkings))
    expect([[], events[1:]], [await store.parked(0, party) for party in ("a", "b")])
    expect([(on(1), "a")], await store.wakes(0, None, on(9), 10))


async def whom_to_unpark_is_asked_and_answered(open_store: OpenStore) -> None:
    """Only who is parked can be asked for; what was done about it is an answer, either way."""
    store = await open_store()
    one, other = await owned(store, 0, 3)
    one.parkings, one.wakes = {"b": 1, "a": 0, "$c.d": 2, "e": 0}, {"free": None}
    other.parkings = {"z": 0}
    await store.commit([one, other])

    asked = await store.ask_to_unpark(["z", "b", "a", "free", "nobody", "$c.d", "b"])
    first = await store.to_unpark([0, 3]), await store.to_unpark([3]), await store.to_unpark([1])
    one = after(one.cursor)
    one.parkings, one.still_parked = {"a": -1, "$c.d": 3}, {"b": "why: {$}", "$c.d": "naïve"}
    await store.commit([one])

    expect(4, asked)
    expect(([(0, "$c.d"), (0, "a"), (0, "b"), (3, "z")], [(3, "z")], []), first)
    expect([(3, "z")], await store.to_unpark([0, 3]))
    expect(
        [("$c.d", 3, "naïve"), ("b", 1, "why: {$}"), ("e", 0, ""), ("z", 0, "")],
        [(parking.party, parking.events, parking.why) for parking in await store.parkings()],
    )
    expect(1, await store.ask_to_unpark(["b"]))
    expect([(0, "b"), (3, "z")], await store.to_unpark([0, 3]))


async def an_id_is_free_again(open_store: OpenStore) -> None:
    """What was taken may be taken once more, in one and the same write too."""
    store = await open_store()
    (write,) = await owned(store, 0)
    write.taken = {"a": b"1", "b": b"1", "c": b"1"}
    await store.commit([write])
    write = after(write.cursor)
    write.left, write.taken = {"a", "b", "never"}, {"b": b"2"}
    await store.commit([write])

    expect({"b": b"2", "c": b"1"}, await store.taken(["a", "b", "c"]))


BEHAVIOURS = (
    open_rows_come_with_their_party,
    a_party_is_loaded_whole,
    rows_are_removed,
    a_row_is_replaced_and_settles,
    new_is_a_hint_and_no_promise,
    shared_rows_belong_to_their_partition,
    hostile_names_stay_apart,
    documents_are_listed_by_kind,
    wakes_come_in_order_within_their_bounds,
    a_wake_moves_and_ends,
    a_list_of_wakes_is_cut_between_two_moments,
    everyone_is_listed_in_chunks,
    parked_events_are_kept_in_order,
    a_party_is_unparked,
    whom_to_unpark_is_asked_and_answered,
    an_id_is_free_again,
)
