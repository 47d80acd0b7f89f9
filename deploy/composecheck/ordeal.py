"""The story told to containers that are killed, each once, while they work."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from deploy.composecheck import story
from deploy.composecheck.compose import Compose, Failed, docker, run
from deploy.composecheck.http import post, wait_through, worked_through

KILLED: Final = ("scoring", "ingest", "outreach", "kpi", "mongo", "kafka", "prometheus")
"""One on each day: the first while ticks go through, the second while the door takes events, and so
on in turn."""
ALL_UP: Final = KILLED
HEALTHY_S: Final = 180.0
ALONE_S: Final = 20.0
"""Within which Docker starts by itself what has died; it begins after a tenth of a second."""
ROUND_S: Final = 150.0
TRIES: Final = 3

Say = Callable[[str], None]


@dataclass(slots=True)
class Restart:
    """How a container came back."""

    service: str
    seconds: float
    by_itself: bool


@dataclass(slots=True)
class Ordeal:
    """What is told, and what happens to whom meanwhile."""

    compose: Compose
    folder: Path
    """For files that containers read and write."""
    say: Say
    restarts: list[Restart] = field(default_factory=list)
    rounds: list[story.Round] = field(default_factory=lambda: story.rounds(len(KILLED)))
    sent_again: int = 0
    """Requests and files that were sent once more, since nobody had answered."""
    _logs: int = 0

    @property
    def undisturbed(self) -> Path:
        """What came of the story in one process, without broker, database and kills."""
        return self.folder / "undisturbed"

    def simulate(self) -> None:
        """Run the same story undisturbed: what must come of it.

        Raises:
            Failed: that fails.
        """
        story.write((e for one in self.rounds for e in one.events), self.folder / "story.jsonl")
        self.undisturbed.mkdir()
        self.undisturbed.chmod(0o777)  # the container's user is not ours
        running = self._arrears(
            "simulate", "/story/story.jsonl", "--out", "/story/undisturbed",
            "--tick", f"{story.TICK_H * 60:.0f}m", "--until", self.rounds[-1].until,
        )  # fmt: skip
        if running.wait() != 0:
            raise Failed(f"the story cannot be simulated:\n{running.said()}")

    def run(self) -> None:
        """Tell the story, with a SIGKILL in each of its first days.

        Raises:
            Failed: the services do not come through.
        """
        for one, service in zip(self.rounds, (*KILLED, ""), strict=True):
            self._tell(one, service)

    def _tell(self, one: story.Round, service: str) -> None:
        what = f"{len(one.events)} events, {one.ticks} ticks"
        self.say(f"{one.title}: {what}{f'; SIGKILL {service}' if service else ''}")
        killed: _Killed | None = None
        half = len(one.posted) // 2
        self.sent_again += post(one.posted[:half])
        if service and one.number % 2:
            killed = self._kill(service)
        self.sent_again += post(one.posted[half:])
        sending = self._send(one)
        if service and not one.number % 2:
            self._wait_in_flight(one, sending)
            killed = self._kill(service)
        self._sent(one, sending)
        if killed is not None:
            self.restarts.append(self._back(killed))
        wait_through(one.last_tick, within_s=ROUND_S)

    def _send(self, one: story.Round) -> "_Sending":
        """Start the replay of a day, with its ticks, in a container of its own."""
        name = f"day-{one.number}.jsonl"
        story.write(one.sent, self.folder / name)
        step = f"{story.TICK_H}h"
        return self._arrears("replay", f"/story/{name}", "--tick", step, "--until", one.until)

    def _arrears(self, *arguments: str) -> "_Sending":
        """Start the command line in a container."""
        self._logs += 1
        log = self.folder / f"{arguments[0]}-{self._logs}.log"
        line = in_command_image(self.folder, "python -m services.command", *arguments)
        return _Sending(self.compose, line, log)

    def _sent(self, one: story.Round, sending: "_Sending") -> None:
        """Wait until the day has been sent; once more where Kafka was away for too long."""
        for tries_left in reversed(range(TRIES)):
            if sending.wait() == 0:
                return
            if tries_left:
                self.sent_again += 1
                sending = self._send(one)
        raise Failed(f"the replay of {one.title} does not succeed:\n{sending.said()}")

    @staticmethod
    def _wait_in_flight(one: story.Round, sending: "_Sending") -> None:
        """Wait until KPI has seen some of the day: then everything is at work."""
        while sending.running():
            at = worked_through()
            if at is not None and at.date() >= one.first:
                return
            time.sleep(0.02)

    def _kill(self, service: str) -> "_Killed":
        """SIGKILL from within, as a crash is: `docker kill` would count as a wish that it ends."""
        before = self.compose.inspect(service)["State"]["StartedAt"]
        run(["docker", "exec", self.compose.container(service), "sh", "-c", "kill -9 -1"])
        return _Killed(service, before, time.monotonic())

    def _back(self, killed: "_Killed") -> Restart:
        """Wait until it is healthy again; Docker is to start it, and if it does not, we do.

        Raises:
            Failed: it does not become healthy.
        """
        by_itself = True
        while time.monotonic() < killed.at + HEALTHY_S:
            state = self.compose.inspect(killed.service)["State"]
            if state["StartedAt"] != killed.before and state["Health"]["Status"] == "healthy":
                return Restart(killed.service, time.monotonic() - killed.at, by_itself)
            if not state["Running"] and time.monotonic() > killed.at + ALONE_S:
                by_itself = False
                docker("start", self.compose.container(killed.service))
            time.sleep(0.3)
        raise Failed(f"{killed.service} is not healthy again:\n{self.compose.said(killed.service)}")


class _Killed(NamedTuple):
    """A container that was killed: when it had been started before, and when it died."""

    service: str
    before: str
    at: float


class _Sending:
    """A replay that runs."""

    def __init__(self, compose: Compose, line: list[str], log: Path) -> None:
        self._log = log
        self._process = compose.start(*line, log=log)

    def running(self) -> bool:
        """Whether it goes on."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Its exit code, at its end."""
        return self._process.wait(timeout=ROUND_S)

    def said(self) -> str:
        """The end of what it said."""
        return self._log.read_text(encoding="utf-8")[-1500:]


def in_command_image(folder: Path, entrypoint: str, *arguments: str) -> list[str]:
    """Compose's arguments for a program in the image of the command line, which sees `folder`."""
    return [
        *("--profile", "demo", "run", "--rm", "-T", "--no-deps", "-v", f"{folder}:/story:z"),
        *("--entrypoint", entrypoint, "demo", *arguments),
    ]


def wait_healthy(compose: Compose, say: Say) -> None:
    """Wait until all containers are healthy.

    Raises:
        Failed: one is not, within the time; with the end of its log.
    """
    end = time.monotonic() + HEALTHY_S
    for service in ALL_UP:
        while True:
            state = compose.inspect(service)["State"]
            if state.get("Health", {}).get("Status") == "healthy":
                break
            if time.monotonic() > end or state.get("Restarting"):
                raise Failed(
                    f"{service} is not healthy ({state['Status']}); the end of its log:\n"
                    f"{compose.said(service)}"
                )
            time.sleep(0.3)
        say(f"{service} is healthy")
