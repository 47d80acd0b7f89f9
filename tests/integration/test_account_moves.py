"""An account that changes party on a real Kafka and MongoDB; the process is killed meanwhile."""

import asyncio
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Final

import httpx
import pytest

from services.command.fleet import Fleet
from services.ingest.domain.core import IngestCore
from services.ingest.domain.position import position
from services.ingest.wiring import WIRING
from shared.cli.eventfile import encode
from shared.cli.stack import Stack
from shared.core import Party
from shared.events.base import Fact
from shared.line.parties import DocumentCodec
from shared.runtime.store import MongoStore
from shared.testing.consuming import until
from tests.integration.alone import ingest_alone
from tests.scenario.test_ledger_new_party import LIFE, goes
from tests.scenario.test_ledger_transfers import bounced, issued, paid
from tests.unit.ingest.test_moves_between_partitions import AWAY, FAR, PARTITIONS

pytestmark = [pytest.mark.stack, pytest.mark.asyncio, pytest.mark.timeout(180)]

BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
_number: Final = count(1)
CODEC: Final = DocumentCodec(IngestCore.documents)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Fleet]]:
    """Ingest, which checks each event, on as many partitions as the parties are chosen for."""
    with ingest_alone(
        tmp_path_factory,
        partitions=PARTITIONS,
        ARREARS_IDENTITY_CHECK_EVERY="1",
        ARREARS_IDENTITY_STRICT="true",
    ) as found:
        yield found


async def tell(fleet: Fleet, *facts: Fact, key: str = "A") -> None:
    """Tell facts through the door, each with the key that its source believes in."""
    events = [
        {
            "specversion": "1.0",
            "id": f"event-{next(_number)}",
            "source": "test:billing",
            "type": fact.type,
            "partitionkey": key,
            "time": "2025-03-01T12:00:00Z",
            "data": fact.model_dump(mode="json", exclude_none=True),
        }
        for fact in facts
    ]
    body = b"[" + b",".join(encode(event) for event in events) + b"]"
    async with httpx.AsyncClient(base_url=fleet.url("ingest"), timeout=20) as door:
        answer = await door.post("/v1/events", content=body, headers=BATCH)
    assert (202, len(facts)) == (answer.status_code, answer.json()["taken"])


async def where(store: MongoStore) -> dict[str, dict[str, str]]:
    """The parties that have the account, with what is open there."""
    found = {}
    for party in ("A", AWAY, FAR):
        rows = await store.load([], [(party, "", "")])
        place = position(Party(party, [CODEC.document(row) for row in rows]), "A", date.max)
        if place is not None:
            found[party] = {one.item_id: one.open_amount for one in place.open_items}
    return found


async def test_all_of_it_is_with_the_last_party(ingest: tuple[Stack, Fleet]) -> None:
    """Whatever key its events come under, and whichever process folds them."""
    stack, fleet = ingest
    store = MongoStore(stack.mongodb_uri, f"arrears_{WIRING.service}", owner="test")
    await store.start()
    try:
        await tell(fleet, *LIFE)
        await tell(fleet, goes(AWAY), paid("P-3", "20.00", ("I-1", "20.00")))
        fleet.kill("ingest")
        fleet.launch("ingest", ARREARS_CLOCK="false", ARREARS_PARTITIONS=str(PARTITIONS))
        fleet.wait_ready()
        await tell(fleet, bounced("P-0"), issued("I-9", amount="10.00"), goes(FAR))
        await tell(fleet, issued("I-8", amount="1.00"), key=FAR)
        expected = {FAR: {"I-0": "50.00", "I-1": "50.00", "I-8": "1.00", "I-9": "3.00"}}

        async def is_there() -> bool:
            return await where(store) == expected

        await until(is_there)
        bound = await store.bind({"A": None})
        assert (FAR, 2) == (bound["A"].party, bound["A"].number)
        rows = await store.load([], [("A", "", "")])
        assert {"account", "head"} == {row.prefix for row in rows}
    finally:
        await asyncio.shield(store.stop())
