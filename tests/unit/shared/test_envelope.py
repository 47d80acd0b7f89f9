"""The codec by itself: what it takes, what it refuses and why, what it writes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared import envelope
from shared.core import Event, Outgoing, Refusal
from shared.envelope import Envelope
from shared.events import ACCEPTED, Fact
from shared.events.billing import AccountUpdated, PaymentReversed
from shared.events.clock import ClockTicked
from shared.topics import MESSAGE_BYTES_MAX

AT = datetime(2024, 4, 1, 6, tzinfo=UTC)
TICK = b'{"at":"2024-04-01T06:00:00Z"}'
PAID = {
    "account_id": "A1",
    "payment_id": "P1",
    "amount": "10.00",
    "currency": "EUR",
    "received_on": "2024-04-01",
}
HEADERS: list[tuple[str, bytes | None]] = [
    ("content-type", b"application/json"),
    ("ce_specversion", b"1.0"),
    ("ce_id", b"e1"),
    ("ce_source", b"/billing"),
    ("ce_type", b"billing.payment.received.v1"),
    ("ce_subject", b"A1"),
    ("ce_time", b"2024-04-01T08:00:00+02:00"),
]


def headers(**changed: bytes | None) -> list[tuple[str, bytes | None]]:
    """The headers of a payment, with some `ce_` headers replaced, added or (null) emptied."""
    told = dict(HEADERS) | {f"ce_{name}": value for name, value in changed.items()}
    return list(told.items())


def decoded(told: Envelope | Refusal) -> Envelope:
    """What must be an envelope."""
    assert isinstance(told, Envelope)
    return told


def refused(told: object) -> Refusal:
    """What must be a refusal."""
    assert isinstance(told, Refusal)
    return told


def read(data: object, **changed: bytes | None) -> Event | Refusal:
    """A foreign payment event with this data."""
    value = json.dumps(data).encode()
    told = decoded(envelope.decode(headers(**changed), value, None))
    return envelope.event(told, accepted=ACCEPTED["billing.events"], foreign=True)


def outgoing(data: Fact, **changed: Any) -> Outgoing:  # noqa: ANN401 - any part of it
    """A fact to publish."""
    fact = Outgoing(
        topic="collections.ledger",
        subject="A1",
        party="P1",
        data=data,
        time=AT,
        entity="I1",
        woken=False,
        cause="cause-1",
    )
    return replace(fact, **changed)


class TestDecode:
    def test_headers_of_others_are_not_looked_into(self) -> None:
        """A null or non-UTF-8 header of a stranger (tracing, a proxy) must not stop a partition."""
        strange = [("traceparent", None), ("x-raw", b"\xff\xfe"), ("ce_other", b"\xff"), ("", b"")]

        told = decoded(envelope.decode([*HEADERS, *strange], b"{}", b"A1"))

        assert ("e1", "A1", AT) == (told.id, told.partitionkey, told.time)

    def test_a_structured_message_may_repeat_its_headers(self) -> None:
        """The content type decides, whatever ce_ headers say, even unreadable ones."""
        event = {"specversion": "1.0", "id": "in", "source": "/s", "type": "t", "data": {"a": 1}}
        told = envelope.decode(
            [
                ("ce_id", b"out"),
                ("ce_subject", b"\xff"),
                ("Content-Type", b"Application/CloudEvents+JSON; charset=UTF-8"),
            ],
            json.dumps(event).encode(),
            b"key",
        )

        assert ("in", "key", b'{"a":1}') == (
            decoded(told).id,
            decoded(told).partitionkey,
            decoded(told).data,
        )

    def test_the_party_is_partitionkey_then_key_then_subject(self) -> None:
        """A record's key counts where the event names no party; an unreadable one does not."""
        keyed = headers(partitionkey=b"PK")

        assert "PK" == decoded(envelope.decode(keyed, b"{}", b"KEY")).partitionkey
        assert "KEY" == decoded(envelope.decode(HEADERS, b"{}", b"KEY")).partitionkey
        assert "A1" == decoded(envelope.decode(HEADERS, b"{}", None)).partitionkey
        assert "A1" == decoded(envelope.decode(HEADERS, b"{}", b"\xff")).partitionkey

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"specversion": None}, "specversion"),
            ({"specversion": b"0.3"}, "specversion"),
            ({"id": None}, "id"),
            ({"id": b""}, "id"),
            ({"id": b"\xff"}, "ce_id"),
            ({"id": b"i" * 201}, "id"),
            ({"id": b"a\x1fb"}, "id"),
            ({"source": None}, "source"),
            ({"source": b"/a\x00"}, "source"),
            ({"type": None}, "type"),
            ({"type": b"\xc3("}, "ce_type"),
            ({"subject": b"\xff"}, "ce_subject"),
            ({"subject": b"a\x7f"}, "subject"),
            ({"partitionkey": b"p" * 201}, "partitionkey"),
            ({"time": b"yesterday"}, "time"),
            ({"time": b"2024-04-01"}, "time"),
            ({"time": b"2024-04-01T06:00:00"}, "time"),
            ({"time": b"2024-02-30T06:00:00Z"}, "time"),
            ({"time": b"0001-01-01T00:00:00+14:00"}, "time"),
            ({"time": b"1711951200"}, "time"),
        ],
    )
    def test_a_needed_header_that_is_bad_is_named(
        self, changed: dict[str, bytes | None], field: str
    ) -> None:
        """The dead letter says which attribute to mend."""
        told = refused(envelope.decode(headers(**changed), b"{}", None))

        assert ("malformed", field) == (told.reason, told.field)

    def test_no_value_and_too_large_a_value_are_refused(self) -> None:
        """A tombstone says nothing; what no topic takes is not even parsed."""
        assert "malformed" == refused(envelope.decode(HEADERS, None, b"A1")).reason
        large = b" " * (MESSAGE_BYTES_MAX + 1)
        assert "oversize" == refused(envelope.decode(HEADERS, large, b"A1")).reason

    @pytest.mark.parametrize(
        ("line", "field"),
        [
            (b"", ""),
            (b"{", ""),
            (b"[]", ""),
            (b'"x"', ""),
            (b"\xff", ""),
            (b"[" * 5000, ""),
            (b'{"specversion":"1.0","id":7,"source":"/s","type":"t","data":{}}', "id"),
            (b'{"specversion":1.0,"id":"7","source":"/s","type":"t","data":{}}', "specversion"),
            (b'{"specversion":"1.0","id":"7","source":"/s","type":"t"}', "data"),
            (b'{"specversion":"1.0","id":"7","source":"/s","data":{}}', "type"),
            (b'{"specversion":"1.0","data_base64":"%%"}', "data_base64"),
            (b'{"specversion":"1.0","data_base64":5}', "data_base64"),
            (b'{"specversion":"1.0","data":{},"data_base64":"e30="}', "data_base64"),
        ],
    )
    def test_a_structured_event_that_is_bad_is_refused(self, line: bytes, field: str) -> None:
        """No JSON, no object, an attribute of the wrong type, no data."""
        told = refused(envelope.from_structured(line))

        assert ("malformed", field) == (told.reason, told.field)

    @given(
        headers=st.lists(
            st.tuples(
                st.sampled_from([name for name, _ in HEADERS] + ["ce_sequence", "ce_woken"])
                | st.text(),
                st.none()
                | st.binary()
                | st.sampled_from([b"1.0", b"application/cloudevents+json"]),
            )
        ),
        value=st.none()
        | st.binary()
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda data: json.dumps(data).encode()),
        key=st.none() | st.binary(),
        topic=st.sampled_from(sorted(ACCEPTED)),
    )
    def test_nothing_makes_it_raise(
        self,
        headers: list[tuple[str, bytes | None]],
        value: bytes | None,
        key: bytes | None,
        topic: str,
    ) -> None:
        """An exception here would stop a partition for good."""
        told = envelope.decode(headers, value, key)
        if isinstance(told, Envelope):
            envelope.event(told, accepted=ACCEPTED[topic], foreign=True)
        for kind in ACCEPTED[topic]:
            about = Envelope("i", "/s", kind, "A", "A", AT, value or b"")
            envelope.event(about, accepted=ACCEPTED[topic])
        envelope.from_structured(value or b"")
        envelope.http({"content-type": "application/cloudevents-batch+json"}, value or b"")


