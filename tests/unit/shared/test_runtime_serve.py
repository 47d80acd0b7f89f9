"""A service as a process: how it starts, how it is told to end, and its exit codes."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

PROGRAM = """
import asyncio, sys, time
from shared.runtime.doors import answer
from shared.runtime.logging import set_up_logging
from shared.runtime.serve import run
from shared.runtime.watchdog import Watchdog

class App:
    async def __call__(self, scope, receive, send):
        await answer(dict(path=scope["path"])).send(send)
    async def start(self):
        {start}
    async def stop(self):
        {stop}
        print("stopped", flush=True)

async def build():
    return App()

watchdog = Watchdog(patience_s={patience})
watchdog.behind({behind})
set_up_logging(service="test")
sys.exit(run(build, host="127.0.0.1", port=0, deadline_s={deadline}, watchdog=watchdog))
"""


class Running:
    """A service's process, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def until(self, words: str) -> str:
        """Read on until a line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"never said {words!r}: {self.said}")

    def end(self) -> int:
        """Wait for its end; its exit code."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        return self.process.wait(10)


@contextmanager
def _running(
    *,
    start: str = "pass",
    stop: str = "pass",
    deadline: float = 5,
    patience: float = 60,
    behind: int = 0,
) -> Iterator[Running]:
    program = textwrap.dedent(PROGRAM).format(
        start=start, stop=stop, deadline=deadline, patience=patience, behind=behind
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _port(line: str) -> int:
    found = re.search(r"127\.0\.0\.1:(\d+)", line)
    assert found
    return int(found[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C let it finish what was begun; the exit code is 0."""
    with _running() as service:
        service.until("service.started")
        os.kill(service.process.pid, number)

        code = service.end()

    assert 0 == code, service.said
    assert "stopped\n" in service.said


def test_http_answers_while_it_starts_and_while_it_stops() -> None:
    """Whether it is alive can be asked before Kafka is there, and until the work is put away."""
    with _running(start="await asyncio.sleep(60)", stop="await asyncio.sleep(1)") as service:
        port = _port(service.until("http.listening"))
        before = httpx.get(f"http://127.0.0.1:{port}/livez").status_code
        os.kill(service.process.pid, signal.SIGTERM)
        service.until("service.stopping")
        after = httpx.get(f"http://127.0.0.1:{port}/livez").status_code

        code = service.end()

    assert (200, 200, 0) == (before, after, code)


def test_an_end_that_takes_too_long_is_hard() -> None:
    """What is not finished within the deadline is left; the next instance takes it up."""
    with _running(stop="await asyncio.sleep(60)", deadline=0.3) as service:
        service.until("service.started")
        os.kill(service.process.pid, signal.SIGTERM)

        code = service.end()

    assert 1 == code
    assert "service.ended_hard" in service.said


def test_a_blocked_event_loop_does_not_hinder_the_end() -> None:
    """Code that never gives the loop back is ended at the deadline all the same."""
    with _running(stop="time.sleep(60)", deadline=0.3) as service:
        service.until("service.started")
        os.kill(service.process.pid, signal.SIGTERM)

        assert 1 == service.end()


def test_a_failure_ends_within_the_deadline_too() -> None:
    """Where nobody has asked for the end, it takes no longer either."""
    stuck = "await asyncio.sleep(60)"
    with _running(start="raise RuntimeError", stop=stuck, deadline=0.3) as service:
        code = service.end()

    assert 1 == code
    assert "service.ended_hard" in service.said


def test_a_second_signal_ends_it_at_once() -> None:
    """Who asks twice does not want to wait."""
    with _running(stop="await asyncio.sleep(60)", deadline=60) as service:
        service.until("service.started")
        os.kill(service.process.pid, signal.SIGTERM)
        service.until("service.stopping")
        asked = time.monotonic()
        os.kill(service.process.pid, signal.SIGTERM)

        code = service.end()

    assert 128 + signal.SIGTERM == code
    assert 2 > time.monotonic() - asked


def test_a_start_that_fails_ends_it() -> None:
    """A service that cannot start says why, and its exit code tells the supervisor."""
    with _running(start="raise RuntimeError('topics differ')") as service:
        code = service.end()

    assert 1 == code
    assert "topics differ" in service.said


def test_a_stop_that_fails_is_told() -> None:
    """An end that was not in order has not the exit code of one that was."""
    with _running(stop="raise RuntimeError('store is away')") as service:
        service.until("service.started")
        os.kill(service.process.pid, signal.SIGTERM)

        code = service.end()

    assert 1 == code
    assert "store is away" in service.said


def test_work_that_stands_still_ends_it() -> None:
    """When the watchdog sees no progress, the service stops in order and ends with 1."""
    with _running(patience=0.2, behind=5) as service:
        code = service.end()

    assert 1 == code
    assert "watchdog.stalled" in service.said
    assert "stopped\n" in service.said


def test_a_signal_during_the_start_is_heard() -> None:
    """A service that waits for Kafka ends when it is told to."""
    with _running(start="await asyncio.sleep(60)") as service:
        service.until("http.listening")
        os.kill(service.process.pid, signal.SIGTERM)

        assert 0 == service.end()
