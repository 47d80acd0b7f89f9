"""What is folded when a consumer's position is ahead of what the lanes were given."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from shared.line.wiring import TICK
from shared.testing.bench import Bench
from shared.testing.log import Logged
from shared.testing.toy import COMMANDS, EVENTS, Added
from shared.testing.worker import Worker

LOOKS_MAX: Final = 4
"""Two that show the same position, from which it is sought back, and two after that."""


def behind_a_command(befalls: Callable[[Bench], None]) -> Bench:
    """A command, something that befalls it, and then a tick, which must wait for it."""
    bench = Bench()
    bench.tell(Added(account_id="ann"), topic=COMMANDS)
    befalls(bench)
    bench.tick(seconds=1)
    bench.run()
    return bench


def folded(bench: Bench) -> list[str]:
    """What came in, as it stands on the line."""
    return [said.type for said in bench.said() if said.type in {Added.type, TICK}]


def look(bench: Bench) -> None:
    """Look at what is held, and poll what comes of it."""
    asyncio.run(bench.worker.look_again())
    bench.run()


def dropped(bench: Bench) -> None:
    """The consumer has fetched it and dropped it, as aiokafka does when another partition fails."""
    bench.worker.consumer.poll()


def a_mark(bench: Bench) -> None:
    """It is no record but a transaction's mark."""
    bench.log.cut(COMMANDS, 0, 0)
    bench.worker.consumer.pass_over(COMMANDS, 0)


def test_what_was_dropped_comes_before_the_tick_after_it() -> None:
    """The position is sought back from, and the record read again; nothing overtakes it."""
    bench = behind_a_command(dropped)

    for _ in range(LOOKS_MAX):
        look(bench)

    assert [Added.type, TICK] == folded(bench)


@pytest.mark.parametrize("looks", range(LOOKS_MAX + 1))
def test_a_mark_holds_nothing_up_for_long(looks: int) -> None:
    """What is sought in vain is believed to be nothing, and what waited for it goes on."""
    bench = behind_a_command(a_mark)

    for _ in range(looks):
        look(bench)
        bench.worker.consumer.pass_over(COMMANDS, 0)

    assert ([TICK] if looks == LOOKS_MAX else []) == folded(bench)


def test_a_mark_that_was_passed_is_believed_at_once() -> None:
    """It is sought back from once, not before each tick."""
    bench = behind_a_command(a_mark)
    for _ in range(LOOKS_MAX):
        look(bench)
        bench.worker.consumer.pass_over(COMMANDS, 0)

    bench.tick(seconds=1)
    bench.run()

    assert [TICK] * 2 == folded(bench)


def test_a_poll_from_before_the_seek_is_no_proof() -> None:
    """It has what lies behind the gap, for it came before anyone had sought back: nothing is lost.

    The second look finds the position of the first one, and seeks back from it. Meanwhile a poll
    has gone on from there; it is taken once the look is over.
    """
    bench = Bench()
    polled: list[Logged] = []

    async def poll_meanwhile(name: str) -> None:
        if name == "ends.before" and looks == 1 and not polled:
            polled.extend(bench.worker.consumer.poll())

    bench.worker = Worker(bench.log, bench.core, bench.wiring, data=bench.data, step=poll_meanwhile)
    asyncio.run(bench.worker.own([0]))
    for _ in range(2):
        bench.tell(Added(account_id="ann"))
    bench.worker.consumer.poll()  # dropped
    for _ in range(2):
        bench.tell(Added(account_id="ann"))

    for looks in range(2):  # noqa: B007 - the poll looks at it
        asyncio.run(bench.worker.look_again())
    asyncio.run(bench.worker.intake.take(polled))
    bench.run()

    assert 2 == len(polled)
    assert [Added.type] * 4 == folded(bench)


def test_a_hole_that_was_sought_is_believed_when_it_is_polled_again() -> None:
    """What is behind it then comes with a position behind it too."""
    bench = Bench()
    for _ in range(4):
        bench.tell(Added(account_id="ann"))
    bench.log.cut(EVENTS, 0, 0)
    bench.log.cut(EVENTS, 0, 1)

    bench.run()

    assert [Added.type] * 2 == folded(bench)
