"""Processes whose every call to store and broker stops at a gate, to be opened in any order."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.line.lane import Lane, Limits
from shared.line.ports import Unavailable
from shared.line.wiring import Wiring
from shared.runtime.producer import PublishUnavailable
from shared.testing.log import MemoryLog
from shared.testing.memory_store import MemoryData
from shared.testing.toy import ToyCore
from shared.testing.worker import Worker

_FAILURES: Final[Mapping[str, type[Exception]]] = {
    "publish": PublishUnavailable,
    "ends": TimeoutError,
}
"""What a call fails with, by the first word of its gate; the others are the store's."""


class Killed(Exception):
    """The process is gone; nothing that it would still do happens."""


@dataclass(slots=True)
class Gate:
    """A call that waits to be let through."""

    name: str
    opened: asyncio.Future[None]


@dataclass(slots=True)
class Process:
    """A worker, the calls that it waits for, and what it is doing."""

    service: str
    worker: Worker = field(init=False)
    gates: list[Gate] = field(default_factory=list)
    working: asyncio.Task[None] | None = None
    receiving: asyncio.Task[None] | None = None
    looking: asyncio.Task[None] | None = None
    rebalancing: asyncio.Task[None] | None = None
    dead: bool = False
    driven: bool = False
    """Whether its calls pass without stopping."""
    lossy: bool = False
    """Whether its consumer has lost something: a gap is sought back to once, and then believed."""

    async def step(self, name: str) -> None:
        """Stop at a gate."""
        if self.dead:
            raise Killed(name)
        if self.driven:
            return
        gate = Gate(name, asyncio.get_running_loop().create_future())
        self.gates.append(gate)
        await gate.opened

    def tasks(self) -> Iterator[asyncio.Task[None]]:
        """What it does, or has done last."""
        for task in (self.working, self.receiving, self.looking, self.rebalancing):
            if task is not None:
                yield task

    @property
    def idle(self) -> bool:
        """Whether it does nothing now."""
        return all(task.done() for task in self.tasks())


class Processes:
    """Instances of services over one log, on an event loop that runs only when it is told to."""

    def __init__(self, services: Mapping[str, tuple[Wiring, str]], partitions: int) -> None:
        """Know the services, each with its wiring and the topic that its core tells facts on."""
        self.loop = asyncio.SelectorEventLoop()
        self.log = MemoryLog(partitions)
        self.data = {service: MemoryData() for service in services}
        self.limits = Limits()
        self.all: list[Process] = []
        self._services = services

    def start(self, service: str) -> Process:
        """Start a process that owns nothing yet."""
        wiring, topic = self._services[service]
        process = Process(service)
        process.worker = Worker(
            self.log,
            ToyCore(topic),
            wiring,
            data=self.data[service],
            limits=self.limits,
            step=process.step,
        )
        self.all.append(process)
        return process

    def of(self, service: str) -> list[Process]:
        """The processes of one service."""
        return [process for process in self.all if process.service == service]

    def pick(self, which: int) -> Process:
        """Any process that owns something, or believes so; else any."""
        owners = [process for process in self.all if process.worker.rounds.lanes]
        among = owners or self.all
        return among[which % len(among)]

    def settle(self) -> None:
        """Let everything run that can, until all wait at gates.

        Raises:
            Exception: what a process's work ended with; it never should.
        """

        async def wait() -> None:
            ready = self.loop._ready  # type: ignore[attr-defined] # noqa: SLF001 - nothing public tells it
            await asyncio.sleep(0)
            while ready:  # noqa: ASYNC110 - no event tells that nothing is left to run
                await asyncio.sleep(0)

        self.loop.run_until_complete(wait())
        for process in self.all:
            for task in process.tasks():
                if task.done() and not task.cancelled():
                    task.result()

    def spawn(self, doing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something, up to its first gate."""
        task = self.loop.create_task(doing)
        self.settle()
        return task

    def drive(self, process: Process, doing: Coroutine[Any, Any, None] | None = None) -> None:
        """Let a process finish what it does, and `doing`, without any hindrance."""
        process.driven = True
        while process.gates:
            self.open(process.gates.pop(0))
        if doing is not None:
            process.rebalancing = self.spawn(doing)
        process.driven = False
        if not process.idle:
            message = "a process came to no end"
            raise RuntimeError(message)

    def open(self, gate: Gate) -> None:
        """Let a call through."""
        gate.opened.set_result(None)
        self.settle()

    def fail(self, gate: Gate) -> None:
        """Let a call fail; after the fact, its answer is lost."""
        failure = _FAILURES.get(gate.name.partition(".")[0], Unavailable)
        gate.opened.set_exception(failure(gate.name))
        self.settle()

    def kill(self, process: Process) -> None:
        """What a process was about to do never happens."""
        process.dead = True
        for task in process.tasks():
            task.cancel()
        process.gates.clear()
        self.settle()
        self.all.remove(process)

    def usurp(self, frozen: Process, polls: int) -> None:
        """A process freezes in the midst of its work; others take all over and get on with it."""
        for process in self.of(frozen.service):
            if process is not frozen:
                self.drive(process, process.worker.give_up())
                self.drive(process, process.worker.own(range(self.log.partitions)))
                for _ in range(polls):
                    self.drive(process, process.worker.poll(2))

    def finish(self) -> None:
        """All processes are killed; a new one of each service does all that is left."""
        for process in list(self.all):
            self.kill(process)
        for service in self._services:
            process = self.start(service)
            self.drive(process, process.worker.own(range(self.log.partitions)))
        for _ in range(2 * self.log.partitions + 2):  # what was forwarded or copied comes later
            for process in self.all:
                self.drive(process, process.worker.poll())

    def lanes(self) -> Iterator[Lane]:
        """What the processes hold of the partitions that they own."""
        for process in self.all:
            yield from process.worker.rounds.lanes.values()

    def close(self) -> None:
        """End all."""
        for process in list(self.all):
            self.kill(process)
        self.loop.close()
