"""The one module that reads the clock. Everything else is told what time it is."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whoever needs the time is given one of these."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back, whatever happens to the date."""
        ...


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds since some fixed moment; never goes back, whatever happens to the date."""
    return time.monotonic()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return now()

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back, whatever happens to the date."""
        return monotonic()
