"""A report's figures as metrics, in the text format that Prometheus reads from a file.

A node exporter's textfile collector picks it up; gauges are of the latest week that has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.scoring.learning.comparison import ALL

_GAUGES: Final = (
    ("arrears_model_auc", "Area under the curve on outcomes that matured."),
    ("arrears_model_brier", "Mean squared distance of chance and outcome."),
    ("arrears_model_calibration_error", "Mean distance of chance and share over ten groups."),
    ("arrears_model_stability_index", "Population stability index of the latest week."),
    ("arrears_model_calibration_drift", "Foretold less came, in the latest week that matured."),
)


def exposition(report: Mapping[str, Any]) -> str:
    """All gauges of a report."""
    lines: list[str] = []
    values = list(_values(report))
    for name, meaning in _GAUGES:
        found = [(labels, value) for gauge, labels, value in values if gauge == name]
        if found:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
            lines += [f"{name}{{{labels}}} {value}" for labels, value in found]
    return "".join(f"{line}\n" for line in lines)


def _values(report: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    for model in report["models"]:
        for target, part in report["targets"].items():
            labels = f'model="{_escaped(model["name"])}",target="{target}"'
            own = part["slices"].get(ALL, {"contenders": {}})["contenders"].get(model["name"], {})
            figures = {
                "arrears_model_auc": own.get("auc", {}).get("value"),
                "arrears_model_brier": own.get("brier"),
                "arrears_model_calibration_error": own.get("calibration_error"),
            }
            rows = report["drift"].get(target, {}).get(model["name"], [])
            for figure in ("stability_index", "calibration_drift"):
                told = [row[figure] for row in rows if figure in row]
                figures[f"arrears_model_{figure}"] = told[-1] if told else None
            for name, value in figures.items():
                if value is not None:
                    yield name, labels, value


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
