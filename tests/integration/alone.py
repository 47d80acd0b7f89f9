"""Ingest as a process of its own on a stack of its own, for tests of what comes in."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.command.fleet import Fleet
from shared.cli.stack import Stack, running_stack


@contextmanager
def ingest_alone(
    folders: pytest.TempPathFactory, *, partitions: int, **settings: str
) -> Iterator[tuple[Stack, Fleet]]:
    """Ingest, ready, without a clock of its own; it ends with the block, and the stack too."""
    with running_stack(folders.mktemp("stack")) as stack:
        fleet = Fleet(stack.environment, folders.mktemp("logs"))
        try:
            fleet.launch(
                "ingest", ARREARS_CLOCK="false", ARREARS_PARTITIONS=str(partitions), **settings
            )
            fleet.wait_ready()
            yield stack, fleet
        finally:
            fleet.stop_all()
