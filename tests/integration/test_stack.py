"""The local stack, started for real: it serves, keeps its data, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pymongo
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner

from shared.cli.stack import Stack, StackError, app, running_stack
from shared.cli.stack.ports import free_ports
from shared.cli.stack.settings import StackSettings

pytestmark = pytest.mark.stack

# Kafka takes seconds to start, mongod one: what is the same for both is tried with mongod alone.
ONLY_MONGOD = StackSettings(kafka_bootstrap_servers="kafka.example:9092")
OWNER = (
    "import signal, sys, time, pathlib\n"
    # It is ignored by all that a shell runs in the background, such as these tests.
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from shared.cli.stack import running_stack\n"
    "from shared.cli.stack.settings import StackSettings\n"
    "given = StackSettings(kafka_bootstrap_servers='kafka.example:9092')\n"
    "with running_stack(pathlib.Path(sys.argv[1]), settings=given) as stack:\n"
    "    print(stack.mongod.pid, flush=True)\n"
    "    time.sleep(600)\n"
)


@pytest.mark.asyncio
async def test_kafka_keeps_what_it_acknowledged_through_kill_9(stack: Stack) -> None:
    """What was written before `kill -9` is there after the restart, at the same address."""
    topic, address = "kept", stack.kafka_bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        await producer.send_and_wait(topic, b"before")
    stack.kafka.kill()
    assert not stack.kafka.alive

    stack.kafka.start()
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        await producer.send_and_wait(topic, b"after")
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        values = [(await consumer.getone()).value for _ in range(2)]

    assert [b"before", b"after"] == values


@pytest.mark.asyncio
async def test_topics_are_never_made_by_a_typing_error(stack: Stack) -> None:
    """Asking for an unknown topic does not create it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.describe_topics(["no.such.topic"])
    topics = await admin.list_topics()
    await admin.close()

    assert "no.such.topic" not in topics


def test_mongod_takes_transactions_and_keeps_them_through_kill_9(stack: Stack) -> None:
    """A committed transaction is there after `kill -9` and a restart, at the same address."""
    with pymongo.MongoClient[dict[str, int]](stack.mongodb_uri) as client:
        with client.start_session() as session, session.start_transaction():
            client.test.kept.insert_one({"_id": 1}, session=session)
        stack.mongod.kill()
        stack.mongod.start()

        assert {"_id": 1} == client.test.kept.find_one()


def test_up_status_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack in the background is found again, started once only, and ended; its data stays."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    folder = ["--folder", str(tmp_path)]
    first = CliRunner().invoke(app, ["up", *folder])
    again = CliRunner().invoke(app, ["up", *folder])
    status = CliRunner().invoke(app, ["status", *folder])
    down = CliRunner().invoke(app, ["down", *folder])
    after = CliRunner().invoke(app, ["status", *folder])

    assert [0, 0, 0, 0, 3] == [r.exit_code for r in (first, again, status, down, after)]
    assert "MONGODB_URI=mongodb://127.0.0.1:" in first.stdout
    assert first.stdout == again.stdout == status.stdout
    assert (tmp_path / "mongodb" / "data" / "WiredTiger").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_end_with_their_owner(tmp_path: Path, number: signal.Signals) -> None:
    """However the process that started a server dies, the server dies with it."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as owner:
        assert owner.stdout is not None
        server = int(owner.stdout.readline())
        assert is_there(server)

        owner.send_signal(number)
        try:
            owner.wait(timeout=30)
        finally:
            owner.kill()
    assert happens(lambda: not is_there(server))
    with running_stack(tmp_path, settings=ONLY_MONGOD) as stack:
        assert stack.mongod.alive


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a process with its parent")
def test_a_server_ends_with_its_guard(tmp_path: Path) -> None:
    """Even the guard may be killed: then the kernel ends the server."""
    with running_stack(tmp_path, settings=ONLY_MONGOD) as stack:
        server, guard = stack.mongod.pid, stack.mongod._guard
        assert guard is not None
        guard.kill()

        assert happens(lambda: not is_there(server))


def test_a_port_that_is_taken_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that finds its port taken is given another one."""
    with socket.create_server(("127.0.0.1", 0)) as thief:
        taken = thief.getsockname()[1]
        chosen = iter([[taken], free_ports(1)])
        monkeypatch.setattr("shared.cli.stack.mongod.free_ports", lambda _: next(chosen))
        with running_stack(tmp_path, settings=ONLY_MONGOD) as stack:
            assert str(taken) not in stack.mongodb_uri
            assert stack.mongod.alive


def test_two_stacks_live_side_by_side(stack: Stack, tmp_path: Path) -> None:
    """Stacks in different folders have different ports and do not disturb each other."""
    with running_stack(tmp_path, settings=ONLY_MONGOD) as other:
        assert stack.mongodb_uri != other.mongodb_uri
        assert stack.mongod.alive
        assert other.mongod.alive


def test_data_survives_on_another_port(tmp_path: Path) -> None:
    """A folder's next start may choose another port; the replica set follows, the data is there."""
    with running_stack(tmp_path, settings=ONLY_MONGOD) as stack:
        first = stack.mongodb_uri
        with pymongo.MongoClient[dict[str, int]](first) as client:
            client.test.kept.insert_one({"_id": 7})
    with running_stack(tmp_path, settings=ONLY_MONGOD) as stack:
        with pymongo.MongoClient[dict[str, int]](stack.mongodb_uri) as client:
            assert {"_id": 7} == client.test.kept.find_one()

        assert first != stack.mongodb_uri


def test_a_run_without_a_folder_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack for one run takes its data with it, and what killed runs left."""
    monkeypatch.chdir(tmp_path)
    left = tmp_path / ".arrears" / "runs" / "left"
    left.mkdir(parents=True)
    (left / "lock").touch()
    with running_stack(settings=ONLY_MONGOD):
        assert not left.exists()

    assert [] == list((tmp_path / ".arrears" / "runs").iterdir())


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error holds what the server's log says, and nothing keeps running."""
    (tmp_path / "mongodb" / "data" / "mongod.lock").mkdir(parents=True)
    with pytest.raises(StackError, match=r"(?s)MongoDB ended at its start.*lock file"):
        running_stack(tmp_path, settings=ONLY_MONGOD).__enter__()


def is_there(pid: int) -> bool:
    """Whether this process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def happens(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether this comes true in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
