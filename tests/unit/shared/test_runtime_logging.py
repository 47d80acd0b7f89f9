"""Logs: one line of JSON per event, the libraries' too, without personal data."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.runtime.logging import logger, redact, set_up_logging


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged; logging is afterwards as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(service="ingest", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def _last(lines: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lines.getvalue().splitlines()[-1])
    return found


def test_an_event_is_a_line_of_json(lines: io.StringIO) -> None:
    """A line has the event's name, its keys, the level, the service and the time in UTC."""
    logger("test").info("batch.done", events=120)

    line = _last(lines)

    assert {"event": "batch.done", "events": 120, "level": "info", "service": "ingest"} == {
        key: line[key] for key in ("event", "events", "level", "service")
    }
    assert line["timestamp"].endswith("Z")


def test_libraries_log_the_same_way(lines: io.StringIO) -> None:
    """What a library logs with the standard module is a line like ours, with the logger's name."""
    logging.getLogger("uvicorn.error").warning("port %d is taken", 8000)

    line = _last(lines)

    assert ("port 8000 is taken", "uvicorn.error") == (line["event"], line["logger"])


def test_less_than_the_level_is_not_logged(lines: io.StringIO) -> None:
    """At level info, debug is silent."""
    logger("test").debug("fold.detail")

    assert "" == lines.getvalue()


def test_an_exceptions_text_is_blotted_too(lines: io.StringIO) -> None:
    """An exception that quotes its input does not carry personal data into the log."""
    try:
        int("jo@example.org")
    except ValueError:
        logger("test").exception("fold.failed")

    assert "jo@example.org" not in lines.getvalue()
    assert "<email>" in _last(lines)["exception"]


def test_a_library_with_a_handler_of_its_own_writes_lines_like_all_others(
    lines: io.StringIO,
) -> None:
    """FastStream brings a handler for people: it would write columns between lines of JSON."""
    library = logging.getLogger("faststream")
    library.addHandler(logging.StreamHandler(lines))
    library.propagate = False
    set_up_logging(service="ingest", stream=lines)

    library.info("FastStream app started successfully!")

    assert [_last(lines)["event"]] == ["FastStream app started successfully!"]
    assert lines.getvalue().count("\n") == 1


def test_people_read_columns(lines: io.StringIO) -> None:
    """With the form "console", lines are for people."""
    set_up_logging(service="ingest", form="console", stream=lines)

    logger("test").info("batch.done", events=120)

    assert "events=120" in lines.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.smith+1@mail.example.org now", "write to <email> now"),
        ("call +43 1 5131231", "call <phone>"),
        ("call +491711234567!", "call <phone>!"),
        ("call 0171 / 123 45 67", "call <phone>"),
        ("call (555) 010-9999", "call <phone>"),
    ],
)
def test_personal_data_is_blotted_out(text: str, expected: str) -> None:
    """E-mail addresses and phone numbers do not reach the log."""
    assert {"detail": expected} == redact(None, "", {"detail": text})


@pytest.mark.parametrize(
    "text",
    [
        "batch.done",
        "2026-11-22T06:49:57.123456Z",
        "offset 1795330075553 of partition 11",
        "INV-2026-0000012345",
        "6d3a1d6e-54c7-5b5c-9a0e-8d0f2f6b7c11",
        "amount 1234567.89 EUR",
        "10.0.0.12:9092",
        "tick-2026-11-22T06:00:00Z",
    ],
)
def test_what_is_no_personal_data_stays(text: str) -> None:
    """Times, offsets, ids and amounts are what logs are read for."""
    assert {"detail": text} == redact(None, "", {"detail": text})


def test_blotting_goes_into_lists_and_mappings() -> None:
    """Values within values are looked at as well."""
    event = {"errors": [{"input": "jo@example.org", "count": 2}]}

    assert {"errors": [{"input": "<email>", "count": 2}]} == redact(None, "", event)
