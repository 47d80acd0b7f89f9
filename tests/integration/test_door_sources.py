"""Ingest's doors with sources that have keys and secrets: a real process, a real Kafka."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
import yaml
from typer.testing import CliRunner, Result

from services.command.fleet import Fleet
from services.command.source import app as source_command
from shared.cli.eventfile import encode
from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.testing.consuming import until
from shared.testing.reading import Follower, header, read_topics
from shared.topics import BILLING_EVENTS, COLLECTIONS_LEDGER, INGEST_DLQ
from tests.integration.alone import ingest_alone
from tests.unit.ingest.hostile import headers_of, mutated
from tests.unit.ingest.webhook_payloads import (
    EVERY,
    STRIPE,
    Json,
    body_of,
    erpnext_event,
    erpnext_signed,
    lago_every,
    lago_signed,
    stripe_dispute,
    stripe_event,
    stripe_invoice,
    stripe_invoice_payment,
    stripe_signed,
)

pytestmark = [pytest.mark.stack, pytest.mark.asyncio, pytest.mark.timeout(180)]

PARTITIONS: Final = 2
HOSTILE: Final = 3_000
STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
KEY: Final = {"authorization": "Bearer shop-key"}


@dataclass(frozen=True, slots=True)
class Ingest:
    """Ingest as a process that knows its sources, and its broker."""

    stack: Stack
    fleet: Fleet

    async def read(self, topic: str) -> list[Record]:
        """All that a topic has."""
        found = await read_topics(self.stack.kafka_bootstrap, [topic], partitions=PARTITIONS)
        return list(found[topic])

    async def ledger(self, kind: str, number: int) -> None:
        """Wait until so many facts of a type are in the ledger."""
        topics = [COLLECTIONS_LEDGER]
        async with Follower(self.stack.kafka_bootstrap, topics, partitions=PARTITIONS) as follower:
            await follower.until(
                lambda seen: sum(header(one, "ce_type") == kind for one in seen) >= number
            )


def entry_of(name: str, **told: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """An entry of the file of sources, with limits that no test but one comes near."""
    return {"name": name, "burst": 100_000, "per_second": 10_000.0, **told}


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """One ingest for all tests."""
    file = tmp_path_factory.mktemp("sources") / "sources.yaml"
    entries = [
        entry_of("shop", keys=[sha256(b"shop-key").hexdigest()]),
        entry_of("slow", keys=[sha256(b"slow-key").hexdigest()], burst=5, per_second=0.1),
        entry_of("stripe", kind="stripe", secrets=["whsec_new"], creditor_id="acme"),
        entry_of("lago", kind="lago", secrets=["hmac-key"]),
        entry_of("erpnext", kind="erpnext", secrets=["frappe"]),
    ]
    file.write_text(yaml.safe_dump({"sources": entries}))
    with ingest_alone(
        tmp_path_factory,
        partitions=PARTITIONS,
        ARREARS_SOURCES_FILE=str(file),
        ARREARS_DEAD_LETTERS_PER_MINUTE_MAX="100000",
    ) as (stack, fleet):
        yield Ingest(stack, fleet)


@pytest_asyncio.fixture
async def door(ingest: Ingest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of ingest's HTTP."""
    async with httpx.AsyncClient(base_url=ingest.fleet.url("ingest"), timeout=20) as client:
        yield client


def now_s() -> int:
    """The moment that a provider signs: the door's clock is the machine's."""
    return int(datetime.now(UTC).timestamp())


async def stripe_tells(door: httpx.AsyncClient, event: Json) -> httpx.Response:
    """Send a webhook of Stripe's, signed now."""
    body = body_of(event)
    headers = stripe_signed(body, at=now_s())
    return await door.post("/v1/webhooks/stripe", content=body, headers=headers)


async def source(ingest: Ingest, *arguments: str) -> Result:
    """Run `arrears source` against the store of ingest."""

    def run() -> Result:
        environment = dict(ingest.stack.environment)
        return CliRunner().invoke(source_command, list(arguments), env=environment)

    return await asyncio.to_thread(run)


async def waits(ingest: Ingest, number: int) -> bool:
    """Whether so many events wait for their account."""
    return f"{number} waiting" in (await source(ingest, "waiting")).output


async def test_a_key_and_none(door: httpx.AsyncClient) -> None:
    """Its own events are taken, and nobody's are without a key."""
    event = encode(erpnext_event(source="shop", id="shop-1"))

    without = await door.post("/v1/events", content=event, headers=STRUCTURED)
    other = await door.post(
        "/v1/events", content=encode(erpnext_event()), headers={**STRUCTURED, **KEY}
    )
    own = await door.post("/v1/events", content=event, headers={**STRUCTURED, **KEY})

    assert [401, 403, 202] == [one.status_code for one in (without, other, own)]


async def test_who_is_too_fast(door: httpx.AsyncClient) -> None:
    """Five at once, then 429 with the seconds until there is room again."""
    headers = {**STRUCTURED, "x-api-key": "slow-key"}

    answers = [
        await door.post(
            "/v1/events", content=encode(erpnext_event(source="slow", id=str(n))), headers=headers
        )
        for n in range(6)
    ]

    assert [202] * 5 + [429] == [one.status_code for one in answers]
    assert "too_fast" == answers[-1].json()["reason"]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10


