"""`arrears letters` on the real broker and database: what is refused is listed, and redriven."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from services.command.letters.topic import read_letters
from services.ingest.wiring import WIRING
from shared.cli.routing import records_of
from shared.cli.stack import Stack
from shared.core import Refusal
from shared.line.arrivals import Arrival, dead_letter
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.testing.kafka import fresh_topics
from shared.testing.reading import Follower, header
from shared.topics import (
    BILLING_EVENTS,
    COLLECTIONS_LEDGER,
    INGEST_DLQ,
    KPI_DLQ,
    MESSAGE_BYTES_MAX,
    partition_of,
)
from tests.integration.alone import ingest_alone

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

PARTITIONS: Final = 2
OPENED: Final = "collections.invoice.opened.v1"
_number = count(1)

Event = dict[str, Any]


@pytest.fixture(scope="module")
def stack_of_ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One ingest for all stories, which take each other's letters for what they are."""
    with ingest_alone(tmp_path_factory, partitions=PARTITIONS) as (stack, _fleet):
        yield stack


@dataclass(frozen=True, slots=True)
class Told:
    """How a call of the command ended, and what it said."""

    code: int
    out: str
    err: str

    def causes(self) -> dict[str, Any]:
        """The causes of `list --json`, by reason and field."""
        found = [json.loads(line) for line in self.out.splitlines()]
        return {f"{one['reason']} {one['field']}".strip(): one for one in found}


