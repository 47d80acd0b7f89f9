"""deploy/compose-check: it says what is wrong with a machine, and finds what is wrong with a run.

The whole of it needs Docker and is run by CI where that is. Here: the real program against commands
that answer as Docker does when something is missing.
"""

import os
import shutil
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from deploy.composecheck import story
from deploy.composecheck.findings import Row
from deploy.composecheck.machine import MEMORY_MIN_GB, PUBLISHED
from deploy.composecheck.main import table
from deploy.composecheck.ordeal import ALL_UP, KILLED
from shared.cli.stack.ports import free_ports
from tests.deploy.reading import ROOT, SERVICES, compose

DOCKER: Final = """\
#!/bin/sh
case "$*" in
  *ServerVersion*) {info} ;;
  "compose version"*) {compose} ;;
  *MemTotal*) echo {memory} ;;
esac
"""
WELL: Final = {"info": "echo 28.0", "compose": "echo 2.26.1", "memory": 8 * 1024**3}
FAULTS: Final[dict[str, tuple[dict[str, object] | None, dict[str, str], str]]] = {
    "docker is not there": (None, {}, "no command 'docker'"),
    "docker does not run": ({"info": "echo Cannot connect >&2; exit 1"}, {}, "Docker does not run"),
    "docker lets nobody in": (
        {"info": "echo permission denied >&2; exit 1"}, {}, "Docker does not let you in",
    ),
    "there is no compose": ({"compose": "exit 1"}, {}, "neither `docker compose` nor"),
    "compose is old": ({"compose": "echo 1.25.0"}, {}, "1.25.0, 1.29 or newer is needed"),
    "there is too little memory": ({"memory": 2 * 1024**3}, {}, "2.0 GB of memory, 3 are needed"),
    "a port is no port": ({}, {"PUBLISH_KPI": "eighty"}, "PUBLISH_KPI is 'eighty'"),
}  # fmt: skip


def _run(
    folder: Path, says: dict[str, object] | None, more: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """The program, on a machine whose only commands are Python and this docker."""
    if says is not None:
        docker = folder / "docker"
        docker.write_text(DOCKER.format(**{**WELL, **says}))
        docker.chmod(0o755)
    (folder / "sh").symlink_to(str(shutil.which("sh")))
    environment = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, str(ROOT / "deploy/compose-check")],
        env={**environment, "PATH": str(folder), **more},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_missing_is_said(fault: str, tmp_path: Path) -> None:
    """In one message that says what to do, with its own exit code, before anything is done."""
    says, more, expected = FAULTS[fault]

    done = _run(tmp_path, says, more)

    assert (2, "") == (done.returncode, done.stdout)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """With the service that wants it, and the variable that chooses another."""
    told = {
        f"PUBLISH_{name}": str(number)
        for name, number in zip(PUBLISHED, free_ports(len(PUBLISHED)), strict=True)
    }
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(told["PUBLISH_KAFKA"])))
        other.listen()

        done = _run(tmp_path, {}, told)

    assert 2 == done.returncode
    assert f"port {told['PUBLISH_KAFKA']}, for kafka, is taken" in done.stderr
    assert "choose another: PUBLISH_KAFKA=" in done.stderr


def test_the_ports_are_those_of_the_compose_file() -> None:
    """What is looked at is what will be taken."""
    told = [port for one in compose()["services"].values() for port in one.get("ports", [])]

    assert {f"PUBLISH_{name}:-{number}" for name, number in PUBLISHED.items()} == {
        one.partition("{")[2].partition("}")[0] for one in told
    }


def test_everything_that_stays_up_is_killed_and_looked_at() -> None:
    """Once, and none is forgotten that a later compose file adds."""
    told = compose()["services"]
    staying = {name for name, one in told.items() if one["restart"] == "unless-stopped"}

    assert staying == set(KILLED) == set(ALL_UP)
    assert set(SERVICES) < staying


def test_memory_is_asked_for_in_proportion() -> None:
    """Half of what all containers may use at most is the least to start with."""
    limits = [one["mem_limit"] for one in compose()["services"].values() if "mem_limit" in one]
    total_mb = sum(int(x[:-1]) * (1024 if x.endswith("g") else 1) for x in limits)

    assert 0.3 < MEMORY_MIN_GB * 1024 / total_mb < 0.7


def test_the_story_is_one_line() -> None:
    """Rounds follow each other without a gap in the clock, so that one run of all is the same."""
    rounds = story.rounds(7)
    events = [event for one in rounds for event in one.events]

    assert sorted(event["time"] for event in events) == [event["time"] for event in events]
    assert len({event["id"] for event in events}) == len(events)
    for one, after in pairwise(rounds):
        assert (after.first - one.last).days == 1
        assert after.sent[0]["time"] == f"{after.first}T00:00:00Z"


def test_the_table_shows_what_failed() -> None:
    """And counts it."""
    said = table([Row("a", good=True, found="1"), Row("bb", good=False, found="2")])

    assert ["", "ok      a   1", "FAILED  bb  2", "", "2 checks, 1 failed"] == said.split("\n")
