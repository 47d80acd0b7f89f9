"""Ingest's HTTP door: CloudEvents in, 202 once Kafka has them."""

import asyncio
from typing import Any, Final

from services.ingest.wiring import WIRING
from shared import envelope
from shared.core import Event, Refusal
from shared.events import ACCEPTED, input_topic
from shared.line.arrivals import ADDED_BYTES_MAX, FOREIGN_BYTES_MAX
from shared.line.ports import Record
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.producer import Publisher
from shared.topics import partition_of

DATA_BYTES_MAX: Final = FOREIGN_BYTES_MAX - ADDED_BYTES_MAX
"""What 202 is said to must fit in a record together with its attributes."""
_BAD_REQUEST: Final = 400
_TOO_LARGE: Final = 413
_TAKEN: Final = 202
_MIXED: Final = 207


def check(told: envelope.Envelope | Refusal) -> Event | Refusal:
    """The event that was posted, or why it cannot be taken: the same rules as on Kafka."""
    if isinstance(told, Refusal):
        return told
    if len(told.data) > DATA_BYTES_MAX:
        return Refusal("oversize", f"the data may have {DATA_BYTES_MAX} bytes at most", "data")
    if told.source in WIRING.clock_sources:
        return Refusal("untrusted_tick", "the clock does not come through this door", "source")
    return envelope.event(told, accepted=ACCEPTED[input_topic(told.type)], foreign=True)


class EventsDoor:
    """`POST /v1/events`: one CloudEvent (binary or structured) or a batch, each event by itself."""

    def __init__(self, publisher: Publisher, partitions: int) -> None:
        self._publisher = publisher
        self._partitions = partitions

    async def __call__(self, request: Request) -> Response:
        """Check all, publish what is good, and only then answer.

        202: all taken. 400 (413): none. 207: some, with a result for each, in order.
        """
        checked = [check(told) for told in envelope.http(request.headers, request.body)]
        if not checked:
            raise Problem(_BAD_REQUEST, "malformed", "there is no event in the request")
        good = [one for one in checked if isinstance(one, Event)]
        await asyncio.gather(*(self._publish(event) for event in good))
        results = [_result(number, one) for number, one in enumerate(checked)]
        if len(good) == len(checked):
            return answer({"taken": len(good)}, _TAKEN)
        if good:
            return answer({"taken": len(good), "results": results}, _MIXED)
        first = next(one for one in checked if isinstance(one, Refusal))
        status = _TOO_LARGE if first.reason == "oversize" else _BAD_REQUEST
        if len(checked) == 1:
            return answer(envelope.problem(first), status)
        return answer({"taken": 0, "results": results}, status)

    async def _publish(self, event: Event) -> None:
        topic = input_topic(event.type)
        _, value, headers = envelope.passed_on(event, sequence=0, recorded_at=None)
        key = (event.party or event.subject or event.id).encode()
        partition = partition_of(key, self._partitions)
        await self._publisher.publish_one(Record(topic, partition, key, value, headers))


def _result(number: int, one: Event | Refusal) -> dict[str, Any]:
    if isinstance(one, Event):
        return {"index": number, "id": one.id, "taken": True}
    return {"index": number, "taken": False, **envelope.problem(one)}
