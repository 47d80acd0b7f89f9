"""Reads the scorecard that scoring runs with."""

from importlib.resources import files
from pathlib import Path

import yaml

from services.scoring.domain.scorecard import Scorecard


def read_scorecard(path: Path | None = None) -> Scorecard:
    """The scorecard in a YAML file, or the one that comes with Arrears.

    Raises:
        ValueError: the file is no valid scorecard; the text names the path within it.
    """
    text = (
        path.read_text(encoding="utf-8")
        if path
        else files("services.scoring").joinpath("models/scorecard.yaml").read_text("utf-8")
    )
    return Scorecard.from_document(yaml.safe_load(text))
