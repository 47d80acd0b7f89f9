"""What becomes of bad input, on the real broker: it is refused, or waits, and nothing else stops.

Each story sends something odd and then a good event on the same partition; the good one is booked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from msgspec.structs import replace

from services.command.fleet import Fleet
from shared.cli.routing import records_of
from shared.cli.stack import Stack
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.testing.reading import Follower, header
from shared.topics import BILLING_EVENTS, COLLECTIONS_LEDGER, INGEST_DLQ, partition_of
from tests.integration.alone import ingest_alone

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

PARTITIONS: Final = 2
OPENED: Final = "collections.invoice.opened.v1"
_number = count(1)

Event = dict[str, Any]
Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Ingest:
    """Ingest as a process, and its broker."""

    stack: Stack
    fleet: Fleet


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """One ingest for all stories, without a clock of its own."""
    with ingest_alone(tmp_path_factory, partitions=PARTITIONS) as (stack, fleet):
        yield Ingest(stack, fleet)


def an_account(partition: int = 0) -> str:
    """An account that no other story has, on a partition."""
    return next(
        name
        for name in (f"account-{number}" for number in _number)
        if partition_of(name.encode(), PARTITIONS) == partition
    )


def an_invoice(account: str, **changed: Any) -> Event:  # noqa: ANN401 - JSON
    """A good invoice of an account, with `changed` data."""
    number = next(_number)
    data = {
        "account_id": account,
        "invoice_id": f"invoice-{number}",
        "issued_on": "2026-01-10",
        "due_on": "2026-02-09",
        "amount": "100.00",
        "currency": "EUR",
    }
    return an_event("billing.invoice.issued.v1", account, {**data, **changed})


def an_event(kind: str, account: str, data: Event) -> Event:
    """An event about an account."""
    return {
        "specversion": "1.0",
        "id": f"event-{next(_number)}",
        "source": "test:billing",
        "type": kind,
        "subject": account,
        "time": "2026-01-10T09:00:00Z",
        "data": data,
    }


def a_tick(at: datetime, source: str = "arrears:replay") -> Event:
    """The clock says what time it is."""
    moment = at.isoformat().replace("+00:00", "Z")
    return {
        "specversion": "1.0",
        "id": f"tick-{next(_number)}",
        "source": source,
        "type": "clock.ticked.v1",
        "time": moment,
        "data": {"at": moment},
    }


def record(event: Event, partition: int = 0, **changed: Any) -> Record:  # noqa: ANN401 - of a record
    """The record of an event, on a partition, with parts of it changed."""
    made = next(records_of(event, partitions=PARTITIONS))
    return replace(made, partition=partition, **changed)


def with_header(made: Record, name: str, value: bytes | None) -> Headers:
    """A record's headers, with one of them put in or replaced."""
    return [*((n, v) for n, v in made.headers if n != name), (name, value)]


@dataclass(slots=True)
class Story:
    """What is sent, and what comes of it from then on."""

    ingest: Ingest
    publisher: Publisher
    follower: Follower
    partition: int = 0
    sent: list[str] = field(default_factory=list)

    async def send(self, *records: Record) -> None:
        """Publish, in order."""
        await self.publisher.publish(list(records))

    async def good(self, partition: int = 0) -> None:
        """Send a good event and wait until it is booked: nothing has stopped."""
        event = an_invoice(an_account(partition))
        await self.send(record(event, partition))
        assert await self.ledger(event["id"], OPENED)

    async def ledger(self, cause: str, kind: str = "") -> list[Record]:
        """Wait for what follows in the ledger from an event."""

        def found(seen: list[Record]) -> list[Record]:
            return [
                one
                for one in seen
                if one.topic == COLLECTIONS_LEDGER
                and cause in (header(one, "ce_causationid"), header(one, "ce_id"))
                and header(one, "ce_type").startswith(kind)
            ]

        return found(await self.follower.until(lambda seen: bool(found(seen))))

    async def letters(self, sent: Record, expected: int = 1) -> list[Record]:
        """Wait for the dead letters that have a record's bytes."""

        def found(seen: list[Record]) -> list[Record]:
            return [
                one
                for one in seen
                if one.topic == INGEST_DLQ
                and (one.key, one.value) == (sent.key, sent.value)
                and list(one.headers)[: len(sent.headers)] == list(sent.headers)
            ]

        return found(await self.follower.until(lambda seen: len(found(seen)) >= expected))

    def follows(self, *causes: str) -> list[str]:
        """The types in the ledger that were caused by these events, as far as it was read."""
        return [
            header(one, "ce_type")
            for one in self.follower.seen
            if one.topic == COLLECTIONS_LEDGER and header(one, "ce_causationid") in causes
        ]


