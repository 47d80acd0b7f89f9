"""One list of both lanes: whose turn each place is, by the mix that a policy sets.

Of a hundred places so many are quick recovery's, spread as evenly as can be; the others are protect
value's. Within a lane its own order holds. A lane that has no more leaves its turns to the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeVar

from services.scoring.domain.reading import Reading
from services.scoring.domain.standing import BETWEEN

Lane = Literal["quick_recovery", "protect_value"]
LANES: Final[tuple[Lane, Lane]] = ("quick_recovery", "protect_value")
PLACES: Final = 100
"""After so many places the turns begin anew."""
T = TypeVar("T")


class Spot(NamedTuple):
    """How far a reader has come on a list of both lanes."""

    turn: int = 0
    """Whose turn is next, from 0 to `PLACES` - 1."""
    behind: tuple[str, str] = ("", "")
    """The text of the last one read in each of `LANES`; "" where none was."""

    def text(self) -> str:
        """As one text, to be handed back for the next page."""
        return BETWEEN.join((str(self.turn), *self.behind))


def read_spot(text: str) -> Spot | None:
    """The spot that a text tells; None if it is none ("" is the beginning)."""
    if not text:
        return Spot()
    turn, *behind = text.split(BETWEEN)
    if len(behind) != len(LANES) or not (turn.isascii() and turn.isdigit()):
        return None
    return Spot(int(turn[:9]) % PLACES, (behind[0], behind[1]))


@dataclass(frozen=True, slots=True)
class Mix:
    """Whose turn each of `PLACES` places is."""

    turns: tuple[Lane, ...]

    def merge(
        self, lists: Mapping[Lane, Sequence[tuple[str, T]]], spot: Spot, limit: int
    ) -> tuple[list[T], Spot]:
        """At most `limit` of two lists in turn, and the spot behind them.

        Each list goes on behind its own place in `spot`, with the text of each; one that has fewer
        than `limit` is at its end.
        """
        merged: list[T] = []
        taken = dict.fromkeys(LANES, 0)
        behind = dict(zip(LANES, spot.behind, strict=True))
        turn = spot.turn
        while len(merged) < limit:
            lane = self.turns[turn]
            if taken[lane] == len(lists[lane]):
                lane = LANES[lane == LANES[0]]
                if taken[lane] == len(lists[lane]):
                    break
            behind[lane], found = lists[lane][taken[lane]]
            taken[lane] += 1
            merged.append(found)
            turn = (turn + 1) % PLACES
        return merged, Spot(turn, (behind[LANES[0]], behind[LANES[1]]))


def mix_of(quick: int) -> Mix:
    """The mix in which so many of `PLACES` places are quick recovery's.

    A lane's n-th turn is due at ``n / its share``; of two that are due at once, quick recovery
    comes first.
    """
    shares = (quick, PLACES - quick)
    due = sorted(
        (Fraction(number, share), place)
        for place, share in enumerate(shares)
        for number in range(1, share + 1)
    )
    return Mix(tuple(LANES[place] for _, place in due))


def read_mix(reading: Reading) -> Mix:
    """Read the share of each lane in percent; raises `ModelError`."""
    fields = reading.fields(LANES)
    shares = [fields[lane].whole(0, PLACES) for lane in LANES]
    if sum(shares) != PLACES:
        reading.fail(f"the shares of both lanes add up to {PLACES}")
    return mix_of(shares[0])
