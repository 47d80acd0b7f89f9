"""Hostile input at every door: no exception, ever, and each refusal has its name and its place.

Runs with a few thousand payloads per door; `FUZZ_PAYLOADS=100000` asks for all of them.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from services.command.source_lists import of_file
from services.ingest.doors.checking import check
from services.ingest.doors.sources import UNAUTHORIZED, Source
from services.ingest.doors.webhooks import retell
from services.ingest.wiring import WIRING
from shared import envelope
from shared.cli.importing import FileError, MappingError, read_file
from shared.cli.importing.camt import Known, read_statements
from shared.cli.importing.mapping import built_in
from shared.core import REFUSALS, Event, Refusal
from shared.line.arrivals import BROADCAST, FOLLOWS, arrive, dead_letter
from shared.topics import BILLING_EVENTS
from tests.unit.ingest.hostile import bytes_of, headers_of, mutated
from tests.unit.ingest.test_camt import balance, detail, entry, invoice, statement
from tests.unit.ingest.webhook_payloads import (
    ERPNEXT,
    EVERY,
    NOW,
    STRIPE,
    Json,
    erpnext_event,
    erpnext_signed,
    lago,
    lago_every,
    lago_signed,
    lago_token,
    stripe_signed,
)

PAYLOADS: Final = int(os.environ.get("FUZZ_PAYLOADS", "2000"))
NAMED: Final = {*REFUSALS, UNAUTHORIZED, "forbidden"}
"""The reasons that a door may give."""
TEXTS: Final = (
    b"", b"0", b"-1", b"1,5", b"1e9", b"9" * 40, b"2026-02-30", b"CRDT", b"DBIT", b"PDNG", b"true",
    b"&#x10FFFF;", b"&x;", b"<A/>", b"<![CDATA[x]]>", "é".encode(), b"R-1001", b"EUX",
)  # fmt: skip
"""What is put in the place of an element's text."""
Sign = Callable[[bytes], dict[str, str]]


def judged(told: Sequence[Event] | Event | Refusal) -> str:
    """What became of a payload; a refusal must say why, from the list, in words that fit."""
    if not isinstance(told, Refusal):
        return "taken"
    assert told.reason in NAMED
    assert told.detail
    assert len(told.detail) <= 1_000
    assert len(told.field) <= 400
    return told.reason


def lagos(random: Random) -> Sign:
    """Mostly an HMAC, since a token is slow to sign."""

    def token(body: bytes) -> dict[str, str]:
        try:
            return lago_token(body)
        except UnicodeDecodeError:  # a token holds text, so no such body was ever signed
            return lago_signed(body)

    return token if random.random() < 0.02 else lago_signed


@pytest.mark.parametrize("kind", ["stripe", "lago", "erpnext"])
@pytest.mark.timeout(900)
def test_webhooks(kind: str) -> None:
    """Signed by whom they should be, and anything in them; or not even that."""
    random = Random(kind)
    payloads: dict[str, list[tuple[Source, Json]]] = {
        "stripe": [one for one in EVERY.values() if one[0] is STRIPE],
        "lago": [(lago(), one) for one in lago_every()],
        "erpnext": [(ERPNEXT, erpnext_event())],
    }
    signs = {"stripe": stripe_signed, "lago": lago_signed, "erpnext": erpnext_signed}
    found: Counter[str] = Counter()

    for _ in range(PAYLOADS):
        source, content = random.choice(payloads[kind])
        body = mutated(random, content)
        sign: Sign = lagos(random) if kind == "lago" else signs[kind]
        found[judged(retell(headers_of(random, sign(body)), body, NOW, source))] += 1

    assert PAYLOADS == found.total()
    assert {"taken", "invalid", "malformed", UNAUTHORIZED} <= set(found), found


SINGLE: Final = (
    "application/cloudevents+json",
    "application/json",
    "text/plain",
    "APPLICATION/CLOUDEVENTS",
    "",
)
BATCH: Final = ("application/cloudevents-batch+json; charset=utf-8",)


@pytest.mark.parametrize("kinds", [SINGLE, BATCH], ids=["single", "batch"])
@pytest.mark.timeout(900)
def test_cloudevents(kinds: tuple[str, ...]) -> None:
    """One at a time, structured and binary, or in batches; and content types that say otherwise."""
    random = Random(f"events {len(kinds)}")
    found: Counter[str] = Counter()

    for _ in range(PAYLOADS):
        kind = random.choice(kinds)
        event = erpnext_event()
        content = [event, erpnext_event(id="2")] if kinds is BATCH else event
        headers = {"content-type": kind}
        if kinds is SINGLE and random.random() < 0.3:
            content = event["data"]
            headers |= {f"ce-{name}": str(event[name]) for name in event if name != "data"}
        told = envelope.http(headers_of(random, headers), mutated(random, content))
        found.update(judged(check(one)) for one in told)

    assert {"taken", "invalid", "malformed", "unknown_type"} <= set(found), found


