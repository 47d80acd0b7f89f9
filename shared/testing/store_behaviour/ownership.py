"""Who may write: epochs, fencing, commits whose answer was lost, what the next owner finds."""

import asyncio
from dataclasses import replace

from shared.line.ports import Record
from shared.testing.store_behaviour.givens import OpenStore, after, expect, item, on, owned, record

MB = 1_000_000


async def a_cursor_comes_back_as_it_was_committed(open_store: OpenStore) -> None:
    """The next owner finds all of it, watermarks to the microsecond; only the epoch rose."""
    store = await open_store()
    (write,) = await owned(store, 4)
    write.cursor.offsets = {"billing.events": 2**40, "outreach.commands": 0}
    write.cursor.heard = {"collections.ledger": 7}
    write.cursor.sequences = {"collections.scores": 12}
    write.cursor.watermarks = {"billing.events": on(1, microsecond=123_457)}
    write.cursor.resume = "$party.1\x1f2"
    await store.commit([write])

    successor = await open_store()
    found = (await successor.acquire([4]))[4].cursor

    expect(replace(write.cursor, epoch=write.cursor.epoch + 1), found)
    expect([found], await successor.cursors())


async def an_epoch_rises_with_each_owner(open_store: OpenStore) -> None:
    """Taking over raises the epoch by one each time and leaves the version alone."""
    store = await open_store()

    epochs = [(await store.acquire([1]))[1].cursor.epoch for _ in range(3)]

    expect([1, 2, 3], epochs)


async def a_fenced_set_is_dropped_and_the_others_are_written(open_store: OpenStore) -> None:
    """Of a zombie's commit, the partition that was taken over is dropped whole; the rest lands."""
    zombie, successor = await open_store(), await open_store()
    lost, kept = await owned(zombie, 0, 1)
    for write, party in ((lost, "lost"), (kept, "kept")):
        write.rows = [item(party, "new", new=True), item(party, "old")]
        write.wakes = {party: on(2)}
        write.cells = {(f"row-{party}", "cell"): 1}
        write.taken = {f"id-{party}": b"digest"}
        write.parkings = {party: 0}
        write.outbox = [record(b"out")]
    await successor.acquire([0])

    committed = await zombie.commit([lost, kept])

    expect([1], list(committed.outbox_ids))
    expect(frozenset({0}), committed.fenced)
    expect(["kept", "kept"], [row.party for row in await successor.load(["lost", "kept"], [])])
    expect([], await successor.everyone(0, "", 10))
    expect(["kept"], await successor.everyone(1, "", 10))
    expect([(1, "row-kept", {"cell": 1})], await successor.cells("row-"))
    expect({"id-kept": b"digest"}, await successor.taken(["id-lost", "id-kept"]))
    expect(1, len(await successor.parkings()))
    expect((), (await successor.acquire([0]))[0].leftovers)


async def one_fenced_off_stays_so(open_store: OpenStore) -> None:
    """However often a zombie tries, and whatever its successor committed, it writes nothing."""
    zombie, successor = await open_store(), await open_store()
    (stale,) = await owned(zombie, 0)
    (fresh,) = await owned(successor, 0)
    stale.rows = [item("party", "1", "stale")]

    before = await zombie.commit([stale])
    await successor.commit([fresh])
    behind = await zombie.commit([stale])

    expect([frozenset({0})] * 2, [before.fenced, behind.fenced])
    expect([], await successor.load(["party"], []))


async def a_repeated_commit_is_recognised(open_store: OpenStore) -> None:
    """Sets that come again, since their answer was lost, are written once and answered alike."""
    store = await open_store()
    (write,) = await owned(store, 3)
    write.cells = {("row", "cell"): 5}
    write.outbox = [record(b"out")]

    answers = [await store.commit([write]) for _ in range(3)]

    expect([answers[0]] * 3, answers)
    expect({3: 1}, {number: len(ids) for number, ids in answers[0].outbox_ids.items()})
    expect([(3, "row", {"cell": 5})], await store.cells(""))


async def what_landed_is_told_from_what_is_fenced(open_store: OpenStore) -> None:
    """A repeated commit finds one set written, one fenced off since, one still to be written."""
    store, other = await open_store(), await open_store()
    landed, fenced, fresh = await owned(store, 0, 1, 2)
    for write in (landed, fenced, fresh):
        write.cells = {("row", "cell"): 1}
    await store.commit([landed, fenced])
    await other.acquire([1])

    answer = await store.commit([landed, fenced, fresh])

    expect(frozenset({1}), answer.fenced)
    expect([0, 1, 2], sorted(partition for partition, _, _ in await store.cells("row")))
    expect([1, 1, 1], [cells["cell"] for _, _, cells in await store.cells("row")])


async def nothing_to_commit_is_no_commit(open_store: OpenStore) -> None:
    """No write sets: nothing happens, nobody is fenced."""
    store = await open_store()

    committed = await store.commit([])

    expect(({}, frozenset()), (dict(committed.outbox_ids), committed.fenced))


async def leftovers_come_in_numeric_order(open_store: OpenStore) -> None:
    """Unpublished records are found in the order of their commits, 9 before 10, small or large."""
    store = await open_store()
    (write,) = await owned(store, 0)
    for _ in range(11):
        size = MB if write.cursor.version % 3 else 1
        write.outbox = [record(bytes([write.cursor.version]) * size)]
        await store.commit([write])
        write = after(write.cursor)

    found = (await (await open_store()).acquire([0]))[0].leftovers

    expect(list(range(1, 12)), [(one.records[0].value or b"")[0] for one in found])


