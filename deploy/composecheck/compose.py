"""Docker and Compose, as commands."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
LINES_SHOWN: Final = 25


class Failed(Exception):
    """What was tried did not work; the text says it to the person who started the check."""


def run(
    command: Sequence[str], *, within_s: float = 120, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, whatever its exit code.

    Raises:
        Failed: there is no such command, or it takes too long.
    """
    try:
        return subprocess.run(  # noqa: S603 - a command of this package
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
            cwd=ROOT,
            env=env,
        )
    except FileNotFoundError:
        raise Failed(f"there is no command {command[0]!r} here") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"`{' '.join(command[:6])} …` took more than {within_s:.0f} s") from None


def environment() -> Mapping[str, str]:
    """What the person who started the check has set."""
    return os.environ  # noqa: TID251 - this runs before anything of Arrears is installed


def docker(*arguments: str, within_s: float = 60) -> str:
    """What docker prints.

    Raises:
        Failed: it fails.
    """
    done = run(["docker", *arguments], within_s=within_s)
    if done.returncode != 0:
        raise Failed(f"docker {arguments[0]}: {done.stderr.strip()[-600:]}")
    return done.stdout


def find_compose() -> list[str]:
    """The command for Compose: v2 if it is there, else docker-compose; COMPOSE names another.

    Raises:
        Failed: there is none.
    """
    if named := environment().get("COMPOSE"):
        return named.split()
    if run(["docker", "compose", "version"]).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise Failed(
        "Docker is here, but neither `docker compose` nor `docker-compose` is: install one"
    )


@dataclass(frozen=True, slots=True)
class Compose:
    """The project that is tried: its own containers, networks and volumes, and nobody else's."""

    command: Sequence[str]
    project: str
    settings: Mapping[str, str]
    """What the environment says on top of ours."""

    @property
    def env(self) -> dict[str, str]:
        """The environment of its commands."""
        return {**environment(), "COMPOSE_PROJECT_NAME": self.project, **self.settings}

    def line(self, *arguments: str) -> list[str]:
        """The whole command."""
        return [
            *self.command,
            "--project-name",
            self.project,
            "--file",
            "docker-compose.yml",
            *arguments,
        ]

    def __call__(self, *arguments: str, within_s: float = 180) -> str:
        """What it prints.

        Raises:
            Failed: it fails; the text has the end of what it said.
        """
        done = run(self.line(*arguments), within_s=within_s, env=self.env)
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()[-LINES_SHOWN:]
            raise Failed("\n".join([f"compose {' '.join(arguments)} failed:", *said]))
        return done.stdout

    def start(self, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
        """Start it without waiting; what it says goes to `log`."""
        with log.open("ab") as file:
            return subprocess.Popen(  # noqa: S603 - as above
                self.line(*arguments), stdout=file, stderr=file, stdin=subprocess.DEVNULL,
                cwd=ROOT, env=self.env,
            )  # fmt: skip

    def container(self, service: str) -> str:
        """The id of a service's container, running or not; empty if there is none."""
        label = "label=com.docker.compose"
        found = docker(
            "ps", "-aq", "--no-trunc", "--filter", f"{label}.project={self.project}",
            "--filter", f"{label}.service={service}", "--filter", f"{label}.oneoff=False",
        ).split()  # fmt: skip
        return found[0] if found else ""

    def inspect(self, service: str) -> dict[str, Any]:
        """What Docker knows of a service's container.

        Raises:
            Failed: there is none.
        """
        found: dict[str, Any] = json.loads(docker("inspect", self.container(service) or service))[0]
        return found

    def said(self, service: str, lines: int = LINES_SHOWN) -> str:
        """The end of a service's log."""
        name = self.container(service)
        done = run(["docker", "logs", "--tail", str(lines), name or service])
        return (done.stdout + done.stderr).strip()
