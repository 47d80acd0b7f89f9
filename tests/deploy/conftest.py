"""Four services that have done a little work, on the real local stack."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from services.command.fleet import Fleet, running_fleet
from services.command.replaying import replay
from shared.cli.eventfile import lines, structured, with_ticks
from shared.cli.stack import Stack, running_stack
from shared.runtime.producer import Publisher

PARTITIONS: Final = 2
END: Final = datetime(2025, 6, 3, tzinfo=UTC)


def _event(name: str, kind: str, data: dict[str, object]) -> dict[str, object]:
    return structured(
        id=name, source="test", type=kind, subject="a-1", time="2025-06-01T00:00:00Z", data=data
    )


def _story() -> list[dict[str, object]]:
    """An invoice for the ledger, and a bad one for the dead letters."""
    invoice = {
        "account_id": "a-1", "invoice_id": "i-1", "issued_on": "2025-05-01", "due_on": "2025-05-15",
        "amount": "100.00", "currency": "EUR",
    }  # fmt: skip
    return [
        _event("good", "billing.invoice.issued.v1", dict(invoice)),
        _event("bad", "billing.invoice.issued.v1", {**invoice, "amount": "-1"}),
    ]


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The four services, which have booked an invoice and refused one, on a stack of their own."""
    settings = {
        "ARREARS_CLOCK": "false",
        "ARREARS_GAUGES_PERIOD_S": "0.2",
        "ARREARS_PARTITIONS": str(PARTITIONS),
    }
    with (
        running_stack(tmp_path_factory.mktemp("stack")) as stack,
        running_fleet(stack.environment, tmp_path_factory.mktemp("logs"), **settings) as fleet,
    ):
        asyncio.run(_tell(stack))
        fleet.wait_through("2025-06-02T00:00:00+00:00", within_s=60)
        yield fleet


async def _tell(stack: Stack) -> None:
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=60)
    told = with_ticks(lines(_story()), every=END - datetime(2025, 6, 2, tzinfo=UTC), until=END)
    try:
        await replay(told, publisher, partitions=PARTITIONS)
    finally:
        await publisher.stop()
