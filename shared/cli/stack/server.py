"""One server process of the stack, and what may be done to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.cli.stack.errors import PortTakenError, StackError

TROUBLE = ('"s":"E"', '"s":"F"', "ERROR", "FATAL", "Exception", "error")  # in either server's log
LINES_SHOWN = 12
GUARD = Path(__file__).with_name("guard.py")


@dataclass(slots=True)
class Server:
    """A broker, mongod or service that this process owns; restarted, it keeps data and port."""

    name: str
    address: str
    command: list[str] = field(repr=False)
    log: Path
    is_ready: Callable[[], bool]
    lock: int | None = None  # what the guard holds until the server is gone: the folder's lock
    environment: Mapping[str, str] | None = field(default=None, repr=False)  # None: ours
    ready_within_s: float = 60.0
    pid: int = 0
    _log_start: int = 0
    _guard: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Starts it and waits until it serves."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Starts it, without waiting."""
        if self.alive:
            raise StackError(f"{self.name} runs already, as process {self.pid}")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", GUARD, str(os.getpid()), self.log, *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=() if self.lock is None else (self.lock,),
            env=self.environment,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the servers in order
        )
        assert self._guard.stdout is not None  # noqa: S101 - for the type checker
        with self._guard.stdout as first_line:
            self.pid = int(first_line.readline() or 0)

    def wait_ready(self) -> None:
        """Waits until it serves; says what its log said when it does not."""
        end = time.monotonic() + self.ready_within_s
        while time.monotonic() < end:
            if not self.alive:
                raise self._failure("ended at its start")
            if self.is_ready():
                return
            time.sleep(0.05)
        raise self._failure(f"does not serve after {self.ready_within_s:.0f} s")

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self._guard is not None and self._guard.poll() is None

    def kill(self) -> None:
        """Ends it as `kill -9` does: no goodbye, nothing flushed."""
        self._end(signal.SIGUSR1)

    def stop(self) -> None:
        """Ends it gently."""
        self._end(signal.SIGTERM)

    def ask_to_stop(self) -> None:
        """Asks it to end, without waiting, so that several end at the same time."""
        if self._guard is not None and self.alive:
            self._guard.send_signal(signal.SIGTERM)

    def said(self) -> str:
        """What its log says since its last start."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[self._log_start :].decode(errors="replace")

    def _failure(self, what: str) -> StackError:
        said = self.said()
        if "Address already in use" in said:
            return PortTakenError(f"{self.name} finds its port taken")
        lines = said.splitlines()
        telling = [line for line in lines if any(sign in line for sign in TROUBLE)] or lines
        end = "\n".join(telling[-LINES_SHOWN:])
        return StackError(f"{self.name} {what}; {self.log} says\n{end}")

    def _end(self, number: signal.Signals) -> None:
        if self._guard is None:
            return
        if self.alive:
            self._guard.send_signal(number)
        self._guard.wait()
        self._guard = None
