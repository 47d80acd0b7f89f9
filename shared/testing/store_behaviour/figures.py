"""What is added up, what is taken once, and what is bound once."""

import asyncio

from shared.line.ports import Binding
from shared.testing.store_behaviour.givens import HOSTILE, OpenStore, after, expect, item, owned


async def cells_add_up_exactly(open_store: OpenStore) -> None:
    """Sums beyond 64 bits stay exact to the last unit, up and down, and through zero."""
    store = await open_store()
    (write,) = await owned(store, 0)
    amounts = (9_007_199_254_740_993, 2**63 - 1, 2**63 - 1, -(10**25), 10**25 + 1, 0)
    for amount in amounts:
        write.cells = {("row", "sum"): amount, ("row", "count"): 1}
        await store.commit([write])
        write = after(write.cursor)

    expect([(0, "row", {"sum": sum(amounts), "count": 6})], await store.cells("row"))


async def a_cell_is_kept_per_partition(open_store: OpenStore) -> None:
    """Each partition has its own share of a row; the reader adds them up."""
    store = await open_store()
    writes = await owned(store, 0, 1)
    for write in writes:
        write.cells = {("day|2026-03-01", "collected"): 100 + write.partition}
    await store.commit(writes)

    found = sorted(await store.cells("day|"))

    expect([(p, "day|2026-03-01", {"collected": 100 + p}) for p in (0, 1)], found)


async def cells_have_any_name(open_store: OpenStore) -> None:
    """Rows and cells are no paths and no operators, whatever is in them; even nothing is."""
    store = await open_store()
    (write,) = await owned(store, 0)
    names = (*HOSTILE, "")
    write.cells = {(f"row {n}{row}", cell): n for n, row in enumerate(names) for cell in names}
    await store.commit([write])

    found = await store.cells("row ")

    expect({(row, cell) for row, cell in write.cells}, {(r, c) for _, r, cs in found for c in cs})
    expect(write.cells, {(r, cell): n for _, r, cs in found for cell, n in cs.items()})


async def rows_of_cells_are_found_by_their_beginning(open_store: OpenStore) -> None:
    """A prefix is taken as it stands: no pattern, no more and no less than it says."""
    store = await open_store()
    (write,) = await owned(store, 0)
    rows = ("a", "a.", "a.b", "ab", "a\U0010ffff", "b", "", "\ud7ff", "\ue000")
    write.cells = {(row, "n"): 1 for row in rows}
    await store.commit([write])

    for prefix in (*rows, "a.b.c", "\U0010ffff"):
        found = await store.cells(prefix)

        wanted = sorted(row for row in rows if row.startswith(prefix))
        expect(wanted, sorted(row for _, row, _ in found))


async def ids_are_taken_once(open_store: OpenStore) -> None:
    """An id that was taken is found with its digest; the first digest stays."""
    store = await open_store()
    zero, one = await owned(store, 0, 1)
    zero.taken = {name: name.encode() for name in HOSTILE}
    await store.commit([zero])
    one.taken, one.rows = {HOSTILE[0]: b"other", "new": b"new"}, [item("a", "1")]
    await store.commit([one])

    found = await store.taken([*HOSTILE, "new", "none"])

    expect({"new": b"new", **{name: name.encode() for name in HOSTILE}}, found)
    expect([item("a", "1")], await store.load(["a"], []))
    expect({}, await store.taken([]))


async def one_id_in_two_sets_of_a_commit_keeps_both_sets(open_store: OpenStore) -> None:
    """Two partitions take the same id at once: neither is stopped by it."""
    store = await open_store()
    writes = await owned(store, 0, 1)
    for write in writes:
        write.taken, write.rows = {"same": b"digest"}, [item(f"party-{write.partition}", "1")]

    committed = await store.commit(writes)

    expect(frozenset(), committed.fenced)
    expect({"same": b"digest"}, await store.taken(["same"]))
    expect(2, len(await store.load(["party-0", "party-1"], [])))


async def an_account_is_bound_by_its_first(open_store: OpenStore) -> None:
    """The first binding stays; with None an account is only looked up."""
    store = await open_store()
    first, second = Binding("party-1", "creditor-1"), Binding("party-2", "creditor-2")

    before = await store.bind({"a": None})
    made = await store.bind({"a": first, "b": second, "c": None})
    again = await (await open_store()).bind({"a": second, "b": None, "d": None})

    expect(({}, {"a": first, "b": second}), (before, made))
    expect({"a": first, "b": second}, again)
    expect({}, await store.bind({}))


async def a_race_to_bind_has_one_winner(open_store: OpenStore) -> None:
    """Many who bind the same accounts at once are all told the same."""
    stores = [await open_store() for _ in range(3)]
    accounts = [*HOSTILE, *(f"account-{n}" for n in range(20))]
    tries = [
        store.bind(
            {account: Binding(f"party-{n}-{t}", "creditor") for account in accounts[:: 1 + t]}
        )
        for n, store in enumerate(stores)
        for t in range(5)
    ]

    told = await asyncio.gather(*tries)

    known = await stores[0].bind(dict.fromkeys(accounts))
    expect(sorted(accounts), sorted(known))
    for bindings in told:
        expect({account: known[account] for account in bindings}, bindings)


async def an_account_is_bound_anew_by_its_latest_move(open_store: OpenStore) -> None:
    """A move binds an account to another party; an earlier one that comes late does not."""
    store = await open_store()
    (write,) = await owned(store, 0)
    await store.bind({"a": Binding("party-1", "creditor"), "b": Binding("party-1", "creditor")})
    found = []
    for number, party in ((1, "party-2"), (3, "party-4"), (2, "party-3")):
        write.rebound = {"a": (party, number), "stranger": (party, number)}
        await store.commit([write])
        write = after(write.cursor)
        found.append(await store.bind({"a": None, "b": None, "stranger": None}))

    second, fourth = Binding("party-2", "creditor", 1), Binding("party-4", "creditor", 3)
    expect([second, fourth, fourth], [bound["a"] for bound in found])
    expect([{"a", "b"}] * 3, [set(bound) for bound in found])
    expect(Binding("party-1", "creditor"), found[-1]["b"])


BEHAVIOURS = (
    cells_add_up_exactly,
    a_cell_is_kept_per_partition,
    cells_have_any_name,
    rows_of_cells_are_found_by_their_beginning,
    ids_are_taken_once,
    one_id_in_two_sets_of_a_commit_keeps_both_sets,
    an_account_is_bound_by_its_first,
    a_race_to_bind_has_one_winner,
    an_account_is_bound_anew_by_its_latest_move,
)
