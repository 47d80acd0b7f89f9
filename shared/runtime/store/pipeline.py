"""Several commands of one transaction in one trip to MongoDB and back.

The server takes what comes on a connection one after the other, so it need not have answered one
command for the next to be sent. The driver waits for each answer, and has no call for this; so it
is made here of the driver's parts, some of which it keeps to itself (docs/decisions/0015 has why,
tests/integration/test_store.py shows that they do what is expected of them).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bson.codec_options import DEFAULT_CODEC_OPTIONS
from pymongo import ReadPreference
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure
from pymongo.helpers_shared import _check_command_response
from pymongo.message import _op_msg
from pymongo.synchronous.client_session import ClientSession

from shared.runtime.store.names import Json

_PRIMARY: Final = ReadPreference.PRIMARY
_DUPLICATE_KEY: Final = 11000


def send_together(
    database: Database[Json], session: ClientSession, commands: Iterable[Json]
) -> None:
    """Send commands of a transaction that has begun, and see that each was carried out.

    The server ends a transaction at the first command that fails, and refuses those behind it.

    Raises:
        PyMongoError: what the first of them that failed met, or the connection.
    """
    client: Any = database.client
    with client._conn_for_writes(session, "transaction") as connection:  # noqa: SLF001 - see the module's text
        context = connection.compression_context
        sent: list[tuple[int, bytes, int, int]] = []
        for told in commands:
            command = dict(told)  # the driver adds to it what belongs to this attempt alone
            session._apply_to(command, False, _PRIMARY, connection)  # noqa: FBT003, SLF001 - as above
            connection.add_server_api(command)
            connection.send_cluster_time(command, session, client)
            sent.append(
                _op_msg(0, command, database.name, _PRIMARY, DEFAULT_CODEC_OPTIONS, ctx=context)
            )
        if not sent:
            return
        largest = max(size for *_, size in sent)
        connection.send_message(b"".join([message for _, message, *_ in sent]), largest)
        # All are received before one is looked at: none is left for who has the connection next.
        received = [connection.receive_message(number) for number, *_ in sent]
        answers = [one.unpack_response()[0] for one in received]
    for answer in answers:
        client._process_response(answer, session)  # noqa: SLF001 - as above
        _check_command_response(answer, None)
        met(answer)


def met(answer: Mapping[str, Any]) -> int:
    """How many documents a write met; raises what it was refused for."""
    for error in answer.get("writeErrors", ()):
        kind = DuplicateKeyError if error["code"] == _DUPLICATE_KEY else OperationFailure
        raise kind(error["errmsg"], error["code"])
    number: int = answer["n"]
    return number