class TestEvent:
    def test_a_fault_is_told_by_its_path(self) -> None:
        """Names and indexes as people write them, and no value (it may be personal)."""
        allocations = [{"invoice_id": "I", "amount": "1.00"}, {"invoice_id": "I", "amount": 2}]

        told = refused(read(PAID | {"allocations": allocations}))

        assert ("invalid", "data.allocations[1].amount") == (told.reason, told.field)
        assert "valid string" in told.detail

    def test_several_faults_are_told_at_once(self) -> None:
        """The sender mends all of them in one go; the first one is the field."""
        told = refused(read({"account_id": "A1"}))

        assert "data.payment_id" == told.field
        assert "data.amount: Field required" in told.detail

    def test_an_unknown_type_is_no_invalid_event(self) -> None:
        """The reason tells a new type of the sender from a mistake in an old one."""
        told = refused(read(PAID, type=b"billing.payment.imagined.v1"))

        assert ("unknown_type", "type") == (told.reason, told.field)

    def test_data_that_is_no_json_is_malformed(self) -> None:
        """Broken bytes are another matter than a broken rule."""
        told = decoded(envelope.decode(HEADERS, b'{"account_id":', None))

        assert "malformed" == refused(envelope.event(told, foreign=True)).reason

    def test_the_subject_is_the_account(self) -> None:
        """An absent subject is the data's account; another one is a mistake."""
        told = read(PAID, subject=None)
        assert isinstance(told, Event)
        assert ("A1", "A1") == (told.subject, told.party)

        assert "subject" == refused(read(PAID, subject=b"A2")).field

    def test_foreign_events_say_when_they_happened(self) -> None:
        """Only Arrears' own events may leave the time to when they were recorded."""
        assert "time" == refused(read(PAID, time=None)).field

        own = decoded(
            envelope.decode(
                headers(time=None, recordedtime=b"2024-04-01T06:00:00Z"),
                json.dumps(PAID).encode(),
                None,
            )
        )
        told = envelope.event(own)
        assert isinstance(told, Event)
        assert (AT, AT) == (told.time, told.recorded_at)

    def test_a_stranger_cannot_say_what_only_arrears_knows(self) -> None:
        """Whether a wake caused it, and when it was recorded."""
        told = read(PAID, woken=b"true", recordedtime=b"2024-04-01T06:00:00Z")

        assert isinstance(told, Event)
        assert (False, None) == (told.woken, told.recorded_at)

    def test_what_concerns_all_has_no_party(self) -> None:
        """A tick is nobody's, whatever its key."""
        told = decoded(envelope.decode(headers(type=b"clock.ticked.v1"), TICK, b"7"))

        event = envelope.event(told, foreign=True)

        assert isinstance(event, Event)
        assert ("", "A1") == (event.party, event.subject)

    def test_a_foreign_sequence_means_nothing(self) -> None:
        """It is another producer's; what is no number is not even ours to refuse."""
        assert decoded(envelope.decode(headers(sequence=b"x-1"), b"{}", None)).sequence is None
        assert 7 == decoded(envelope.decode(headers(sequence=b"0007"), b"{}", None)).sequence


