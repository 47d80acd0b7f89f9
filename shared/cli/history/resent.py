"""What a careless sender does: the same thing twice."""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from operator import itemgetter
from random import Random
from typing import Final

from shared.cli.history.diary import Event

_AT_ONCE: Final = 0.003
_LATER: Final = 0.003
_UNDER_ANOTHER_ID: Final = 0.002
_WITH_ID_OF_ITS_OWN: Final = frozenset({"billing.invoice.issued.v1", "billing.payment.received.v1"})


def with_resent(stream: Iterator[Event], seed: int, *, end: date) -> Iterator[Event]:
    """The stream with some events twice: at once, or days later, or later under another event id.

    A later copy has a later `time`; type, subject and data are the same.
    """
    rng = Random(f"{seed}/resent")  # noqa: S311 - a history is drawn, no secret
    copies: list[tuple[str, int, Event]] = []
    order = count()
    last = end.isoformat()
    for event in stream:
        while copies and copies[0][0] <= event["time"]:
            yield heapq.heappop(copies)[2]
        yield event
        draw = rng.random()
        if draw < _AT_ONCE:
            yield event
        elif draw < _AT_ONCE + _LATER + _UNDER_ANOTHER_ID:
            later = datetime.fromisoformat(event["time"]) + timedelta(days=rng.randrange(1, 4))
            copy = {**event, "time": f"{later:%Y-%m-%dT%H:%M:%SZ}"}
            if draw > _AT_ONCE + _LATER and event["type"] in _WITH_ID_OF_ITS_OWN:
                copy["id"] = f"{event['id']}-again"
            if copy["time"] < last:
                heapq.heappush(copies, (copy["time"], next(order), copy))
    yield from map(itemgetter(2), sorted(copies, key=itemgetter(0, 1)))
