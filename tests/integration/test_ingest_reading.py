"""Ingest's reading doors: a real process behind a real Kafka and MongoDB, over real HTTP."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from random import Random
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
import yaml
from pypdf import PdfReader

from services.command.fleet import Fleet
from shared.cli.eventfile import stamp, structured, tick
from shared.cli.routing import records_of
from shared.runtime.producer import Publisher
from tests.integration.alone import ingest_alone

pytestmark = [pytest.mark.stack, pytest.mark.asyncio, pytest.mark.timeout(180)]

PARTITIONS: Final = 2
BEGIN: Final = date(2026, 1, 1)
TODAY: Final = date(2026, 3, 31)
ACCOUNTS: Final = 12
INVOICES: Final = 14
READER: Final = {"authorization": "Bearer reader-key"}
LABELS: Final = ("1-30", "31-60", "61-90", "91-120", "121+")
BIG: Final = "big/1 é"
BIG_ITEMS: Final = 620
Json = dict[str, Any]
Sums = defaultdict[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the history: the day on which it came, and what it said."""

    day: date
    id: str
    type: str
    data: Json


def history() -> list[Told]:
    """Invoices, and payments of some, whole or in part, some of them told late."""
    random, told = Random(3), []
    for account, count in [*((f"A-{n:02d}", INVOICES) for n in range(ACCOUNTS)), (BIG, BIG_ITEMS)]:
        for number in range(count):
            issued = BEGIN + timedelta(days=random.randrange(60))
            name = f"{account}-I{number}"
            invoice = {
                "account_id": account, "invoice_id": name, "issued_on": issued.isoformat(),
                "due_on": (issued + timedelta(days=random.randrange(1, 40))).isoformat(),
                "amount": f"{random.randrange(100, 90_000) / 100:.2f}",
                "currency": "EUR" if number % 5 else "USD",
            }  # fmt: skip
            told.append(Told(issued, f"e-{name}", "billing.invoice.issued.v1", invoice))
            if account != BIG and random.random() < 0.6:
                paid = issued + timedelta(days=random.randrange(1, 25))
                part = Decimal(invoice["amount"]) / random.choice((1, 1, 2))
                payment = {
                    "account_id": account, "payment_id": f"{name}-P",
                    "currency": invoice["currency"], "amount": f"{part:.2f}",
                    "received_on": paid.isoformat(),
                    "allocations": [{"invoice_id": name, "amount": f"{part:.2f}"}],
                }  # fmt: skip
                late = paid + timedelta(days=random.choice((0, 0, 5)))
                told.append(Told(late, f"p-{name}", "billing.payment.received.v1", payment))
    return sorted(told, key=lambda one: one.day)


HISTORY: Final = history()


def event(told: Told) -> Json:
    """It as a CloudEvent."""
    at = stamp(datetime.combine(told.day, datetime.min.time(), UTC) + timedelta(hours=12))
    account = told.data["account_id"]
    return structured(
        id=told.id, source="shop", type=told.type, subject=account, time=at, data=told.data
    )


