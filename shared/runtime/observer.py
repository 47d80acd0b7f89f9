"""What a round tells the outside: one canonical log line, the metrics, and readiness."""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import structlog

from shared.core import REFUSALS
from shared.line.fold import Fold
from shared.line.lane import Lane
from shared.runtime.clock import monotonic, now
from shared.runtime.metrics import ShellMetrics

log = structlog.get_logger()


@dataclass(slots=True)
class Observer:
    """Counts what rounds did, and knows what keeps the service from being ready."""

    metrics: ShellMetrics
    dead_letters_per_minute_max: int
    troubles: dict[str, float] = field(default_factory=dict)
    """What does not work now ("committing"), and since when (monotonic seconds)."""
    partitions: int | None = None
    """How many partitions are owned; None before the first assignment."""
    progressed_at: float = field(default_factory=monotonic)
    _letters: deque[tuple[float, int]] = field(default_factory=deque)
    _shown: set[tuple[str, int]] = field(default_factory=set)
    """Topics and partitions that the gauges show."""

    def round(
        self,
        *,
        folds: Collection[Fold],
        load_s: float,
        fold_s: float,
        commit_s: float,
        publish_s: float,
    ) -> None:
        """Note one round that is committed."""
        self.progressed_at = monotonic()
        total: Counter[tuple[str, str]] = Counter()
        outputs: Counter[str] = Counter()
        for fold in folds:
            total.update(fold.outcomes)
            outputs.update(record.topic for record in fold.writes.outbox)
            self.metrics.broadcasts_refused.inc(fold.broadcasts_refused)
            for party in sorted(fold.unparked):
                log.info("shell.unparked", party=party)
            for party, why in fold.writes.still_parked.items():
                log.error("shell.still_parked", party=party, why=why)
            self._lane(fold)
        for (kind, outcome), number in total.items():
            self.metrics.events_processed.of(kind, outcome).inc(number)
            if outcome in REFUSALS:
                self.metrics.dead_letters.of(outcome).inc(number)
        for topic, number in outputs.items():
            self.metrics.published.of(topic).inc(number)
        stages = {"load": load_s, "fold": fold_s, "commit": commit_s, "publish": publish_s}
        for stage, seconds in stages.items():
            self.metrics.batch_seconds.of(stage).observe(seconds)
        events = sum(total.values())
        self.metrics.batch_events.observe(events)
        self._count_letters(sum(n for (_, outcome), n in total.items() if outcome in REFUSALS))
        outcomes: Counter[str] = Counter()
        for (_, outcome), number in total.items():
            outcomes[outcome] += number
        log.info(
            "batch.done",
            partitions=len(folds),
            events=events,
            published=sum(outputs.values()),
            **{f"{stage}_ms": round(seconds * 1000, 1) for stage, seconds in stages.items()},
            **outcomes,
        )

    def _lane(self, fold: Fold) -> None:
        lane = fold.lane
        moment = now().timestamp()
        for topic, at in fold.cursor.watermarks.items():
            self.metrics.watermark.of(topic, lane.partition).set(at.timestamp())
        for topic in lane.cursor.offsets:
            self.metrics.last_processed.of(topic).set(moment)
        oldest = fold.oldest
        if oldest is not None and oldest.stamp is not None:
            kind = oldest.event.type if oldest.event else "unknown"
            waited_s = max(0.0, moment - oldest.stamp.timestamp())
            self.metrics.event_latency.of(kind).observe(waited_s)

    def watch(self, lanes: Collection[Lane], lag: Mapping[tuple[str, int], int]) -> None:
        """Note how the owned partitions stand; `lag` is in records, by topic and partition."""
        moment = now().timestamp()
        self._forget({(topic, lane.partition) for lane in lanes for topic in lane.pending})
        for (topic, partition), behind in lag.items():
            self.metrics.lag_messages.of(topic, partition).set(behind)
        for lane in lanes:
            self.metrics.epoch.of(lane.partition).set(lane.cursor.epoch)
            for topic, queue in lane.pending.items():
                stamp = queue[0].stamp if queue else None
                age_s = 0.0 if stamp is None else max(0.0, moment - stamp.timestamp())
                self.metrics.lag_seconds.of(topic, lane.partition).set(age_s)

    def _forget(self, owned: set[tuple[str, int]]) -> None:
        """Show no more what went to another instance: there it moves on, here it would stand."""
        for topic, partition in self._shown - owned:
            for gauges in (self.metrics.lag_messages, self.metrics.lag_seconds):
                gauges.drop(topic, partition)
            self.metrics.watermark.drop(topic, partition)
            self.metrics.epoch.drop(partition)
        self._shown = owned

    def publishing(self, records: int) -> None:
        """So many records are on their way; 0 once they have arrived."""
        self.metrics.outbox_pending.set(records)

    def _count_letters(self, letters: int) -> None:
        moment = monotonic()
        if letters:
            self._letters.append((moment, letters))
        while self._letters and self._letters[0][0] < moment - 60:
            self._letters.popleft()
        self.metrics.dead_letters_last_minute.set(self.letters_last_minute)

    @property
    def letters_last_minute(self) -> int:
        """Dead letters of the last minute."""
        return sum(number for _, number in self._letters)

    @property
    def flooded(self) -> bool:
        """Whether so much is refused that going on would only drain the topic."""
        return self.letters_last_minute > self.dead_letters_per_minute_max

    def unavailable(self, doing: str) -> None:
        """Something does not work for now; it will be tried again."""
        self.troubles.setdefault(doing, monotonic())
        self.metrics.commit_retries.inc()

    def available(self, doing: str) -> None:
        """It works again."""
        self.troubles.pop(doing, None)

    def fenced(self) -> None:
        """Another instance had taken a partition over."""
        self.metrics.fenced.inc()

    def spoiled(self) -> None:
        """A core failed on an event."""
        log.error("shell.parking")

    def owned(self, partitions: int) -> None:
        """Partitions were assigned anew."""
        self.partitions = partitions
        self.metrics.rebalances.inc()

    def parked(self, parties: int) -> None:
        """How many parties are parked on the owned partitions."""
        self.metrics.parked_parties.set(parties)

    def reasons(self) -> list[str]:
        """Why the service is not ready; empty if it is."""
        found = [f"{doing} does not work for now" for doing in self.troubles]
        if self.partitions is None:
            found.append("no partitions were assigned yet")
        return found