class TestEncode:
    def test_what_is_written_reads_back_the_same(self) -> None:
        """Key, attributes and data survive the trip."""
        later = AT + timedelta(hours=1, microseconds=5)
        fact = outgoing(ClockTicked(at=AT), woken=True, expires_at=later)

        key, value, told = envelope.encode(fact, source="/arrears", sequence=9, recorded_at=later)
        back = decoded(envelope.decode(told, value, key))

        assert (b"P1", TICK) == (key, value)
        assert back == Envelope(
            id=envelope.event_id(fact),
            source="/arrears",
            type="clock.ticked.v1",
            subject="A1",
            partitionkey="P1",
            time=AT,
            data=TICK,
            sequence=9,
            recordedtime=later,
            causationid="cause-1",
            expirytime=later,
            woken=True,
        )

    def test_times_have_no_more_digits_than_they_need(self) -> None:
        """UTC with a Z, and microseconds only where there are some."""
        east = timezone(timedelta(hours=2))
        fact = outgoing(ClockTicked(at=AT), time=datetime(2024, 4, 1, 8, 0, 0, 50, tzinfo=east))

        _, _, told = envelope.encode(fact, source="/a", sequence=1, recorded_at=AT)

        assert b"2024-04-01T06:00:00.000050Z" == dict(told)["ce_time"]
        assert b"2024-04-01T06:00:00Z" == dict(told)["ce_recordedtime"]

    def test_ids_follow_from_the_cause(self) -> None:
        """A UUIDv5 of cause, type, party, account, entity and moment: each of them tells."""
        fact = outgoing(ClockTicked(at=AT))
        name = "cause-1\x1fclock.ticked.v1\x1fP1\x1fA1\x1fI1\x1f2024-04-01T06:00:00Z"

        assert str(uuid5(envelope.NAMESPACE, name)) == envelope.event_id(fact)
        others = [
            outgoing(ClockTicked(at=AT), cause="cause-2"),
            outgoing(ClockTicked(at=AT), party="P2"),
            outgoing(ClockTicked(at=AT), subject="A2"),
            outgoing(ClockTicked(at=AT), entity="I2"),
            outgoing(ClockTicked(at=AT), time=AT + timedelta(microseconds=1)),
            outgoing(AccountUpdated(account_id="A1")),
        ]
        assert len(others) + 1 == len({envelope.event_id(one) for one in [fact, *others]})

    def test_null_is_written_where_it_clears(self) -> None:
        """In `account.updated` absent keeps and null clears; elsewhere defaults are left out."""
        cleared = AccountUpdated(account_id="A1", name=None, grace_days=3)

        assert b'{"name":null,"grace_days":3,"account_id":"A1"}' == cleared.smallest()
        reversal = PaymentReversed(
            account_id="A1",
            reversal_id="R",
            payment_id="P",
            amount=None,
            reversed_on=AT.date(),
            reason="error",
        )
        assert b"amount" not in reversal.smallest()

    def test_what_is_passed_on_stays_the_same_event(self) -> None:
        """Id, source, type, subject, time and the very bytes of data; only its place is new."""
        value = json.dumps(PAID, indent=1).encode()
        told = decoded(envelope.decode(headers(partitionkey=b"P9", woken=b"true"), value, None))
        event = envelope.event(told)
        assert isinstance(event, Event)

        key, passed, added = envelope.passed_on(event, sequence=4, recorded_at=AT)
        back = decoded(envelope.decode(added, passed, key))

        assert (b"P9", value) == (key, passed)
        assert told._replace(sequence=4, recordedtime=AT) == back

    def test_what_is_passed_on_again_keeps_its_headers(self) -> None:
        """All of them but for its place, as long as we wrote them."""
        fact = outgoing(ClockTicked(at=AT), woken=True)
        _, _, ours = envelope.encode(fact, source="/a", sequence=7, recorded_at=AT)

        again = envelope.renumbered(ours, 12)

        assert again == [
            (name, b"0000000000000012" if name == "ce_sequence" else content)
            for name, content in ours
        ]
        assert envelope.renumbered(list(reversed(ours)), 12) is None
        assert envelope.renumbered(ours[:5], 12) is None