async def test_stripe_from_the_invoice_to_the_chargeback(
    ingest: Ingest, door: httpx.AsyncClient, tmp_path: Path
) -> None:
    """What names no account waits, on another partition; then the ledger agrees with Stripe."""
    withdrawn = stripe_event("charge.dispute.funds_withdrawn", stripe_dispute(amount=2_000))
    paid = stripe_event("invoice_payment.paid", stripe_invoice_payment())
    finalized = stripe_event("invoice.finalized", stripe_invoice())

    answers = [await stripe_tells(door, event) for event in (withdrawn, paid)]
    await until(partial(waits, ingest, 2))
    answers += [await stripe_tells(door, event) for event in (finalized, paid)]
    await ingest.ledger("collections.payment.reversed.v1", 1)

    assert [(202, 1), (202, 1), (202, 3), (202, 1)] == [
        (one.status_code, one.json()["taken"]) for one in answers
    ]
    theirs = tmp_path / "positions.csv"
    theirs.write_text("account_id,invoice_id,open_amount,currency\ncus_1,in_1,90.00,USD\n")
    arguments = ["reconcile", "--file", str(theirs), "--as-of", "2026-12-31", "--creditor", "acme"]
    ran = await source(ingest, *arguments)
    assert 0 == ran.exit_code, ran.output
    assert "1 invoices agree" in ran.output
    assert await waits(ingest, 0)


async def test_what_is_signed_and_not_understood_is_kept(
    ingest: Ingest, door: httpx.AsyncClient
) -> None:
    """202, so that Stripe does not give up on us; the bytes lie with the dead letters, and why."""
    event = stripe_event("invoice.finalized", stripe_invoice(id="in_kept", currency="eux"))

    answer = await stripe_tells(door, event)

    assert (202, "data.currency") == (answer.status_code, answer.json()["kept"]["field"])
    letters = [
        one
        for one in await ingest.read(INGEST_DLQ)
        if header(one, "__dlq.errors.topic") == "/v1/webhooks/stripe"
    ]
    assert [(body_of(event), "invalid")] == [
        (one.value, header(one, "__dlq.errors.reason")) for one in letters
    ]
    assert "stripe-signature" not in [name for one in letters for name, _ in one.headers]


@pytest.mark.parametrize("late_s", [-900, 900])
async def test_what_is_not_signed_now_is_not_kept(
    ingest: Ingest, door: httpx.AsyncClient, late_s: int
) -> None:
    """401, and Kafka hears nothing of it."""
    body = body_of(stripe_event("invoice.finalized", stripe_invoice(id="in_late")))
    headers = stripe_signed(body, at=now_s() - late_s)

    answer = await door.post("/v1/webhooks/stripe", content=body, headers=headers)

    assert (401, "unauthorized") == (answer.status_code, answer.json()["reason"])
    for topic in (BILLING_EVENTS, INGEST_DLQ):
        assert not [one for one in await ingest.read(topic) if b"in_late" in (one.value or b"")]


async def test_a_webhook_that_is_not_set_up(door: httpx.AsyncClient) -> None:
    """404: only the sources of the file have a door."""
    answer = await door.post("/v1/webhooks/other", content=b"{}")

    assert 404 == answer.status_code


async def test_hostile_requests(door: httpx.AsyncClient) -> None:
    """Thousands of mutated requests at every door: no 500, each no is named, ingest lives on."""
    random = Random(5)
    stripes = [content for source, content in EVERY.values() if source is STRIPE]
    found: Counter[int] = Counter()

    async def send() -> httpx.Response:
        kind = random.choice(("events", "stripe", "lago", "erpnext"))
        if kind == "events":
            body = mutated(random, erpnext_event(source="shop"))
            headers = {**STRUCTURED, **KEY}
        elif kind == "stripe":
            body = mutated(random, random.choice(stripes))
            headers = stripe_signed(body, at=now_s())
        elif kind == "lago":
            body = mutated(random, random.choice(lago_every()))
            headers = lago_signed(body)
        else:
            body = mutated(random, erpnext_event())
            headers = erpnext_signed(body)
        path = "/v1/events" if kind == "events" else f"/v1/webhooks/{kind}"
        wrong = headers_of(random, headers).items()
        sent = [(name.encode(), text.encode("latin-1", "replace")) for name, text in wrong]
        try:
            return await door.post(path, content=body, headers=sent)
        except httpx.ReadError:  # a kept connection may end just as it is used again
            return await door.post(path, content=body, headers=sent)

    for _ in range(HOSTILE // 30):
        answers = await asyncio.gather(*(send() for _ in range(30)), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, httpx.LocalProtocolError):
                continue  # a header that HTTP itself cannot carry never leaves the client
            assert isinstance(answer, httpx.Response), repr(answer)
            found[answer.status_code] += 1
            if answer.status_code >= 400:
                assert answer.status_code < 500, answer.text
                told = answer.json()
                named = told if "reason" in told else told["results"][0]
                assert named["reason"]
                assert named["detail"]

    assert {202, 400, 401} <= set(found), found
    assert 200 == (await door.get("/livez")).status_code
    own = await door.post(
        "/v1/events",
        content=encode(erpnext_event(source="shop", id="after")),
        headers={**STRUCTURED, **KEY},
    )
    assert 202 == own.status_code
