"""The HTTP door of a running ingest: what is taken, what is refused, and how."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from services.command.fleet import Fleet
from shared.cli.stack import Stack
from shared.testing.consuming import until
from shared.testing.reading import Follower, header, read_topics
from shared.topics import BILLING_EVENTS, COLLECTIONS_LEDGER, OUTREACH_COMMANDS, OUTREACH_OUTCOMES
from tests.integration.alone import ingest_alone

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

PARTITIONS: Final = 2
BODY_BYTES_MAX: Final = 50_000
STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
_number = count(1)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ingest:
    """Ingest as a process with narrow limits, and its broker."""

    stack: Stack
    fleet: Fleet

    async def has(self, id_: str) -> bool:
        """Whether Kafka has an event, on whichever of ingest's topics."""
        topics = (BILLING_EVENTS, OUTREACH_COMMANDS, OUTREACH_OUTCOMES)
        found = await read_topics(self.stack.kafka_bootstrap, topics, partitions=PARTITIONS)
        return any(header(one, "ce_id") == id_ for records in found.values() for one in records)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """One ingest for all tests."""
    with ingest_alone(
        tmp_path_factory,
        partitions=PARTITIONS,
        ARREARS_PUBLISH_DEADLINE_S="2",
        ARREARS_DOOR_BODY_BYTES_MAX=str(BODY_BYTES_MAX),
        ARREARS_DOOR_WORKING_MAX="1",
        ARREARS_DOOR_WAITING_MAX="2",
    ) as (stack, fleet):
        yield Ingest(stack, fleet)


