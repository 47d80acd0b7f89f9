"""A running stack, owned by a block of code."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shared.cli.stack.errors import PortTakenError, StackError
from shared.cli.stack.folder import Note, is_owned, owned, write_note
from shared.cli.stack.progress import Progress, silent
from shared.cli.stack.server import Server
from shared.cli.stack.settings import StackSettings

TRIES = 3  # a port found free may be taken before the server listens on it
RUNS = Path(".arrears") / "runs"


@dataclass(frozen=True, slots=True)
class Stack:
    """The addresses of Kafka and MongoDB, and handles to the servers that are ours."""

    kafka_bootstrap: str
    mongodb_uri: str
    own_kafka: Server | None
    own_mongod: Server | None

    @property
    def kafka(self) -> Server:
        """The broker, to kill and start; refused if it was given by the environment."""
        return _ours(self.own_kafka, "Kafka")

    @property
    def mongod(self) -> Server:
        """The database, to kill and start; refused if it was given by the environment."""
        return _ours(self.own_mongod, "MongoDB")

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell a service where both are."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap, "MONGODB_URI": self.mongodb_uri}


@contextmanager
def running_stack(
    folder: Path | None = None,
    *,
    progress: Progress = silent,
    settings: StackSettings | None = None,
    kept: bool = False,
) -> Iterator[Stack]:
    """Runs Kafka and MongoDB for the block, and ends them with it or with this process.

    Args:
        folder: where their data is, and stays; by default a fresh folder that goes with the block.
        progress: told what is being fetched and started.
        settings: addresses that are given; by default what the environment says.
        kept: whether this is the keeper of a stack in the background.
    """
    settings = settings or StackSettings()
    with ExitStack() as undo:
        if folder is None:
            folder = undo.enter_context(_fresh_folder())
        folder = folder.absolute()
        lock = undo.enter_context(owned(folder))
        stack = _start(folder, settings, progress, lock, undo)
        write_note(
            folder,
            Note(
                pid=os.getpid(),
                kept=kept,
                kafka_bootstrap=stack.kafka_bootstrap,
                mongodb_uri=stack.mongodb_uri,
            ),
        )
        yield stack


def _start(
    folder: Path, settings: StackSettings, progress: Progress, lock: int, undo: ExitStack
) -> Stack:
    """Launches what is not given, both at the same time, then waits for both."""
    makes: dict[str, Callable[[], Server]] = {}
    if settings.mongodb_uri is None:
        from shared.cli.stack.mongod import mongod  # noqa: PLC0415 - only where it is used

        makes["mongod"] = partial(mongod, folder / "mongodb", settings.cache, lock)
    if settings.kafka_bootstrap_servers is None:
        from shared.cli.stack.kafka import kafka  # noqa: PLC0415 - jgo is there for development only

        makes["kafka"] = partial(kafka, folder / "kafka", settings.cache, progress, lock)
    servers: dict[str, Server] = {}
    undo.callback(_end, servers)
    for name, make in makes.items():
        servers[name] = make()
        servers[name].launch()
    for name, make in makes.items():
        progress(f"starting {servers[name].name}", 0, 1)
        servers[name] = _wait(servers[name], make)
        progress(f"starting {servers[name].name}", 1, 1)
    return Stack(
        kafka_bootstrap=settings.kafka_bootstrap_servers or servers["kafka"].address,
        mongodb_uri=settings.mongodb_uri or servers["mongod"].address,
        own_kafka=servers.get("kafka"),
        own_mongod=servers.get("mongod"),
    )


def _wait(server: Server, make: Callable[[], Server]) -> Server:
    """Waits until it serves; makes it anew, on another port, if its port was taken meanwhile."""
    for _ in range(TRIES):
        try:
            server.wait_ready()
        except PortTakenError:
            server.stop()
            server = make()
            server.launch()
        else:
            return server
    server.wait_ready()
    return server


def _end(servers: dict[str, Server]) -> None:
    for server in servers.values():
        server.ask_to_stop()
    for server in servers.values():
        server.stop()


@contextmanager
def _fresh_folder() -> Iterator[Path]:
    """A folder for one run; those of runs that were killed go too."""
    RUNS.mkdir(parents=True, exist_ok=True)
    for lock in RUNS.glob("*/lock"):
        if not is_owned(lock.parent):
            shutil.rmtree(lock.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=RUNS))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ours(server: Server | None, name: str) -> Server:
    if server is None:
        raise StackError(f"this {name} was given by the environment; it is not ours to stop")
    return server
