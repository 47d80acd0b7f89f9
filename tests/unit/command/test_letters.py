"""`arrears letters`, without a broker: what a letter says, what is sent again, and what is not."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.command.letters.app import app
from services.command.letters.letter import Header, Letter, Place, letter_of, parted, with_content
from services.command.letters.plan import (
    GONE,
    MEANINGS,
    OVERSIZE,
    REDRIVABLE,
    SAME,
    SEEN,
    causes,
    judge,
    record_of,
    to_send,
)
from services.command.letters.send import SENT, send
from services.command.letters.show import clean, few, letter_lines, value_line
from services.ingest.wiring import WIRING
from shared.core import Event, Refusal
from shared.line.arrivals import BROADCAST, Arrival, arrive, dead_letter
from shared.line.door import Door
from shared.line.ports import Record
from shared.runtime.producer import RecordTooLargeError
from shared.topics import BILLING_EVENTS, MESSAGE_BYTES_MAX, OUTREACH_COMMANDS, partition_of

AT = datetime(2026, 1, 10, 9, tzinfo=UTC)
PARTITIONS = 12
CONFIG = b'{"kind":"creditors","number":1,"from":"2026-01-01T00:00:00Z","document":{}}'


def headers_of(
    id_: str = "event-1", kind: str = "billing.invoice.issued.v1", **changed: bytes | None
) -> list[Header]:
    """The headers of an event in binary mode."""
    told: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": id_.encode(),
        "ce_source": b"erp",
        "ce_type": kind.encode(),
        "ce_time": b"2026-01-10T09:00:00Z",
        **changed,
    }
    return list(told.items())


def letter(
    headers: Sequence[Header] | None = None,
    value: bytes | None = b"{}",
    key: bytes | None = b"account-1",
    *,
    topic: str = BILLING_EVENTS,
    partition: int = 3,
    offset: int = 0,
    reason: str = "invalid",
    later_s: int = 0,
    waited_s: int = 0,
) -> Letter:
    """The letter of a record, as ingest writes it and the command reads it."""
    came = headers_of() if headers is None else headers
    stamp = AT + timedelta(seconds=later_s)
    arrival = Arrival(topic, offset, stamp, key, value, came)
    made = dead_letter(WIRING, partition, arrival, Refusal(reason, "no", "data.due_on"))
    place = Place(made.topic, partition, later_s)
    refused = stamp + timedelta(seconds=waited_s)
    return letter_of(place, refused, made.key, made.value, made.headers)


def standings(*letters: Letter, seen: Sequence[str] = ()) -> list[str]:
    """How they stand, in the order of their times."""
    return [standing for _, standing in judge(letters, seen=seen)]


NAMES = st.sampled_from(
    ["ce_id", "trace", "__dlq.errors.topic", "__dlq.errors.omitted", "__dlq.errors.x", "é"]
)
CONTENT = st.none() | st.binary(max_size=5)


@given(came=st.lists(st.tuples(NAMES, CONTENT)), key=CONTENT, value=CONTENT)
def test_what_was_added_goes_and_nothing_else(
    came: list[Header], key: bytes | None, value: bytes | None
) -> None:
    """Whatever a record came with, under whatever names, is what its letter gives back."""
    arrival = Arrival(BILLING_EVENTS, 7, AT, key, value, came)
    made = dead_letter(WIRING, 3, arrival, Refusal("invalid", "no", "data"))

    own, added = parted(made.headers)
    read = letter_of(Place("ingest.dlq", 3, 0), AT, made.key, made.value, made.headers)

    assert came == own
    assert "invalid" == added["reason"]
    assert (Place(BILLING_EVENTS, 3, 7), False) == (read.origin, read.omitted)
    assert added["fingerprint"] == read.fingerprint


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("trace", b"\xff")],
        [("__dlq.errors.topic", None)],
        [("__dlq.errors.topic", b"billing.events"), ("__dlq.errors.partition", b"9" * 5_000)],
        [("__dlq.errors.topic", b"billing.events"), ("__dlq.errors.partition", "²".encode())],
    ],
)
def test_what_is_no_letter_is_read_all_the_same(headers: list[Header]) -> None:
    """Somebody wrote to the topic by hand: that stops nothing, and is not sent anywhere."""
    read = letter_of(Place("ingest.dlq", 0, 0), AT, None, b"\xff", headers)

    assert ["unknown"] == standings(read)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("billing.account.updated.v1", b'{"account_id":"account-1"}'),
        ("billing.config.published.v1", CONFIG),
    ],
    ids=["of one account", "of all"],
)
@pytest.mark.parametrize("structured", [False, True])
def test_ids_are_looked_up_as_the_door_registers_them(
    kind: str, value: bytes, *, structured: bool
) -> None:
    """In both modes, and for what concerns all once for each partition."""
    headers = headers_of(kind=kind)
    if structured:
        told = ",".join(f'"{n[3:]}":"{(v or b"").decode()}"' for n, v in headers)
        value = b"{%s}" % f'{told},"data":{value.decode()}'.encode()
        headers = [("content-type", b"application/cloudevents+json")]
    arrival = arrive(
        WIRING, topic=BILLING_EVENTS, offset=0, stamp=AT, key=b"k", value=value, headers=headers
    )
    assert isinstance(arrival.event, Event)

    registered = Door(WIRING, 3, PARTITIONS).id_of(arrival.event)

    assert registered == letter(headers, value, b"k").registered_as


def test_a_letter_is_seen_once_its_id_is_registered() -> None:
    """Whoever registered it: the refused event itself, or one with other content."""
    registered, other = letter(headers_of("a")), letter(headers_of("b"), later_s=1)

    assert [SEEN, REDRIVABLE] == standings(registered, other, seen=["erp\x1fa"])


def test_what_has_no_id_is_never_seen() -> None:
    """Ingest could not read it: it registered nothing, whatever the headers look like."""
    assert [REDRIVABLE] == standings(letter(headers_of("a", ce_time=b"noon")), seen=["erp\x1fa"])


def test_the_same_input_is_sent_once_and_the_newest_letter_counts() -> None:
    """Redriven and refused again, perhaps with another trace; other content is another input."""
    first = letter()
    again = letter([*headers_of(), ("trace", b"2")], later_s=1)
    other = letter(value=b"[]", later_s=2)

    assert [SAME, REDRIVABLE, REDRIVABLE] == standings(other, first, again)


def test_without_an_id_only_the_whole_record_says_what_is_the_same() -> None:
    """Two that are no events may have the same value and come from different senders."""
    one, two = (letter([("trace", name)], later_s=n) for n, name in enumerate((b"1", b"2")))
    again = letter([("trace", b"2")], later_s=2)
    split = letter([("tra", b"ce1")], later_s=3)

    assert [REDRIVABLE, SAME, REDRIVABLE, REDRIVABLE] == standings(one, two, again, split)


def test_each_partition_has_its_own_copy_of_what_concerns_all() -> None:
    """A broadcast's copies have one id; each is sent to where it was, not to its key's place."""
    came = [*headers_of(kind="billing.config.published.v1"), (BROADCAST, b"1")]
    copies = [letter(came, CONFIG, partition=number) for number in range(PARTITIONS)]

    judged = judge(copies, seen=["3\x1ferp\x1fevent-1"])
    sent = [
        record_of(one, b"account-1", CONFIG, came, partitions=PARTITIONS).partition
        for one in to_send(judged)
    ]

    assert [number for number in range(PARTITIONS) if number != 3] == sent


@pytest.mark.parametrize("key", [b"account-1", b"", None])
def test_it_goes_to_the_partition_of_its_key(key: bytes | None) -> None:
    """Or to where it was, if it has none. Key, value and headers are as they came."""
    came = [*headers_of(), ("trace", None)]
    expected = 3 if key is None else partition_of(key, PARTITIONS)

    made = record_of(letter(came, key=key), key, b"{}", came, partitions=PARTITIONS)

    assert Record(BILLING_EVENTS, expected, key, b"{}", came) == made


@pytest.mark.parametrize(
    ("one", "standing"),
    [
        (lambda: letter(topic="/v1/webhooks/stripe"), "webhook"),
        (lambda: letter(topic="collections.ledger"), "internal"),
        (lambda: letter(topic="someone.elses"), "unknown"),
        (lambda: letter(topic=""), "unknown"),
        (lambda: letter(headers_of(kind="clock.ticked.v1")), "tick"),
        (lambda: letter([("trace", b"")], reason="untrusted_tick"), "tick"),
        (lambda: letter(value=b"x" * MESSAGE_BYTES_MAX), GONE),
    ],
)
def test_what_is_never_sent(one: Any, standing: str) -> None:  # noqa: ANN401 - makes a letter
    """And why: somebody else has to do something, or nobody."""
    assert [standing] == standings(one())
    assert standing in MEANINGS


def test_bytes_that_were_left_out_are_those_where_it_came_from() -> None:
    """Once they are read there, the letter is like any other; its headers were left out too."""
    value = b"x" * MESSAGE_BYTES_MAX
    omitted = letter(headers_of("a"), value)
    complete = with_content(omitted, b"account-1", value, headers_of("a"))

    assert omitted.omitted
    assert [REDRIVABLE] == standings(complete)
    assert [SEEN] == standings(complete, seen=["erp\x1fa"])


@pytest.mark.parametrize(
    ("value", "topic", "still"),
    [
        (b'{"account_id":"account-1"}', BILLING_EVENTS, False),
        (b'{"account_id":17}', BILLING_EVENTS, True),
        (b'{"account_id":"account-1"}', OUTREACH_COMMANDS, True),
        (None, BILLING_EVENTS, True),
        (b'{"account_id":17}', "/v1/webhooks/stripe", False),
    ],
)
def test_what_this_version_refuses_too_is_told(
    value: bytes | None, topic: str, *, still: bool
) -> None:
    """It may be sent all the same: the ingest that runs may be another version."""
    one = letter(headers_of(kind="billing.account.updated.v1"), value, topic=topic)

    assert still == one.still_refused
    assert still == any("refuses it too" in line for line in letter_lines(judge([one], seen=())[0]))
    assert still == causes(judge([one], seen=()))[0].still_refused


def test_they_are_sent_in_the_order_in_which_they_came() -> None:
    """Whichever was refused first, and between topics too."""
    late = letter(headers_of("a"), later_s=2)
    early = letter(headers_of("b"), topic=OUTREACH_COMMANDS, later_s=1)
    first = letter(headers_of("c"), waited_s=9)

    assert [first, early, late] == to_send(judge([late, early, first], seen=()))


def test_causes_say_how_many_can_be_redriven() -> None:
    """By fingerprint, most letters first, with times and names."""
    letters = [letter(headers_of(f"a{n}"), later_s=n) for n in range(3)]
    other = letter(reason="conflict", later_s=9)

    first, second = causes(judge([other, *letters], seen=["erp\x1fa1", "erp\x1fevent-1"]))

    assert (3, 2, {"erp": 3}) == (first.letters, first.standings[REDRIVABLE], first.sources)
    assert (AT, AT + timedelta(seconds=2)) == (first.first, first.last)
    assert ("conflict", 1, 0) == (second.reason, second.letters, second.standings[REDRIVABLE])


def test_what_others_wrote_does_not_steer_the_terminal() -> None:
    """Control characters are shown as what they are, one line stays one line."""
    told = headers_of("a\x1b[31m", ce_time=b"noon", ce_source=b"x\xc2\x9b\n")

    lines = list(letter_lines(judge([letter(told)], seen=())[0]))

    assert all(line.isprintable() for line in lines)
    assert "  source  x\\x9b\\n" in lines
    assert "abc…" == clean("abcdef", 4)
    assert "a, b and 2 more" == few(Counter(a=3, b=2, c=1, d=1))
    assert "  value   2 bytes that are no UTF-8" == value_line(letter(), b"\xff\xfe")
    assert 600 > len(value_line(letter(), b"\x00" * 9_999))


@dataclass
class Watch:
    """A clock that only sleeping moves."""

    at_s: float = 0.0

    def monotonic(self) -> float:
        """Seconds since it was made."""
        return self.at_s

    def now(self) -> datetime:
        """Some moment."""
        return AT

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at_s += seconds


@dataclass
class Stored:
    """A record as it came."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


