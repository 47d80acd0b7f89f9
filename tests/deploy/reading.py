"""What the files of a deployment say: read once, for the tests beside this."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
RULES: Final = ("recording.rules.yml", "alerts.rules.yml")
SERVICES: Final = ("ingest", "scoring", "outreach", "kpi")
_METRIC: Final = re.compile(r"\b(?:collections_[a-z0-9_]+|up)\b")
_WORDS: Final = re.compile(r'"[^"]*"')
_GROUPING: Final = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")


@cache
def compose_text() -> str:
    """docker-compose.yml as it is written."""
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@cache
def compose() -> dict[str, Any]:
    """docker-compose.yml as YAML, anchors resolved, variables not."""
    found: dict[str, Any] = yaml.safe_load(compose_text())
    return found


def rules() -> list[dict[str, Any]]:
    """All rules of Prometheus, recording and alerting."""
    files = [yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8")) for name in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def metrics_of(expression: str) -> set[str]:
    """The metrics that an expression names, recorded series and label values left out."""
    return set(_METRIC.findall(_WORDS.sub("", expression)))


def labels_of(expression: str) -> set[str]:
    """The labels that an expression groups or joins by."""
    told = [group.split(",") for group in _GROUPING.findall(expression)]
    return {label.strip() for group in told for label in group if label.strip()}
