"""How much a source may tell in a while: a bucket of tokens, one for each event."""

from dataclasses import dataclass, field
from math import ceil

from services.ingest.doors.sources import Source
from shared.runtime.clock import Clock
from shared.runtime.doors import Problem


@dataclass(slots=True)
class Bucket:
    """`burst` tokens at most, `per_second` more each second; who finds too few comes back later."""

    per_second: float
    burst: int
    at: float
    """The moment of the last look, in seconds of a monotonic clock."""
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin full."""
        self.tokens = float(self.burst)

    def take(self, number: int, now: float) -> float:
        """Take `number` tokens at the moment `now`: 0, or the seconds to wait before the next try.

        More than `burst` at once are taken from a full bucket, which is that far in debt then:
        else a batch larger than the bucket could never come.
        """
        self.tokens = min(float(self.burst), self.tokens + (now - self.at) * self.per_second)
        self.at = now
        wanted = min(number, self.burst)
        if self.tokens < wanted:
            return (wanted - self.tokens) / self.per_second
        self.tokens -= number
        return 0.0


class Rates:
    """The buckets of all sources of one process; each process has its own."""

    def __init__(self, clock: Clock, *, may: str = "tell {} events") -> None:
        """Begin with every source's bucket full; `may` is said to who is too fast."""
        self._clock = clock
        self._may = may
        self._buckets: dict[str, Bucket] = {}

    def take(self, source: Source, number: int) -> None:
        """Let so many events of a source in, or raise `Problem` (429) that says when to return."""
        now = self._clock.monotonic()
        bucket = self._buckets.get(source.name)
        if bucket is None:
            bucket = self._buckets[source.name] = Bucket(source.per_second, source.burst, at=now)
        wait_s = bucket.take(number, now)
        if wait_s:
            told = self._may.format(f"{source.per_second:g}")
            why = f"{source.name} may {told} per second"
            raise Problem(429, "too_fast", why, headers={"retry-after": str(ceil(wait_s))})
