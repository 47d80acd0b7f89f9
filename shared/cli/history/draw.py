"""One throw of the dice."""

from random import Random


def chance(rng: Random, probability: float) -> bool:
    """Whether something of this probability happens now."""
    return rng.random() < probability
