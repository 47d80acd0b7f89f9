"""ERPNext's webhooks: its JSON template (docs/webhooks.md) writes our contract's own events.

What is left to check is Frappe's signature, and that nobody speaks for another source.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import from_json

from services.ingest.doors.adapters import signature
from services.ingest.doors.adapters.telling import Headers, Told
from services.ingest.doors.sources import Source
from shared.core import Refusal

_EVENTS_MAX: Final = 100
_HEADER: Final = "x-frappe-webhook-signature"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)
_AGE_MAX: Final = timedelta(days=1)
"""Frappe signs no moment; the one in each event must be near, and sending it again is harmless."""


def adapt(headers: Headers, body: bytes, now: datetime, source: Source) -> Sequence[Told] | Refusal:
    """The events of a webhook: one, or an array; `unauthorized` where it is not signed."""
    refusal = signature.hmac_base64(headers, body, header=_HEADER, secrets=source.revealed)
    if refusal is not None:
        return refusal
    try:
        content = from_json(body, allow_inf_nan=False)
    except ValueError:
        return Refusal("malformed", "no JSON")
    events = content if isinstance(content, list) else [content]
    if len(events) > _EVENTS_MAX:
        return Refusal("oversize", f"at most {_EVENTS_MAX} events are expected")
    told: list[Told] = []
    for number, event in enumerate(events):
        one = _told(event, number, now, source)
        if isinstance(one, Refusal):
            return one
        told.append(one)
    return told


def _told(event: object, number: int, now: datetime, source: Source) -> Told | Refusal:
    if not isinstance(event, dict):
        return Refusal("malformed", "an event is a JSON object", f"[{number}]")
    at = _moment(event.get("time"), source)
    if at is None:
        why = "a time like 2026-01-31T09:30:00 is expected"
        return Refusal("invalid", why, f"[{number}].time")
    if abs(at - now) > _AGE_MAX:
        return Refusal("invalid", "the time is more than a day from now", f"[{number}].time")
    return {**event, "source": source.name, "time": at.isoformat()}


def _moment(told: object, source: Source) -> datetime | None:
    """A moment with an offset, or as Frappe has it: without one, in the time zone of its site."""
    if not isinstance(told, str) or not _MOMENT.match(told):
        return None
    try:
        at = datetime.fromisoformat(told)
        return (at if at.tzinfo else at.replace(tzinfo=source.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
