"""A service's AsyncAPI document, declared apart from the hot path, from the registry of events."""

from collections.abc import Mapping
from typing import Any, Union

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.events import ACCEPTED
from shared.events.base import Fact
from shared.line.wiring import Wiring


def asyncapi(wiring: Wiring, *, version: str, group_id: str) -> AsyncAPI:
    """FastStream's document of what a service reads and writes, with every event's schema.

    The subscriber that does the work takes raw records, so FastStream knows no types of it; this
    broker has them all, and is never started.
    """
    facade = KafkaBroker("kafka:9092")
    for topic in wiring.inputs:

        async def take(message: Any) -> None:  # noqa: ANN401 - its type is put in below
            """Take an event of this topic."""

        take.__annotations__["message"] = _any_of(wiring.accepted[topic])
        facade.subscriber(topic, group_id=group_id, title=f"{wiring.service}: {topic}")(take)
    for topic in wiring.written:
        facade.publisher(topic, schema=_any_of(ACCEPTED[topic]), title=f"{topic}")
    return AsyncAPI(
        facade,
        title=f"Arrears: {wiring.service}",
        version=version,
        description=(
            "Events are CloudEvents 1.0 in Kafka's binary mode; the type is in the header ce_type,"
            " and the key is the party's id. Schemas: docs/schemas."
        ),
    )


def _any_of(models: Mapping[str, type[Fact]]) -> Any:  # noqa: ANN401 - a union made at run time
    return Union[tuple(models.values())]  # noqa: UP007 - the members are not known before
