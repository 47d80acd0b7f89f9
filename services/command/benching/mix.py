"""The events that all is measured with: the demo's history, in parts, as records."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from shared.cli.eventfile import TICK_TYPE, Line, lines, with_ticks
from shared.cli.history import history
from shared.cli.routing import records_of
from shared.line.ports import Record
from shared.runtime.producer import Publisher
from shared.topics import PARTITIONS

SEED: Final = 7
TICK: Final = timedelta(hours=3)
"""As in the demo."""
_AT_ONCE: Final = 5_000


class Reel:
    """A history that is played part by part."""

    def __init__(self, told: Iterable[Line]) -> None:
        """`told` is in the order of time, ticks included."""
        self._lines = iter(told)
        self._next = next(self._lines, None)

    def before(self, moment: datetime) -> Iterator[Line]:
        """The lines from where it stands that are before a moment."""
        while self._next is not None and self._next.time < moment:
            yield self._next
            self._next = next(self._lines, None)


def reel(*, accounts: int, invoices: int, start: date, days: int, every: timedelta = TICK) -> Reel:
    """The demo's history for so many days, with a tick each `every`."""
    events = history(SEED, accounts=accounts, invoices=invoices, start=start, days=days)
    return Reel(with_ticks(lines(events), every=every))


async def publish_all(
    told: Iterable[Line],
    publisher: Publisher,
    *,
    progress: Callable[[int], None] = lambda _records: None,
) -> Counter[str]:
    """Publish a part as fast as Kafka takes it; how many records of each type it had."""
    found: Counter[str] = Counter()
    waiting: list[Record] = []
    for line in told:
        records = list(records_of(line.event, partitions=PARTITIONS))
        found[line.event["type"]] += len(records)
        waiting += records
        if len(waiting) >= _AT_ONCE:
            await publisher.publish(waiting)
            progress(found.total())
            waiting = []
    if waiting:
        await publisher.publish(waiting)
    return found


def shares(mix: Counter[str]) -> dict[str, float]:
    """Per cent of the records by kind, the most frequent first; rare kinds are together."""
    kinds: Counter[str] = Counter()
    for name, number in mix.items():
        kinds[_KINDS.get(name, "others")] += number
    total = mix.total() or 1
    return {kind: round(100 * number / total, 1) for kind, number in kinds.most_common()}


_KINDS: Final = {
    TICK_TYPE: "ticks",
    "billing.invoice.issued.v1": "invoices",
    "billing.payment.received.v1": "payments",
}
