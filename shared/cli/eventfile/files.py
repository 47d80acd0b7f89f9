"""Reads and writes files of events, line by line."""

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from shared.cli.eventfile.line import Line, encode, instant, stamp

_REQUIRED: Final = ("id", "source", "type")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no CloudEvent; `field` is empty where it is not even a JSON object."""

    file: str
    number: int
    field: str
    reason: str

    @override
    def __str__(self) -> str:
        """As compilers show it: `events.jsonl:12: time: …`."""
        at = f"{self.file}:{self.number}"
        return f"{at}: {self.field}: {self.reason}" if self.field else f"{at}: {self.reason}"


class _FaultError(ValueError):
    """What is wrong with a line, and in which field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class UnsortedError(ValueError):
    """A line whose `time` is before that of the line above it."""


def read(paths: Iterable[Path], refuse: Callable[[BadLine], object]) -> Iterator[Line]:
    """The events of several files, merged by time; at the same time, in the order of `paths`.

    A line that is no CloudEvent is handed to `refuse` (a list's `append`, say) and left out. The
    data of an event is not looked at here: what is wrong with it, ingest says.
    Raises `UnsortedError` where a file is not in order, and `OSError` where it cannot be read.
    """
    files = [_lines(path, refuse) for path in paths]
    return files[0] if len(files) == 1 else heapq.merge(*files, key=attrgetter("time"))


def write(events: Iterable[Mapping[str, Any] | Line], path: Path) -> int:
    """Write a file of events, whole or not at all, and say how many there are.

    Raises `UnsortedError`, and leaves no file, if the events are not in the order of time.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    count = 0
    last = ""
    try:
        with unfinished.open("wb") as file:
            for count, item in enumerate(events, start=1):
                event = item.event if isinstance(item, Line) else item
                if event["time"] != last:
                    _check_order(event["time"], last, count)
                    last = event["time"]
                raw = item.raw if isinstance(item, Line) else b""
                file.write((raw or encode(event)) + b"\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _lines(path: Path, refuse: Callable[[BadLine], object]) -> Iterator[Line]:
    last = datetime.min.replace(tzinfo=UTC)
    last_number = 0
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            raw = text.strip().removeprefix(b"\xef\xbb\xbf")
            if not raw:
                continue
            line = _parse(raw, str(path), number)
            if isinstance(line, BadLine):
                refuse(line)
                continue
            if line.time < last:
                raise UnsortedError(
                    f"{path}:{number}: time: {line.event['time']} is before {stamp(last)}"
                    f" of line {last_number}; a file of events is in the order of `time`",
                )
            last, last_number = line.time, number
            yield line


def _parse(raw: bytes, file: str, number: int) -> Line | BadLine:
    try:
        event = _object(raw)
        return Line(time=_checked_time(event), event=event, file=file, number=number, raw=raw)
    except _FaultError as fault:
        return BadLine(file=file, number=number, field=fault.field, reason=str(fault))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        event = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise _FaultError("", f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _FaultError("", f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise _FaultError("", "not JSON that can be read: nested too deep") from None
    if not isinstance(event, dict):
        raise _FaultError("", "not a JSON object")
    return event


def _checked_time(event: dict[str, Any]) -> datetime:
    """The time of an event whose envelope is as it must be."""
    if event.get("specversion") != "1.0":
        raise _FaultError("specversion", 'must be "1.0"')
    for name in _REQUIRED:
        if name not in event:
            raise _FaultError(name, "is missing")
        if not isinstance(event[name], str) or not event[name]:
            raise _FaultError(name, "must be a text that is not empty")
    if "time" not in event:
        raise _FaultError("time", "is missing; a file of events is in its order")
    try:
        return instant(event["time"])
    except (TypeError, ValueError, OverflowError):
        shown = repr(str(event["time"])[:40])
        raise _FaultError("time", f"{shown} is no instant like 2026-01-31T09:30:00Z") from None


def _check_order(time: str, last: str, count: int) -> None:
    if last and instant(time) < instant(last):
        raise UnsortedError(f"event {count}: time: {time} is before {last} of the event above it")