Begin = Callable[[], AbstractAsyncContextManager[Story]]
"""How a story begins: `async with story() as it`."""


@pytest.fixture
def story(ingest: Ingest) -> Begin:
    """Begin a story with what is sent from now on."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[Story]:
        bootstrap = ingest.stack.kafka_bootstrap
        publisher = Publisher({"bootstrap_servers": bootstrap}, deadline_s=20)
        topics = (COLLECTIONS_LEDGER, INGEST_DLQ)
        try:
            async with Follower(bootstrap, topics, partitions=PARTITIONS) as follower:
                yield Story(ingest, publisher, follower)
        finally:
            await publisher.stop()

    return begin


def _bad(**changed: Any) -> Record:  # noqa: ANN401 - JSON
    return record(an_invoice(an_account(), **changed))


def _of_bytes(value: bytes | None) -> Record:
    return record(an_invoice(an_account()), value=value)


def _without(name: str) -> Record:
    event = an_invoice(an_account())
    del event["data"][name]
    return record(event)


def _of_type(kind: str) -> Record:
    return record({**an_invoice(an_account()), "type": kind})


def _of_header(name: str, value: bytes | None) -> Record:
    made = record(an_invoice(an_account()))
    return replace(made, headers=with_header(made, name, value))


REFUSED: Final[dict[str, tuple[Callable[[], Record], str, str]]] = {
    "malformed JSON": (lambda: _of_bytes(b'{"account_id": "a",'), "malformed", "data"),
    "no object": (lambda: _of_bytes(b"[1, 2]"), "invalid", "data"),
    "no value": (lambda: _of_bytes(None), "malformed", ""),
    "no UTF-8": (lambda: _of_bytes(b'{"account_id": "\xff\xfe"}'), "malformed", "data"),
    "unknown type": (lambda: _of_type("billing.invoice.mislaid.v1"), "unknown_type", "type"),
    "missing field": (lambda: _without("due_on"), "invalid", "data.due_on"),
    "unknown currency": (lambda: _bad(currency="EUX"), "invalid", "data.currency"),
    "over-precise amount": (lambda: _bad(amount="1.005"), "invalid", "data.amount"),
    "too many digits": (lambda: _bad(amount="1234567890123456"), "invalid", "data.amount"),
    "number for text": (lambda: _bad(amount=12.5), "invalid", "data.amount"),
    "no such day": (lambda: _bad(due_on="2026-02-30"), "invalid", "data.due_on"),
    "year 10000": (lambda: _bad(due_on="10000-01-01"), "invalid", "data.due_on"),
    "null id": (lambda: _of_header("ce_id", None), "malformed", "id"),
    "id that is no UTF-8": (lambda: _of_header("ce_id", b"\xff\xfe"), "malformed", "ce_id"),
    "time that is none": (lambda: _of_header("ce_time", b"noon"), "malformed", "time"),
    "other subject": (lambda: _of_header("ce_subject", b"someone"), "invalid", "subject"),
    "too large": (lambda: _bad(document_url="x" * 1_040_000), "oversize", ""),
}
"""Each kind of bad record, with the reason that is given and the field that is named."""


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_cannot_be_taken_is_a_dead_letter(story: Begin, kind: str) -> None:
    """Bytes and headers untouched, reason and field in headers; what comes after it is booked."""
    make, reason, named = REFUSED[kind]
    bad = make()

    async with story() as it:
        await it.send(bad)
        await it.good()
        letters = await it.letters(bad)

    told = {name: header(letters[0], f"__dlq.errors.{name}") for name in ("topic", "partition")}
    assert {"topic": BILLING_EVENTS, "partition": "0"} == told
    assert (reason, named) == tuple(
        header(letters[0], f"__dlq.errors.{name}") for name in ("reason", "field")
    )
    assert header(letters[0], "__dlq.errors.message")
    assert len(letters) == 1


@pytest.mark.parametrize("value", [None, b"\xff\xfe", b""])
async def test_foreign_headers_do_not_matter(story: Begin, value: bytes | None) -> None:
    """A header that is not CloudEvents' may be null or no text: the event is good."""
    event = an_invoice(an_account())
    made = record(event)

    async with story() as it:
        await it.send(replace(made, headers=[("trace", value), *made.headers]))

        assert await it.ledger(event["id"], OPENED)


