"""Reads the policy that outreach runs with."""

from importlib.resources import files
from pathlib import Path

import yaml

from services.outreach.domain.policy import Policy


def read_policy(folder: Path | None = None) -> Policy:
    """The policy in a folder's one YAML file, or the one that comes with Arrears.

    Raises:
        ValueError: there is none, more than one, or one that is not valid; the text says where.
    """
    if folder is None:
        text = files("services.outreach").joinpath("policies/default.yaml").read_text("utf-8")
        return Policy.from_document(yaml.safe_load(text))
    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]
    if len(found) != 1:
        raise ValueError(f"{folder} has {len(found)} policies (*.yaml); one is expected")
    try:
        return Policy.from_document(yaml.safe_load(found[0].read_text(encoding="utf-8")))
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{found[0]}: {error}") from error
