"""The connection to MongoDB, and what its failures are to the rest of the program."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from shared.line.ports import Unavailable
from shared.runtime.store.names import Json

PING_S: Final = 2.5
_SELECT_MS: Final = 2_500
"""How long a call looks for a primary."""
_ANSWER_MS: Final = 20_000
"""How long it waits for an answer: only a frozen server takes longer than this."""


def connect(uri: str, owner: str) -> AsyncIOMotorClient[Json]:
    """A client that reads and writes only what survives the loss of a server.

    It connects when it is first used. The driver is strict here whatever the URI says, since the
    guarantees rest on it.
    """
    return AsyncIOMotorClient(
        uri,
        appname=f"arrears {owner}"[:100],
        w="majority",
        journal=True,
        readConcernLevel="majority",
        serverSelectionTimeoutMS=_SELECT_MS,
        connectTimeoutMS=_SELECT_MS,
        socketTimeoutMS=_ANSWER_MS,
    )


@contextmanager
def answers() -> Iterator[None]:
    """Turn whatever the driver reports into `Unavailable`."""
    try:
        yield
    except PyMongoError as error:
        message = f"MongoDB does not answer as it should: {error}"
        raise Unavailable(message) from error


async def ping(client: AsyncIOMotorClient[Json]) -> None:
    """Return if the server answers in time, else raise `Unavailable`."""
    try:
        with answers():
            async with asyncio.timeout(PING_S):
                await client.admin.command("ping")
    except TimeoutError as error:
        message = f"MongoDB does not answer within {PING_S} s"
        raise Unavailable(message) from error
