"""The rules that every store keeps, as plain coroutines: one suite for MongoDB and for memory."""

from typing import Final

from shared.testing.store_behaviour import figures, ownership, state
from shared.testing.store_behaviour.givens import Behaviour, OpenStore, ReadableStore

BEHAVIOURS: Final[tuple[Behaviour, ...]] = (
    *ownership.BEHAVIOURS,
    *state.BEHAVIOURS,
    *figures.BEHAVIOURS,
)

__all__ = ["BEHAVIOURS", "Behaviour", "OpenStore", "ReadableStore"]
