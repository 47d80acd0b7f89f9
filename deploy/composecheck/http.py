"""What the services and Prometheus answer, from this machine."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from deploy.composecheck.compose import Failed
from deploy.composecheck.machine import port

ANSWER_S: Final = 10
BATCH: Final = 50
"""Events in one request."""


def get(service: str, path: str) -> Any:  # noqa: ANN401 - JSON
    """A JSON answer.

    Raises:
        OSError: there is none, or not with 200.
    """
    address = f"http://127.0.0.1:{port(service)}{path}"
    with urllib.request.urlopen(address, timeout=ANSWER_S) as answer:
        return json.load(answer)


def post(events: Iterable[dict[str, Any]], *, within_s: float = 120) -> int:
    """Post events to ingest's door, again and again until it has taken them; how many tries more.

    As a billing system would: what is not answered with 202 is sent again. Ids make that safe.

    Raises:
        Failed: one is refused, or the time is over.
    """
    waiting = list(events)
    end = time.monotonic() + within_s
    again = 0
    while waiting:
        part, waiting = waiting[:BATCH], waiting[BATCH:]
        while not _taken(part):
            again += 1
            if time.monotonic() > end:
                raise Failed(f"ingest's door did not take events within {within_s:.0f} s")
            time.sleep(0.3)
    return again


def _taken(events: list[dict[str, Any]]) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port('ingest')}/v1/events",
        data=json.dumps(events).encode(),
        headers={"content-type": "application/cloudevents-batch+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 202)  # noqa: PLR2004 - taken, all of them
    except urllib.error.HTTPError as refusal:
        if refusal.code < 500 and refusal.code != 429:  # noqa: PLR2004 - the services' own, too many
            raise Failed(f"ingest's door refused: {refusal.read().decode()[:400]}") from None
        return False
    except (OSError, ValueError):
        return False


def worked_through() -> datetime | None:
    """The tick that KPI has passed on every partition of both its topics; None: not on all."""
    try:
        watermarks = get("kpi", "/v1/progress")["watermarks"]
    except (OSError, ValueError):
        return None
    marks = [mark for topic in watermarks.values() for mark in topic]
    return None if not marks or None in marks else min(map(datetime.fromisoformat, marks))


def wait_through(moment: datetime, *, within_s: float = 120) -> None:
    """Wait until all services have worked through a tick.

    Raises:
        Failed: they have not, within the time.
    """
    end = time.monotonic() + within_s
    while (at := worked_through()) is None or at < moment:
        if time.monotonic() > end:
            raise Failed(
                f"the services are not through {moment:%Y-%m-%d %H:%M} after {within_s:.0f} s; "
                f"KPI is at {at or 'no tick at all'}"
            )
        time.sleep(0.2)