@dataclass(slots=True)
class Story:
    """What is sent, what comes of it, and the command."""

    stack: Stack
    publisher: Publisher
    follower: Follower
    calls: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def send(self, *records: Record) -> None:
        """Publish, in order."""
        await self.publisher.publish(list(records))

    async def start(self, *words: str, **environment: str) -> asyncio.subprocess.Process:
        """Call `arrears letters`, with nobody at a terminal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.command", "letters", *words),
            env={**os.environ, **self.stack.environment, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.calls.append(process)
        return process

    async def letters(self, *words: str, **environment: str) -> Told:
        """Call it, and wait for its end."""
        process = await self.start(*words, **environment)
        out, err = await process.communicate()
        return Told(process.returncode or 0, out.decode(), err.decode())

    async def causes(self) -> dict[str, Any]:
        """What `list --json` tells, by reason and field."""
        told = await self.letters("list", "--json")
        assert (0, "") == (told.code, told.err)
        return told.causes()

    def came(self, topic: str, sent: Record) -> list[Record]:
        """The records of a topic with these very bytes, as far as it was read."""
        return [
            one
            for one in self.follower.seen
            if one.topic == topic
            and (one.key, one.value) == (sent.key, sent.value)
            and list(one.headers)[: len(sent.headers)] == list(sent.headers)
        ]

    async def until_came(self, topic: str, sent: Record, times: int) -> list[Record]:
        """Wait until a record has come so often."""
        await self.follower.until(lambda _seen: len(self.came(topic, sent)) >= times)
        return self.came(topic, sent)

    async def until_opened(self, *events: Event) -> None:
        """Wait until the invoices are in the ledger."""
        wanted = {event["id"] for event in events}
        await self.follower.until(lambda _seen: wanted <= set(self.opened()))

    def opened(self) -> list[str]:
        """The causes of all invoices in the ledger, in its order, as far as it was read."""
        return [
            header(one, "ce_causationid")
            for one in self.follower.seen
            if one.topic == COLLECTIONS_LEDGER and header(one, "ce_type") == OPENED
        ]

    async def good(self) -> None:
        """Something good is booked on each partition: all that was sent before has been seen."""
        events = [an_invoice(home) for home in range(PARTITIONS)]
        await self.send(*map(record, events))
        await self.until_opened(*events)


@pytest_asyncio.fixture
async def story(stack_of_ingest: Stack) -> AsyncIterator[Story]:
    """A story on the stack; what it called ends with it."""
    async with _story(stack_of_ingest) as it:
        yield it


@asynccontextmanager
async def _story(stack: Stack) -> AsyncIterator[Story]:
    publisher = Publisher({"bootstrap_servers": stack.kafka_bootstrap}, deadline_s=20)
    topics = (BILLING_EVENTS, COLLECTIONS_LEDGER, INGEST_DLQ)
    follower = Follower(stack.kafka_bootstrap, topics, partitions=PARTITIONS)
    try:
        async with follower:
            it = Story(stack, publisher, follower)
            yield it
            for process in it.calls:
                if process.returncode is None:
                    process.kill()
                await process.wait()
    finally:
        await publisher.stop()


def an_invoice(home: int = 0, **changed: Any) -> Event:  # noqa: ANN401 - JSON
    """A good invoice of an account of its own on a partition, with `changed` data."""
    number, account = next(
        (number, f"letters-{number}")
        for number in _number
        if partition_of(b"letters-%d" % number, PARTITIONS) == home
    )
    data = {
        "account_id": account,
        "invoice_id": f"invoice-{number}",
        "issued_on": "2026-01-10",
        "due_on": "2026-02-09",
        "amount": "100.00",
        "currency": "EUR",
        **changed,
    }
    return {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "test:letters",
        "type": "billing.invoice.issued.v1",
        "subject": account,
        "time": "2026-01-10T09:00:00Z",
        "data": data,
    }


def record(event: Event) -> Record:
    """The record of an event."""
    return next(records_of(event, partitions=PARTITIONS))


def with_header(made: Record, name: str, value: bytes | None) -> Record:
    """A record with one more header, or another one in its place."""
    return replace(made, headers=[*(h for h in made.headers if h[0] != name), (name, value)])


def refused_before(made: Record, offset: int, field_: str) -> Record:
    """A letter of what an older version of ingest did not know yet."""
    arrival = Arrival(
        topic=made.topic,
        offset=offset,
        stamp=datetime(2026, 1, 10, tzinfo=UTC),
        key=made.key,
        value=made.value,
        headers=made.headers,
    )
    return dead_letter(WIRING, made.partition, arrival, Refusal("unknown_type", "new", field_))


def a_webhook() -> Record:
    """A letter of the door for webhooks: it names a path, where others name a topic."""
    made = Record("/v1/webhooks/stripe", 0, b"stripe", b"{}", [("arrears-webhook", b"stripe")])
    return refused_before(made, 0, "webhook")


async def test_letters_are_listed_by_cause(story: Story) -> None:
    """With how many of them can be redriven now, and why the others cannot."""
    first = an_invoice()
    conflicting = {**first, "data": {**first["data"], "amount": "999.00"}}
    cut = replace(record(an_invoice()), value=b'{"account_id": "a",')
    late = [record(an_invoice(due_on="2026-02-30")) for _ in range(3)]
    tick = {
        "specversion": "1.0",
        "id": "tick-1",
        "source": "test:stranger",
        "type": "clock.ticked.v1",
        "time": "2026-01-01T00:00:00Z",
        "data": {"at": "2026-01-01T00:00:00Z"},
    }

    await story.send(cut, *late, late[0], record(first), record(conflicting), record(tick))
    await story.send(a_webhook())
    await story.good()
    found = await story.causes()
    shown = await story.letters("list", COLUMNS="80")
    since = await story.letters("list", "--json", "--since", "2999-01-01")

    standings = {name: one["standings"] for name, one in found.items()}
    assert {
        "malformed data": {"redrivable": 1},
        "invalid data.due_on": {"redrivable": 3, "same": 1},
        "conflict id": {"seen": 1},
        "untrusted_tick source": {"tick": 1},
        "unknown_type webhook": {"webhook": 1},
    } == {name: standings[name] for name in standings if not name.startswith("unknown_type m")}
    due_on = found["invalid data.due_on"]
    assert (4, 3, 3) == tuple(due_on[name] for name in ("letters", "redrivable", "still_refused"))
    assert {"test:letters": 4} == due_on["sources"]
    assert due_on["fingerprint"] in shown.out
    assert 80 >= max(map(len, shown.out.splitlines()))
    assert (0, "") == (since.code, since.out)


async def test_what_is_refused_again_is_a_new_letter_and_nothing_else(story: Story) -> None:
    """The very same bytes and headers come again, on the partition of their key."""
    made = record(an_invoice(1, amount="1.005"))
    # What it came with stays, whatever its names; it was on the wrong partition.
    made = with_header(with_header(made, "trace", None), "__dlq.errors.topic", b"elsewhere")
    await story.send(replace(made, partition=0))
    await story.until_came(INGEST_DLQ, made, 1)
    cause = (await story.causes())["invalid data.amount"]
    before = len(story.opened())

    sent = await story.letters("redrive", cause["fingerprint"], "--yes")
    came = await story.until_came(BILLING_EVENTS, made, 2)
    await story.until_came(INGEST_DLQ, made, 2)
    after = (await story.causes())["invalid data.amount"]

    assert (0, "") == (sent.code, sent.err)
    assert "1  sent" in sent.out
    assert [0, 1] == sorted(one.partition for one in came)
    assert [list(made.headers)] * 2 == [list(one.headers) for one in came]
    assert {"redrivable": 1, "same": 1} == after["standings"]
    assert before == len(story.opened())


async def test_what_ingest_has_seen_is_not_sent(story: Story) -> None:
    """Its id is registered: it would be a duplicate, or the same conflict once more."""
    first = an_invoice()
    other = record({**first, "data": {**first["data"], "amount": "999.00"}})
    await story.send(record(first), other)
    await story.until_came(INGEST_DLQ, other, 1)
    cause = (await story.causes())["conflict id"]

    told = await story.letters("redrive", cause["fingerprint"], "--yes")
    await story.good()

    assert (0, "") == (told.code, told.err)
    assert "0  redrivable" in told.out
    assert f"{cause['letters']}  seen: the id is registered" in told.out
    assert 1 == len(story.came(BILLING_EVENTS, other))


async def test_bytes_that_were_left_where_they_came_from(story: Story) -> None:
    """A letter too small for its record's bytes says where they are; from there they are sent."""
    made = record(an_invoice(document_url="x" * (MESSAGE_BYTES_MAX - 800)))
    await story.send(made)
    await story.good()
    cause = (await story.causes())["oversize"]
    shown = await story.letters("show", cause["fingerprint"], "--values")

    told = await story.letters("redrive", cause["fingerprint"], "--yes")
    await story.until_came(BILLING_EVENTS, made, 2)

    assert {"redrivable": 1} == cause["standings"]
    assert "where it came from, 1,04" in shown.out
    assert (0, "") == (told.code, told.err)