async def publish(kafka: str) -> None:
    """Send the history with its midnights through Kafka."""
    publisher = Publisher({"bootstrap_servers": kafka}, deadline_s=60)
    waiting = list(HISTORY)
    day = BEGIN
    while day <= TODAY:
        lines = [event(waiting.pop(0)) for _ in range(sum(one.day == day for one in waiting))]
        at = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        ticks = [tick(at).event] if day < TODAY else []
        for one in [*lines, *ticks]:
            await publisher.publish(list(records_of(one, partitions=PARTITIONS)))
        day += timedelta(days=1)
    await publisher.stop()


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Ingest that has taken the history, with a key for a reader and one for a source."""
    file = tmp_path_factory.mktemp("sources") / "sources.yaml"
    entries = [
        {"name": "reader", "keys": [sha256(b"reader-key").hexdigest()], "may": ["reading"],
         "burst": 100_000, "per_second": 10_000.0},
        {"name": "shop", "keys": [sha256(b"shop-key").hexdigest()]},
        {"name": "slow", "keys": [sha256(b"slow-key").hexdigest()], "may": ["reading"],
         "burst": 2, "per_second": 0.1},
    ]  # fmt: skip
    file.write_text(yaml.safe_dump({"sources": entries}))
    with ingest_alone(tmp_path_factory, partitions=PARTITIONS, ARREARS_SOURCES_FILE=str(file)) as (
        stack,
        fleet,
    ):
        asyncio.run(publish(stack.kafka_bootstrap))
        yield fleet


@pytest_asyncio.fixture
async def door(ingest: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may read, once ingest has passed the last midnight."""
    url = ingest.url("ingest")
    async with httpx.AsyncClient(base_url=url, timeout=20, headers=READER) as client:
        for account in (BIG, "A-00", "A-01", "A-02"):
            while True:
                query = {"account_id": account}
                told = (await client.get("/v1/account/position", params=query)).json()
                if told.get("true_up_to", "") >= TODAY.isoformat():
                    break
                await asyncio.sleep(0.1)
        yield client


async def ask(door: httpx.AsyncClient, path: str, **query: object) -> Json:
    """The JSON of an answer."""
    answer = await door.get(path, params={name: str(value) for name, value in query.items()})
    assert 200 == answer.status_code, answer.text
    found: Json = answer.json()
    return found


async def pages(door: httpx.AsyncClient, path: str, what: str, **query: object) -> list[Json]:
    """What all pages have."""
    found: list[Json] = []
    told = await ask(door, path, **query)
    found += told[what]
    while told["next"]:
        told = await ask(door, path, **query, after=told["next"])
        found += told[what]
    return found


