"""Which parties of a partition time will wake next, as far ahead as is known in memory."""

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


class WakeIndex:
    """The wakes up to `known_until`; later ones are in the store alone.

    A wake is one (moment, party); a party has at most one. Entries of the heap that no longer agree
    with `_wake` are stale and skipped.
    """

    __slots__ = ("_heap", "_wake", "known_until")

    def __init__(self, known_until: datetime = LONG_AGO) -> None:
        """Know nothing yet (or everything, with `FOR_EVER`: where there is no store)."""
        self.known_until = known_until
        self._wake: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def learn(self, wakes: Iterable[tuple[datetime, str]], known_until: datetime) -> None:
        """Take what the store holds for the time after `known_until` so far, up to the new one."""
        for wake, party in wakes:
            self._wake[party] = wake
            heapq.heappush(self._heap, (wake, party))
        self.known_until = known_until

    def put(self, party: str, wake: datetime | None) -> None:
        """Note a party's wake as it now is."""
        if wake is None or wake > self.known_until:
            self._wake.pop(party, None)
        elif self._wake.get(party) != wake:
            self._wake[party] = wake
            heapq.heappush(self._heap, (wake, party))

    def first(self) -> tuple[datetime, str] | None:
        """The earliest known wake, by (moment, party)."""
        heap = self._heap
        while heap and self._wake.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0] if heap else None

    def due(self, until: datetime, limit: int) -> list[str]:
        """The parties whose known wake is not after `until`, in order, at most `limit`."""
        taken: list[tuple[datetime, str]] = []
        while len(taken) < limit and (top := self.first()) and top[0] <= until:
            heapq.heappop(self._heap)
            if not taken or taken[-1] != top:
                taken.append(top)
        for entry in taken:
            heapq.heappush(self._heap, entry)
        return [party for _, party in taken]
