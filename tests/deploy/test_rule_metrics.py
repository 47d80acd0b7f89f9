"""Every metric that a rule names is shown, with the labels it groups by.

By a running service, or by the daily job that compares a source with the ledger.
"""

import re
import time
from collections import defaultdict
from datetime import date
from typing import Final

import pytest

from services.command.fleet import Fleet
from services.command.service import SERVICES
from services.command.source import metrics
from services.command.source_compare import compare
from tests.deploy.reading import labels_of, metrics_of, rules

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

PROMETHEUS_ITSELF: Final = {"up"}
"""What no service shows: Prometheus makes it."""
_SERIES: Final = re.compile(r"^(collections_[a-z0-9_]+)(?:\{(.*)\})? ", re.MULTILINE)
_LABEL: Final = re.compile(r'([a-z_]+)="')


NAMED: Final = {metric for rule in rules() for metric in metrics_of(rule["expr"])}
WITHIN_S: Final = 20.0
"""Some are set once a second, KPI's by its period."""


@pytest.fixture(scope="module")
def shown(fleet: Fleet) -> dict[str, set[str]]:
    """The labels of each metric that the job and the four services show after a little work."""
    end = time.monotonic() + WITHIN_S
    while True:
        found = _shown(fleet)
        if found.keys() >= NAMED - PROMETHEUS_ITSELF or time.monotonic() > end:
            return found
        time.sleep(0.2)


def _shown(fleet: Fleet) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    job = metrics(compare({}, {}), "erp", date(2026, 3, 31), refused=0)
    for text in (job, *(fleet.text(name, "/metrics") for name in SERVICES)):
        for metric, labels in _SERIES.findall(text):
            found[metric] |= set(_LABEL.findall(labels))
    return dict(found)


def test_every_metric_of_a_rule_is_there(shown: dict[str, set[str]]) -> None:
    """A rule about a name that nobody shows would be silent for ever."""
    assert set() == NAMED - shown.keys() - PROMETHEUS_ITSELF
    assert len(NAMED) > 8


def test_every_label_of_a_rule_is_there(shown: dict[str, set[str]]) -> None:
    """A grouping by a label that a metric has not got would make one heap of all."""
    for rule in rules():
        having = [shown[name] for name in metrics_of(rule["expr"]) - PROMETHEUS_ITSELF]
        for labels in having:
            assert set() == labels_of(rule["expr"]) - labels, rule
