"""Whose a stack's folder is: a lock that the kernel releases when its owner dies, and a note.

A pid in a file says nothing once its process is gone: the number may be another's. So nothing here
ever signals a pid that it read. The lock tells whether the owner lives; and to end a stack in the
background its note is removed, which its keeper sees.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.cli.stack.errors import StackError

if sys.platform != "win32":
    import fcntl

PATIENCE_S = 3.0  # servers whose owner was killed are gone by then
DEFAULT = Path(".arrears") / "stack"


class Note(BaseModel):
    """Who owns the folder, and where its servers are."""

    model_config = ConfigDict(frozen=True)

    pid: int
    kept: bool  # by a keeper in the background, which `arrears stack down` ends
    kafka_bootstrap: str
    mongodb_uri: str


@contextmanager
def owned(folder: Path) -> Iterator[int]:
    """Makes the folder ours for the block, gives the lock; refuses one whose owner lives."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (ours := _take(lock)) and time.monotonic() < end:
            time.sleep(0.05)
        if not ours:
            raise StackError(f"{folder} is in use by a running stack{_by(folder)}")
        note_path(folder).unlink(missing_ok=True)  # of an owner that died
        try:
            yield lock
        finally:
            note_path(folder).unlink(missing_ok=True)
    finally:
        os.close(lock)


def is_owned(folder: Path) -> bool:
    """Whether a living process owns this folder."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _take(lock)
    finally:
        os.close(lock)


def note_path(folder: Path) -> Path:
    """Where the owner's note is."""
    return folder / "running.json"


def write_note(folder: Path, note: Note) -> None:
    """Leaves the owner's note; whoever reads it reads all of it."""
    fresh = note_path(folder).with_suffix(".new")
    fresh.write_text(note.model_dump_json(indent=2))
    fresh.replace(note_path(folder))


def read_note(folder: Path) -> Note | None:
    """The note of the folder's owner, if one lives and has its servers up."""
    if not is_owned(folder):
        return None
    try:
        return Note.model_validate_json(note_path(folder).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _by(folder: Path) -> str:
    note = read_note(folder)
    return f" (process {note.pid})" if note else ""


def _take(lock: int) -> bool:
    if sys.platform == "win32":
        raise StackError("a local stack needs Linux or macOS; use containers: docker compose up")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
