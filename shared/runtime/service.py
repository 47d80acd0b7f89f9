"""One service put together: core, store, broker. Each service's app adds its routes."""

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry

from shared.core import Core
from shared.line.lane import Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Unavailable
from shared.line.wiring import Wiring
from shared.runtime.broker import ensure_topics
from shared.runtime.consumer import Intake, subscribe
from shared.runtime.metrics import ShellMetrics
from shared.runtime.observer import Observer
from shared.runtime.offsets import last_sequences
from shared.runtime.ownership import Ownership
from shared.runtime.producer import Publisher
from shared.runtime.readable import read_any_header
from shared.runtime.rounds import PAUSES_S, Rounds
from shared.runtime.settings import ServiceSettings
from shared.runtime.store import MongoStore

ORPHANED_SESSIONS: Final = 3
"""Sessions of the group after which a partition that is ours and not worked on ends the process."""

log = structlog.get_logger()


@dataclass(slots=True)
class Service:
    """A service as the shell runs it; `start` and `stop` are called around the broker's own."""

    settings: ServiceSettings
    wiring: Wiring
    core: Core
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    stopped_because: str = ""
    """Why the service ends itself; empty while nothing is wrong."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    metrics: ShellMetrics = field(init=False)
    store: MongoStore = field(init=False)
    publisher: Publisher = field(init=False)
    observer: Observer = field(init=False)
    rounds: Rounds = field(init=False)
    ownership: Ownership = field(init=False)
    intake: Intake = field(init=False)
    broker: KafkaBroker = field(init=False)
    subscriber: Any = field(init=False)
    _asker: AIOKafkaConsumer | None = None
    """Asks for ends of partitions; it reads nothing."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Wire the parts; nothing connects yet."""
        settings, wiring = self.settings, self.wiring
        self.metrics = ShellMetrics(self.registry, wiring.service)
        self.store = MongoStore(
            settings.mongodb_uri,
            settings.mongodb_database,
            owner=f"{wiring.service}-{os.getpid()}",
        )
        self.publisher = Publisher(
            settings.kafka_client(),
            deadline_s=settings.publish_deadline_s,
            compression=settings.compression,
            metrics=self.metrics,
        )
        self.observer = Observer(self.metrics, settings.dead_letters_per_minute_max)
        self.rounds = Rounds(
            store=self.store,
            publisher=self.publisher,
            observer=self.observer,
            batch_s=settings.batch_ms / 1000,
            stop=self.end,
            read_up=lambda number, topic: self.intake.read_up(number, topic),  # noqa: PLW0108 - it is made below
        )
        self.ownership = Ownership(
            core=self.core,
            wiring=wiring,
            codec=DocumentCodec(self.core.documents),
            rounds=self.rounds,
            limits=Limits(
                records_max=settings.batch_records_max,
                wakes_max=settings.chunk_wakes,
                documents_max=settings.cache_documents_max // settings.partitions,
            ),
            partitions=settings.partitions,
            consumer=self._consumer,
            last_sequences=lambda spots: last_sequences(settings.kafka_client(), spots),
        )
        self.intake = Intake(
            wiring,
            self.ownership,
            self.rounds,
            self.consumer,
            self._ends,
            queued_max=2 * settings.batch_records_max,
            pace_s=(settings.pace_least_ms / 1000, settings.pace_ms / 1000),
        )
        self.broker = KafkaBroker(
            settings.kafka_bootstrap_servers,
            apply_types=False,  # typed handlers cost thrice the CPU; AsyncAPI is declared apart
            allow_auto_create_topics=False,
            graceful_timeout=settings.shutdown_deadline_s / 2,  # the rest is for handing over
            consumer_only=True,  # what is published goes through the publisher
            security=settings.broker_security(),
            client_id=settings.group_id,
            logger=logging.getLogger("faststream"),  # else what a handler raises is never seen
            log_level=logging.DEBUG,  # of each poll; `batch.done` tells what counts
        )
        read_any_header()
        self.subscriber = subscribe(self.broker, settings, wiring, self.ownership)
        self.subscriber(self.intake.take)

    def consumer(self) -> AIOKafkaConsumer | None:
        """The consumer behind the subscriber, while it runs."""
        return self.subscriber.consumer

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self.consumer()
        if consumer is None:
            raise Unavailable("the consumer is not running")
        return consumer

    async def _ends(self, spots: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        if self._asker is None:
            # Behind the end of what is committed lies what a foreign transaction still holds open.
            asker = AIOKafkaConsumer(
                **self.settings.kafka_client(), isolation_level="read_committed"
            )
            try:
                await asker.start()
            except BaseException:
                await asker.stop()
                raise
            self._asker = asker
        ends: dict[TopicPartition, int] = await self._asker.end_offsets(spots)
        return ends

    def end(self, reason: str) -> None:
        """End the process with a message: something that going on would make worse."""
        if not self.stopped_because:
            self.stopped_because = reason
            log.error("service.ends", why=reason)
        self.over.set()

    async def start(self) -> None:
        """Before the broker's start: the topics as they must be, the store connected."""
        client = self.settings.kafka_client()
        await ensure_topics(
            client, partitions=self.settings.partitions, replicas=self.settings.replicas
        )
        attempt = 0
        while True:
            try:
                await self.store.start()
            except Unavailable as failure:
                pause_s = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
                log.warning("service.store_away", why=str(failure), pause_s=pause_s)
                attempt += 1
                await asyncio.sleep(pause_s)
            else:
                break
        self._tasks.append(asyncio.create_task(self.intake.work()))
        self._tasks.append(asyncio.create_task(self.intake.nudge()))
        self._tasks.append(asyncio.create_task(self._watch()))

    async def _watch(self) -> None:
        """Until cancelled: lag and readiness for the metrics; partitions that nobody works on."""
        orphaned_s, patience_s = 0, ORPHANED_SESSIONS * self.settings.session_timeout_ms / 1000
        while True:
            await asyncio.sleep(1)
            orphaned_s = orphaned_s + 1 if self.consumer() and self.ownership.orphans() else 0
            if orphaned_s > patience_s:
                self.end("partitions were given to us that another process has taken: start anew")
            self.observer.watch(list(self.rounds.lanes.values()), await self.intake.lag())
            self.metrics.ready.set(0 if self.unready() else 1)

    async def behind(self) -> int:
        """Records between the cursors and the ends of the log."""
        return sum((await self.intake.lag()).values())

    def unready(self) -> list[str]:
        """Why the service is not ready; empty when it does its work."""
        reasons = self.observer.reasons()
        return [self.stopped_because, *reasons] if self.stopped_because else reasons

    async def stop(self) -> None:
        """After the broker's stop: hand over what is owned, and disconnect."""
        self.rounds.abandoned = True
        async with self.ownership.lock:  # once the batch in hand is finished
            await self.ownership.let_go()
        for task in self._tasks:
            task.cancel()
        await self.publisher.stop()
        if self._asker is not None:
            await self._asker.stop()
        with suppress(Unavailable):
            await self.store.stop()
