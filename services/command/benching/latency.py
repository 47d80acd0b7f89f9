"""Latency, by one clock: from a tick or a payment on its way in to the contact task it leads to.

An account's invoice falls overdue at a midnight tick; the time from there to its contact.requested
is one sample. Then the invoice is paid, and the time to contact.cancelled is another one.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.command.benching import probe
from services.command.benching.place import Site
from services.command.benching.spread import Spread, spread
from shared.cli.eventfile import TICK_TYPE, Line
from shared.cli.routing import records_of
from shared.events.outreach import ContactCancelled, ContactRequested
from shared.line.ports import Record
from shared.runtime.clock import monotonic
from shared.runtime.producer import Publisher
from shared.topics import OUTREACH_TASKS, PARTITIONS

BEAT_S: Final = 0.05
"""How often the load behind the samples is published."""
STRAGGLERS_S: Final = 15.0
WARM_S: Final = 3.0
"""Under load, samples of the first seconds do not count: the services have only just started."""
_DAY: Final = timedelta(days=1)
_REQUESTED: Final = ContactRequested.type.encode()
_CANCELLED: Final = ContactCancelled.type.encode()
_TOPIC: Final = OUTREACH_TASKS["email"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the tick to the request, and from the payment to the cancellation."""

    requested: Spread
    cancelled: Spread
    missing: int
    """Samples that never came: they must be 0."""


