"""How often we poll, and how much a round takes: so much that latency does not suffer."""

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
FEW_RECORDS: Final = 500
"""A poll of fewer makes a transaction that costs more than its records do."""
LEAST_OF_A_LANE: Final = 16
"""Records that are taken from a lane at least, however long they take."""
PACE_TO_COMMIT: Final = 3.5
"""How many commits long the way from one small poll to the next is."""


@dataclass(slots=True)
class Pacing:
    """What things have cost lately, and what follows for the next round."""

    record_s: float = RECORD_S
    """What folding a record has cost lately."""
    around_s: float = 0.0
    """What a round has cost lately besides folding."""
    commit_s: float = 0.0
    """How long a commit has taken lately."""

    def folded(self, record_s: float) -> None:
        """A round's records cost so much each."""
        self.record_s = _lately(self.record_s, record_s)

    def went_round(self, around_s: float) -> None:
        """A round cost so much besides folding."""
        self.around_s = _lately(self.around_s, around_s)

    def committed(self, commit_s: float) -> None:
        """A round's commit took so long."""
        self.commit_s = (3 * self.commit_s + commit_s) / 4

    def pace_s(self, least_s: float, most_s: float) -> float:
        """How far apart small polls are, between these two.

        Commits are fast while the machines have time: then more of them are no harm, and nothing
        waits long. When they are slow all is busy, and fewer of them leave time for the records.
        """
        return min(most_s, max(least_s, PACE_TO_COMMIT * self.commit_s))

    def fold_s(self, batch_s: float) -> float:
        """For how long to fold, `batch_s` by default.

        Longer where what is around it takes long, or that is all we do.
        """
        return min(max(batch_s, FOLD_TO_REST * self.around_s), LONGEST * batch_s)

    def most(self, batch_s: float) -> int:
        """How many records to prepare: no more than can be folded in time."""
        return max(LEAST_OF_A_LANE, int(self.fold_s(batch_s) / self.record_s))


def rest_s(pace_s: float, *, since_s: float, polled: int) -> float:
    """Seconds to wait before the next poll, `since_s` after the one before was done with.

    What comes after a rest is taken up at once. Under load more comes together for each
    transaction, most of whose cost is its own; where much is queued there is no need to wait.
    """
    return max(0.0, pace_s - since_s) if polled < FEW_RECORDS else 0.0


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