async def test_ten_megabytes_are_refused_at_once(ingest: Ingest) -> None:
    """The broker refuses the producer, the HTTP door the sender: nobody waits for an answer."""
    producer = AIOKafkaProducer(
        bootstrap_servers=ingest.stack.kafka_bootstrap, max_request_size=20_000_000
    )
    await producer.start()
    try:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(BILLING_EVENTS, b"x" * 10_000_000, partition=0)
    finally:
        await producer.stop()
    event = json.dumps(an_invoice(an_account(), document_url="x" * 10_000_000))

    async with httpx.AsyncClient() as client:
        answer = await client.post(
            ingest.fleet.url("ingest", "/v1/events"),
            content=event,
            headers={"content-type": "application/cloudevents+json"},
        )

    assert (413, "oversize") == (answer.status_code, answer.json()["reason"])


async def test_structured_mode_is_taken(story: Begin) -> None:
    """A whole CloudEvent as JSON, told by its content type, is as good as one in headers."""
    event = an_invoice(an_account())
    content_type = ("content-type", b"application/cloudevents+json; charset=utf-8")

    async with story() as it:
        await it.send(
            Record(BILLING_EVENTS, 0, b"any key", json.dumps(event).encode(), [content_type])
        )

        assert await it.ledger(event["id"], OPENED)


async def test_what_is_on_the_wrong_partition_is_forwarded(story: Begin) -> None:
    """It is booked once, on the partition of its party, however often it comes on whichever."""
    event = an_invoice(an_account(partition=1))

    async with story() as it:
        await it.send(record(event, 0), record(event, 1), record(event, 0))
        await it.good(0)
        booked = await it.ledger(event["id"], OPENED)
        await it.good(1)

    assert [1] == [one.partition for one in booked]
    assert [OPENED] == it.follows(event["id"])


async def test_the_same_id_with_other_content_is_a_conflict(story: Begin) -> None:
    """The first one is booked, once; the other is a dead letter; the same again is nothing."""
    first = an_invoice(an_account())
    other = {**first, "data": {**first["data"], "amount": "999.00"}}

    async with story() as it:
        await it.send(record(first), record(other), record(first))
        await it.good()
        letters = await it.letters(record(other))

    assert ["conflict"] == [header(one, "__dlq.errors.reason") for one in letters]
    assert ["id"] == [header(one, "__dlq.errors.field") for one in letters]
    assert [OPENED] == it.follows(first["id"])


async def test_a_payment_waits_for_its_invoice(story: Begin) -> None:
    """It is cash on account until the invoice comes, which it then pays."""
    account = an_account()
    invoice = an_invoice(account)
    payment = an_event(
        "billing.payment.received.v1",
        account,
        {
            "account_id": account,
            "payment_id": f"payment-{next(_number)}",
            "amount": "100.00",
            "currency": "EUR",
            "received_on": "2026-01-05",
            "allocations": [{"invoice_id": invoice["data"]["invoice_id"], "amount": "100.00"}],
        },
    )

    async with story() as it:
        await it.send(record(payment), record(invoice))
        await it.ledger(invoice["id"], "collections.invoice.settled")

    assert ["collections.payment.unapplied.v1"] == it.follows(payment["id"])
    assert [
        OPENED,
        "collections.payment.applied.v1",
        "collections.invoice.settled.v1",
    ] == it.follows(invoice["id"])


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (lambda: a_tick(datetime.now(UTC) + timedelta(days=400)), "data.at"),
        (lambda: a_tick(datetime(2026, 1, 1, tzinfo=UTC), source="test:stranger"), "source"),
        (
            lambda: {**a_tick(datetime(2026, 1, 1, tzinfo=UTC)), "time": "2025-01-01T00:00:00Z"},
            "data.at",
        ),
    ],
    ids=["from the future", "from a stranger", "of two times"],
)
async def test_a_tick_is_not_believed(story: Begin, event: Callable[[], Event], named: str) -> None:
    """Nobody ages the books but the clock, and not beyond the broker's own time."""
    bad = record(event())

    async with story() as it:
        await it.send(bad)
        await it.good()
        [letter] = await it.letters(bad)

    assert ("untrusted_tick", named) == (
        header(letter, "__dlq.errors.reason"),
        header(letter, "__dlq.errors.field"),
    )


