"""Whether this machine can do it, and if not, what to do about it."""

import re
import socket
from collections.abc import Sequence
from typing import Final

from deploy.composecheck.compose import Failed, docker, environment, find_compose, run

OLDEST: Final = (1, 29)
MEMORY_MIN_GB: Final = 3.0
"""Kafka 0.5, MongoDB 0.5, the services 0.1 each at rest; three times that at work."""
GB: Final = 1024**3
PORTS: Final = 65_536
PUBLISHED: Final = {
    "INGEST": 8001,
    "SCORING": 8002,
    "OUTREACH": 8003,
    "KPI": 8004,
    "KAFKA": 9092,
    "PROMETHEUS": 9090,
}
"""The ports of this machine by the end of their variable's name, as in docker-compose.yml."""


def ready_to_go() -> list[str]:
    """The command for Compose, after all has been found in order.

    Raises:
        Failed: something is not; the text says what to do.
    """
    docker_runs()
    compose = find_compose()
    compose_is_new_enough(compose)
    memory_suffices()
    ports_are_free()
    return compose


def docker_runs() -> None:
    """Docker is there, runs, and lets us in."""
    done = run(["docker", "info", "--format", "{{.ServerVersion}}"])
    said = (done.stdout + done.stderr).strip()
    if "permission denied" in said.lower():
        raise Failed(
            "Docker does not let you in: add yourself to the group docker "
            "(sudo usermod -aG docker $USER, then log in anew), or run this with sudo"
        )
    if done.returncode != 0:
        raise Failed(
            f"Docker does not run: start Docker Desktop, or `sudo systemctl start docker` ({said})"
        )


def compose_is_new_enough(command: Sequence[str]) -> None:
    """1.29 is the first that waits for a container that ends (service_completed_successfully)."""
    told = run([*command, "version", "--short"]).stdout
    found = re.search(r"(\d+)\.(\d+)", told)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST:
        raise Failed(
            f"{' '.join(command)} is {told.strip() or 'of an unknown version'}, 1.29 or newer is "
            "needed: https://docs.docker.com/compose/install, or COMPOSE='docker compose' to choose"
        )


def memory_suffices() -> None:
    """Docker may use enough of this machine; in Docker Desktop that is a setting."""
    total = int(docker("info", "--format", "{{.MemTotal}}")) / GB
    if total < MEMORY_MIN_GB:
        raise Failed(
            f"Docker has {total:.1f} GB of memory, {MEMORY_MIN_GB:.0f} are needed: "
            "in Docker Desktop, Settings > Resources > Memory"
        )


def port(service: str) -> int:
    """Where a service is published on this machine.

    Raises:
        Failed: the environment names no port.
    """
    told = environment().get(f"PUBLISH_{service.upper()}") or str(PUBLISHED[service.upper()])
    if not told.isdecimal():
        raise Failed(f"PUBLISH_{service.upper()} is {told!r}, which is no port")
    return int(told)


def ports_are_free() -> None:
    """Nobody else listens where the containers will."""
    for name, number in {name: port(name) for name in PUBLISHED}.items():
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", number))
            except OSError as fault:
                other = number + 10_000 if number + 10_000 < PORTS else number - 10_000
                raise Failed(
                    f"port {number}, for {name.lower()}, is taken ({fault.strerror}). End what "
                    f"listens there, or choose another: PUBLISH_{name}={other}"
                ) from None