@pytest.mark.timeout(900)
def test_statements() -> None:
    """Bank files: each is read or refused whole with a reason, each entry taken or refused."""
    random = Random("camt")
    balances = balance("OPBD", "0.00", "2026-02-03") + balance("CLBD", "250.00", "2026-02-04")
    returned = detail(end_to_end="DD-7", more="<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>")
    document = statement(
        entry(detail(text="invoice R-1001", end_to_end="DD-7")),
        entry(detail(reference="RF18539007547034"), name="B-2", amount="150.00"),
        entry(returned, indicator="DBIT", name="B-3"),
        more=balances,
    ).encode()
    found: Counter[str] = Counter()

    for _ in range(PAYLOADS):
        body = _spoilt(random, document) if random.random() < 0.7 else bytes_of(random, document)
        known = Known()
        known.tell(invoice("R-1001"))
        try:
            result = read_statements([("s.xml", body)], known, suspense="suspense")
        except FileError:
            found["file"] += 1
            continue
        for one in result.refused:
            assert one.reason
            assert one.line > 0
        found["refused" if result.refused else "taken"] += 1

    assert {"taken", "refused", "file"} == set(found), found


@pytest.mark.timeout(900)
def test_tables(tmp_path: Path) -> None:
    """CSV files: each is read or refused whole with a reason, each row taken or refused."""
    random = Random("csv")
    document = (
        b"invoice_id,account_id,issued_on,due_on,amount,currency,paid_on,paid_amount\n"
        b"R-1001,A-1,2026-01-01,2026-01-31,100.00,EUR,2026-02-01,100.00\n"
        b"R-1002,A-2,2026-01-02,2026-02-01,-20.00,JPY,,\n"
        b'"R-1003","A, 3",2026-01-03,2026-02-02,30.005,EUR,,\n'
    )
    path = tmp_path / "table.csv"
    generic = next(mapping for mapping in built_in() if mapping.name == "generic")
    found: Counter[str] = Counter()

    for _ in range(PAYLOADS):
        path.write_bytes(bytes_of(random, document) if random.random() < 0.9 else document)
        try:
            result = read_file(path, generic)
        except (FileError, MappingError):
            found["file"] += 1
            continue
        assert all(row.reason and row.line > 0 for row in result.refused)
        found["refused" if result.refused else "taken"] += 1

    assert {"taken", "refused", "file"} == set(found), found


@pytest.mark.timeout(900)
def test_positions(tmp_path: Path) -> None:
    """A source's own list: each is read or refused whole, each row taken or refused."""
    random = Random("positions")
    document = (
        b"account_id,invoice_id,open_amount,currency,due_on\n"
        b"A-1,R-1001,100.00,EUR,2026-01-31\n"
        b'"A, 2",R-1002,20,JPY,\n'
        b"A-3,R-1003,-30.005,KWD,2026-02-02\n"
    )
    path = tmp_path / "positions.csv"
    found: Counter[str] = Counter()

    for _ in range(PAYLOADS):
        path.write_bytes(bytes_of(random, document) if random.random() < 0.9 else document)
        try:
            listed = of_file(path)
        except FileError:
            found["file"] += 1
            continue
        assert all(row.reason and row.line > 0 for row in listed.refused)
        found["refused" if listed.refused else "taken"] += 1

    assert {"taken", "refused", "file"} == set(found), found


@pytest.mark.timeout(900)
def test_records() -> None:
    """Straight from Kafka, structured or binary: an event or a dead letter, whatever is in it."""
    random = Random("records")
    found: Counter[str] = Counter()

    for offset in range(PAYLOADS):
        event = erpnext_event()
        structured = random.random() < 0.5
        told = {"content-type": "application/cloudevents+json" if structured else "text/plain"}
        if not structured:
            told |= {f"ce_{name}": str(event[name]) for name in event if name != "data"}
        body = mutated(random, event if structured else event["data"])
        headers = [
            (name, value.encode("utf-8", "surrogatepass"))
            for name, value in headers_of(random, told).items()
        ]
        if random.random() < 0.1:
            headers.append(random.choice([(FOLLOWS, b"1 A"), (FOLLOWS, b"\xff"), (BROADCAST, b"")]))
        arrival = arrive(
            WIRING,
            topic=BILLING_EVENTS,
            offset=offset,
            stamp=None,
            key=random.choice([None, b"", b"A-1", b"\xff"]),
            value=random.choice([body, body, body, None, b""]),
            headers=headers,
        )
        what = arrival.event or arrival.refusal
        assert what is not None
        found[judged(what)] += 1
        if arrival.refusal is not None:
            dead_letter(WIRING, 0, arrival, arrival.refusal)

    assert {"taken", "invalid", "malformed", "unknown_type"} <= set(found), found


def _spoilt(random: Random, document: bytes) -> bytes:
    """A statement with the text of some elements replaced, or an element taken out."""
    for _ in range(random.randint(1, 3)):
        start = document.find(b">", random.randrange(len(document)))
        end = document.find(b"<", start)
        if start < 0 or end < 0:
            continue
        value = random.choice(TEXTS)
        document = document[: start + 1] + value + document[end:]
    return document
