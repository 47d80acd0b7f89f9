"""One event of a file: a structured CloudEvent with its time read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One event and where it stands: `file` is empty and `number` 0 for one that no file has."""

    time: datetime
    event: Mapping[str, Any]
    """The structured CloudEvent, as its JSON object."""
    file: str = ""
    number: int = 0
    raw: bytes = field(default=b"", repr=False)
    """The line's bytes as the file has them, empty for an event that comes from no file."""


def lines(events: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """Events that are at hand as `Line`s, each with its time read."""
    for event in events:
        yield Line(time=instant(event["time"]), event=event)


def structured(
    *,
    id: str,  # noqa: A002 - the names are those of CloudEvents
    source: str,
    type: str,  # noqa: A002 - as above
    subject: str,
    time: str,
    data: Mapping[str, Any],
    party: str | None = None,
) -> dict[str, Any]:
    """A structured CloudEvent about account `subject`, which is its own party unless told."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "subject": subject,
        "partitionkey": party or subject,
        "time": time,
        "datacontenttype": "application/json",
        "data": data,
    }


def encode(event: Mapping[str, Any]) -> bytes:
    """One event as a line, without its end."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def stamp(moment: datetime) -> str:
    """An instant as the wire shows it: UTC, "Z", no more digits than it needs."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """An RFC 3339 instant, in UTC; raises ValueError on anything else, a local time included."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.astimezone(UTC)
