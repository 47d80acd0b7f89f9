"""The catalogue of what the shell tells Prometheus: every name, its help, its labels, once.

Labels are bounded: a service's own types, outcomes, topics and partition numbers; never an account,
an id or an error's text. Each metric also bears the service's name.
"""

from typing import Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Metric = TypeVar("Metric", Counter, Gauge, Histogram)

LATENCY_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
WORK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH: Final = (1, 3, 10, 30, 100, 300, 1_000, 2_000, 5_000)


class Family(Generic[Metric]):
    """A metric with labels; `of` gives the one for their values, and is cheap when asked again."""

    __slots__ = ("_members", "_metric", "_service")

    def __init__(self, metric: Metric, service: str) -> None:
        """Members of `metric`, whose first label is the service's name."""
        self._metric: Metric = metric
        self._service = service
        self._members: dict[tuple[object, ...], Metric] = {}

    def of(self, *values: object) -> Metric:
        """The member with these label values, in the order of the catalogue."""
        member = self._members.get(values)
        if member is None:
            member = self._members[values] = self._metric.labels(self._service, *values)
        return member

    def drop(self, *values: object) -> None:
        """Show this member no longer, as for a partition that has gone to another instance."""
        if self._members.pop(values, None) is not None:
            self._metric.remove(self._service, *values)


class ShellMetrics:
    """The metrics of one service's process."""

    def __init__(self, registry: CollectorRegistry, service: str) -> None:
        """Register all of them on `registry`."""
        self.registry = registry
        self.service = service
        self._folding()
        self._lines()
        self._output()
        self._process()

    def built(self, version: str, revision: str) -> None:
        """Say what is running."""
        self._gauges("build_info", "What is running: always 1.", "version", "revision").of(
            version, revision
        ).set(1)

    def _folding(self) -> None:
        self.events_processed = self._counters(
            "events_processed",
            "Events taken from the line, by what became of them.",
            "type",
            "outcome",
        )
        self.event_latency = self._histograms(
            "event_latency_seconds",
            "From a record's append to its commit; the oldest of each partition's batch counts.",
            LATENCY_S,
            "type",
        )
        self.dead_letters = self._counters("dead_letters", "Events refused, by reason.", "reason")
        self.dead_letters_last_minute = self._gauges(
            "dead_letters_last_minute", "Events refused in the last 60 seconds."
        ).of()
        self.batch_seconds = self._histograms(
            "batch_seconds", "Time for one batch: load, fold, commit, publish.", WORK_S, "stage"
        )
        self.batch_events = self._histograms(
            "batch_events", "Events committed in one transaction.", BATCH
        ).of()
        self.commit_retries = self._counters(
            "commit_retries", "Transactions tried again after a transient error."
        ).of()
        self.parked_parties = self._gauges(
            "parked_parties", "Parties whose events wait for a defect to be mended."
        ).of()
        self.broadcasts_refused = self._counters(
            "broadcasts_refused", "Broadcasts that could not be folded: the old one is in force."
        ).of()

    def _lines(self) -> None:
        self.lag_messages = self._gauges(
            "consumer_lag_messages",
            "Records between the cursor and the end of the partition.",
            "topic",
            "partition",
        )
        self.lag_seconds = self._gauges(
            "consumer_lag_seconds",
            "Age of the oldest record that was read and is not committed; 0: there is none.",
            "topic",
            "partition",
        )
        self.last_processed = self._gauges(
            "consumer_last_processed_timestamp_seconds",
            "When a record was last committed.",
            "topic",
        )
        self.watermark = self._gauges(
            "watermark_timestamp_seconds",
            "The latest tick taken: the line's time.",
            "topic",
            "partition",
        )
        self.epoch = self._gauges(
            "partition_epoch", "How often the partition has changed hands.", "partition"
        )
        self.fenced = self._counters(
            "fenced", "Batches dropped because another instance had taken the partition."
        ).of()
        self.rebalances = self._counters(
            "rebalances", "Times that partitions were assigned anew."
        ).of()

    def _output(self) -> None:
        self.outbox_pending = self._gauges(
            "outbox_pending", "Records committed and on their way to Kafka."
        ).of()
        self.published = self._counters("published", "Records that Kafka has taken.", "topic")
        self.publish_retries = self._counters(
            "publish_retries", "Publications tried again with a new producer."
        ).of()
        self.publish_seconds = self._histograms(
            "publish_seconds", "Time until Kafka had taken a publication.", WORK_S
        ).of()

    def _process(self) -> None:
        self.ready = self._gauges("ready", "1 when the service does its work, else 0.").of()
        self.event_loop_lag = self._gauges(
            "event_loop_lag_seconds", "How late the event loop ran the watchdog."
        ).of()
        self.door_requests = self._counters(
            "door_requests", "Requests at the HTTP door, by path and status.", "path", "status"
        )
        self.door_waiting = self._gauges(
            "door_waiting", "Requests at the HTTP door that are not answered yet."
        ).of()

    def _counters(self, name: str, about: str, *labels: str) -> Family[Counter]:
        metric = Counter(f"collections_{name}", about, ("service", *labels), registry=self.registry)
        return Family(metric, self.service)

    def _gauges(self, name: str, about: str, *labels: str) -> Family[Gauge]:
        metric = Gauge(f"collections_{name}", about, ("service", *labels), registry=self.registry)
        return Family(metric, self.service)

    def _histograms(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Family[Histogram]:
        metric = Histogram(
            f"collections_{name}",
            about,
            ("service", *labels),
            registry=self.registry,
            buckets=buckets,
        )
        return Family(metric, self.service)
