"""A made-up, seeded history of a year of billing: for demos, benchmarks and tests."""

from shared.cli.history.place import CREDITORS
from shared.cli.history.poison import POISON, is_poison
from shared.cli.history.year import history

__all__ = ["CREDITORS", "POISON", "history", "is_poison"]
