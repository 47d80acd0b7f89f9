"""Moments as they are written on the command line."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import typer

UNTIL_HELP: Final = "Last day (2026-01-31) or moment (2026-01-31T12:00Z); default: the last event."
_DATE_LENGTH: Final = len("2026-01-31")


def until_of(text: str) -> datetime | None:
    """The moment that an `--until` names; a day means its last instant, UTC. None if it is empty.

    Raises:
        typer.BadParameter: it is neither a day nor a moment.
    """
    if not text:
        return None
    try:
        if len(text) == _DATE_LENGTH:
            day = date.fromisoformat(text)
            return datetime.combine(day, time.max, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is neither a day nor a moment") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def step_of(text: str) -> timedelta:
    """A length of time: 90s, 15m, 1h, 1d.

    Raises:
        typer.BadParameter: it is none, or not above zero.
    """
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    try:
        step = timedelta(**{units[text[-1]]: float(text[:-1])})
    except (KeyError, IndexError, ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time like 90s, 15m, 1h or 1d") from None
    if step <= timedelta():
        raise typer.BadParameter("ticks need a time of more than nothing between them")
    return step
