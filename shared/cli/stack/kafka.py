"""A Kafka broker of its own for each stack: one node, KRaft, on 127.0.0.1."""

import socket
import struct
import subprocess
from functools import partial
from pathlib import Path

from shared.cli.stack.errors import StackError
from shared.cli.stack.jars import class_path
from shared.cli.stack.java import find_java
from shared.cli.stack.ports import HOST, free_ports
from shared.cli.stack.progress import Progress
from shared.cli.stack.server import Server

CLUSTER_ID = (
    "YXJyZWFycy1sb2NhbC1zdA"  # any 16 bytes in base64; the data folder is what tells stacks apart
)

# Each line differs from the broker's default; the comment says why.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}
# topics come from the table in shared.topics, never from a typing error
auto.create.topics.enable=false
# there is one broker
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# the controller gives up a killed broker's place sooner than after 9 s, so that it can restart
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# the only voter need not wait for a leader
controller.quorum.election.timeout.ms=100
controller.quorum.election.backoff.max.ms=50
# a group of one need not wait for others
group.initial.rebalance.delay.ms=0
# sparse index files, not 10 MB each at once
log.index.size.max.bytes=1048576
log.segment.bytes=67108864
# a laptop's history is small: keep it
log.retention.ms=-1
"""


def kafka(folder: Path, cache: Path, progress: Progress, lock: int) -> Server:
    """A broker with its data in `folder`, formatted if it is new; not started yet."""
    java = find_java()
    jars = class_path(cache, partial(progress, "fetching Kafka"))
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    port, controller_port = free_ports(2)
    properties = folder / "server.properties"
    properties.write_text(
        PROPERTIES.format(host=HOST, port=port, controller_port=controller_port, folder=data)
    )
    run = [
        str(java),
        "-cp",
        ":".join(map(str, jars)),
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
    ]
    if not (data / "meta.properties").exists():
        progress("formatting Kafka's data", 0, 1)
        _format([*run, "-Xshare:auto", "-XX:TieredStopAtLevel=1"], properties)
        progress("formatting Kafka's data", 1, 1)
    return Server(
        name="Kafka",
        address=f"{HOST}:{port}",
        # It lives for minutes beside all else: a compiler that thinks longer, and collectors that
        # run beside it, would take up to a quarter of a core.
        command=[
            *run,
            *("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *("kafka.Kafka", str(properties)),
        ],
        log=folder / "kafka.log",
        lock=lock,
        is_ready=partial(serves, port),
    )


def _format(run: list[str], properties: Path) -> None:
    tool = [*run, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"Kafka's data folder cannot be formatted:\n{done.stdout}{done.stderr}")


def serves(port: int) -> bool:
    """Whether the broker there answers, and counts itself among the brokers that take topics."""
    # An open port is not enough: the broker listens before the controller lets it in. So ask for
    # the metadata of no topic: api 3, version 1, correlation 0, no client id, an empty array.
    request = struct.pack(">hhihi", 3, 1, 0, -1, 0)
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0  # noqa: PLR2004 - size, correlation, brokers
