"""What ingest tells Prometheus besides the shell's metrics: whether its books add up."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.ingest.domain.identity import Audit
from services.ingest.domain.stated import STALE


class LedgerMetrics(Collector):
    """Reads an audit's counts whenever Prometheus asks."""

    def __init__(self, audit: Audit) -> None:
        """Tell of `audit`."""
        self._audit = audit

    @override
    def collect(self) -> Iterable[Metric]:
        """The counts: `collections_ledger_identity_broken_total` is above 0 only by a defect."""
        yield _counter(
            "identity_checked",
            "Events whose roll-forward identity was checked.",
            self._audit.checked,
        )
        yield _counter(
            "identity_broken", "Events that broke it: an alert at any.", self._audit.broken
        )
        yield _counter(
            "stale_statements",
            "Statements of totals that were older than the ledger, and changed nothing.",
            self._audit.ignored[STALE],
        )


def _counter(name: str, about: str, count: int) -> Metric:
    family = CounterMetricFamily(f"collections_ledger_{name}", about, labels=("service",))
    family.add_metric(("ingest",), count)
    return family
