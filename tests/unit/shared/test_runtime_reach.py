"""What is folded when a consumer's position is ahead of what the lanes were given."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from shared.line.wiring import TICK
from shared.testing.bench import Bench
from shared.testing.toy import COMMANDS, Added

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
