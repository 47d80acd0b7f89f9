"""The watchdog: when it gives up on the process, and when not."""

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from shared.runtime.metrics import ShellMetrics
from shared.runtime.watchdog import Stalled, Watchdog


class Seconds:
    """A clock in seconds, put forward by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> datetime:
        """The time that was set."""
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at


def test_work_that_waits_too_long_ends_the_process() -> None:
    """Five records wait, and for 25 seconds nothing was done: another process shall begin."""
    clock = Seconds()
    watchdog = Watchdog(patience_s=24, clock=clock)
    watchdog.behind(5)
    clock.at += 25

    with pytest.raises(Stalled, match="5 records wait"):
        watchdog.look(late_s=0)


def test_nothing_to_do_is_no_fault() -> None:
    """Without traffic there is no progress, and nothing wrong."""
    clock = Seconds()
    watchdog = Watchdog(patience_s=24, clock=clock)
    watchdog.behind(0)
    clock.at += 3600

    watchdog.look(late_s=0)


def test_the_patience_starts_when_work_arrives() -> None:
    """After an idle hour, work that has just come has its 24 seconds."""
    clock = Seconds()
    watchdog = Watchdog(patience_s=24, clock=clock)
    clock.at += 3600
    watchdog.behind(0)
    watchdog.behind(5)
    clock.at += 23

    watchdog.look(late_s=0)


def test_progress_starts_the_patience_anew() -> None:
    """A service that is behind but works is left alone."""
    clock = Seconds()
    watchdog = Watchdog(patience_s=24, clock=clock)
    watchdog.behind(5)
    for _ in range(10):
        clock.at += 20
        watchdog.progress()

        watchdog.look(late_s=0)


def test_who_was_frozen_is_given_time() -> None:
    """A process that stood still for a minute (a debugger, a laptop's lid) is not to blame."""
    clock = Seconds()
    watchdog = Watchdog(patience_s=24, clock=clock)
    watchdog.behind(5)
    clock.at += 60

    watchdog.look(late_s=60)


def test_a_late_event_loop_is_shown() -> None:
    """How late the event loop was is a metric."""
    registry = CollectorRegistry()
    watchdog = Watchdog(patience_s=24, metrics=ShellMetrics(registry, "ingest"))

    watchdog.look(late_s=0.25)

    shown = registry.get_sample_value("collections_event_loop_lag_seconds", {"service": "ingest"})
    assert 0.25 == shown


@pytest.mark.asyncio
async def test_it_looks_by_itself() -> None:
    """Its own loop raises, within a second, what `look` finds."""
    watchdog = Watchdog(patience_s=0.001)
    watchdog.behind(1)

    with pytest.raises(Stalled):
        await watchdog.run()