@pytest_asyncio.fixture
async def door(ingest: Ingest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of ingest's HTTP."""
    async with httpx.AsyncClient(base_url=ingest.fleet.url("ingest"), timeout=20) as client:
        yield client


def an_event(**changed: Any) -> Event:  # noqa: ANN401 - JSON
    """A good event, with `changed` data."""
    number = next(_number)
    return {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "test:billing",
        "type": "billing.invoice.issued.v1",
        "subject": f"account-{number}",
        "time": "2026-01-10T09:00:00Z",
        "data": {
            "account_id": f"account-{number}",
            "invoice_id": "invoice-1",
            "issued_on": "2026-01-10",
            "due_on": "2026-02-09",
            "amount": "100.00",
            "currency": "EUR",
            **changed,
        },
    }


async def post(door: httpx.AsyncClient, body: object, headers: dict[str, str]) -> httpx.Response:
    """Send something to the door as JSON."""
    return await door.post("/v1/events", content=json.dumps(body), headers=headers)


async def test_an_event_in_binary_mode(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """Attributes in headers, percent-encoded, data in the body: 202, and Kafka has it."""
    event = an_event()
    attributes = {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}
    headers = {**attributes, "ce-id": f"%C3%A4-{event['id']}", "content-type": "application/json"}

    answer = await post(door, event["data"], headers)

    assert (202, {"taken": 1}) == (answer.status_code, answer.json())
    assert await ingest.has(f"ä-{event['id']}")


async def test_an_event_in_structured_mode(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """The whole event as JSON: 202, and Kafka has it."""
    event = an_event()

    answer = await post(door, event, STRUCTURED)

    assert (202, {"taken": 1}) == (answer.status_code, answer.json())
    assert await ingest.has(event["id"])


async def test_a_command_goes_to_its_topic(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """The door is the same for all that comes from outside; the type says where it goes."""
    event = {
        **an_event(),
        "type": "outreach.note.add.v1",
        "data": {
            "command_id": "command-1",
            "user": "user-1",
            "account_id": f"account-{next(_number)}",
            "note_id": "note-1",
            "text": "will call back",
        },
    }
    event["subject"] = event["data"]["account_id"]

    answer = await post(door, event, STRUCTURED)

    found = await read_topics(
        ingest.stack.kafka_bootstrap, [OUTREACH_COMMANDS], partitions=PARTITIONS
    )
    assert 202 == answer.status_code, answer.text
    assert [event["id"]] == [header(one, "ce_id") for one in found[OUTREACH_COMMANDS]]


async def test_a_batch_that_is_good(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """All are taken: 202, with a result for each, in order."""
    events = [an_event() for _ in range(20)]

    answer = await post(door, events, BATCH)

    assert (202, 20) == (answer.status_code, answer.json()["taken"])
    assert [(number, event["id"], True) for number, event in enumerate(events)] == [
        (one["index"], one["id"], one["taken"]) for one in answer.json()["results"]
    ]
    assert await ingest.has(events[-1]["id"])


async def test_a_batch_that_is_partly_good(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """207 with a result for each, in order: what is good is taken, what is bad says why."""
    events = [an_event(), an_event(amount="0"), an_event()]

    answer = await post(door, events, BATCH)

    assert 207 == answer.status_code
    assert 2 == answer.json()["taken"]
    results = answer.json()["results"]
    assert [True, False, True] == [one["taken"] for one in results]
    assert (1, "invalid", "data.amount") == tuple(
        results[1][name] for name in ("index", "reason", "field")
    )
    assert await ingest.has(events[2]["id"])
    assert not await ingest.has(events[1]["id"])


async def test_a_batch_that_is_bad(door: httpx.AsyncClient) -> None:
    """None is taken: 400, with a result for each."""
    answer = await post(door, [an_event(amount="-1"), an_event(currency="EUX"), 7], BATCH)

    assert (400, 0) == (answer.status_code, answer.json()["taken"])
    assert ["data.amount", "data.currency", ""] == [
        one["field"] for one in answer.json()["results"]
    ]


@pytest.mark.parametrize(
    ("body", "headers", "reason", "named"),
    [
        ("no JSON", STRUCTURED, "malformed", ""),
        (json.dumps([]), BATCH, "malformed", ""),
        (json.dumps({}), BATCH, "malformed", ""),
        (json.dumps({}), {"content-type": "application/json"}, "malformed", "content-type"),
        (json.dumps({**an_event(), "specversion": "2"}), STRUCTURED, "malformed", "specversion"),
        (json.dumps({**an_event(), "id": ""}), STRUCTURED, "malformed", "id"),
        (json.dumps({**an_event(), "type": "x.y.z"}), STRUCTURED, "unknown_type", "type"),
        (json.dumps({**an_event(), "time": None}), STRUCTURED, "invalid", "time"),
        (json.dumps(an_event(amount="1.005")), STRUCTURED, "invalid", "data.amount"),
        (json.dumps(an_event(due_on="2026-02-30")), STRUCTURED, "invalid", "data.due_on"),
        (
            json.dumps({**an_event(), "source": "arrears:clock"}),
            STRUCTURED,
            "untrusted_tick",
            "source",
        ),
    ],
)
async def test_a_no_names_the_field(
    door: httpx.AsyncClient, body: str, headers: dict[str, str], reason: str, named: str
) -> None:
    """400 with the reason from a closed list, the field's path, and words."""
    answer = await door.post("/v1/events", content=body, headers=headers)

    assert 400 == answer.status_code
    assert (reason, named) == (answer.json()["reason"], answer.json()["field"])
    assert answer.json()["detail"]


async def test_a_body_that_is_too_large(door: httpx.AsyncClient) -> None:
    """413, said before the body is read."""
    answer = await post(door, an_event(document_url="x" * BODY_BYTES_MAX), STRUCTURED)

    assert (413, "oversize") == (answer.status_code, answer.json()["reason"])


async def test_a_method_that_is_not_there(door: httpx.AsyncClient) -> None:
    """405, with the one that is."""
    answer = await door.get("/v1/events")

    assert (405, "POST") == (answer.status_code, answer.headers["allow"])


async def test_too_many_at_once(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """429 to those for whom there is no room, with when to come back; the others are taken."""
    events = [an_event() for _ in range(30)]

    answers = await asyncio.gather(*(post(door, event, STRUCTURED) for event in events))

    busy = [answer for answer in answers if answer.status_code == 429]
    taken = [
        event["id"]
        for event, answer in zip(events, answers, strict=True)
        if answer.status_code == 202
    ]
    assert busy
    assert taken
    assert len(events) == len(busy) + len(taken)
    assert {("1", "busy")} == {(one.headers["retry-after"], one.json()["reason"]) for one in busy}
    assert await ingest.has(taken[-1])


async def test_what_was_taken_outlives_the_door(ingest: Ingest) -> None:
    """202 means that Kafka has it: a door that is killed right after it loses nothing."""
    event = an_event()

    async with httpx.AsyncClient(base_url=ingest.fleet.url("ingest"), timeout=20) as door:
        answer = await post(door, event, STRUCTURED)
        ingest.fleet.kill("ingest")
    ingest.fleet.servers["ingest"].start()

    assert 202 == answer.status_code
    async with Follower(
        ingest.stack.kafka_bootstrap, [COLLECTIONS_LEDGER], partitions=PARTITIONS
    ) as follower:
        await follower.until(
            lambda seen: any(header(one, "ce_causationid") == event["id"] for one in seen)
        )


async def test_no_broker(ingest: Ingest, door: httpx.AsyncClient) -> None:
    """503 within the deadline, with when to come back; alive all the same; then 202 again."""
    ingest.stack.kafka.kill()
    try:
        answer = await post(door, an_event(), STRUCTURED)
        alive = await door.get("/livez")
    finally:
        await asyncio.to_thread(ingest.stack.kafka.start)

    assert (503, "unavailable", "5") == (
        answer.status_code,
        answer.json()["reason"],
        answer.headers["retry-after"],
    )
    assert 200 == alive.status_code

    async def taken() -> bool:
        return (await post(door, an_event(), STRUCTURED)).status_code == 202

    await until(taken)


@pytest.mark.parametrize(
    ("path", "kind", "shown"),
    [
        ("/livez", "application/json", '"alive": true'),
        ("/readyz", "application/json", '"ready": true'),
        ("/metrics", "text/plain", "collections_door_requests_total{"),
        ("/docs/asyncapi", "text/html", "Arrears: ingest"),
        ("/docs/asyncapi.json", "application/json", '"InvoiceIssued": {'),
        ("/docs/openapi", "text/html", "POST /v1/events"),
        ("/docs/openapi.json", "application/json", '"openapi": "3.1.0"'),
    ],
)
async def test_what_else_is_shown(
    door: httpx.AsyncClient, path: str, kind: str, shown: str
) -> None:
    """Health, metrics and the service's AsyncAPI page, which has its events' schemas."""
    answer = await door.get(path)

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith(kind)
    assert shown in answer.text
    assert "ConsumerRecord" not in answer.text
