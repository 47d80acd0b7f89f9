"""Segments and drift as Prometheus gauges.

The figures are those of the store, of all partitions: each instance shows the whole, so take their
maximum, never their sum.
"""

from collections.abc import Mapping
from math import nan

from prometheus_client import CollectorRegistry, Gauge

from services.scoring.domain.core import CHANGES, SEGMENTS
from services.scoring.domain.drift import CHANCE, CUTS, Drift


class SegmentMetrics:
    """Accounts in each segment, and how often accounts went from one to another."""

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


class DriftMetrics:
    """Whether the model in force still meets its portfolio; NaN where that cannot be said yet."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.index = Gauge(
            "collections_score_stability_index",
            "Population stability index of the last whole week: of the chance, of each feature.",
            ("model", "of"),
            registry=registry,
        )
        self.calibration = Gauge(
            "collections_score_calibration_drift",
            "Chance of thirty days foretold less share paid, of the last week that has matured.",
            ("model",),
            registry=registry,
        )
        self.accounts = Gauge(
            "collections_score_drift_accounts",
            "Accounts that these rest on: scored in the last week, judged of the one matured.",
            ("model", "of"),
            registry=registry,
        )

    def show(self, model: str, drift: Drift) -> None:
        """Set the gauges to the figures of one model; those of any other disappear."""
        for gauge in (self.index, self.calibration, self.accounts):
            gauge.clear()
        for name in (CHANCE, *CUTS):
            self.index.labels(model, name).set(drift.index.get(name, nan))
        self.calibration.labels(model).set(nan if drift.calibration is None else drift.calibration)
        self.accounts.labels(model, "scored").set(drift.scored)
        self.accounts.labels(model, "judged").set(drift.judged)
