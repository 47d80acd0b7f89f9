"""Our codec against the CloudEvents SDK, both ways: an event means the same to both.

The SDK is an oracle for what both take. Where the specification and the SDK differ (it tells the
modes apart by the presence of headers), the specification holds; `tests/unit` has those cases.
"""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared import envelope
from shared.core import Outgoing
from shared.envelope import Envelope
from shared.events.billing import InvoiceVoided

FORMAT = JSONFormat()
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60
)
TIMES = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
DATA = st.dictionaries(
    st.text(max_size=10),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False).filter(lambda number: abs(number) < 1e300),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
)
ATTRIBUTES = st.fixed_dictionaries(
    {"id": NAMES, "source": NAMES, "type": NAMES, "time": TIMES},
    optional={
        "subject": NAMES,
        "partitionkey": NAMES,
        "datacontenttype": st.sampled_from(["application/json", "application/json; charset=utf-8"]),
        "dataschema": st.just("urn:schema"),
        "traceparent": NAMES,
    },
)


def same(told: object, event: dict[str, Any], data: object) -> None:
    """Both mean the same event."""
    assert isinstance(told, Envelope)
    party = event.get("partitionkey") or event.get("subject", "")
    assert (event["id"], event["source"], event["type"]) == (told.id, told.source, told.type)
    assert (event.get("subject", ""), party) == (told.subject, told.partitionkey)
    assert event["time"] == told.time
    assert told.time.utcoffset() == timedelta(0)
    assert data == json.loads(told.data)


@given(attributes=ATTRIBUTES, data=DATA)
def test_kafka_messages_of_the_sdk_mean_the_same_to_us(
    attributes: dict[str, Any], data: dict[str, Any]
) -> None:
    """Binary and structured mode."""
    event = CloudEvent(dict(attributes), data)

    for message in (sdk.to_binary_event(event), sdk.to_structured_event(event)):
        key = message.key.encode() if isinstance(message.key, str) else message.key
        same(envelope.decode(list(message.headers.items()), message.value, key), attributes, data)


@given(attributes=ATTRIBUTES, data=DATA)
def test_requests_of_the_sdk_mean_the_same_to_us(
    attributes: dict[str, Any], data: dict[str, Any]
) -> None:
    """Binary, structured, and a batch of both."""
    event = CloudEvent(dict(attributes), data)
    binary, one = sdk_http.to_binary_event(event), sdk_http.to_structured_event(event)
    batch = b"[" + one.body + b"," + one.body + b"]"

    for headers, body in [
        (binary.headers, binary.body),
        (one.headers, one.body),
        ({"content-type": "application/cloudevents-batch+json"}, batch),
    ]:
        for told in envelope.http(headers, body):
            same(told, attributes, data)


@given(
    subject=NAMES,
    party=NAMES,
    time=TIMES,
    cause=NAMES,
    entity=NAMES,
    reason=st.text(max_size=50),
    sequence=st.integers(0, 10**15),
    expires_at=st.none() | TIMES,
    woken=st.booleans(),
)
def test_our_messages_mean_the_same_to_the_sdk(
    *,
    subject: str,
    party: str,
    time: datetime,
    cause: str,
    entity: str,
    reason: str,
    sequence: int,
    expires_at: datetime | None,
    woken: bool,
) -> None:
    """A record as it is published, and the same event as a line of a file."""
    fact = InvoiceVoided(
        account_id="A", invoice_id="I", voided_on=datetime(2024, 1, 1, tzinfo=UTC).date(),
        reason=reason,
    )  # fmt: skip
    outgoing = Outgoing(
        topic="t",
        subject=subject,
        party=party,
        data=fact,
        time=time,
        entity=entity,
        woken=woken,
        cause=cause,
        expires_at=expires_at,
    )
    key, value, headers = envelope.encode(
        outgoing, source="/arrears/ingest", sequence=sequence, recorded_at=time
    )

    message = sdk.KafkaMessage(headers=dict(headers), key=key, value=value)
    line = json.dumps(envelope.structured(key, value, headers)).encode()
    for event in (sdk.from_kafka_event(message), FORMAT.read(None, line)):
        assert envelope.event_id(outgoing) == event.get_id()
        assert ("/arrears/ingest", fact.type) == (event.get_source(), event.get_type())
        assert (subject, time) == (event.get_subject(), event.get_time())
        assert party == event.get_extension("partitionkey")
        assert cause == event.get_extension("causationid")
        assert sequence == int(event.get_extension("sequence"))
        assert fact.model_dump(mode="json", exclude_unset=True) == event.get_data()
    assert envelope.from_structured(line) == envelope.decode(headers, value, key)
