"""`POST /v1/webhooks/<source>`: what a billing system tells in its own words, signed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.ingest.doors.adapters import erpnext, lago, stripe
from services.ingest.doors.adapters.telling import Adapter, Teller, Told
from services.ingest.doors.checking import DATA_BYTES_MAX, check, record_of
from services.ingest.doors.rate import Rates
from services.ingest.doors.sources import DEFAULT_CREDITOR, UNAUTHORIZED, Source
from services.ingest.wiring import WIRING
from shared import envelope
from shared.core import Event, Refusal
from shared.envelope.structured import from_object
from shared.line.arrivals import Arrival, dead_letter
from shared.line.ports import Record
from shared.runtime.clock import Clock
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.logging import logger
from shared.runtime.producer import Publisher
from shared.topics import partition_of

ADAPTERS: Final[Mapping[str, Adapter]] = {
    "stripe": stripe.adapt,
    "lago": lago.adapt,
    "erpnext": erpnext.adapt,
}
"""How each kind of source speaks."""
_TAKEN: Final = 202

log = logger(__name__)


def retell(
    headers: Mapping[str, str], body: bytes, now: datetime, source: Source
) -> Sequence[Event] | Refusal:
    """The events that a webhook tells, in order; none if it is no news here. Never raises.

    All of them or a refusal: `unauthorized` if the webhook does not prove where it comes from.
    """
    told = ADAPTERS[source.kind](headers, body, now, source)
    if isinstance(told, Refusal):
        return told
    events: list[Event] = []
    for one in _under_creditor(told, source, now):
        event = check(from_object(one))
        if isinstance(event, Event):
            event = source.forbids(event) or event
        if isinstance(event, Refusal):
            return event
        events.append(event)
    return events


def _under_creditor(told: Sequence[Told], source: Source, now: datetime) -> Iterator[Told]:
    """The same events, but before the first about an account what says whose debtor it is.

    An account's first event fixes its creditor, and webhooks come in any order.
    """
    teller = Teller(source, now)
    known: set[str] = set()
    for one in told:
        found = one.get("data")
        data = found if isinstance(found, dict) else {}
        account_id = data.get("account_id")
        if source.creditor_id == DEFAULT_CREDITOR or not isinstance(account_id, str):
            yield one
            continue
        if account_id not in known and "creditor_id" not in data:
            name = sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            yield teller.event(
                "account.updated",
                f"{name}:creditor",
                account_id,
                creditor_id=source.creditor_id,
            )
        known.add(account_id)
        yield one


class WebhookDoor:
    """The door of one source: verify, write to Kafka, answer 2xx, in that order."""

    def __init__(
        self, source: Source, publisher: Publisher, partitions: int, *, rates: Rates, clock: Clock
    ) -> None:
        """Make the door of `source`."""
        self._source = source
        self._publisher = publisher
        self._partitions = partitions
        self._rates = rates
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """202: all taken, or nothing in it for us, or kept as a dead letter with its reason.

        401: not signed, or not now; it is not kept. A provider gives up on what is refused again
        and again, so what it did sign is never refused: it lies with the dead letters, untouched.
        """
        now = self._clock.now()
        told = retell(request.headers, request.body, now, self._source)
        if isinstance(told, Refusal) and told.reason == UNAUTHORIZED:
            raise Problem(401, told.reason, told.detail, told.field)
        self._rates.take(self._source, 1)
        if isinstance(told, Refusal):
            if len(request.body) > DATA_BYTES_MAX:
                why = f"at most {DATA_BYTES_MAX} bytes can be kept"
                raise Problem(413, "oversize", why)
            letter = self._letter(request, told, now)
            await self._publish(letter)
            log.warning("webhook.kept", source=self._source.name, why=told.reason, field=told.field)
            return answer({"taken": 0, "kept": envelope.problem(told)}, _TAKEN)
        for event in told:  # one after the other: the account before what is about it
            await self._publish(record_of(event, self._partitions))
        return answer({"taken": len(told)}, _TAKEN)

    async def _publish(self, record: Record) -> None:
        await self._publisher.publish_one(record)

    def _letter(self, request: Request, refusal: Refusal, now: datetime) -> Record:
        """A webhook as a dead letter: its bytes as they came, and no signature."""
        arrival = Arrival(
            topic=request.path,
            offset=0,
            stamp=now,
            key=self._source.name.encode(),
            value=request.body,
            headers=[
                ("content-type", request.headers.get("content-type", "")[:200].encode()),
                ("arrears-webhook", self._source.kind.encode()),
            ],
        )
        partition = partition_of(self._source.name.encode(), self._partitions)
        return dead_letter(WIRING, partition, arrival, refusal)
