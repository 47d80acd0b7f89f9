"""An account changes party under the real shell: partitions, stale processes, kills at any step."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit, minor_of
from services.ingest.domain.position import position
from services.ingest.wiring import WIRING
from shared.core import Party
from shared.events import commands, ledger
from shared.events.base import REGISTRY, Fact
from shared.line.arrivals import FOLLOWS
from shared.line.lane import Limits
from shared.line.parties import DocumentCodec
from shared.testing.bench import Bench, Said
from shared.testing.worker import Worker
from shared.topics import BILLING_EVENTS, COLLECTIONS_LEDGER, OUTREACH_COMMANDS, partition_of
from tests.scenario.test_ledger_new_party import LIFE, PROMISE, goes
from tests.scenario.test_ledger_transfers import bounced, issued, paid

PARTITIONS = 3
_NAMES = [f"P-{number}" for number in range(20)]
HOME = partition_of(b"A", PARTITIONS)
AWAY, FAR = (
    next(name for name in _NAMES if partition_of(name.encode(), PARTITIONS) == number)
    for number in range(PARTITIONS)
    if number != HOME
)
"""Parties on the other two partitions."""
CODEC = DocumentCodec(IngestCore.documents)


def bench() -> Bench:
    """Ingest on three partitions, which checks each event."""
    core = IngestCore(Audit(every=1, strict=True))
    return Bench(core=core, wiring=WIRING, partitions=PARTITIONS, limits=Limits(records_max=2))


def tell(here: Bench, *facts: Fact, key: str = "A") -> None:
    """Append events under a key that may be an old party's, or the account's own."""
    for fact in facts:
        topic = OUTREACH_COMMANDS if isinstance(fact, commands.Command) else BILLING_EVENTS
        here.tell(fact, party=key, topic=topic)


def where(here: Bench) -> dict[str, list[tuple[str, str]]]:
    """The parties that have the account, with what is open there."""
    found = {}
    for party in ("A", *_NAMES):
        rows = here.data.rows.get((party, 0), {}).values()
        place = position(Party(party, [CODEC.document(row) for row in rows]), "A", date.max)
        if place is not None:
            found[party] = [(one.item_id, one.open_amount) for one in place.open_items]
    return found


def said(here: Bench) -> Iterator[Said]:
    """What was told down the line, by partition."""
    for number in range(PARTITIONS):
        yield from here.said(COLLECTIONS_LEDGER, number)


def owed(here: Bench) -> dict[str, int]:
    """What each party owes by what it was told, in cents: the sum of its entries on items."""
    sums: Counter[str] = Counter()
    for one in said(here):
        fact = REGISTRY[one.type].model_validate_json(one.data)
        for entry in fact.entries if isinstance(fact, ledger.Moved) else ():
            if entry.kind in ledger.RECEIVABLE_KINDS:
                sums[one.party] += minor_of(entry.amount, "EUR")
    return {party: amount for party, amount in sums.items() if amount}


def story(here: Bench) -> Iterator[None]:
    """A life, a move, what comes under the old key afterwards, and a second move."""
    tell(here, *LIFE)
    yield
    tell(here, goes(AWAY), paid("P-3", "20.00", ("I-1", "20.00")), PROMISE)
    tell(here, bounced("P-0"), key=AWAY)
    yield
    tell(here, issued("I-9", amount="10.00"), goes(FAR))
    tell(here, issued("I-8", amount="1.00"), key=FAR)
    yield


def test_all_of_it_is_with_the_last_party() -> None:
    """Whatever key it came under, money and commands; nothing is refused or kept back."""
    here = bench()

    for _ in story(here):
        here.run()

    assert {FAR: [("I-0", "50.00"), ("I-1", "50.00"), ("I-8", "1.00"), ("I-9", "3.00")]} == {
        party: sorted(items) for party, items in where(here).items()
    }
    assert ([], {}, []) == (here.reasons(), here.parked, here.worker.stopped)
    assert (FAR, 2) == (here.data.bindings["A"].party, here.data.bindings["A"].number)
    assert {FAR: 10400} == owed(here)
    assert [AWAY] == [one.party for one in said(here) if one.type == PROMISE.type]


def test_settled_history_is_removed_from_the_old_party() -> None:
    """What is left there is where it went."""
    here = bench()
    for _ in story(here):
        here.run()

    left = here.data.rows["A", 0]

    assert {"account", "head"} == {prefix for prefix, _ in left}


def test_a_process_that_does_not_know_of_the_move_sends_it_on() -> None:
    """Its memory has the old binding; what it routes by that follows the account."""
    here = bench()
    stale = Worker(here.log, here.core, WIRING, data=here.data)
    tell(here, *LIFE)
    here.run()
    asyncio.run(stale.own([HOME]))
    asyncio.run(stale.poll())
    tell(here, issued("I-7"))
    asyncio.run(stale.poll())  # it looks the binding up, and keeps it
    here.restart()
    tell(here, goes(AWAY))
    here.run()

    asyncio.run(stale.own([HOME]))
    tell(here, paid("P-3", "20.00", ("I-1", "20.00")), PROMISE)
    asyncio.run(stale.poll())
    here.restart()
    here.run()

    assert {AWAY: [("I-1", "50.00"), ("I-7", "100.00")]} == where(here)
    assert "A" == stale.rounds._loading.bindings["A"].party
    followed = [
        record
        for topic in (BILLING_EVENTS, OUTREACH_COMMANDS)
        for number in range(PARTITIONS)
        for record in here.log.read(topic, number)
        if record.headers[-1][0] == FOLLOWS
    ]
    assert {BILLING_EVENTS, OUTREACH_COMMANDS} == {record.topic for record in followed}


def test_what_follows_an_account_that_never_comes_is_a_dead_letter_in_the_end() -> None:
    """A stranger may forge the mark; it is not sent round for ever."""
    here = bench()
    here.tell(issued("I-1", "Z"), party=AWAY, topic=BILLING_EVENTS)
    forged = here.log.read(BILLING_EVENTS, here.home(AWAY))[0]
    here.log.cut(BILLING_EVENTS, here.home(AWAY), 0)
    mark = (FOLLOWS, f"9998 {AWAY}".encode())
    record = forged._replace(headers=[*forged.headers, mark])
    here.put(record)  # type: ignore[arg-type] # it has all that a record has

    here.run()

    assert (["unknown_reference"], {}) == (here.reasons(), where(here))


def test_books_that_are_being_written_are_waited_for() -> None:
    """A round is loaded while the one before is committed: what leaves must be all there is."""

    async def slowly(name: str) -> None:
        for _ in range(100 if name == "commit.before" else 0):
            await asyncio.sleep(0)

    for times in (1, 2, 3):
        here = bench()
        here.worker = Worker(
            here.log,
            here.core,
            WIRING,
            data=here.data,
            limits=Limits(records_max=times),
            step=slowly,
        )
        asyncio.run(here.worker.own(range(PARTITIONS)))
        tell(here, *LIFE, goes(AWAY), goes("A"), goes(FAR), bounced("P-0"))
        here.run()

        assert {FAR: {"I-0": "50.00", "I-1": "70.00"}} == {
            party: dict(items) for party, items in where(here).items()
        }
        assert {"account", "head"} == {prefix for prefix, _ in here.data.rows["A", 0]}


class Killed(BaseException):
    """The process is gone."""


def test_killed_at_any_step_the_end_is_the_same() -> None:
    """Each call to store and broker, before and after it took effect: another process goes on."""
    expected = ({FAR: {"I-0": "50.00", "I-1": "50.00", "I-8": "1.00", "I-9": "3.00"}}, {FAR: 10400})

    kill_at, steps = 0, 1
    while kill_at < steps:
        kill_at += 1
        steps = _ends_the_same(kill_at, expected)

    assert steps > 100


def _ends_the_same(kill_at: int, expected: object) -> int:
    """Run the story, killed at one step; how many steps there were, or those up to the kill."""
    here, steps = bench(), 0

    async def step(_name: str) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            raise Killed

    here.worker = Worker(here.log, here.core, WIRING, data=here.data, limits=here.limits, step=step)
    killed = False
    for number, _ in enumerate(story(here)):
        try:
            if not number:
                asyncio.run(here.worker.own(range(PARTITIONS)))
            here.run()
        except Killed:
            killed = True
            here.restart()
            here.run()

    there = {party: dict(items) for party, items in where(here).items()}
    assert expected == (there, owed(here)), f"killed at step {kill_at}"
    return kill_at + 1 if killed else steps
