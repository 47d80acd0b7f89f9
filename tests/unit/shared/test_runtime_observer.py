"""What a service tells of how it stands: of what it owns, and of nothing else."""

from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from shared.line.fold import Fold
from shared.runtime.clock import now
from shared.runtime.metrics import ShellMetrics
from shared.runtime.observer import Observer
from shared.testing.bench import Bench
from shared.testing.toy import EVENTS, Added, Configured


class Told:
    """An observer over a bench of its own, and what it tells."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.observer = Observer(ShellMetrics(self.registry, "toy"), dead_letters_per_minute_max=9)
        self.bench = Bench()
        self.bench.run()

    def value(self, name: str, **labels: str) -> float | None:
        """One number; None if it is not shown."""
        return self.registry.get_sample_value(f"collections_{name}", {"service": "toy", **labels})

    def fold(self) -> None:
        """Fold what the bench has, and tell of it."""
        [lane] = self.bench.worker.rounds.lanes.values()
        for record in self.bench.worker.consumer.poll():
            self.bench.worker.intake._receive([record], {})
        fold = Fold(lane)
        line = lane.line(lambda _topic: True)
        lane.give(lane.needs(line), [], {})
        fold.run(line)
        self.observer.round(folds=[fold], load_s=0, fold_s=0, commit_s=0, publish_s=0)


def test_what_waits_is_shown_with_its_age() -> None:
    """The oldest record that was read and is not committed counts; where none waits, it is 0."""
    told = Told()
    told.bench.log.now = now() - timedelta(seconds=100)
    told.bench.tell(Added(account_id="ann"))
    for record in told.bench.worker.consumer.poll():
        told.bench.worker.intake._receive([record], {})

    told.observer.watch(list(told.bench.worker.rounds.lanes.values()), {(EVENTS, 0): 1})

    age_s = told.value("consumer_lag_seconds", topic=EVENTS, partition="0")
    assert age_s is not None
    assert 100 <= age_s < 130
    assert 0 == told.value("consumer_lag_seconds", topic="toy.commands", partition="0")
    assert 1 == told.value("consumer_lag_messages", topic=EVENTS, partition="0")
    assert 1 == told.value("partition_epoch", partition="0")


def test_what_went_to_another_instance_is_shown_no_more() -> None:
    """Else its time would stand still here, and somebody be woken for it."""
    told = Told()
    told.observer.watch(list(told.bench.worker.rounds.lanes.values()), {(EVENTS, 0): 0})
    told.observer.metrics.watermark.of(EVENTS, 0).set(1)

    told.observer.watch([], {})

    assert told.value("consumer_lag_messages", topic=EVENTS, partition="0") is None
    assert told.value("consumer_lag_seconds", topic=EVENTS, partition="0") is None
    assert told.value("watermark_timestamp_seconds", topic=EVENTS, partition="0") is None
    assert told.value("partition_epoch", partition="0") is None


def test_latency_is_from_the_append_to_the_commit() -> None:
    """Of a batch, the oldest record counts."""
    told = Told()
    told.bench.log.now = now() - timedelta(seconds=3)
    told.bench.tell(Added(account_id="ann"))

    told.fold()

    assert 1 == told.value("event_latency_seconds_count", type=Added.type)
    taken_s = told.value("event_latency_seconds_sum", type=Added.type)
    assert taken_s is not None
    assert 3 <= taken_s < 30


def test_a_configuration_that_cannot_be_folded_is_counted() -> None:
    """Once as an event, a dead letter, and by itself: what held before goes on holding."""
    told = Told()
    [lane] = told.bench.worker.rounds.lanes.values()
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    told.bench.tell(Configured(number=1, factor=2, from_=begin, fault="raise"))
    lane.spoil_shared((EVENTS, 0), "cannot be used")

    told.fold()

    assert 1 == told.value("broadcasts_refused_total")
    assert 1 == told.value("dead_letters_total", reason="invalid")
    assert 1 == told.value("batch_events_sum")


def test_what_is_on_its_way_is_shown() -> None:
    """Until it has arrived."""
    told = Told()

    told.observer.publishing(7)
    on_its_way = told.value("outbox_pending")
    told.observer.publishing(0)

    assert 7 == on_its_way
    assert 0 == told.value("outbox_pending")
