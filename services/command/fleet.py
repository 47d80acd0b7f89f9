"""The four services as processes of their own, as in production: for demo, tests and bench."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.command.service import SERVICES
from shared.cli.stack import Server
from shared.cli.stack.ports import HOST, free_ports

_ANSWER_S: Final = 10.0


@dataclass(slots=True)
class Fleet:
    """Running services by name; a second instance of one has a name like `scoring-2`."""

    environment: Mapping[str, str]
    """What every service is told: the stack's addresses, and settings."""
    folder: Path
    """Where their logs go."""
    servers: dict[str, Server] = field(default_factory=dict)

    def launch(self, name: str, **settings: str) -> Server:
        """Start a service (or another instance of one), without waiting until it is ready."""
        port = free_ports(1)[0]
        service = name.partition("-")[0]
        server = Server(
            name=name,
            address=f"{HOST}:{port}",
            command=[sys.executable, "-m", f"services.{service}"],
            log=self.folder / f"{name}.log",
            is_ready=lambda: self.is_ready(name),
            environment={
                **os.environ,  # noqa: TID251 - what it is told comes on top of what we were told
                **self.environment,
                **settings,
                "ARREARS_HTTP_PORT": str(port),
            },
        )
        server.launch()
        self.servers[name] = server
        return server

    def launch_all(self, **settings: str) -> None:
        """Start all four and wait until each is ready."""
        for name in SERVICES:
            self.launch(name, **settings)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until all that run are ready."""
        for server in self.servers.values():
            server.wait_ready()

    def url(self, name: str, path: str = "") -> str:
        """The address of a service's HTTP."""
        return f"http://{self.servers[name].address}{path}"

    def get(self, name: str, path: str) -> Any:  # noqa: ANN401 - JSON
        """A service's JSON answer.

        Raises:
            OSError: it does not answer, or not with 200.
        """
        with urllib.request.urlopen(self.url(name, path), timeout=_ANSWER_S) as answer:  # noqa: S310 - our own address
            return json.loads(answer.read())

    def text(self, name: str, path: str) -> str:
        """A service's answer as text; raises `OSError` as `get` does."""
        with urllib.request.urlopen(self.url(name, path), timeout=_ANSWER_S) as answer:  # noqa: S310 - our own address
            return str(answer.read().decode())

    def is_ready(self, name: str) -> bool:
        """Whether a service says that it does its work."""
        try:
            return bool(self.get(name, "/readyz")["ready"])
        except OSError:
            return False

    def kill(self, name: str) -> None:
        """End it as `kill -9` does."""
        self.servers[name].kill()

    def stop_all(self) -> None:
        """End all gently, at the same time."""
        for server in self.servers.values():
            server.ask_to_stop()
        for server in self.servers.values():
            server.stop()

    def wait_through(self, moment: str, *, within_s: float, told: Any = None) -> None:  # noqa: ANN401
        """Wait until KPI has passed a tick (ISO 8601) on every partition of both its topics.

        Raises:
            TimeoutError: it did not within the time, or stands still.
        """
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            with_answer: Mapping[str, Any] = {}
            try:
                with_answer = self.get("kpi", "/v1/progress")
            except (OSError, urllib.error.URLError):
                time.sleep(0.5)
                continue
            marks = [m for topic in with_answer["watermarks"].values() for m in topic]
            if told is not None:
                told(min((m or "" for m in marks), default=""))
            if marks and all(mark is not None and mark >= moment for mark in marks):
                return
            time.sleep(0.2)
        raise TimeoutError(f"KPI did not come to {moment} within {within_s:.0f} s")


@contextmanager
def running_fleet(environment: Mapping[str, str], folder: Path, **settings: str) -> Iterator[Fleet]:
    """All four services, ready; they end with the block, and with its process however that dies."""
    fleet = Fleet(environment, folder)
    try:
        fleet.launch_all(**settings)
        yield fleet
    finally:
        fleet.stop_all()
