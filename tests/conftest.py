"""What all tests share: how hard hypothesis tries, and one local Kafka and MongoDB per session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from shared.cli.stack import Stack, running_stack

# `ci` draws the same examples each time, so that a red build is red again; `search` looks further.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("search", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One Kafka and one MongoDB for the session, empty at first, ended with it."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with running_stack(folder) as stack:
        yield stack


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a test be run on a file of the user's own."""
    parser.addoption(
        "--own-invoices", help="a CSV file of invoices for tests/scenario/test_own_invoices.py"
    )
