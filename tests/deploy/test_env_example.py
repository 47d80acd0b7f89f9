"""`.env.example` and docker-compose.yml say of each setting what its class says."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.command.envfile import CLASSES, PUBLISHED, app, own_variables, text, variables
from shared.runtime.settings import ServiceSettings
from tests.deploy.reading import ROOT, SERVICES, compose, compose_text


def _taken_from_outside(service: str) -> set[str]:
    """The variables that a container is given if they are set."""
    told = compose()["services"][service]["environment"]
    return {name for name, value in told.items() if value is None}


def test_the_file_is_what_the_classes_say() -> None:
    """After a change of a setting, `arrears env write` is due."""
    written = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert text() == written


def test_a_file_that_is_out_of_date_is_refused(tmp_path: Path) -> None:
    """`arrears env check` fails on it and says what to do; `write` mends it."""
    file = tmp_path / "example"
    file.write_text(text().replace("#ARREARS_BATCH_MS=40.0", "#ARREARS_BATCH_MS=41.0"))
    run = CliRunner()

    before = run.invoke(app, ["check", "--file", str(file)])
    run.invoke(app, ["write", "--file", str(file)])
    after = run.invoke(app, ["check", "--file", str(file)])

    assert (1, 0) == (before.exit_code, after.exit_code)
    assert "arrears env write" in before.output


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_reaches_its_container(service: str) -> None:
    """What the example offers for a service is handed on to it, and nothing else is."""
    offered = {
        one.name
        for one in (*variables(ServiceSettings), *own_variables(service))
        if one.through_compose
    }

    assert offered == _taken_from_outside(service)


@pytest.mark.parametrize("service", SERVICES)
def test_what_compose_sets_is_a_setting(service: str) -> None:
    """A name that no class knows would be set in vain."""
    known = {one.name for one in variables(CLASSES[service])}
    told = set(compose()["services"][service]["environment"])

    assert set() == told - known


def test_published_ports_are_those_of_the_compose_file() -> None:
    """Each with the same default."""
    told = re.findall(r"\$\{(\w+):-([^}]*)\}", compose_text())

    assert {(one.name, one.default) for one in PUBLISHED} == set(told)


def test_the_example_can_be_taken_as_it_is() -> None:
    """Each line is a comment: a copy changes nothing until a line is changed."""
    lines = [line for line in text().splitlines() if line and not line.startswith("#")]

    assert [] == lines


@pytest.mark.parametrize("service", SERVICES)
def test_every_default_is_valid(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines whose comment marks are taken away say what holds without them."""
    settings = CLASSES[service]
    without = settings()

    for one in variables(settings):
        if one.default and one.through_compose:
            monkeypatch.setenv(one.name, one.default)

    assert without == settings()