async def test_killed_half_way_at_once_and_again_books_once(story: Story) -> None:
    """However often letters are sent, ingest takes each id once; then they count as seen."""
    events = [an_invoice(number % PARTITIONS) for number in range(20)]
    made = [record(event) for event in events]
    await story.send(*(refused_before(one, n, "many") for n, one in enumerate(made)))
    cause = (await story.causes())["unknown_type many"]
    assert ({"redrivable": 20}, 0) == (cause["standings"], cause["still_refused"])
    words = ("redrive", cause["fingerprint"], "--yes", "--per-minute")

    first = await story.start(*words, "300")
    await story.until_came(BILLING_EVENTS, made[3], 1)
    first.kill()
    half = {header(one, "ce_id") for one in story.follower.seen if one.topic == BILLING_EVENTS}
    both = await asyncio.gather(*(story.letters(*words, "300") for _ in range(2)))
    await story.until_opened(*events)
    again = await story.letters(*words, "6000")
    await story.good()

    ids = [event["id"] for event in events]
    assert not set(ids) <= half
    assert [0, 0] == [one.code for one in both]
    assert "20  seen" in again.out
    assert ids == [one for one in sorted(story.opened(), key=_age) if one in ids]
    twice = [one for one in made if len(story.came(BILLING_EVENTS, one)) > 1]
    assert twice
    assert not [one for one in made if len(story.came(INGEST_DLQ, one)) > 1]


def _age(cause: str) -> int:
    return int(cause.rpartition("-")[2])


