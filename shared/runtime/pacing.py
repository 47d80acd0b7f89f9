"""How much a round takes at a time: as much as can be folded before latency suffers."""

from dataclasses import dataclass
from typing import Final

from shared.line.arrivals import Arrival
from shared.line.lane import Lane

RECORD_S: Final = 100e-6
"""What folding a record is guessed to cost, before any was."""
FOLD_TO_REST: Final = 3
"""How much longer than all else of a round folding may take, where much is queued."""
LONGEST: Final = 6
"""But so many times what the settings say at most."""
LEAST_OF_A_LANE: Final = 16
"""Records that are taken from a lane at least, however long they take."""


@dataclass(slots=True)
class Pacing:
    """What things have cost lately, and what follows for the next round."""

    record_s: float = RECORD_S
    """What folding a record has cost lately."""
    around_s: float = 0.0
    """What a round has cost lately besides folding."""

    def folded(self, record_s: float) -> None:
        """A round's records cost so much each."""
        self.record_s = _lately(self.record_s, record_s)

    def went_round(self, around_s: float) -> None:
        """A round cost so much besides folding."""
        self.around_s = _lately(self.around_s, around_s)

    def fold_s(self, batch_s: float) -> float:
        """For how long to fold, `batch_s` by default.

        Longer where what is around it takes long, or that is all we do.
        """
        return min(max(batch_s, FOLD_TO_REST * self.around_s), LONGEST * batch_s)

    def most(self, batch_s: float) -> int:
        """How many records to prepare: no more than can be folded in time."""
        return max(LEAST_OF_A_LANE, int(self.fold_s(batch_s) / self.record_s))


def shared_out(lines: dict[Lane, list[Arrival]], most: int) -> dict[Lane, list[Arrival]]:
    """The beginnings of lines, about `most` records together; what short ones leave is shared."""
    found: dict[Lane, list[Arrival]] = {}
    for lane, line in sorted(lines.items(), key=lambda item: len(item[1])):
        share = max(LEAST_OF_A_LANE, most // (len(lines) - len(found)))
        found[lane] = line[:share]
        most -= len(found[lane])
    return found


def _lately(before: float, now: float) -> float:
    """A running mean that has forgotten most of it after a few rounds."""
    return max(1e-6, (before + now) / 2)