def label(days: int) -> str:
    """The bucket of so many days past due."""
    return "current" if days <= 0 else LABELS[min(4, (days - 1) // 30)]


def opened(
    account: str, day: date, known: date | None = None
) -> dict[str, tuple[str, Decimal, date]]:
    """What is open at the end of a day, straight from the history, by invoice."""
    found: dict[str, tuple[str, Decimal, date]] = {}
    for told in HISTORY:
        data = told.data
        if data["account_id"] != account or (known and told.day >= known):
            continue
        if "due_on" in data and date.fromisoformat(data["issued_on"]) <= day:
            due_on = date.fromisoformat(data["due_on"])
            found[data["invoice_id"]] = (data["currency"], Decimal(data["amount"]), due_on)
    for told in HISTORY:
        data = told.data
        if data["account_id"] == account and "received_on" in data and not (
            known and told.day >= known
        ) and date.fromisoformat(data["received_on"]) <= day:  # fmt: skip
            name = data["allocations"][0]["invoice_id"]
            currency, amount, due_on = found[name]
            found[name] = (currency, amount - Decimal(data["amount"]), due_on)
    return {name: one for name, one in found.items() if one[1]}


def by_bucket(account: str, day: date, known: date | None = None) -> Sums:
    """The same, summed by currency and bucket."""
    sums: Sums = defaultdict(Decimal)
    for currency, amount, due_on in opened(account, day, known).values():
        sums[currency, label((day - due_on).days)] += amount
    return sums


def buckets(told: Json) -> dict[tuple[str, str], Decimal]:
    """An answer's sums, by currency and bucket."""
    return {
        (each["currency"], share["bucket"]): Decimal(share["amount"])
        for each in told["currencies"]
        for share in each["buckets"]
        if share["items"]
    }


@pytest.mark.parametrize("day", [BEGIN, date(2026, 2, 10), date(2026, 3, 5), TODAY])
async def test_positions_are_what_the_history_says(door: httpx.AsyncClient, day: date) -> None:
    """Of every account, on several days, in every bucket; with their sums."""
    for account in (BIG, *(f"A-{n:02d}" for n in range(ACCOUNTS))):
        told = await ask(door, "/v1/account/position", account_id=account, as_of=day)

        assert by_bucket(account, day) == buckets(told)
        for each in told["currencies"]:
            shares = [Decimal(share["amount"]) for share in each["buckets"]]
            assert sum(shares) == Decimal(each["open_amount"])
            assert sum(shares[1:]) == Decimal(each["overdue_amount"])


async def test_what_was_known_then(door: httpx.AsyncClient) -> None:
    """Payments that were told days later had not been known; some of these accounts have one."""
    day, known = date(2026, 2, 15), date(2026, 2, 16)
    differ = 0
    for account in (f"A-{n:02d}" for n in range(ACCOUNTS)):
        told = await ask(
            door, "/v1/account/position", account_id=account, as_of=day,
            known_at=f"{known}T00:00:00Z",
        )  # fmt: skip
        assert by_bucket(account, day, known) == buckets(told)
        differ += by_bucket(account, day, known) != by_bucket(account, day)
    assert differ


async def test_items_by_pages_of_any_size(door: httpx.AsyncClient) -> None:
    """Each once, open or settled, on a day of the past too."""
    for account, day in (("A-03", TODAY), ("A-03", date(2026, 2, 10)), (BIG, TODAY)):
        path, query = "/v1/account/items", {"account_id": account, "as_of": day}
        expected = {name: one[1] for name, one in opened(account, day).items()}

        small = await pages(door, path, "items", **query, limit=7)
        large = await pages(door, path, "items", **query, limit=500)

        assert small == large
        assert len(small) == len(expected)
        assert expected == {one["item_id"]: Decimal(one["open_amount"]) for one in small}
    every = await pages(door, "/v1/account/items", "items", account_id="A-03", state="all", limit=3)
    assert sorted(f"A-03-I{n}" for n in range(INVOICES)) == sorted(one["item_id"] for one in every)
    states = Counter(one["state"] for one in every)
    assert states["open"] == len(opened("A-03", TODAY))


async def test_every_cent_is_explained_by_an_event(door: httpx.AsyncClient) -> None:
    """The entries of an account name the events of the history, and add up to its position."""
    told = await pages(door, "/v1/account/entries", "entries", account_id="A-05", limit=4)

    ids = {one.id for one in HISTORY if one.data["account_id"] == "A-05"}
    assert ids == {entry["event_id"] for entry in told}
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in told:
        sums[entry["currency"]] += Decimal(entry["amount"])
    position = await ask(door, "/v1/account/position", account_id="A-05")
    assert sums == {one["currency"]: Decimal(one["open_amount"]) for one in position["currencies"]}
    of_one = await ask(door, "/v1/account/entries", account_id="A-05", invoice_id="A-05-I3")
    assert of_one["entries"] == [one for one in told if one["invoice_id"] == "A-05-I3"]


async def test_a_statement_adds_up_in_every_format(door: httpx.AsyncClient) -> None:
    """Opening and closing are the positions of those days; HTML and PDF show each line."""
    begin, end = date(2026, 2, 1), date(2026, 2, 28)
    query = {"account_id": "A-07", "from": begin, "to": end}

    told = await ask(door, "/v1/account/statement", **query)
    html = await door.get("/v1/account/statement", params={**_text(query), "format": "html"})
    pdf = await door.get("/v1/account/statement", params={**_text(query), "format": "pdf"})

    for section in told["currencies"]:
        code, opening = section["currency"], section["opening"]
        for day, balance in ((begin - timedelta(days=1), opening), (end, section["closing"])):
            sums = by_bucket("A-07", day)
            amounts = [amount for (currency, _), amount in sums.items() if currency == code]
            assert sum(amounts) == Decimal(balance["open_amount"])
        steps = sum(Decimal(amount) for amount in section["steps"].values())
        assert Decimal(opening["balance"]) + steps == Decimal(section["closing"]["balance"])
        assert section["lines"][-1]["balance"] == section["closing"]["balance"]
    lines = sum(len(section["lines"]) for section in told["currencies"])
    assert lines > 5
    assert ("text/html; charset=utf-8", lines) == (
        html.headers["content-type"],
        html.text.count('<tr><td class="d">'),
    )
    assert {"private, no-store"} == {one.headers["cache-control"] for one in (html, pdf)}
    assert "default-src 'none'" in html.headers["content-security-policy"]
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(pdf.content)).pages)
    shown = {line["invoice_id"] for section in told["currencies"] for line in section["lines"]}
    assert all(name in text for name in shown)


