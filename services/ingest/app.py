"""Ingest: the one door. It gives all that comes from outside its place, and keeps the ledger.

reads                what it does                                        writes
billing.events       checks, registers, books; wakes parties at ticks    collections.ledger
outreach.commands    checks, registers, passes on in its place           collections.ledger
outreach.outcomes    the same; an opt-out is told to all partitions      collections.ledger
POST /v1/events      checks, answers 202 once Kafka has it               billing.events …
the clock            tells the time on every partition                   billing.events
what it cannot take  bytes untouched, reasons in headers                 ingest.dlq
"""

import asyncio

from services.ingest.domain.core import IngestCore
from services.ingest.doors import EventsDoor
from services.ingest.settings import IngestSettings
from services.ingest.wiring import WIRING
from shared.runtime.clock import SystemClock
from shared.runtime.doors import Door
from shared.runtime.process import run_service
from shared.runtime.producer import Publisher
from shared.runtime.service import Service
from shared.runtime.ticker import Ticker


def run(settings: IngestSettings) -> int:
    """Run ingest until it is told to end; the process's exit code."""
    service = Service(settings, WIRING, IngestCore())
    door_publisher = Publisher(settings.kafka_client(), deadline_s=settings.publish_deadline_s)
    clock_publisher = Publisher(settings.kafka_client(), deadline_s=settings.publish_deadline_s)
    ticker = Ticker(
        clock_publisher,
        SystemClock(),
        period_s=settings.tick_period_s,
        partitions=settings.partitions,
    )
    ticking: list[asyncio.Task[None]] = []

    async def start_clock() -> None:
        if settings.clock:
            ticking.append(asyncio.create_task(ticker.run()))

    async def stop_clock_and_door() -> None:
        ticker.stop()
        await asyncio.gather(*ticking)
        await clock_publisher.stop()
        await door_publisher.stop()

    door = Door(
        EventsDoor(door_publisher, settings.partitions),
        name="/v1/events",
        body_bytes_max=settings.door_body_bytes_max,
        working_max=settings.door_working_max,
        waiting_max=settings.door_waiting_max,
        metrics=service.metrics,
    )
    return run_service(
        service,
        routes=[("/v1/events", door)],
        after_startup=[start_clock],
        on_shutdown=[stop_clock_and_door],
    )
