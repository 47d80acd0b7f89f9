"""Keeps a stack in the background: `arrears stack up` starts this module, and `down` ends it.

python -m shared.cli.stack.keep FOLDER
"""

import signal
import sys
import time
from pathlib import Path
from types import FrameType

from shared.cli.stack.errors import StackError
from shared.cli.stack.folder import note_path
from shared.cli.stack.running import Stack, running_stack

LOOK_EVERY_S = 0.2


def keep(folder: Path) -> None:
    """Runs the stack until its note is removed, or a server of it is gone."""
    with running_stack(folder, kept=True) as stack:
        while note_path(folder).exists() and _alive(stack):
            time.sleep(LOOK_EVERY_S)


def _alive(stack: Stack) -> bool:
    return all(server.alive for server in (stack.own_kafka, stack.own_mongod) if server)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)  # as an exception, so that the servers end gently


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    try:
        keep(Path(sys.argv[1]))
    except StackError as error:
        sys.exit(str(error))
