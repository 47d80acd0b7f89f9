"""Logs: an event's dotted name and keys, one line each; JSON for machines, columns for people.

What a library logs goes the same way. Personal data has no business in a log; what slips into a
text all the same (an exception quoting its input) is blotted out here.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

_EMAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:"
    r"\+\d(?:[ ().\-/]{0,2}\d){6,14}"  # +43 1 5131231
    r"|0\d(?:[ ()\-/]{0,3}\d){7,12}"  # 01 513 12 31 00
    r"|\(?\d{3}\)?[ \-.]\d{3}[ \-.]\d{4}"  # (555) 010-9999
    r")(?![\w-])"
)
_OURS: Final = frozenset({"level", "timestamp", "logger", "service"})
_NOISY: Final = {"aiokafka": logging.ERROR, "uvicorn": logging.WARNING}
"""aiokafka warns of each partition at each retry; of what counts, the publisher tells."""
_OWN_HANDLERS: Final = ("faststream",)
"""Libraries that set up a handler of their own, which would write past ours."""
_FIRST: Final = ("timestamp", "level", "event")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:  # noqa: ANN401 - structlog's type
    """A structlog processor: blots out what looks like an e-mail address or a phone number."""
    for key, value in event.items():
        if key not in _OURS:
            event[key] = _blot(value)
    return event


def _in_order(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:  # noqa: ANN401 - structlog's type
    return {key: event[key] for key in (*_FIRST, *event) if key in event}


def _blot(value: object) -> object:
    if isinstance(value, str):
        return _PHONE.sub("<phone>", _EMAIL.sub("<email>", value))
    if isinstance(value, dict):
        return {key: _blot(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_blot(inner) for inner in value]
    return value


def set_up_logging(
    *,
    service: str,
    level: str = "info",
    form: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Send all logs of this process, the libraries' too, to `stream` (default: standard output)."""

    def named(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:  # noqa: ANN401 - structlog's type
        event.setdefault("service", service)
        return event

    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
    ]
    last: list[Processor] = [structlog.processors.format_exc_info, redact, _in_order]
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=(stream or sys.stdout).isatty())
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *last,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _OWN_HANDLERS:
        own = logging.getLogger(name)
        own.handlers.clear()
        own.propagate = True
        own.setLevel(logging.NOTSET)
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines are `log.info("batch.committed", events=120, …)`."""
    return cast("FilteringBoundLogger", structlog.stdlib.get_logger(name))
