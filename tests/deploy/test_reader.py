"""compose-check's reader of topics, which it runs in an image, here on the local stack."""

import subprocess
import sys

import pytest

from services.command.fleet import Fleet
from tests.deploy.reading import ROOT


@pytest.mark.stack
@pytest.mark.timeout(120)
def test_every_record_is_printed_but_ticks(fleet: Fleet) -> None:
    """With its topic and its id; a topic without any prints nothing."""
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "deploy/composecheck/reader.py")),
            *(fleet.environment["KAFKA_BOOTSTRAP_SERVERS"], "billing.events", "ingest.dlq"),
            "outreach.commands",
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    expected = ["billing.events bad", "billing.events good", "ingest.dlq bad"]
    assert expected == sorted(done.stdout.splitlines()), done.stderr
