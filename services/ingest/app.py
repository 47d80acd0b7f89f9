"""Ingest: the one door. It gives all that comes from outside its place, and keeps the ledger.

reads                what it does                                        writes
billing.events       checks, registers, books; wakes parties at ticks    collections.ledger
outreach.commands    checks, registers, passes on in its place           collections.ledger
outreach.outcomes    the same; an opt-out is told to all partitions      collections.ledger
POST /v1/events      checks, answers 202 once Kafka has it               billing.events …
POST /v1/webhooks/…  checks the signature, retells it as our events      billing.events
GET /v1/account/…    an account's position, items, entries, statement    -
GET /v1/overdue      who has something overdue, by bucket                -
GET /docs/openapi    says what these doors take and answer               -
the clock            tells the time on every partition                   billing.events
what it cannot take  bytes untouched, reasons in headers                 ingest.dlq
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Final

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from services.ingest.doors import EventsDoor, OpenApi, Sources, SourcesError, WebhookDoor, load
from services.ingest.doors.rate import Rates
from services.ingest.metrics import LedgerMetrics
from services.ingest.reading import doors as reading
from services.ingest.reading import paths
from services.ingest.settings import IngestSettings
from services.ingest.store import Books
from services.ingest.wiring import WIRING
from shared.runtime.clock import SystemClock
from shared.runtime.doors import Asgi, Door, Handler, reading_doors
from shared.runtime.logging import logger
from shared.runtime.neighbour import is_there
from shared.runtime.process import run_service
from shared.runtime.producer import Publisher
from shared.runtime.service import Service
from shared.runtime.store import MongoReader
from shared.runtime.ticker import Ticker

_MISCONFIGURED: Final = 2
"""The exit code of a process that cannot use its settings."""

log = logger(__name__)


def run(settings: IngestSettings) -> int:
    """Run ingest until it is told to end; the process's exit code."""
    try:
        sources = load(settings.sources_file) if settings.sources_file else None
    except SourcesError as error:
        log.error("sources.unusable", why=str(error))  # noqa: TRY400 - its words say it all
        return _MISCONFIGURED
    audit = Audit(every=settings.identity_check_every, strict=settings.identity_strict)
    service = Service(settings, WIRING, IngestCore(audit))
    service.registry.register(LedgerMetrics(audit))
    door_publisher = Publisher(settings.kafka_client(), deadline_s=settings.publish_deadline_s)
    clock_publisher = Publisher(settings.kafka_client(), deadline_s=settings.publish_deadline_s)
    ticker = Ticker(
        clock_publisher,
        SystemClock(),
        period_s=settings.tick_period_s,
        partitions=settings.partitions,
        held=partial(is_there, settings.clock_waits_for),
    )
    reader = MongoReader(settings.mongodb_uri, settings.mongodb_database, owner="ingest-reader")
    ticking: list[asyncio.Task[None]] = []

    async def start_clock() -> None:
        if settings.clock:
            ticking.append(asyncio.create_task(ticker.run()))

    async def stop_clock_and_doors() -> None:
        ticker.stop()
        await asyncio.gather(*ticking)
        await clock_publisher.stop()
        await door_publisher.stop()
        await reader.stop()

    books = Books(reader, partitions=settings.partitions)
    routes = [
        *_routes(settings, service, door_publisher, sources),
        *reading_doors(reading(books, sources, SystemClock()), service.metrics),
    ]
    return run_service(
        service,
        routes=routes,
        after_startup=[start_clock],
        on_shutdown=[stop_clock_and_doors],
    )


def _routes(
    settings: IngestSettings, service: Service, publisher: Publisher, sources: Sources | None
) -> Iterator[tuple[str, Asgi]]:
    """The doors by their paths, all with the same limits; a webhook has one of its own."""
    clock = SystemClock()
    rates = Rates(clock)
    webhooks = sources.webhooks() if sources else ()

    def door(path: str, handler: Handler, *methods: str) -> tuple[str, Asgi]:
        return path, Door(
            handler,
            name=path,
            methods=methods,
            body_bytes_max=settings.door_body_bytes_max,
            working_max=settings.door_working_max,
            waiting_max=settings.door_waiting_max,
            metrics=service.metrics,
        )

    events = EventsDoor(publisher, settings.partitions, rates=rates, sources=sources)
    yield door("/v1/events", events, "POST")
    for source in webhooks:
        path = f"/v1/webhooks/{source.name}"
        webhook = WebhookDoor(source, publisher, settings.partitions, rates=rates, clock=clock)
        yield door(path, webhook, "POST")
    pages = OpenApi(webhooks, paths())
    yield door("/docs/openapi.json", pages.json, "GET")
    yield door("/docs/openapi", pages.page, "GET")
