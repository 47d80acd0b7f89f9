"""The clock: time as an event. Only ingest's clock (or a replay) says what time it is."""

from shared.events.base import Instant
from shared.events.fields import Told


class ClockTicked(Told, type="clock.ticked.v1"):
    """It is `at`; ticks of a partition never go back."""

    broadcast = True

    at: Instant