def _text(query: Json) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}


async def test_who_is_overdue(door: httpx.AsyncClient) -> None:
    """Every account with something overdue, by amount or age, in all and in one bucket."""
    expected: dict[tuple[str, str], defaultdict[str, Decimal]] = {}
    oldest: dict[tuple[str, str], date] = {}
    for account in (BIG, *(f"A-{n:02d}" for n in range(ACCOUNTS))):
        for currency, amount, due_on in opened(account, TODAY).values():
            if due_on < TODAY:
                name = (account, currency)
                sums = expected.setdefault(name, defaultdict(Decimal))
                sums[label((TODAY - due_on).days)] += amount
                oldest[name] = min(due_on, oldest.get(name, due_on))

    largest = await pages(door, "/v1/overdue", "accounts", limit=4)
    aged = await pages(door, "/v1/overdue", "accounts", order="oldest", limit=5)
    of_bucket = await pages(door, "/v1/overdue", "accounts", bucket="31-60", limit=3)
    both = await pages(
        door, "/v1/overdue", "accounts", bucket="31-60", order="oldest", creditor="default", limit=3
    )

    found = {
        (one["account_id"], one["currency"]): {
            share["bucket"]: Decimal(share["amount"]) for share in one["buckets"]
        }
        for one in largest
    }
    assert expected == found
    assert len(largest) == len(aged) == len(expected)
    amounts = [(one["currency"], -Decimal(one["overdue_amount"])) for one in largest]
    assert sorted(amounts) == amounts
    ages = [one["oldest_due_on"] for one in aged]
    assert sorted(ages) == ages == sorted(day.isoformat() for day in oldest.values())
    in_it = {name for name, sums in expected.items() if "31-60" in sums}
    assert in_it == {(one["account_id"], one["currency"]) for one in of_bucket}
    assert in_it == {(one["account_id"], one["currency"]) for one in both}
    assert [] == await pages(door, "/v1/overdue", "accounts", creditor="nobody")
    summary = (await ask(door, "/v1/overdue", limit=1))["summary"]
    assert {
        (one["currency"], share["bucket"]): (Decimal(share["amount"]), share["accounts"])
        for one in summary
        for share in one["buckets"]
    } == {
        (code, bucket): (
            sum(sums.get(bucket, 0) for name, sums in expected.items() if name[1] == code),
            sum(bucket in sums for name, sums in expected.items() if name[1] == code),
        )
        for code in ("EUR", "USD")
        for bucket in {b for name, sums in expected.items() if name[1] == code for b in sums}
    }


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("account/position", {}, 400, "account_id"),
        ("account/position", {"account_id": "nobody"}, 404, "account_id"),
        ("account/position", {"account_id": "A-00", "as_of": "2026-13-01"}, 400, "as_of"),
        ("account/position", {"account_id": "A-00", "known_at": "2026-01-01"}, 400, "known_at"),
        ("account/position", {"account_id": "A-00", "asof": "2026-01-01"}, 400, "asof"),
        ("account/items", {"account_id": "A-00", "state": "gone"}, 400, "state"),
        ("account/items", {"account_id": "A-00", "limit": "501"}, 400, "limit"),
        ("account/items", {"account_id": "A-00", "after": "é"}, 400, "after"),
        ("account/items", {"account_id": "A-00", "after": "eHh4"}, 400, "after"),
        ("account/entries", {"account_id": "A-00", "invoice_id": "x"}, 404, "invoice_id"),
        (
            "account/entries", {"account_id": "A-00", "from": "2026-02-01", "to": "2026-01-01"},
            400, "to",
        ),
        ("account/statement", {"account_id": "A-00", "format": "doc"}, 400, "format"),
        ("overdue", {"order": "$where"}, 400, "order"),
        ("overdue", {"bucket": "a.b"}, 400, "bucket"),
        ("overdue", {"after": "%%"}, 400, "after"),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_names_its_field(
    door: httpx.AsyncClient, path: str, query: dict[str, str], status: int, field: str
) -> None:
    """A no with a reason, and never a defect."""
    answer = await door.get(f"/v1/{path}", params=query)

    assert (status, field) == (answer.status_code, answer.json()["field"])
    assert answer.json()["detail"]