def test_sending_keeps_its_pace_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many in any minute, evenly, though one took long; what cannot be sent is told apart."""
    watch, done, sent = Watch(), Counter[str](), list[tuple[float, str]]()
    monkeypatch.setattr(asyncio, "sleep", watch.sleep)
    letters = [letter(headers_of(f"a{n}")) for n in range(6)]

    async def fetch(one: Letter) -> Stored | None:
        return None if one.id == "a1" else Stored(b"k", b"{}", headers_of(one.id))

    async def publish(records: Sequence[Record]) -> None:
        [record] = records
        name = (dict(record.headers)["ce_id"] or b"").decode()
        if name == "a2":
            raise RecordTooLargeError("too large")
        sent.append((watch.at_s, name))
        watch.at_s += 60.0 if name == "a3" else 0.0

    asyncio.run(
        send(
            letters,
            fetch,
            publish,
            partitions={BILLING_EVENTS: PARTITIONS},
            per_minute=6,
            done=done,
            clock=watch,
        )
    )

    assert [(0.0, "a0"), (30.0, "a3"), (90.0, "a4"), (100.0, "a5")] == sent
    assert {SENT: 4, GONE: 1, OVERSIZE: 1} == done


@pytest.mark.parametrize("service", ["scoring", "outreach", "kpi"])
def test_only_what_came_from_outside_is_redriven(service: str) -> None:
    """The others' letters have their place in a numbered line; it says what to do instead."""
    told = CliRunner().invoke(app, ["redrive", "--all", "--yes", "--service", service])

    assert 2 == told.exit_code
    assert "publish it under a higher number" in told.output


def test_it_does_not_guess_which_ones() -> None:
    """Fingerprints or --all, and not both."""
    for words in (["redrive", "--yes"], ["redrive", "0123456789abcdef", "--all", "--yes"]):
        told = CliRunner().invoke(app, words)

        assert (2, True) == (told.exit_code, "--all" in told.output)