@dataclass(slots=True)
class Watch:
    """Reads the tasks topic as a channel does, and notes when each account was first named."""

    consumer: AIOKafkaConsumer
    requested: dict[str, float] = field(default_factory=dict)
    cancelled: dict[str, float] = field(default_factory=dict)
    unpaid: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    """Accounts that were just asked for their money."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: "asyncio.Task[None] | None" = None

    @classmethod
    async def begin(cls, site: Site) -> Self:
        """Watch from now on."""
        consumer = AIOKafkaConsumer(bootstrap_servers=site.kafka)
        await consumer.start()
        spots = [TopicPartition(_TOPIC, number) for number in range(PARTITIONS)]
        consumer.assign(spots)
        await consumer.seek_to_end(*spots)
        for spot in spots:
            await consumer.position(spot)
        watch = cls(consumer)
        watch._reading = asyncio.create_task(watch._read())
        return watch

    async def end(self) -> None:
        """Watch no longer."""
        if self._reading is not None:
            self._reading.cancel()
        await self.consumer.stop()

    async def _read(self) -> None:
        while True:
            got = await self.consumer.getmany(timeout_ms=100)
            moment = monotonic()
            self.news.set()
            for records in got.values():
                for record in records:
                    told = dict(record.headers)
                    name = told.get("ce_subject", b"").decode()
                    if told["ce_type"] == _REQUESTED and name not in self.requested:
                        self.requested[name] = moment
                        self.unpaid.put_nowait(name)
                    elif told["ce_type"] == _CANCELLED:
                        self.cancelled.setdefault(name, moment)

    async def until(self, seen: dict[str, float], names: Iterable[str]) -> None:
        """Wait until all these were seen, or no longer than for stragglers."""
        wanted = set(names)
        with suppress(TimeoutError):
            async with asyncio.timeout(STRAGGLERS_S):
                while not wanted <= seen.keys():
                    self.news.clear()
                    await self.news.wait()


@dataclass(slots=True)
class Samples:
    """What was sent and when; together with what was seen, the latencies."""

    asked: dict[str, float] = field(default_factory=dict)
    paid: dict[str, float] = field(default_factory=dict)

    def latency(self, watch: Watch) -> Latency:
        """The spread of what came, and how many never did."""
        pairs = ((self.asked, watch.requested), (self.paid, watch.cancelled))
        taken = [
            [seen[name] - at for name, at in sent.items() if name in seen] for sent, seen in pairs
        ]
        missing = sum(map(len, (self.asked, self.paid))) - sum(map(len, taken))
        return Latency(spread(taken[0]), spread(taken[1]), missing)


async def at_rest(site: Site, *, first: date, rounds: int, each: int) -> Latency:
    """One tick at a time, with `each` invoices, and nothing else: `rounds` of them from `first`."""
    names = [list(probe.names(f"rest-{number}", each)) for number in range(rounds + 1)]
    start = probe.midnight(first)
    told = [probe.account(name, start) for group in names for name in group]
    await site.publisher.publish(probe.records(told) + probe.ticks(start))
    watch, samples = await Watch.begin(site), Samples()
    try:
        for number, group in enumerate(names):
            day = first + number * _DAY
            issued = [probe.invoice(name, 1, day, probe.midnight(day)) for name in group]
            await site.publisher.publish(probe.records(issued))
            await asyncio.sleep(0.2)  # until it is quiet again
            at = monotonic()
            await site.publisher.publish(probe.ticks(probe.midnight(day + _DAY)))
            await watch.until(watch.requested, group)
            await asyncio.sleep(0.05)
            paid = [probe.payment(name, 1, probe.midnight(day + _DAY)) for name in group]
            paid_at = monotonic()
            await site.publisher.publish(probe.records(paid))
            await watch.until(watch.cancelled, group)
            if number:  # the first round only warms up
                samples.asked.update(dict.fromkeys(group, at))
                samples.paid.update(dict.fromkeys(group, paid_at))
        return samples.latency(watch)
    finally:
        await watch.end()


@dataclass(frozen=True, slots=True)
class Beat:
    """Records to publish, and the accounts whose latency begins with them."""

    records: list[Record]
    samples: tuple[str, ...] = ()


def score(told: Iterable[Line], *, each: int) -> Iterator[Beat]:
    """The load, line by line, with `each` samples at every midnight (UTC)."""
    due: tuple[str, ...] = ()
    for line in told:
        records = list(records_of(line.event, partitions=PARTITIONS))
        if line.event["type"] != TICK_TYPE or line.time.hour:
            yield Beat(records)
            continue
        yield Beat(records, due)
        due = tuple(probe.names(f"load-{line.time:%Y%m%d}", each))
        at = line.time
        yield Beat(probe.records(probe.account(name, at) for name in due))
        yield Beat(probe.records(probe.invoice(name, 1, at.date(), at) for name in due))


async def under_load(
    site: Site, load: Iterable[Line], *, rate: float, each: int, most_s: float
) -> Latency:
    """As at rest, in the midst of a history that is sent at `rate` records a second.

    It ends with the history, or with the last samples within `most_s` seconds; those of the first
    `WARM_S` seconds only warm up.
    """
    beats = _prepare(score(load, each=each), int(rate * most_s))
    payer = Publisher({"bootstrap_servers": site.kafka}, deadline_s=60)
    watch, samples = await Watch.begin(site), Samples()
    paying = asyncio.create_task(_pay(watch, samples, payer))
    try:
        started, sent = monotonic(), 0
        while beats:
            due = rate * (monotonic() - started) - sent
            records, names = _take(beats, due)
            if monotonic() - started > WARM_S:
                samples.asked.update(dict.fromkeys(names, monotonic()))
            sent += len(records)
            if records:
                await site.publisher.publish(records)
            await asyncio.sleep(BEAT_S)
        await watch.until(watch.requested, samples.asked)
        await watch.unpaid.join()
        await watch.until(watch.cancelled, samples.paid)
        return samples.latency(watch)
    finally:
        paying.cancel()
        await asyncio.wait({paying})
        await payer.stop()
        await watch.end()


def _prepare(score: Iterable[Beat], records: int) -> "deque[Beat]":
    """The beats of so many records, up to a tick that has samples."""
    beats: deque[Beat] = deque()
    total = 0
    for beat in score:
        beats.append(beat)
        total += len(beat.records)
        if total >= records and beat.samples:
            break
    return beats


def _take(beats: "deque[Beat]", due: float) -> tuple[list[Record], list[str]]:
    """The records that are due, and whose latency begins now."""
    records: list[Record] = []
    names: list[str] = []
    while beats and len(records) < due:
        beat = beats.popleft()
        records += beat.records
        names += beat.samples
    return records, names


async def _pay(watch: Watch, samples: Samples, payer: Publisher) -> None:
    """Pay what was asked for, at once, in the order in which it was asked for."""
    at = datetime(2000, 1, 1, tzinfo=UTC)  # a payment that was made long ago, and told now
    while True:
        name = await watch.unpaid.get()
        if name in samples.asked:
            event: dict[str, Any] = probe.payment(name, 1, at)
            moment = monotonic()
            await payer.publish(probe.records([event]))
            samples.paid[name] = moment
        watch.unpaid.task_done()
