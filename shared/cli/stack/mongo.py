"""Makes a mongod the primary of its replica set; the one module here that knows the driver."""

from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "arrears"
NOT_YET_INITIALIZED = 94
PATIENCE_MS = 2_000


def becomes_primary(host: str) -> bool:
    """Whether the mongod there takes writes; does the next thing that it needs for it, if not."""
    try:
        with _client(f"mongodb://{host}/?directConnection=true") as client:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            try:
                config = client.admin.command("replSetGetConfig")["config"]
            except OperationFailure as error:
                if error.code == NOT_YET_INITIALIZED:
                    client.admin.command("replSetInitiate", _config(host, version=1))
                return False
            # Its data may come from an earlier start, on another port: it is not itself in there.
            if config["members"][0]["host"] != host:
                moved = _config(host, version=config["version"] + 1)
                client.admin.command("replSetReconfig", moved, force=True)
    except PyMongoError:
        return False
    return False


def _config(host: str, *, version: int) -> dict[str, Any]:
    return {"_id": REPLICA_SET, "version": version, "members": [{"_id": 0, "host": host}]}


def _client(uri: str) -> "pymongo.MongoClient[dict[str, Any]]":
    return pymongo.MongoClient(
        uri, serverSelectionTimeoutMS=PATIENCE_MS, connectTimeoutMS=PATIENCE_MS
    )
