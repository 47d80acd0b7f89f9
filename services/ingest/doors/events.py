"""`POST /v1/events`: one CloudEvent (binary or structured) or a batch, each event by itself."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.ingest.doors.checking import check, record_of
from services.ingest.doors.rate import Rates
from services.ingest.doors.sources import UNAUTHORIZED, Source, Sources
from shared import envelope
from shared.core import Event, Refusal
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.producer import Publisher

_BAD_REQUEST: Final = 400
_STATUS: Final = {"oversize": 413, "forbidden": 403}
"""Of a request of which nothing is taken, by the reason; any other reason is a bad request."""
_TAKEN: Final = 202
_MIXED: Final = 207
_BATCH: Final = "application/cloudevents-batch"
_BEARER: Final = "bearer "


class EventsDoor:
    """Takes what a source tells of itself, as much of it as it may tell."""

    def __init__(
        self, publisher: Publisher, partitions: int, *, rates: Rates, sources: Sources | None = None
    ) -> None:
        """Make a door; without `sources` it is open to all, as on a machine of one's own."""
        self._publisher = publisher
        self._partitions = partitions
        self._sources = sources
        self._rates = rates

    async def __call__(self, request: Request) -> Response:
        """Check all, publish what is good, and only then answer.

        202: all taken. 400 (401, 403, 413): none. 207: some. A batch gets a result for each event,
        in order.
        """
        source = source_of(self._sources, request.headers)
        told = envelope.http(request.headers, request.body)
        if not told:
            raise Problem(_BAD_REQUEST, "malformed", "there is no event in the request")
        if source is not None:
            self._rates.take(source, len(told))
        checked = [_permitted(check(one), source) for one in told]
        good = [one for one in checked if isinstance(one, Event)]
        records = [record_of(event, self._partitions) for event in good]
        await asyncio.gather(*map(self._publisher.publish_one, records))
        batch = _BATCH in request.headers.get("content-type", "").lower()
        return _answer(checked, len(good), batch=batch)


def _answer(checked: Sequence[Event | Refusal], taken: int, *, batch: bool) -> Response:
    first = next((one for one in checked if isinstance(one, Refusal)), None)
    status = _MIXED
    if first is None:
        status = _TAKEN
    elif not taken:
        status = _STATUS.get(first.reason, _BAD_REQUEST)
        if len(checked) == 1:  # an event, or a batch that cannot be read at all
            return answer(envelope.problem(first), status)
    if not batch:
        return answer({"taken": taken}, status)
    results = [_result(number, one) for number, one in enumerate(checked)]
    return answer({"taken": taken, "results": results}, status)


def source_of(sources: Sources | None, headers: Mapping[str, str]) -> Source | None:
    """Whose key came with a request; raises `Problem` (401) if none that is known did."""
    if sources is None:
        return None
    told = headers.get("authorization", "")
    key = headers.get("x-api-key", "")
    if told[: len(_BEARER)].lower() == _BEARER:
        key = told[len(_BEARER) :].strip()
    source = sources.of_key(key) if key else None
    if source is None:
        why = "an API key is expected: Authorization: Bearer KEY" if not key else "no such API key"
        challenge = {"www-authenticate": 'Bearer realm="arrears"'}
        raise Problem(401, UNAUTHORIZED, why, "authorization", headers=challenge)
    return source


def _permitted(checked: Event | Refusal, source: Source | None) -> Event | Refusal:
    if source is None or isinstance(checked, Refusal):
        return checked
    return source.forbids(checked) or checked


def _result(number: int, one: Event | Refusal) -> dict[str, Any]:
    if isinstance(one, Event):
        return {"index": number, "id": one.id, "taken": True}
    return {"index": number, "taken": False, **envelope.problem(one)}