class TestHttp:
    def test_binary_mode_is_percent_encoded(self) -> None:
        """As CloudEvents' HTTP binding asks; quotes around a value do not belong to it."""
        told = envelope.http(
            {
                "Content-Type": "application/json",
                "CE-SpecVersion": "1.0",
                "ce-id": "a%20b%E2%82%AC",
                "ce-source": '"/say \\"x\\""',
                "ce-type": "t",
            },
            b"{}",
        )

        assert ("a b€", '/say "x"') == (decoded(told[0]).id, decoded(told[0]).source)

    def test_a_batch_answers_one_by_one(self) -> None:
        """A bad event does not spoil its neighbours, and stays at its place."""
        good = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {}}
        body = json.dumps([good, {**good, "id": None}, 5, {**good, "id": "4"}]).encode()

        told = envelope.http({"content-type": "application/cloudevents-batch+json"}, body)

        assert [True, False, False, True] == [isinstance(one, Envelope) for one in told]
        assert {"reason": "malformed", "field": "id", "detail": "the attribute is required"} == (
            envelope.problem(refused(told[1]))
        )

    @pytest.mark.parametrize(
        ("body", "reason"),
        [(b"{}", "malformed"), (b"[", "malformed"), (b"[" + b"1," * 1000 + b"1]", "oversize")],
    )
    def test_a_batch_that_is_none_is_one_refusal(self, body: bytes, reason: str) -> None:
        """No array, no JSON, or more than 1,000 events."""
        told = envelope.http({"content-type": "application/cloudevents-batch+json"}, body)

        assert [reason] == [refused(one).reason for one in told]

    def test_what_is_no_cloudevent_hears_how_to_send_one(self) -> None:
        """Plain JSON is the commonest mistake at this door."""
        (told,) = envelope.http({"content-type": "application/json"}, b"{}")

        assert "content-type" == refused(told).field
        assert "application/cloudevents+json" in refused(told).detail

    def test_bad_headers_and_bodies_are_refused(self) -> None:
        """Percent-encoding that is no UTF-8 names its header; too large a body is not parsed."""
        (told,) = envelope.http({"ce-id": "%FF"}, b"{}")
        assert "ce-id" == refused(told).field

        large = b" " * (MESSAGE_BYTES_MAX + 1)
        for kind in ("application/json", "application/cloudevents+json"):
            (told,) = envelope.http({"content-type": kind, "ce-id": "1"}, large)
            assert "oversize" == refused(told).reason
