"""The catalogue of metrics: names and labels that dashboards and alerts are built on."""

from prometheus_client import CollectorRegistry, generate_latest

from shared.runtime.metrics import ShellMetrics

EXPECTED = {
    "collections_batch_events": ("service",),
    "collections_batch_seconds": ("service", "stage"),
    "collections_broadcasts_refused": ("service",),
    "collections_build_info": ("service", "version", "revision"),
    "collections_commit_retries": ("service",),
    "collections_consumer_lag_messages": ("service", "topic", "partition"),
    "collections_consumer_lag_seconds": ("service", "topic", "partition"),
    "collections_consumer_last_processed_timestamp_seconds": ("service", "topic"),
    "collections_dead_letters": ("service", "reason"),
    "collections_dead_letters_last_minute": ("service",),
    "collections_door_requests": ("service", "path", "status"),
    "collections_door_waiting": ("service",),
    "collections_event_latency_seconds": ("service", "type"),
    "collections_event_loop_lag_seconds": ("service",),
    "collections_events_processed": ("service", "type", "outcome"),
    "collections_fenced": ("service",),
    "collections_outbox_pending": ("service",),
    "collections_parked_parties": ("service",),
    "collections_partition_epoch": ("service", "partition"),
    "collections_publish_retries": ("service",),
    "collections_publish_seconds": ("service",),
    "collections_published": ("service", "topic"),
    "collections_ready": ("service",),
    "collections_rebalances": ("service",),
    "collections_watermark_timestamp_seconds": ("service", "topic", "partition"),
}


def test_the_catalogue_is_what_dashboards_are_built_on() -> None:
    """A name or a label that goes or changes breaks an alert somewhere: it changes here first."""
    registry = CollectorRegistry()
    metrics = ShellMetrics(registry, "ingest")
    metrics.built("1.0", "abc")

    found = {
        vars(metric)["_name"]: vars(metric)["_labelnames"]
        for metric in registry._names_to_collectors.values()
    }

    assert EXPECTED == found


def test_every_metric_explains_itself() -> None:
    """Each has a help text, which is a sentence."""
    registry = CollectorRegistry()
    ShellMetrics(registry, "ingest")

    helps = {metric.name: metric.documentation for metric in registry.collect()}

    assert not [name for name, text in helps.items() if not text.endswith(".")]


def test_a_member_bears_the_services_name() -> None:
    """What is counted shows up under its labels and the service's."""
    registry = CollectorRegistry()
    metrics = ShellMetrics(registry, "ingest")

    metrics.dead_letters.of("invalid").inc(3)

    labels = {"service": "ingest", "reason": "invalid"}
    assert 3 == registry.get_sample_value("collections_dead_letters_total", labels)


def test_a_partition_that_has_gone_is_shown_no_longer() -> None:
    """The lag of a partition that another instance owns must not stay on the dashboard."""
    registry = CollectorRegistry()
    metrics = ShellMetrics(registry, "ingest")
    metrics.lag_messages.of("billing.events", 3).set(10)

    metrics.lag_messages.drop("billing.events", 3)
    metrics.lag_messages.drop("billing.events", 4)

    assert b'topic="billing.events"' not in generate_latest(registry)
