"""deploy/compose-check: bring up, tell a story, kill, compare, take down, say what was found."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from deploy.composecheck.compose import Compose, Failed
from deploy.composecheck.findings import Row, all_rows, ended, port_names
from deploy.composecheck.machine import ready_to_go
from deploy.composecheck.ordeal import Ordeal, Say, wait_healthy

PROJECT: Final = "arrears-check"
BUILD_S: Final = 1800.0
NOT_POSSIBLE: Final = 2
ABOUT: Final = f"""\
Tries docker-compose.yml for real, as a project of its own ({PROJECT}): builds the images, brings
all up, sends invoices and ticks, kills each container once with SIGKILL, and checks that nothing is
lost or doubled, against the same story run undisturbed in one process. Then it takes all down.
Some three minutes besides the build."""
ENDING: Final = f"""\
exit code: 0 all is well; 1 something is not, see the table; 2 it cannot be tried here.
environment: COMPOSE names the command to use ("docker compose", "docker-compose");
{port_names()} choose other ports of this machine."""


def main() -> int:
    """Run the check; its exit code."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "compose-check", description=ABOUT, epilog=ENDING, formatter_class=shape
    )
    parser.add_argument("--keep", action="store_true", help="leave it running at the end")
    parser.add_argument("--no-build", action="store_true", help="take the images that are there")
    told = parser.parse_args()
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # takes all down, as Ctrl-C does

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {text}", flush=True)  # noqa: T201 - that is its output

    try:
        command = ready_to_go()
    except Failed as fault:
        print(f"compose-check cannot run: {fault}", file=sys.stderr)  # noqa: T201 - as above
        return NOT_POSSIBLE
    say(f"using {' '.join(command)}, project {PROJECT}")
    compose = Compose(command, PROJECT, {"ARREARS_CLOCK": "false"})  # the story has its own time
    folder = Path(tempfile.mkdtemp(prefix="compose-check-"))
    folder.chmod(0o755)
    rows: list[Row] = []
    try:
        check(compose, folder, rows, say, build=not told.no_build)
    except (Failed, OSError) as fault:
        say(f"FAILED: {fault}")
        rows.append(Row("came through", good=False, found="no: what happened is told above"))
    except KeyboardInterrupt:
        rows.append(Row("came through", good=False, found="stopped by hand"))
    finally:
        if told.keep:
            say(f"left running; end it with: {' '.join(compose.line('down', '--volumes'))}")
        else:
            say("taking all down")
            for number in (signal.SIGINT, signal.SIGTERM):  # a second one would leave half of it
                signal.signal(number, signal.SIG_IGN)
            take_down(compose)
            shutil.rmtree(folder, ignore_errors=True)
    print(table(rows))  # noqa: T201 - as above
    return 0 if rows and all(row.good for row in rows) else 1


def check(compose: Compose, folder: Path, rows: list[Row], say: Say, *, build: bool) -> None:
    """All of it, between nothing and taking down; what is found goes into `rows`.

    Raises:
        Failed: it could not come to an end.
    """
    take_down(compose)  # what an earlier run may have left
    if build:
        say("building the images (the first time, some minutes) …")
        compose("--profile", "demo", "build", within_s=BUILD_S)
    say("starting …")
    compose("up", "-d", "--no-build")
    ordeal = Ordeal(compose, folder, say)
    say("meanwhile, the same story undisturbed, in one process …")
    ordeal.simulate()
    wait_healthy(compose, say)
    rows.append(Row("up: all healthy", good=True, found="without a manual step"))
    ordeal.run()
    say(f"told; {ordeal.sent_again} times something was sent again. Comparing …")
    rows.extend(all_rows(compose, ordeal))
    say("SIGTERM …")
    rows.extend(ended(compose))


def take_down(compose: Compose) -> None:
    """End the project and delete its data; nobody else's."""
    compose("--profile", "demo", "down", "--volumes", "--remove-orphans")


def table(rows: Iterable[Row]) -> str:
    """The rows, for people; what went wrong stands out, with all it says."""
    shown = list(rows)
    width = max((len(row.what) for row in shown), default=0)
    lines = [
        f"{'ok    ' if row.good else 'FAILED'}  {row.what:<{width}}  {row.found}" for row in shown
    ]
    bad = sum(not row.good for row in shown)
    end = f"{len(shown)} checks, {bad} failed" if bad else f"{len(shown)} checks, all is well"
    return "\n".join(["", *lines, "", end])
