"""Who may come through the doors, how much of it, and with what words they are sent away."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.ingest.doors import EventsDoor, OpenApi, Source, Sources, SourcesError, load
from services.ingest.doors.checking import check
from services.ingest.doors.rate import Bucket, Rates
from shared import envelope
from shared.cli.eventfile import encode
from shared.core import Event
from shared.runtime.clock import SystemClock
from shared.runtime.doors import Door, Problem
from shared.runtime.producer import Publisher
from tests.unit.ingest.webhook_payloads import STRIPE, erpnext_event

SHOP = Source(name="shop", keys=(sha256(b"shop-key").hexdigest(),))
ROOT = Source(
    name="root", keys=(sha256(b"root-key").hexdigest(),), may=("billing", "config", "commands")
)
SOURCES = Sources(sources=(SHOP, ROOT, STRIPE))


def event_of(**changed: Any) -> Event:  # noqa: ANN401 - JSON
    """An event as the door checks it."""
    told = envelope.from_structured(encode(erpnext_event(**{"source": "shop", **changed})))
    checked = check(told)
    assert isinstance(checked, Event), checked
    return checked


def test_a_key_opens_for_its_source() -> None:
    """The file has digests alone; no key, or one with a difference, is nobody's."""
    assert SHOP is SOURCES.of_key("shop-key")
    assert ROOT is SOURCES.of_key("root-key")
    assert None is SOURCES.of_key("shop-kez")
    assert None is SOURCES.of_key(SHOP.keys[0])
    assert None is SOURCES.of_key("\udcff")


def test_each_speaks_for_itself() -> None:
    """Another's source, another part, another's references: forbidden, with the field."""
    config = {"kind": "policy", "number": 1, "from": "2026-03-02T00:00:00Z", "document": {}}
    bound = {"reference": "stripe#in_1", "owner_id": "A-1"}
    cases = (
        (event_of(), None),
        (event_of(source="bank"), "source"),
        (event_of(type="billing.config.published.v1", data=config), "type"),
        (event_of(type="billing.reference.bound.v1", data=bound), "data.reference"),
    )

    for event, field in cases:
        refusal = SHOP.forbids(event)
        assert field == (refusal.field if refusal else None)
    assert None is ROOT.forbids(
        event_of(source="root", type="billing.config.published.v1", data=config)
    )


def test_a_source_with_another_name_in_its_events() -> None:
    """A billing system may have a URI of its own; then that is what its key is for."""
    other = SHOP.model_copy(update={"speaks_as": ("https://shop.example.org/billing",)})
    bound = {"reference": "https://shop.example.org/billing#1", "owner_id": "A-1"}
    kind = "billing.reference.bound.v1"

    assert None is other.forbids(event_of(source="https://shop.example.org/billing"))
    assert None is other.forbids(
        event_of(source="https://shop.example.org/billing", type=kind, data=bound)
    )
    assert "source" == other.forbids(event_of()).field  # type: ignore[union-attr] # it is refused


@pytest.mark.parametrize(
    "kind",
    [
        "billing.transfer.arrived.v1",
        "billing.account.absorbed.v1",
        "billing.account.arrived.v1",
        "billing.child.owed.v1",
    ],
)
def test_what_only_ingest_tells(kind: str) -> None:
    """The second leg of a transfer is never refused in the line, so no stranger may tell one."""
    refusal = check(envelope.from_structured(encode(erpnext_event(type=kind, data={}))))

    assert ("forbidden", "type") == (refusal.reason, refusal.field)  # type: ignore[union-attr] # it is refused


class TestBucket:
    def test_it_fills_again(self) -> None:
        """Ten at once and two per second: eleven are too many, and half a second brings one."""
        bucket = Bucket(per_second=2, burst=10, at=0.0)

        assert [0.0, 0.5, 0.0, 0.5] == [
            bucket.take(10, 0.0),
            bucket.take(1, 0.0),
            bucket.take(1, 0.5),
            bucket.take(1, 0.5),
        ]

    def test_it_holds_no_more_than_its_burst(self) -> None:
        """A quiet hour is no licence for a flood."""
        bucket = Bucket(per_second=2, burst=10, at=0.0)

        assert [0.0, 0.5] == [bucket.take(10, 3_600.0), bucket.take(1, 3_600.0)]

    def test_a_batch_larger_than_the_bucket(self) -> None:
        """It is taken from a full one, and paid off before the next."""
        bucket = Bucket(per_second=10, burst=100, at=0.0)

        assert [0.0, 90.1] == [bucket.take(1_000, 0.0), bucket.take(1, 0.0)]

    def test_who_is_too_fast_is_told_when_to_return(self) -> None:
        """429, with whole seconds."""
        rates = Rates(SystemClock())
        slow = SHOP.model_copy(update={"per_second": 0.5, "burst": 1})

        rates.take(slow, 1)
        with pytest.raises(Problem) as told:
            rates.take(slow, 1)

        answer = told.value.response()
        assert (429, "2") == (answer.status, answer.headers["retry-after"])


