"""The four services' cores in one process, over a file of events: no broker, no database.

It drives the very lanes that run in production (`shared.line.lane`), so the same line gives the
same scores, tasks and figures, byte for byte.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from shared.core import Core, Party
from shared.line.arrivals import Arrival, arrive
from shared.line.fold import Fold, Spoiled
from shared.line.lane import Lane, Limits
from shared.line.parties import DocumentCodec
from shared.line.ports import Acquired, Binding, Cursor, Record, rebind
from shared.line.wiring import Wiring

_BOUNDLESS: Final = Limits(records_max=1_000_000, wakes_max=10**9, documents_max=10**12)


class Stage:
    """One service in the simulation: its core behind one lane that has all parties."""

    def __init__(self, core: Core, wiring: Wiring) -> None:
        """Start with an empty state."""
        self.wiring = wiring
        self.lane = Lane(
            core=core,
            wiring=wiring,
            codec=DocumentCodec(core.documents),
            acquired=Acquired(Cursor(partition=0), (), {}, ()),
            partitions=1,
            limits=_BOUNDLESS,
            stored=False,
        )
        self.cells: dict[tuple[str, str], int] = {}
        self._offsets = dict.fromkeys(wiring.inputs, 0)
        self._known: dict[str, bytes] = {}
        self._bindings: dict[str, Binding] = {}

    def take(self, records: Iterable[Record]) -> list[Record]:
        """Fold records of this stage's inputs, in order; what it publishes, in order."""
        for record in records:
            offset = self._offsets[record.topic]
            self._offsets[record.topic] = offset + 1
            self.lane.receive(
                arrive(
                    self.wiring,
                    topic=record.topic,
                    offset=offset,
                    stamp=None,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
            )
        published: list[Record] = []
        while self.lane.waiting():
            published.extend(self._fold())
        return published

    def _fold(self) -> list[Record]:
        lane = self.lane
        line = self._foldable(lane.line(lambda _topic: True))
        for account, binding in lane.bindings_wanted(line).items():
            self._bindings.setdefault(account, binding)
        lane.give_bindings(self._bindings)
        tick = lane.last_tick(line)
        if tick is not None and lane.lacks_everyone(tick):
            after = lane.rousing.after
            lane.list_everyone([party for party in sorted(lane.cache.ids()) if party > after])
        needs = lane.needs(line)
        lane.give(needs, [], self._known)
        fold = Fold(lane)
        try:
            writes = fold.run(line)
        except Spoiled as spoiled:
            if spoiled.place is None or spoiled.party:
                raise  # a defect of a core, and nothing is stored from which to go on without it
            lane.spoil_shared(spoiled.place, spoiled.reason)
            fold = Fold(lane)
            writes = fold.run(line)
        if not fold.moved and not lane.asked:
            message = f"{self.wiring.service}: nothing of {len(line)} records could be folded"
            raise RuntimeError(message)
        self._known.update(writes.taken)
        rebind(self._bindings, writes.rebound)
        for cell, amount in writes.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + amount
        return writes.outbox

    def _foldable(self, line: list[Arrival]) -> list[Arrival]:
        """The line up to what concerns all, or that alone: it may turn out to be unusable."""
        broadcasts = self.wiring.broadcasts
        for number, arrival in enumerate(line):
            if arrival.event is not None and arrival.event.type in broadcasts:
                return line[: max(1, number)]
        return line

    def parties(self) -> Iterator[Party]:
        """All parties, in the order of their ids."""
        for party_id in sorted(self.lane.cache.ids()):
            yield self.lane.cache.get(party_id)


@dataclass(slots=True)
class Simulation:
    """Stages in the order of the flow; a record that a stage publishes goes on to its readers."""

    stages: list[Stage]
    seen: Callable[[Record], None] = lambda _record: None
    """Told of each published record, in order."""
    _readers: dict[str, list[Stage]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note who reads what."""
        for stage in self.stages:
            for topic in stage.wiring.inputs:
                self._readers.setdefault(topic, []).append(stage)

    def tell(self, records: Iterable[Record]) -> None:
        """Take records from outside through all stages."""
        queues: dict[int, list[Record]] = {id(stage): [] for stage in self.stages}
        self._spread(records, queues)
        for stage in self.stages:
            while queue := queues[id(stage)]:
                queues[id(stage)] = []
                published = stage.take(queue)
                for record in published:
                    self.seen(record)
                self._spread(published, queues)

    def _spread(self, records: Iterable[Record], queues: dict[int, list[Record]]) -> None:
        for record in records:
            for stage in self._readers.get(record.topic, ()):
                queues[id(stage)].append(record)
