"""Reads the model and the segments that scoring starts with; says where in a file a fault is."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml

from services.scoring.domain.reading import ModelError
from services.scoring.domain.scorecard import Scorecard
from services.scoring.domain.segments import Segments

T = TypeVar("T")


def read_scorecard(path: Path | None = None) -> Scorecard:
    """The scorecard in a YAML file, or the one that comes with Arrears.

    Raises:
        ModelError: the file is no valid scorecard; the text names file, line and path within it.
    """
    return _read(path, "scorecard.yaml", Scorecard.from_document)


def read_segments(path: Path | None = None) -> Segments:
    """The segments in a YAML file, or those that come with Arrears.

    Raises:
        ModelError: the file has no valid segments; the text names file, line and path within it.
    """
    return _read(path, "segments.yaml", Segments.from_document)


def _read(path: Path | None, shipped: str, reader: Callable[[Mapping[str, Any]], T]) -> T:
    if path is None:
        name = shipped
        text = files("services.scoring").joinpath("models", shipped).read_text("utf-8")
    else:
        name, text = str(path), path.read_text(encoding="utf-8")
    return read_text(text, name, reader)


def read_text(text: str, name: str, reader: Callable[[Mapping[str, Any]], T]) -> T:
    """Read YAML (or JSON) with `reader`.

    Raises:
        ModelError: it is no YAML, has a key twice, or `reader` refuses it; the text begins with
            `name`, the line, and the path.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = getattr(fault, "problem", None) or "no YAML"
        raise ModelError(f"{name}:{line}", why) from fault
    lines: dict[str, int] = {}
    if root is not None:
        _note_lines(root, "", name, lines)
    try:
        return reader(value)
    except ModelError as fault:
        raise ModelError(f"{name}:{_line_of(fault.path, lines)}", str(fault)) from fault


def _note_lines(node: yaml.Node, path: str, name: str, lines: dict[str, int]) -> None:
    """Note on which line each path begins; a key that stands in a mapping twice is refused."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}" if path else str(key.value)
            if below in lines:
                raise ModelError(f"{name}:{key.start_mark.line + 1}", f"{below}: stands here twice")
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, name, lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _note_lines(value, f"{path}[{place}]", name, lines)


def _line_of(path: str, lines: Mapping[str, int]) -> int:
    """The line of a path, or of the nearest thing around it (what is missing has none)."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 1)