class TestFile:
    def test_it_is_read(self, tmp_path: Path) -> None:
        """YAML, with an entry for each source."""
        path = tmp_path / "sources.yaml"
        path.write_text(
            f"sources:\n- name: shop\n  keys: [{SHOP.keys[0]}]\n"
            "- {name: billing, kind: stripe, secrets: [whsec_x], time_zone: Europe/Berlin}\n"
        )

        found = load(path)

        assert ["shop", "billing"] == [source.name for source in found.sources]
        assert ["billing"] == [source.name for source in found.webhooks()]
        assert "whsec_x" not in repr(found)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("sources: [", "not YAML"),
            ("", "valid dictionary"),
            ("sources: [{name: Shop, keys: []}]", "sources.0.name"),
            ("sources: [{name: shop}]", "needs keys"),
            ("sources: [{name: shop, keys: [secret-key]}]", "sources.0.keys.0"),
            ("sources: [{name: s, kind: stripe}]", "needs secrets"),
            (
                f"sources: [{{name: s, keys: [{'a' * 64}], speaks_as: ['arrears:clock']}}]",
                "only Arrears itself",
            ),
            (
                "sources: [{name: s, kind: lago, secrets: [a], speaks_as: [x]}]",
                "the events of a webhook bear its name",
            ),
            ("sources: [{name: s, kind: stripe, secrets: ['']}]", "an empty secret"),
            ("sources: [{name: s, kind: stripe, secrets: [a], secret: b}]", "sources.0.secret"),
            (
                "{sources: [&s {name: s, kind: lago, secrets: [a]}, *s]}",
                "two sources have the same name",
            ),
        ],
    )
    def test_what_is_wrong_with_it(self, tmp_path: Path, text: str, why: str) -> None:
        """The entry and the field are named, and never what stands there: it may be a secret."""
        path = tmp_path / "sources.yaml"
        path.write_text(text)

        with pytest.raises(SourcesError, match=why) as told:
            load(path)

        assert "secret-key" not in str(told.value)

    def test_it_is_not_there(self, tmp_path: Path) -> None:
        """A missing file stops the service: an open door would be worse."""
        with pytest.raises(SourcesError):
            load(tmp_path / "none.yaml")

    def test_a_key_of_two(self) -> None:
        """It would be for the one or the other."""
        with pytest.raises(ValidationError, match="the same key"):
            Sources(sources=(SHOP, ROOT.model_copy(update={"keys": SHOP.keys})))


@pytest.mark.asyncio
class TestOverHttp:
    @pytest.mark.parametrize(
        ("headers", "status", "reason"),
        [
            ({}, 401, "unauthorized"),
            ({"authorization": "Bearer nobodys"}, 401, "unauthorized"),
            ({"authorization": "Basic shop-key"}, 401, "unauthorized"),
            ({"x-api-key": "nobodys"}, 401, "unauthorized"),
            ({"authorization": "bearer root-key"}, 403, "forbidden"),
            ({"x-api-key": "root-key"}, 403, "forbidden"),
        ],
    )
    async def test_who_is_sent_away(
        self, headers: dict[str, str], status: int, reason: str
    ) -> None:
        """401 without a key that is known, 403 for another's source; Kafka hears of neither."""
        nowhere = Publisher({"bootstrap_servers": "localhost:1"}, deadline_s=1)
        door = Door(
            EventsDoor(nowhere, 4, rates=Rates(SystemClock()), sources=SOURCES),
            name="/v1/events",
            body_bytes_max=10_000,
        )
        transport = httpx.ASGITransport(app=door)

        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            answer = await client.post(
                "/v1/events",
                content=encode(erpnext_event(source="shop")),
                headers={"content-type": "application/cloudevents+json", **headers},
            )

        assert (status, reason) == (answer.status_code, answer.json()["reason"])
        assert (status == 401) == ("www-authenticate" in answer.headers)

    async def test_the_page(self) -> None:
        """OpenAPI, from the models: every type, every status, each webhook; as JSON and HTML."""
        pages = OpenApi(SOURCES.webhooks())
        door = Door(pages.json, name="/docs/openapi.json", methods=("GET",), body_bytes_max=10)
        transport = httpx.ASGITransport(app=door)

        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            told = (await client.get("/docs/openapi.json")).json()
        html = (await pages.page(None)).body.decode()  # type: ignore[arg-type] # it does not look at it

        assert ["/v1/events", "/v1/webhooks/stripe"] == sorted(told["paths"])
        schemas = told["components"]["schemas"]
        assert "amount" in schemas["InvoiceIssued"]["required"]
        assert {"202", "207", "400", "401", "403", "413", "429", "503"} <= set(
            told["paths"]["/v1/events"]["post"]["responses"]
        )
        for place in _references(told):
            assert place.removeprefix("#/components/schemas/") in schemas
        assert "billing.invoice.issued.v1" in html
        assert "<script" not in html


def _references(content: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """All `$ref` of a document."""
    if isinstance(content, list):
        return [found for one in content for found in _references(one)]
    if not isinstance(content, dict):
        return []
    own = [content["$ref"]] if isinstance(content.get("$ref"), str) else []
    return own + [found for one in content.values() for found in _references(one)]
