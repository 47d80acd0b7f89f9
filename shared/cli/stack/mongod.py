"""A mongod of its own for each stack: one node, a replica set (for transactions), on 127.0.0.1."""

from functools import partial
from pathlib import Path

from shared.cli.stack.binary import find_mongod
from shared.cli.stack.mongo import REPLICA_SET, becomes_primary
from shared.cli.stack.ports import HOST, free_ports
from shared.cli.stack.server import Server

HISTORY_S = 30
"""Seconds of its past that MongoDB keeps; docs/decisions/0013 says why not 300, as it would."""
EVICTION = (
    "eviction_dirty_target=20,eviction_dirty_trigger=40"
    ",eviction_updates_target=10,eviction_updates_trigger=20"
)
"""Percent of its cache that may wait to be written; docs/decisions/0014 says why not a quarter."""


def mongod(folder: Path, cache: Path, lock: int) -> Server:
    """A mongod with its data in `folder`; not started yet."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    command = [
        *find_mongod(cache),
        *("--replSet", REPLICA_SET),
        *("--bind_ip", HOST, "--port", str(port), "--nounixsocket"),
        *("--dbpath", str(data), "--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "990"),
        *("--wiredTigerEngineConfigString", EVICTION),
        *("--setParameter", "diagnosticDataCollectionEnabled=false", "--quiet"),
        *("--setParameter", f"minSnapshotHistoryWindowInSeconds={HISTORY_S}"),
    ]
    return Server(
        name="MongoDB",
        address=f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}",
        command=command,
        log=folder / "mongod.log",
        lock=lock,
        is_ready=partial(becomes_primary, f"{HOST}:{port}"),
    )
