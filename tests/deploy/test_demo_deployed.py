"""The demo through services that run already: what it refuses, before it sends a thing."""

import os
import subprocess
import sys

import pytest

from services.command.demo_deployed import deployed
from services.command.fleet import Fleet
from services.command.service import SERVICES


def test_all_four_must_be_named() -> None:
    """Without KPI, nobody would know when it is through."""
    with pytest.raises(ValueError, match="no address was given for kpi"):
        deployed({"ingest": "a:1", "scoring": "b:1", "outreach": "c:1"})


def test_services_are_asked_where_they_are() -> None:
    """At the addresses that were told, whoever runs them."""
    fleet = deployed({name: f"{name}:8000" for name in SERVICES})

    assert "http://kpi:8000/v1/kpis" == fleet.url("kpi", "/v1/kpis")


@pytest.mark.stack
@pytest.mark.timeout(120)
def test_a_line_that_has_a_time_is_refused(fleet: Fleet) -> None:
    """A history that comes after would all be late; it says how to begin anew."""
    told = [f"{name}={server.address}" for name, server in fleet.servers.items()]

    done = subprocess.run(
        [sys.executable, "-m", "services.command.demo_deployed", *told],
        env={**os.environ, **fleet.environment},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip

    assert 1 == done.returncode
    assert "told a time already" in done.stdout
    assert "down --volumes" in done.stdout.replace("\n", " ")
