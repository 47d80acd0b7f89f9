"""An ordeal: what befalls the services, the broker and the database while the events come in."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.command.fleet import Fleet
from services.command.service import SERVICES
from shared.cli.eventfile import Line
from shared.cli.stack import Stack
from tests.runs import send

SESSION_S: Final = 6.0
"""After so many seconds of silence, Kafka gives an instance's partitions to others."""
SLICES: Final = 120
BEHIND: Final = 3
"""So many slices later, each slice is sent a second time."""


class OrdealSettings(BaseSettings):
    """How long and how hard: ARREARS_FAULTS_KILLS=200 makes a long run of it."""

    model_config = SettingsConfigDict(env_prefix="ARREARS_FAULTS_", frozen=True)

    seed: int = Field(default=1, description="what is done when")
    kills: int = Field(default=20, ge=4, description="how often a service is killed")
    outages: int = Field(default=1, ge=1, description="how often broker and database are killed")
    pause_s: float = Field(default=2.0, description="seconds between two faults, about")
    patience_s: float = Field(default=240, description="seconds to come through, after all faults")

    @property
    def load_s(self) -> float:
        """For how long events are sent: longer than the faults last, even on a slow machine."""
        outages_s = 60.0 * self.outages + 20.0 * len(SERVICES)
        return 1.5 * self.kills * self.pause_s + outages_s


@dataclass(slots=True)
class Load:
    """Sends a story steadily, each part of it twice, and its last line once at the very end.

    It takes `load_s` seconds for it, unless it is told to hurry.
    """

    story: Sequence[Line]
    stack: Stack
    load_s: float
    failure: BaseException | None = None
    sent: int = 0
    """How many of the slices are sent."""
    hurry: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def lasts(self) -> bool:
        """Whether there is more to send."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as failure:  # noqa: BLE001 - told to whoever waits for the end
            self.failure = failure

    async def _send(self) -> None:
        *told, last = self.story
        size = -(-len(told) // SLICES)
        slices = [told[at : at + size] for at in range(0, len(told), size)]
        began = time.monotonic()
        for number in range(len(slices) + BEHIND):
            if number < len(slices):
                await send(slices[number], self.stack)
            if number >= BEHIND:
                await asyncio.sleep(0.01)
                await send(slices[number - BEHIND], self.stack)
            self.sent = number + 1
            due = began + self.load_s * self.sent / len(slices)
            left = max(0.0, due - time.monotonic())
            await asyncio.to_thread(self.hurry.wait, left)
        await send([last], self.stack)


@dataclass(slots=True)
class Ordeal:
    """Does to a fleet and its stack what a bad month does to them in production."""

    fleet: Fleet
    stack: Stack
    settings: OrdealSettings
    done: Counter[str] = field(default_factory=Counter)
    """What was done how often, such as "kill ingest"."""
    fallen: list[str] = field(default_factory=list)
    """Services that ended by themselves, as their supervisor saw it."""
    _random: Random = field(default_factory=Random)

    def run(self) -> None:
        """Do all of it, in an order that follows from the seed."""
        self._random.seed(self.settings.seed)
        for step in self._steps():
            step()
            self.watch(self._random.uniform(0.4, 1.6) * self.settings.pause_s)

    def _steps(self) -> Iterator[Callable[[], None]]:
        names = [SERVICES[number % len(SERVICES)] for number in range(self.settings.kills)]
        steps: list[Callable[[], None]] = [lambda name=name: self.kill(name) for name in names]  # type: ignore[misc] # a default binds the loop's value
        steps += [lambda name=name: self.relieve(name) for name in SERVICES]  # type: ignore[misc] # as above
        steps += [self.kill_database, self.kill_broker] * self.settings.outages
        self._random.shuffle(steps)
        yield from steps

    def kill(self, name: str) -> None:
        """End a service with -9 and start it again, as its supervisor would."""
        self.done[f"kill {name}"] += 1
        self.fleet.kill(name)
        self.fleet.servers[name].launch()

    def relieve(self, name: str) -> None:
        """A second instance joins, the first freezes, wakes up as a zombie; the second leaves.

        By turns it leaves gently, and by -9.
        """
        second = f"{name}-2"
        self.done[f"join {name}"] += 1
        self.fleet.launch(second, **self.fleet_settings)
        self.watch(SESSION_S / 2)
        self.done[f"freeze {name}"] += 1
        pid = self.fleet.servers[name].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            self.watch(SESSION_S + 1.5)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.watch(1)
        server = self.fleet.servers.pop(second)
        if self._random.random() < 0.5:  # every other one
            self.done[f"leave {name}"] += 1
            server.stop()
        else:
            self.done[f"kill {second}"] += 1
            server.kill()

    @property
    def fleet_settings(self) -> dict[str, str]:
        """What every instance is told: small caches and chunks, so that their edges are met."""
        return {
            "ARREARS_CLOCK": "false",
            "ARREARS_PARTITIONS": "4",
            "ARREARS_SESSION_TIMEOUT_MS": str(int(SESSION_S * 1_000)),
            "ARREARS_CHUNK_WAKES": "3",
            "ARREARS_CACHE_DOCUMENTS_MAX": "400",
            "ARREARS_BATCH_RECORDS_MAX": "200",
        }

    def kill_database(self) -> None:
        """End MongoDB with -9; it is back a moment later."""
        self.done["kill mongod"] += 1
        self.stack.mongod.kill()
        self.watch(1)
        self.stack.mongod.start()

    def kill_broker(self) -> None:
        """End Kafka with -9; it is back a moment later."""
        self.done["kill kafka"] += 1
        self.stack.kafka.kill()
        self.watch(1)
        self.stack.kafka.start()

    def watch(self, seconds: float) -> None:
        """Be the supervisor for so long: what has ended by itself is started again."""
        end = time.monotonic() + seconds
        while True:
            for name, server in self.fleet.servers.items():
                if not server.alive:
                    self.fallen.append(f"{name}: {server.said()[-2000:]}")
                    server.launch()
            if time.monotonic() >= end:
                return
            time.sleep(0.1)

    def come_through(self, moment: str) -> None:
        """Wait until KPI has passed a moment on all partitions.

        Raises:
            TimeoutError: it did not in all the patience that there is.
        """
        end = time.monotonic() + self.settings.patience_s
        while True:
            self.watch(0)
            try:
                self.fleet.wait_through(moment, within_s=2)
            except TimeoutError:
                if time.monotonic() > end:
                    raise
            else:
                return