async def published_documents_are_dropped(open_store: OpenStore) -> None:
    """Those named with a commit or a clean hand-over are gone; the others are left."""
    for size in (1, MB):
        store = await open_store()
        (first,) = await owned(store, 0)
        second = after(first.cursor)
        third = after(second.cursor)
        (other,) = await owned(store, 1)
        for write in (first, second, third, other):
            write.outbox = [record(b"v" * size, partition=write.partition)]
        named = (await store.commit([first])).outbox_ids[0]
        second.published = list(named)
        named = (await store.commit([second])).outbox_ids[0]
        kept = (await store.commit([third, other])).outbox_ids
        await store.release([0, 1], named)

        successor = await open_store()
        left = await successor.acquire([0, 1])

        expect(
            {number: list(ids) for number, ids in kept.items()},
            {n: [one.id for one in found.leftovers] for n, found in left.items()},
        )
        await successor.release([0, 1], [*kept[0], *kept[1]])


async def an_outbox_larger_than_a_document_is_split(open_store: OpenStore) -> None:
    """At 4 MB a new document begins; a larger record has one of its own; all come back in order."""
    store = await open_store()
    (write,) = await owned(store, 0)
    sizes = (MB, MB, MB, MB // 2, MB, 5 * MB, 10, 4 * MB - 10, 1)
    write.outbox = [record(bytes([n]) * size) for n, size in enumerate(sizes)]

    committed = await store.commit([write])
    left = (await (await open_store()).acquire([0]))[0].leftovers

    expect(committed.outbox_ids[0], tuple(document.id for document in left))
    expect(write.outbox, [one for document in left for one in document.records])
    for document in left:
        size = sum(len(one.value or b"") for one in document.records)
        expect((True, document.id), (size <= 4 * MB or len(document.records) == 1, document.id))


async def a_record_comes_back_byte_by_byte(open_store: OpenStore) -> None:
    """Keys, values and headers may be null, empty or no UTF-8; a header may come twice."""
    store = await open_store()
    (write,) = await owned(store, 2)
    headers = [("ce_id", b"\xff\xfe\x00"), ("ce_id", None), ("", b""), ("naïve\x1f", b"a\x1fb")]
    write.outbox = [
        Record("ingest.dlq", 2, None, None, headers),
        Record("ingest.dlq", 2, b"", b"", []),
        Record("a.b.c", 7, b"\x00\xff", b"\xff" * 9, [("ce_id", b"1")]),
        Record("ingest.dlq", 2, b"key", b"value", headers),
    ]
    await store.commit([write])

    (left,) = (await (await open_store()).acquire([2]))[2].leftovers

    expect(write.outbox, list(left.records))


async def partitions_are_found_apart(open_store: OpenStore) -> None:
    """What belongs to partition 1 is not found by the owner of 11."""
    store = await open_store()
    one, eleven = await owned(store, 1, 11)
    one.rows = [item("", "configuration", "one")]
    one.outbox = [record(b"one", partition=1)]
    one.parkings = {"party": 2}
    await store.commit([one, eleven])

    found = await (await open_store()).acquire([11, 1])

    expect(["one"], [row.text for row in found[1].shared])
    expect({"party": 2}, dict(found[1].parkings))
    expect(1, len(found[1].leftovers))
    expect(((), {}, ()), (found[11].shared, dict(found[11].parkings), found[11].leftovers))


async def rivals_write_only_what_is_theirs(open_store: OpenStore) -> None:
    """Two who take the same partitions from each other: each commit is counted once, or not."""
    partitions, takeovers, commits = (0, 1, 2), 5, 6
    answered = dict.fromkeys(partitions, 0)

    async def rival() -> None:
        store = await open_store()
        for _ in range(takeovers):
            writes = await owned(store, *partitions)
            for _ in range(commits):
                for write in writes:
                    write.cells = {("commits", "n"): 1}
                fenced = (await store.commit(writes)).fenced
                writes = [after(one.cursor) for one in writes if one.partition not in fenced]
                for write in writes:
                    answered[write.partition] += 1

    await asyncio.gather(rival(), rival())

    store = await open_store()
    counted = {partition: cells["n"] for partition, _, cells in await store.cells("commits")}
    expect({one.partition: one.version for one in await store.cursors()}, counted)
    # A commit may land and be answered as fenced, when its owner was replaced before it was told.
    doubts = [counted[partition] - answered[partition] for partition in partitions]
    expect([], [doubt for doubt in doubts if not 0 <= doubt <= 2 * takeovers])


BEHAVIOURS = (
    a_cursor_comes_back_as_it_was_committed,
    an_epoch_rises_with_each_owner,
    a_fenced_set_is_dropped_and_the_others_are_written,
    one_fenced_off_stays_so,
    a_repeated_commit_is_recognised,
    what_landed_is_told_from_what_is_fenced,
    nothing_to_commit_is_no_commit,
    leftovers_come_in_numeric_order,
    published_documents_are_dropped,
    an_outbox_larger_than_a_document_is_split,
    a_record_comes_back_byte_by_byte,
    partitions_are_found_apart,
    rivals_write_only_what_is_theirs,
)
