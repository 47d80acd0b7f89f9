"""Kafka's jars: jars.txt lists them with their SHA-256; jgo fetches them, once per user.

The list is what jgo resolved for `org.apache.kafka:kafka_2.13` and an slf4j binding, its class path
and its module path together. Kept as a list, nothing is resolved at a start, and nothing else can
come. `python -m shared.cli.stack.jars` prints the list anew, for a new version of Kafka.
"""

import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import jgo
from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from shared.cli.stack.errors import StackError

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
BINDING = "org.slf4j:slf4j-simple:1.7.36"  # for the slf4j 1.7 that this Kafka uses
LIST = Path(__file__).with_name("jars.txt")
AT_A_TIME = 6


class Jar(NamedTuple):
    """One jar: its Maven coordinates and the hash of its bytes."""

    group: str
    name: str
    version: str
    sha256: str


def listed() -> list[Jar]:
    """The jars in jars.txt."""
    jars = []
    for line in LIST.read_text().splitlines():
        if not line.startswith("#"):
            group, name, version, sha256 = line.replace(":", " ").split()
            jars.append(Jar(group, name, version, sha256))
    return jars


def class_path(cache: Path, progress: Callable[[int, int], None]) -> list[Path]:
    """The jars' paths; fetched and checked the first time, only looked for later."""
    known = cache / f"jars-{_sha256(LIST)[:16]}.txt"
    if known.exists():
        paths = [Path(line) for line in known.read_text().splitlines()]
        if all(path.exists() for path in paths):
            return paths
    paths = []
    jars = listed()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for path in pool.map(fetch, jars):
            paths.append(path)
            progress(len(paths), len(jars))
    cache.mkdir(parents=True, exist_ok=True)
    fresh = known.with_suffix(f".{id(paths)}.new")
    fresh.write_text("".join(f"{path}\n" for path in paths))
    fresh.replace(known)  # at once, so that a start at the same time reads all or nothing
    return paths


def fetch(jar: Jar) -> Path:
    """The path of this jar in the local Maven repository, fetched if need be, its bytes checked."""
    settings = GlobalSettings.load()  # a company's mirror may be named there
    context = MavenContext(
        repo_cache=settings.repo_cache, remote_repos=settings.repositories or None, timeout=60
    )
    artifact = context.project(jar.group, jar.name).at_version(jar.version).artifact()
    for _ in range(2):  # a download that broke off leaves a part of the file
        try:
            path = Path(artifact.resolve())
        except Exception as error:
            raise StackError(
                f"{jar.name} {jar.version} cannot be fetched: {error}. Kafka needs the network at "
                "its first start; or use containers: docker compose up"
            ) from error
        if _sha256(path) == jar.sha256:
            return path
        path.unlink()
    raise StackError(f"{jar.name} {jar.version} is not the file it was: its SHA-256 differs")


def resolve() -> list[Jar]:
    """What the list should be: everything that Kafka and the binding need, as jgo resolves it."""
    artifacts = [*jgo.resolve(KAFKA), *jgo.resolve(BINDING)]
    jars = {Jar(a.groupId, a.artifactId, a.version, _sha256(Path(a.resolve()))) for a in artifacts}
    return sorted(jars)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"# {KAFKA} and {BINDING}\n")
    sys.stdout.writelines(f"{j.group}:{j.name}:{j.version} {j.sha256}\n" for j in resolve())
