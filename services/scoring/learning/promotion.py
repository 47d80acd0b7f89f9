"""Whether a challenger may take the champion's place, and the event that puts it there.

The margin is stated beforehand. The switch is a configuration like any other: it goes through the
input topic, has its place in the line, takes effect at a tick, and replays.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.scoring.learning.comparison import ALL
from services.scoring.learning.report import KIND as REPORT
from services.scoring.learning.worklist import TOPS

SOURCE: Final = "arrears:model"
SHIPPED: Final[Mapping[str, Any]] = {"kind": "scorecard"}
"""The document that means the scorecard which came with the service."""


@dataclass(frozen=True, slots=True)
class Margin:
    """What a challenger must show, on outcomes that it has not learnt from."""

    samples_min: int = 500
    auc_gain: float = 0.01
    calibration_error_max: float = 0.05
    dollars_loss_max: float = 0.0
    """In the top fifth of the lists, as a share of all that came in."""


def objections(
    report: Mapping[str, Any],
    challenger: str,
    digest: str,
    target: str,
    margin: Margin,
    *,
    champion: str,
) -> list[str]:
    """Why the challenger may not be promoted by this report; none means that it may.

    `champion` names what is in force: a report that compares with another says nothing of it.
    """
    if report.get("kind") != REPORT:
        return ["the file is no report of `arrears model report`"]
    if report["champion"] != champion:
        return [f"the report compares with {report['champion']}, but {champion} is in force"]
    told = next((each for each in report["models"] if each["name"] == challenger), None)
    if told is None:
        return [f"{challenger} is not in the report; it compares {_names(report)}"]
    if told["digest"] != digest:
        return [f"the report is about another model that is called {challenger}"]
    found = ["it is judged on samples that it has learnt from"]
    if not told["judged_on_what_it_learnt"]:
        found.clear()
    part = report["targets"].get(target, {"samples": 0, "gains": {}})
    if part["samples"] < margin.samples_min:
        found.append(f"{part['samples']} outcomes matured; {margin.samples_min} are asked for")
    gain = part["gains"].get(challenger)
    if gain is None:
        return [*found, f"the report does not compare it with {report['champion']} on {target}"]
    return found + _short_of(gain, part["slices"][ALL]["contenders"][challenger], margin)


def _short_of(gain: Mapping[str, Any], own: Mapping[str, Any], margin: Margin) -> list[str]:
    error = own.get("calibration_error")
    auc, dollars = gain["auc"]["value"], gain[f"dollars_{TOPS[-1]}"]["value"]
    found = []
    if auc is None or auc < margin.auc_gain:
        found.append(f"area under the curve gains {_shown(auc)}; {margin.auc_gain} is asked for")
    if error is None or error > margin.calibration_error_max:
        found.append(
            f"calibration error is {_shown(error)}; at most {margin.calibration_error_max}"
        )
    if dollars is None or dollars < -margin.dollars_loss_max:
        found.append(
            f"money in the top {TOPS[-1]} percent changes by {_shown(dollars)};"
            f" it may not fall by more than {margin.dollars_loss_max}"
        )
    return found


def switch(
    document: Mapping[str, Any],
    challengers: Sequence[Mapping[str, Any]],
    *,
    number: int,
    start: datetime,
    time: datetime,
) -> dict[str, Any]:
    """The CloudEvent that puts a model in force at the first tick at or after `start`.

    The number grows with each; the id follows from it and from the document, so that what is sent
    twice counts once.
    """
    told = {**document, "challengers": list(challengers)} if challengers else dict(document)
    return {
        "specversion": "1.0",
        "id": f"model-{number}-{digest_of(told)}",
        "source": SOURCE,
        "type": "billing.config.published.v1",
        "time": time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "kind": "model",
            "number": number,
            "from": start.isoformat().replace("+00:00", "Z"),
            "document": told,
        },
    }


def highest(switches: Sequence[Mapping[str, Any]]) -> int:
    """The highest number given so far; 0 before the first."""
    return max((event["data"]["number"] for event in switches), default=0)


def in_force(switches: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The document of the last switch, without its challengers; the scorecard before the first."""
    if not switches:
        return SHIPPED
    return _alone(max(switches, key=lambda event: event["data"]["number"]))


def before_last(switches: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The document that was in force before the one that is, without its challengers.

    Before the first switch that was the scorecard. A rollback is a switch too: to roll back twice
    is to be where one was. A switch that only changed the challengers is passed over.

    Raises:
        ValueError: no other model was ever in force.
    """
    now = in_force(switches)
    ordered = sorted(switches, key=lambda event: -event["data"]["number"])
    for document in (*(_alone(event) for event in ordered), SHIPPED):
        if document != now:
            return document
    raise ValueError("no other model was in force yet: there is nothing to roll back to")


def digest_of(document: Mapping[str, Any]) -> str:
    """16 hexadecimal digits over a document, whatever the order of its names."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _alone(event: Mapping[str, Any]) -> Mapping[str, Any]:
    document = event["data"]["document"]
    return {name: part for name, part in document.items() if name != "challengers"}


def _names(report: Mapping[str, Any]) -> str:
    return ", ".join(each["name"] for each in report["models"])


def _shown(number: float | None) -> str:
    return "nothing that can be said" if number is None else f"{number:.4f}"
