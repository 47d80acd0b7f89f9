"""What tests on the real stack share."""

import itertools
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest

from shared.cli.stack import Stack

Database = pymongo.database.Database[dict[str, Any]]

_numbers = itertools.count()


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """A database of its own for each test, gone afterwards."""
    with pymongo.MongoClient[dict[str, Any]](stack.mongodb_uri) as client:
        name = f"test_{next(_numbers)}"
        client.drop_database(name)
        yield client[name]
        client.drop_database(name)
