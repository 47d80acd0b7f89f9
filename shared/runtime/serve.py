"""A service as a process: an event loop, HTTP from its first moment, and an end in order.

FastStream's own lifespan tells uvicorn that it has started before the broker is, and uvicorn goes
on serving when the broker then fails. So the two are started and stopped here, one by one.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final, Protocol

import uvicorn
import uvloop
from typing_extensions import override

from shared.runtime.logging import logger
from shared.runtime.watchdog import Watchdog

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
SWITCH_S: Final = 0.0005
"""How long a thread that waits for Python lets another run: a tenth of the default, for a commit is
a row of answers from the database, each of which would wait so long while records are decoded."""
_COLLECTED_AT: Final = 500_000
"""How many objects more than at its last look the garbage collector looks at; two full rounds hold
more than 100,000, seldom 250,000."""
_COLLECTED_EACH_S: Final = 2.0
"""How often it looks at them where they are few, which takes some thousandths of a second."""
_FEW_OBJECTS: Final = 20_000
_LOOKS: Final = 10
"""Each so many times it looks at them in any case."""

log = logger(__name__)


class Service(Protocol):
    """What is served: FastStream's `AsgiFastStream`, or anything of its shape."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Answer a request (ASGI)."""
        ...

    async def start(self) -> None:
        """Start consuming."""
        ...

    async def stop(self) -> None:
        """Finish what was begun, and stop."""
        ...


class _Server(uvicorn.Server):
    """uvicorn, but it leaves the signals to us: work must end before HTTP does."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        places = [one.getsockname()[:2] for server in self.servers for one in server.sockets]
        log.info("http.listening", at=[f"{host}:{port}" for host, port in places])
        self.listening.set()


def run(
    build: Callable[[], Awaitable[Service]],
    *,
    host: str,
    port: int,
    deadline_s: float,
    watchdog: Watchdog | None = None,
) -> int:
    """Serve until told to end (SIGTERM, SIGINT); the exit code: 0 after an end in order.

    A second signal, or an end that takes longer than `deadline_s`, ends the process at once: to be
    killed at any instant is what the services are built for.

    Args:
        build: makes the service, within the event loop.
        host: address to listen on.
        port: port; 0 takes a free one, which the log tells.
        deadline_s: seconds for an end in order.
        watchdog: when it raises, the service ends with code 1.
    """
    return uvloop.run(serve(build, host=host, port=port, deadline_s=deadline_s, watchdog=watchdog))


async def serve(
    build: Callable[[], Awaitable[Service]],
    *,
    host: str,
    port: int,
    deadline_s: float,
    watchdog: Watchdog | None = None,
) -> int:
    """As `run`, within a running event loop. It takes over the process's signals."""
    stop = asyncio.Event()
    end = _HardEnd(deadline_s)
    with _signals(stop, end), end:
        app = await build()
        _collect_seldom()
        sys.setswitchinterval(SWITCH_S)
        config = uvicorn.Config(
            app, host=host, port=port, lifespan="off", log_config=None, access_log=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        async with _listening(_Server(config)) as listening:
            code = await _work(app, stop, listening, watchdog)
            end.begin()
            log.info("service.stopping", code=code)
            try:
                await app.stop()
            except Exception:
                log.exception("service.stop_failed")
                code = 1
    log.info("service.stopped", code=code)
    return code


def _collect_seldom() -> None:
    """Let the garbage collector look seldom, and never at what is there from the start.

    Thousands of documents are held for long, and nearly nothing that is made for an event is in a
    cycle: by default a fifth of all CPU would go into looking at the same documents again. What
    the rounds under way hold at once they let go of by themselves, so it does not look for that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AT, 50, 100)
    _look_at_new(1)


def _look_at_new(number: int) -> None:
    """Look at what is new, and again in a while: the little that is in cycles does not add up.

    Little by little, for all waits meanwhile; but not at what large rounds hold just now.
    """
    if gc.get_count()[0] < _FEW_OBJECTS or number % _LOOKS == 0:
        gc.collect(0)
    asyncio.get_running_loop().call_later(_COLLECTED_EACH_S, _look_at_new, number + 1)


async def _work(
    app: Service, stop: asyncio.Event, listening: asyncio.Task[None], watchdog: Watchdog | None
) -> int:
    """Start, and wait for the first that ends: a signal (0), or anything that must not (1)."""
    told = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(app.start())
    tasks: set[asyncio.Task[Any]] = {told, listening, starting}
    if watchdog is not None:
        tasks.add(asyncio.create_task(watchdog.run()))
    try:
        while True:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if told in done:
                return 0
            for task in done - {starting}:
                log.error("service.failed", why=repr(task.exception() or "it ended"))
                return 1
            if starting.exception() is not None:
                log.error("service.not_started", exc_info=starting.exception())
                return 1
            log.info("service.started")
            tasks -= done
    finally:
        for task in tasks - {listening}:
            task.cancel()
        await asyncio.wait(tasks - {listening})


@asynccontextmanager
async def _listening(server: _Server) -> AsyncIterator[asyncio.Task[None]]:
    """HTTP, from before the start to after the end."""
    task = asyncio.create_task(server.serve())
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait({task, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    try:
        yield task
    finally:
        server.should_exit = True
        await asyncio.wait({task})


class _HardEnd:
    """Ends the process when an end in order takes too long, whatever the event loop does."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._timer: threading.Timer | None = None

    def begin(self) -> None:
        """Count from now, or from the first time."""
        if self._timer is None:
            self._timer = threading.Timer(self._deadline_s, self._end)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        log.error("service.ended_hard", deadline_s=self._deadline_s)
        os._exit(1)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


@contextmanager
def _signals(stop: asyncio.Event, end: _HardEnd) -> Iterator[None]:
    """The first signal asks for an end in order, the second ends at once."""
    loop = asyncio.get_running_loop()
    asked = False

    def told(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        end.begin()
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, told) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