async def test_an_aborted_transaction_never_happened(ingest: Ingest, story: Begin) -> None:
    """What it held is not booked; what was committed is; its marks are no records that wait."""
    undone, done = an_invoice(an_account()), an_invoice(an_account())
    producer = AIOKafkaProducer(
        bootstrap_servers=ingest.stack.kafka_bootstrap, transactional_id="test-foreign"
    )
    await producer.start()
    try:
        for event, committed in ((undone, False), (done, True), (undone, False)):
            made = record(event)
            await producer.begin_transaction()
            await producer.send_and_wait(
                made.topic, made.value, made.key, made.partition, headers=list(made.headers)
            )
            if committed:
                await producer.commit_transaction()
            else:
                await producer.abort_transaction()
    finally:
        await producer.stop()

    async with story() as it:
        assert await it.ledger(done["id"], OPENED)
        lag = await _lag(ingest, until=0)
        await it.good()

    assert 0 == lag
    assert [] == it.follows(undone["id"])


async def _lag(ingest: Ingest, *, until: float) -> float:
    """How many records wait at ingest, once it is `until`, or after five seconds."""
    lag = -1.0
    async with httpx.AsyncClient() as client:
        for _ in range(50):
            shown = (await client.get(ingest.fleet.url("ingest", "/metrics"))).text
            values = [
                float(line.rsplit(" ", 1)[1])
                for line in shown.splitlines()
                if line.startswith("collections_consumer_lag_messages{")
            ]
            lag = sum(values) if values else -1.0
            if lag == until:
                break
            await asyncio.sleep(0.1)
    return lag


async def test_ten_thousand_open_invoices(story: Begin) -> None:
    """An account may have them: all are booked, and a payment finds the oldest one."""
    account = an_account()
    oldest = an_invoice(account, due_on="2026-02-01")
    later = [an_invoice(account, due_on=f"2026-{2 + n % 11:02}-10") for n in range(9_999)]
    invoices = [*later[:5_000], oldest, *later[5_000:]]
    payment = an_event(
        "billing.payment.received.v1",
        account,
        {
            "account_id": account,
            "payment_id": f"payment-{next(_number)}",
            "amount": "100.00",
            "currency": "EUR",
            "received_on": "2026-01-12",
        },
    )

    async with story() as it:
        await it.send(*map(record, invoices), record(payment))
        await it.follower.until(
            lambda _seen: "collections.invoice.settled.v1" in it.follows(payment["id"]),
            within_s=55,
        )

    opened = it.follows(*(one["id"] for one in invoices))
    assert [OPENED] * 10_000 == opened
    [settled] = [
        json.loads(one.value or b"")
        for one in it.follower.seen
        if header(one, "ce_type") == "collections.invoice.settled.v1"
        and header(one, "ce_causationid") == payment["id"]
    ]
    assert oldest["data"]["invoice_id"] == settled["invoice_id"]


async def test_the_edges_of_time_and_money(story: Begin) -> None:
    """Due on the last day there is, an amount of 15 digits and 4 places: booked, ticks go on."""
    last = an_invoice(an_account(), due_on="9999-12-31")
    first = an_invoice(an_account(), issued_on="0001-01-01", due_on="0001-01-01")
    most = an_invoice(an_account(), amount="999999999999999.9999", currency="CLF")
    tick = a_tick(datetime(2026, 2, 1, tzinfo=UTC))

    async with story() as it:
        await it.send(record(last), record(first), record(most), record(tick))
        await it.ledger(tick["id"], "clock.ticked")
        [opened] = await it.ledger(most["id"], OPENED)
        await it.good()

    assert [OPENED] == it.follows(last["id"])
    assert OPENED in it.follows(first["id"])
    assert "999999999999999.9999" == json.loads(opened.value or b"")["amount"]
