"""A stack in the background: its keeper is started, found again, and told to end."""

import subprocess
import sys
import time
from pathlib import Path

from shared.cli.stack.errors import StackError
from shared.cli.stack.folder import Note, is_owned, note_path, read_note
from shared.cli.stack.progress import Progress
from shared.cli.stack.settings import StackSettings

UP_WITHIN_S = 120.0
DOWN_WITHIN_S = 40.0


def up(folder: Path, progress: Progress) -> Note:
    """The note of the stack that runs in this folder, started if there is none."""
    note = read_note(folder)
    if note is not None:
        return note
    folder.mkdir(parents=True, exist_ok=True)
    settings = StackSettings()
    if settings.kafka_bootstrap_servers is None:  # fetch here, where it can be seen
        from shared.cli.stack.jars import class_path  # noqa: PLC0415 - jgo is there for development only

        class_path(settings.cache, lambda done, of: progress("fetching Kafka", done, of))
    progress("starting", 0, 1)
    log = folder / "keeper.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "shared.cli.stack.keep", folder.absolute()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    note = _wait_up(folder, keeper, log)
    progress("starting", 1, 1)
    return note


def _wait_up(folder: Path, keeper: "subprocess.Popen[bytes]", log: Path) -> Note:
    end = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < end:
        note = read_note(folder)
        if note is not None:
            keeper.returncode = 0  # it stays when we go; we are not the one who waits for it
            return note
        if keeper.poll() is not None:
            raise StackError(log.read_text(errors="replace").strip())
        time.sleep(0.1)
    keeper.terminate()
    raise StackError(f"the stack is not up after {UP_WITHIN_S:.0f} s; see {folder}")


def down(folder: Path) -> bool:
    """Ends the stack in the background of this folder; whether there was one."""
    if not is_owned(folder):
        note_path(folder).unlink(missing_ok=True)
        return False
    note = read_note(folder)
    if note is None or not note.kept:
        who = f" of process {note.pid}" if note else ", which is just starting or ending"
        raise StackError(f"this is the stack{who}; it ends with it")
    note_path(folder).unlink(missing_ok=True)
    end = time.monotonic() + DOWN_WITHIN_S
    while is_owned(folder):
        if time.monotonic() > end:
            raise StackError(f"the stack's keeper, process {note.pid}, does not end")
        time.sleep(0.1)
    return True
