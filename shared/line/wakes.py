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

    __slots__ = ("_heap", "_kept", "_wake", "known_until")

    def __init__(self, known_until: datetime = LONG_AGO) -> None:
        """Know nothing yet (or everything, with `FOR_EVER`: where there is no store)."""
        self.known_until = known_until
        self._wake: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._kept = 0

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

    def tidy(self, most: int) -> None:
        """Drop stale entries; where more than about `most` are known, forget the later half.

        The store has those. Both are done only once there is much to drop, so that it costs little.
        """
        if len(self._wake) > max(most, self._kept) and self.known_until != FOR_EVER:
            self.known_until = sorted(self._wake.values())[len(self._wake) // 2]
            self._wake = {p: wake for p, wake in self._wake.items() if wake <= self.known_until}
            self._kept = 2 * len(self._wake)  # all of them may be for one moment
        elif len(self._heap) <= 2 * len(self._wake) + most:
            return
        self._heap = [(wake, party) for party, wake in self._wake.items()]
        heapq.heapify(self._heap)

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
