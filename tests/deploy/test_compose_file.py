"""docker-compose.yml: what both Composes take, who may be reached from where, what holds when."""

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.deploy.reading import ROOT, SERVICES, compose

ONCE: Final = {"mongo-init", "demo", "arrears"}
"""Containers that do one thing and end."""
TOO_NEW: Final = {"start_interval", "develop", "required", "pull_policy", "provenance", "secrets"}
"""Keys that docker-compose 1.29 refuses, or that make it behave otherwise."""


def _keys(node: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    if isinstance(node, dict):
        yield from map(str, node)
        for inner in node.values():
            yield from _keys(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _keys(inner)


def _containers() -> list[str]:
    return sorted(compose()["services"])


def test_both_composes_take_it() -> None:
    """Nothing that 1.29 does not know; nothing that v2 warns of."""
    told = compose()

    assert set() == TOO_NEW & set(_keys(told))
    assert set() == {"name", "version", "configs"} & set(told)
    for service in told["services"].values():
        conditions = service.get("depends_on", [])
        if isinstance(conditions, dict):
            assert {("condition",)} == {tuple(one) for one in conditions.values()}


@pytest.mark.parametrize("command", [["docker-compose"], ["docker", "compose"]], ids=" ".join)
def test_a_compose_takes_it(command: list[str]) -> None:
    """Each Compose that is here reads it without a word."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"NOT TRIED: no {command[0]} here")
    here = subprocess.run([*command, "version"], capture_output=True, check=False)
    if here.returncode != 0:
        pytest.skip(f"NOT TRIED: no {' '.join(command)} here")

    done = subprocess.run(
        [*command, "--profile", "demo", "--profile", "command", "config", "-q"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", _containers())
def test_ports_are_on_loopback(name: str) -> None:
    """Nothing is reached from another machine."""
    for port in compose()["services"][name].get("ports", []):
        assert port.startswith("127.0.0.1:${PUBLISH_")


@pytest.mark.parametrize("name", _containers())
def test_every_container_is_limited(name: str) -> None:
    """It has a limit of memory (or a short life), bounded logs, and gains no rights."""
    told = compose()["services"][name]

    assert "mem_limit" in told or name == "mongo-init"
    assert "max-size" in told["logging"]["options"]
    assert ["no-new-privileges:true"] == told["security_opt"]
    assert told["init"] is True


@pytest.mark.parametrize("name", sorted(set(_containers()) - ONCE))
def test_what_runs_is_started_again_and_watched(name: str) -> None:
    """A crash is followed by a start; health is looked at, by the image or the compose file."""
    told = compose()["services"][name]

    assert "unless-stopped" == told["restart"]
    assert "healthcheck" in told or "build" in told


@pytest.mark.parametrize("service", SERVICES)
def test_services_write_nothing_and_may_nothing(service: str) -> None:
    """Read-only, no capabilities, time to end in order, started when the stack can be used."""
    told = compose()["services"][service]

    assert told["read_only"] is True
    assert ["ALL"] == told["cap_drop"]
    assert {"SERVICE": service} == told["build"]["args"]
    assert "20s" == told["stop_grace_period"]
    assert {
        "kafka": {"condition": "service_healthy"},
        "mongo-init": {"condition": "service_completed_successfully"},
    } == told["depends_on"]


def test_the_command_line_is_told_where_all_is() -> None:
    """It has the services' own settings, and starts with nothing but `run`."""
    told = compose()["services"]

    assert ["command"] == told["arrears"]["profiles"]
    assert {"SERVICE": "command", "CODE": "services"} == told["arrears"]["build"]["args"]
    assert told["arrears"]["environment"].items() <= told["ingest"]["environment"].items()
    assert {"KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"} <= set(told["arrears"]["environment"])
    assert "entrypoint" not in told["arrears"]


def test_data_outlives_containers() -> None:
    """Everything that is written goes to a volume with a name."""
    volumes = compose()["volumes"]
    used = {
        mount.partition(":")[0]
        for service in compose()["services"].values()
        for mount in service.get("volumes", [])
        if isinstance(mount, str) and not mount.startswith("./")
    }

    assert set(volumes) == used
