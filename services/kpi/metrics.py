"""The figures as Prometheus gauges: the report's numbers, by creditor and currency.

Money is in major units, rounded to a float for the graph; the exact amounts are in the JSON.
"""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Gauge


class KpiMetrics:
    """The catalogue of KPI's own gauges."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ("creditor", "currency")
        self.amount = Gauge(
            "collections_receivable_amount",
            "Receivables now, by kind (gross, overdue, disputed, net …), in major units.",
            (*by, "kind"),
            registry=registry,
        )
        self.aging = Gauge(
            "collections_aging_amount",
            "Receivables now, by aging bucket, in major units.",
            (*by, "bucket"),
            registry=registry,
        )
        self.figure = Gauge(
            "collections_kpi",
            "Figures of the month so far, in the unit named (days or percent).",
            (*by, "figure", "unit"),
            registry=registry,
        )
        self.identity = Gauge(
            "collections_roll_forward_broken",
            "1 where opening plus movements is not closing: a defect.",
            by,
            registry=registry,
        )
        self.complete = Gauge(
            "collections_kpi_complete",
            "1 when all of the reported day has come in.",
            registry=registry,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """Set the gauges to a report's numbers; a figure without a value disappears."""
        for gauge in (self.amount, self.aging, self.figure, self.identity):
            gauge.clear()
        self.complete.set(1 if report["complete"] else 0)
        for part in report["receivables"]:
            by = (part["creditor_id"], part["currency"])
            for kind, amount in part["amounts"].items():
                self.amount.labels(*by, kind).set(float(amount))
            for bucket in part["aging"]:
                self.aging.labels(*by, bucket["bucket"]).set(float(bucket["amount"]))
            for name, figure in part["figures"].items():
                if figure["value"] is not None:
                    self.figure.labels(*by, name, figure["unit"]).set(figure["value"])
            self.identity.labels(*by).set(0 if part["roll_forward"]["holds"] else 1)