async def test_hostile_questions(door: httpx.AsyncClient) -> None:
    """Hundreds of odd values in every place: no 500, each no named, and answers go on."""
    random = Random(11)
    odd = [
        "", "\x00", "\x1e", "\x1f", "é" * 300, "../..", "{$gt:1}", "9" * 400, "\U0010ffff", "A-00",
        "-1", "1e9", "2026-01-01", "9999-12-31", "o\x1f", "bw", "b2E", "' or 1=1", "%",
    ]  # fmt: skip
    names = [
        "account_id", "as_of", "known_at", "from", "to", "limit", "after", "state", "format",
        "invoice_id", "bucket", "creditor", "order",
    ]  # fmt: skip
    paths = ["position", "items", "entries", "statement"]
    for _ in range(400):
        path = random.choice(["overdue", *(f"account/{one}" for one in paths)])
        query = {random.choice(names): random.choice(odd) for _ in range(random.randrange(3))}
        if path != "overdue" and random.random() < 0.7:
            query["account_id"] = "A-00"

        answer = await door.get(f"/v1/{path}", params=query)

        assert answer.status_code in (200, 400, 404), (path, query, answer.text)
        if answer.status_code != 200:
            assert answer.json()["reason"]
            assert answer.json()["field"]
    assert await ask(door, "/v1/account/position", account_id="A-00")


async def test_keys(door: httpx.AsyncClient) -> None:
    """401 without one, 403 for one that may only tell, 429 for one that asks too much."""
    url = "/v1/account/position?account_id=A-00"

    none = await door.get(url, headers={"authorization": ""})
    source = await door.get(url, headers={"authorization": "Bearer shop-key"})
    slow = [await door.get(url, headers={"authorization": "Bearer slow-key"}) for _ in range(3)]
    telling = await door.post("/v1/events", json=event(HISTORY[0]), headers={
        **READER, "content-type": "application/cloudevents+json"})  # fmt: skip

    assert [401, 403, 403] == [one.status_code for one in (none, source, telling)]
    assert "authorization" == none.json()["field"] == source.json()["field"]
    assert [200, 200, 429] == [one.status_code for one in slow]
    assert "retry-after" in slow[-1].headers


async def test_the_openapi_page_lists_them(door: httpx.AsyncClient) -> None:
    """Each with its parameters, as JSON and for people."""
    told = (await door.get("/docs/openapi.json")).json()
    page = (await door.get("/docs/openapi")).text

    for path in ("account/position", "account/items", "account/entries", "account/statement"):
        names = {one["name"] for one in told["paths"][f"/v1/{path}"]["get"]["parameters"]}
        assert "account_id" in names
        assert f"GET /v1/{path}" in page
    assert "bucket" in {one["name"] for one in told["paths"]["/v1/overdue"]["get"]["parameters"]}
    assert (await door.post("/v1/overdue")).status_code == 405
