"""deploy/Dockerfile: any builder takes it, by hash, and nothing gets in that is not meant to."""

import re
from importlib.metadata import requires
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.reading import ROOT

TEXT: Final = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
PYTHON: Final = {"python_version": "3.13", "python_full_version": "3.13.5", "extra": ""}


def _needed(name: str) -> set[str]:
    """A package and all it needs, on the image's Python."""
    found = {name}
    for line in requires(name) or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate(PYTHON):
            found |= _needed(canonicalize_name(wanted.name))
    return found


def test_the_build_backend_comes_with_all_it_needs() -> None:
    """What is not in the list, pip refuses; and the list has nothing besides."""
    told = re.search(r"on = /\^\(([^)]*)\)==/", TEXT)

    assert told is not None
    assert _needed("hatchling") == set(told[1].split("|"))


def test_everything_is_installed_by_hash_or_from_here() -> None:
    """No `pip install` takes what the lock does not name."""
    installs = [line for line in TEXT.splitlines() if re.search(r"\bpip\b.* install ", line)]

    assert len(installs) == 3
    for line in installs:
        assert "--require-hashes" in line or "--no-index" in line


def test_no_builder_is_needed_but_the_classic_one() -> None:
    """No mounts, no here-documents, no mode on COPY, no frontend that must be pulled."""
    instructions = [line for line in TEXT.splitlines() if not line.startswith("#")]

    assert not TEXT.startswith("# syntax")
    assert [] == re.findall(r"--mount|<<|--chmod|--link", "\n".join(instructions))


def test_nobody_in_particular_runs_it() -> None:
    """A number, so that an orchestrator can see that it is not root; and no shell stays."""
    assert "\nUSER 10001:10001\n" in TEXT
    assert 'ENTRYPOINT ["/bin/sh", "-c", "exec python' in TEXT


def test_the_context_is_what_the_image_needs() -> None:
    """All is left out but what is named: no .git, no .env, no data of a local stack."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE)
        for source in line.split()
    }

    assert "*" == told[0]
    assert {"LICENSE", "pyproject.toml", "requirements.txt", "requirements-dev.txt"} <= {
        line[1:] for line in told if line.startswith("!")
    }
    named = {line[1:] for line in told if line.startswith("!")}
    assert {one.split("/")[0] for one in copied if not one.startswith("$")} == named