async def test_it_sends_nothing_that_nobody_agreed_to(story: Story) -> None:
    """Without a terminal and without --yes, with --dry-run, or for a cause that is not there."""
    made = record(an_invoice())
    await story.send(refused_before(made, 0, "asked"))
    cause = (await story.causes())["unknown_type asked"]["fingerprint"]

    asked, looked, missing, both = [
        await story.letters("redrive", *words, ARREARS_DEAD_LETTERS_PER_MINUTE_MAX="80")
        for words in ((cause,), (cause, "--dry-run"), (cause, "ffff"), (cause, "--all"))
    ]
    await story.good()

    assert [2, 0, 2, 2] == [one.code for one in (asked, looked, missing, both)]
    assert "--yes" in asked.err
    assert "1  redrivable" in looked.out
    assert "At most 40 a minute: it takes about 2 s." in looked.out  # half of what stops a service
    assert "No letter in ingest.dlq has ffff.\n" == missing.err
    assert [] == story.came(BILLING_EVENTS, made)


async def test_since_goes_by_when_letters_were_written(story: Story) -> None:
    """It begins there, and leaves out what is older, though clocks may have differed."""
    bootstrap = story.stack.kafka_bootstrap
    [topic] = await fresh_topics(bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for at_s in (1, 3, 2, 4):
        await producer.send_and_wait(topic, b"{}", timestamp_ms=at_s * 1_000)
    await producer.stop()
    told = list[tuple[int, int]]()

    found = await read_letters(
        {"bootstrap_servers": bootstrap},
        topic,
        since=datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC),
        told=lambda done, total: told.append((done, total)),
    )

    assert [1, 3] == [one.place.offset for one in found]
    assert (3, 3) == told[-1]


async def test_values_are_shown_only_if_asked_for(story: Story) -> None:
    """They may be personal data; what is no text is only counted."""
    text = with_header(record(an_invoice(name="Ann Example")), "ce_time", b"noon")
    bytes_ = replace(with_header(record(an_invoice()), "ce_time", b"noon"), value=b"\xff\xfe")
    await story.send(text, bytes_)
    await story.until_came(INGEST_DLQ, bytes_, 1)
    await story.until_came(INGEST_DLQ, text, 1)
    cause = (await story.causes())["malformed time"]["fingerprint"]

    without = await story.letters("show", cause)
    with_values = await story.letters("show", cause, "--values")
    one = await story.letters("show", cause, "--values", "--limit", "1")

    assert "Ann" not in without.out
    assert "test:letters" in without.out
    assert "billing.events, partition 0, " in without.out
    assert "Ann Example" in with_values.out
    assert "2 bytes that are no UTF-8" in with_values.out
    assert "… and 1 more" in one.out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, "Kafka cannot be reached"),
        ({"MONGODB_URI": "mongodb://127.0.0.1:1/?replicaSet=rs0"}, "MongoDB does not answer"),
        ({"MONGODB_DATABASE": "arrears_elsewhere"}, "arrears_elsewhere is not ingest's"),
    ],
    ids=["no broker", "no database", "another database"],
)
async def test_what_is_away_is_said_in_one_line(
    story: Story, environment: dict[str, str], said: str
) -> None:
    """And nothing is sent: without the register nobody knows what was seen."""
    await story.send(refused_before(record(an_invoice()), 0, "away"))

    told = [
        await story.letters(*words, **environment)
        for words in (("list",), ("redrive", "--all", "--yes"))
    ]

    assert [(2, ""), (2, "")] == [(one.code, one.out) for one in told]
    for one in told:
        assert said in one.err
        assert 1 == len(one.err.splitlines())
        assert 200 >= len(one.err.strip())


async def test_letters_of_the_other_services_keep_their_place(story: Story) -> None:
    """They are listed and shown like all; they cannot be redriven, and it says what to do."""
    made = replace(record(an_invoice()), topic=COLLECTIONS_LEDGER)
    await story.send(replace(refused_before(made, 7, "kind"), topic=KPI_DLQ))

    listed = await story.letters("list", "--json", "--service", "kpi")
    told = await story.letters("redrive", "--all", "--yes", "--service", "kpi")

    [cause] = listed.causes().values()
    assert {"internal": 1} == cause["standings"]
    assert (2, "") == (told.code, told.out)
    assert "under a higher number" in " ".join(told.err.split())
