"""Segments as Prometheus gauges: accounts in each, and how often accounts went from one to another.

The figures are those of the store, of all partitions: each instance shows the whole, so take their
maximum, never their sum.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from services.scoring.domain.core import CHANGES, SEGMENTS


class SegmentMetrics:
    """The catalogue of scoring's own gauges."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.accounts = Gauge(
            "scoring_segment_accounts",
            "Accounts that were ever scored, by the segment they are in.",
            ("segment",),
            registry=registry,
        )
        self.changes = Gauge(
            "scoring_segment_changes",
            "How often an account went from one segment to another, since the beginning.",
            ("before", "after"),
            registry=registry,
        )

    def show(self, figures: Mapping[str, Mapping[str, int]]) -> None:
        """Set the gauges; `figures` are the cells of the rows `SEGMENTS` and `CHANGES`."""
        self.accounts.clear()
        self.changes.clear()
        for segment, count in figures.get(SEGMENTS, {}).items():
            self.accounts.labels(segment).set(count)
        for change, count in figures.get(CHANGES, {}).items():
            self.changes.labels(*change.split(">", 1)).set(count)
