"""A sample of every event: what was valid once stays valid, and reads back as it was written.

A sample of a published type is only ever added to. One that no longer fits shows that a change
breaks those who send or read it.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared import envelope
from shared.cli.schemas import schema_of
from shared.core import Event
from shared.events import (
    ACCEPTED,
    ACTIVITY,
    BILLING,
    CLOCK,
    COMMANDS,
    LEDGER,
    OUTCOMES,
    REGISTRY,
    SCORES,
)

SAMPLES = Path(__file__).parent / "samples"
KINDS = sorted(REGISTRY)


def sample(kind: str) -> bytes:
    """The sample of a type, as its JSON."""
    return (SAMPLES / f"{kind}.json").read_bytes()


def fits(data: Any, kind: str) -> None:  # noqa: ANN401 - any JSON
    """Check against the published schema of a type."""
    validator = jsonschema.Draft202012Validator
    validator(schema_of(kind), format_checker=validator.FORMAT_CHECKER).validate(data)


def test_every_event_has_a_sample() -> None:
    """No type without one, no sample without a type."""
    assert KINDS == sorted(path.stem for path in SAMPLES.glob("*.json"))


def test_every_type_belongs_to_one_producer_and_a_topic() -> None:
    """The tables by topic hold all types, and none twice."""
    by_producer = [BILLING, CLOCK, COMMANDS, OUTCOMES, LEDGER, SCORES, ACTIVITY]

    assert KINDS == sorted(kind for table in by_producer for kind in table)
    assert set(KINDS) == {kind for table in ACCEPTED.values() for kind in table}


@pytest.mark.parametrize("kind", KINDS)
class TestSample:
    def test_it_fits_its_schema(self, kind: str) -> None:
        """The published schema takes it."""
        fits(json.loads(sample(kind)), kind)

    def test_all_of_it_is_understood(self, kind: str) -> None:
        """Every field of the sample is one of the model's, at any depth, and keeps its value."""
        told = REGISTRY[kind].model_validate_json(sample(kind))

        dumped = told.model_dump(mode="json", by_alias=True, exclude_unset=True)

        assert json.loads(sample(kind)) == dumped

    def test_what_we_write_of_it_reads_back_the_same(self, kind: str) -> None:
        """The small JSON of the wire is the same fact, and fits the schema too."""
        told = REGISTRY[kind].model_validate_json(sample(kind))

        written = told.smallest()

        assert told == REGISTRY[kind].model_validate_json(written)
        fits(json.loads(written), kind)

    def test_it_travels(self, kind: str) -> None:
        """In a structured event, taken by the topic that carries its type."""
        line = json.dumps(
            {
                "specversion": "1.0",
                "id": "1",
                "source": "/samples",
                "type": kind,
                "time": "2024-04-01T06:00:00Z",
                "data": json.loads(sample(kind)),
            }
        )
        told = envelope.from_structured(line.encode())
        assert isinstance(told, envelope.Envelope)
        topic = next(topic for topic, types in ACCEPTED.items() if kind in types)

        event = envelope.event(told, accepted=ACCEPTED[topic], foreign=True)

        assert isinstance(event, Event)
        assert REGISTRY[kind].model_validate_json(sample(kind)) == event.data

    def test_the_schema_refuses_what_the_model_refuses(self, kind: str) -> None:
        """With a field left out, or of another type, both say the same."""
        whole = json.loads(sample(kind))
        variants = [{k: v for k, v in whole.items() if k != name} for name in whole]
        variants += [whole | {name: odd} for name in whole for odd in (None, 0.5, {"x": 1}, [0.5])]
        validator = jsonschema.Draft202012Validator(schema_of(kind))

        for variant in variants:
            by_schema = validator.is_valid(variant)
            by_model = accepts(kind, variant)
            assert by_schema == by_model or is_cross_field(kind, whole, variant), variant


def accepts(kind: str, data: object) -> bool:
    """Whether the model takes this JSON."""
    told = envelope.Envelope("1", "/s", kind, "", "", None, json.dumps(data).encode())
    return isinstance(envelope.event(told), Event)


def is_cross_field(kind: str, whole: dict[str, Any], variant: dict[str, Any]) -> bool:
    """Whether only a rule that spans several fields is hurt, which the schema does not say."""
    changed = {name for name in whole if variant.get(name) != whole[name]}
    spanning = {
        "billing.item.transferred.v1": {"item_id"},
        "billing.payment.allocated.v1": {"payment_id"},
        "billing.reference.told.v1": {"event_data"},
        "billing.transfer.arrived.v1": {"item"},
    }
    return changed <= spanning.get(kind, set())
