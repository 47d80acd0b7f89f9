"""Prometheus' rules: valid, tried, and each alert with a page that says what to do."""

import shutil
import subprocess
from typing import Final

import pytest
import yaml

from tests.deploy.reading import PROMETHEUS, ROOT, RULES, SERVICES, alerts, compose, metrics_of

PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None,
    reason="RULES NOT TRIED: no promtool here (Debian has it in the package prometheus)",
)


def _promtool(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(PROMTOOL), *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_its_configuration() -> None:
    """With the rules that it names."""
    code, said = _promtool("check", "config", "prometheus.yml")

    assert 0 == code, said


@needs_promtool
def test_alerts_fire_when_they_must_and_only_then() -> None:
    """The stories of rules.test.yml, by Prometheus' own tester."""
    code, said = _promtool("test", "rules", "rules.test.yml")

    assert 0 == code, said


def test_every_rule_file_is_loaded() -> None:
    """By Prometheus and by the tester alike."""
    loaded = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["rule_files"]
    tried = yaml.safe_load((PROMETHEUS / "rules.test.yml").read_text())["rule_files"]

    assert sorted(RULES) == sorted(loaded) == sorted(tried)
    assert sorted(RULES) == sorted(path.name for path in PROMETHEUS.glob("*.rules.yml"))


def test_every_alert_is_seen_silent_and_firing() -> None:
    """A rule that was never seen to fire is a hope."""
    told = yaml.safe_load((PROMETHEUS / "rules.test.yml").read_text())["tests"]
    cases = [case for test in told for case in test.get("alert_rule_test", [])]

    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    firing = {case["alertname"] for case in cases if case["exp_alerts"]}

    assert set(alerts()) == silent == firing


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_has_its_page(name: str) -> None:
    """A page of the runbooks names it, says what it means, how to see more, what to do."""
    alert = alerts()[name]
    page = (ROOT / alert["annotations"]["runbook"]).read_text(encoding="utf-8")

    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert page.startswith(f"# {name}\n")
    for heading in ("## What it means", "## See more", "## What to do"):
        assert heading in page
    assert len(page.splitlines()) < 60


def test_every_page_belongs_to_an_alert() -> None:
    """Or is the index, which has them all, or the page on Compose."""
    pages = {path.name for path in (ROOT / "docs/runbooks").glob("*.md")}
    named = {alert["annotations"]["runbook"].rpartition("/")[2] for alert in alerts().values()}
    index = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")

    assert {"README.md", "compose.md"} == pages - named
    assert {name for name in pages - {"README.md"} if f"({name})" in index} == pages - {"README.md"}


def test_prometheus_scrapes_all_services_where_they_are() -> None:
    """Under the names and the port that they have in the network of containers."""
    told = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"][0]
    targets = {
        group["labels"]["service"]: target
        for group in told["static_configs"]
        for target in group["targets"]
    }

    assert {name: f"{name}:8000" for name in SERVICES} == targets
    for name in SERVICES:
        assert compose()["services"][name]["ports"][0].endswith(":8000")


def test_the_reader_of_expressions_finds_metrics() -> None:
    """The test of what running services show rests on it."""
    told = 'sum by (service) (rate(collections_x_total{a="collections_no"}[5m])) > up'

    assert {"collections_x_total", "up"} == metrics_of(told)
