"""Runs one server for a parent process, and ends it when that parent is gone, however it died.

A parent that is killed with -9 cannot clean up, and on macOS no signal tells its children. So the
guard stands between: it is the server's parent, looks ten times a second whether its own is still
there, and on Linux asks the kernel to end the server should the guard itself be killed. (The kernel
could watch the parent too, but counts by threads: the server would end with the thread that started
it.) It runs as a script, in isolated mode, with the standard library alone, to start at once.

    python -I -S guard.py PARENT_PID LOG COMMAND…

It prints the server's pid. SIGTERM ends the server gently, SIGUSR1 at once (for fault tests).
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

LOOK_EVERY_S = 0.1
STOP_GENTLY_S = (
    15.0  # Kafka's controlled shutdown takes a second or two; mongod's checkpoint likewise
)
PR_SET_PDEATHSIG = 1


def main() -> int:
    """Starts the server, waits for its end or for a reason to end it."""
    parent, log, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    wanted: list[int] = []
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda number, _: wanted.append(number))
    with open(log, "ab") as output:  # noqa: PTH123 - pathlib would double the guard's start-up time
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the guard has one thread only
        )
    print(server.pid, flush=True)  # noqa: T201 - what the parent waits for
    while server.poll() is None:
        if signal.SIGUSR1 in wanted:
            server.kill()
            return server.wait()
        if os.getppid() != parent:  # nobody is left who could want it gentle, and the data bears it
            server.kill()
            return server.wait()
        if wanted:
            return _stop(server)
        time.sleep(LOOK_EVERY_S)
    return server.returncode


def _stop(server: "subprocess.Popen[bytes]") -> int:
    """Ends the server gently, else by force."""
    server.terminate()
    try:
        return server.wait(STOP_GENTLY_S)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()


def _end_with_parent() -> None:
    """In the server, before it becomes one: should the guard die, so shall it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
