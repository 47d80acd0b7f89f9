"""Whether a schema may replace the published one without breaking those who rely on it.

What we accept may only grow wider: what was valid must stay so. What we emit may only grow richer:
what was always there must stay there, and stay what it was. Fields are compared by their paths.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_ANY: Final = frozenset({"any"})
_LOWER_BOUNDS: Final = ("minLength", "minimum", "minItems")
_UPPER_BOUNDS: Final = ("maxLength", "maximum", "maxItems")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says of one field."""

    types: frozenset[str]
    values: frozenset[str] | None
    """The values of an enumeration; None if it is none."""
    required: bool
    limits: Mapping[str, Any]


def breaks(old: dict[str, Any], new: dict[str, Any], *, accepted: bool) -> list[str]:
    """Every way in which `new` breaks those who rely on `old`; empty if it does not.

    `accepted` is for what others send us; otherwise it is what we send them.
    """
    before, after = fields(old), fields(new)
    found = [f"{path} is gone" for path in before if path not in after]
    for path, shape in after.items():
        if path in before:
            judge = _accepted if accepted else _emitted
            found += [f"{path} {fault}" for fault in judge(before[path], shape)]
        elif accepted and shape.required and _parent(path) in before:
            found.append(f"{path} is new and required")
    return found


def fields(schema: dict[str, Any]) -> dict[str, Shape]:
    """The fields by path, such as ``installments[].due_on``; the whole is ``""``."""
    found: dict[str, Shape] = {}
    _walk(schema, schema, "", required=True, found=found)
    return found


def _accepted(old: Shape, new: Shape) -> Iterator[str]:
    if new.types != _ANY and old.types - new.types:
        yield f"no longer takes {_names(old.types - new.types)}"
    if new.values is not None and (old.values is None or old.values - new.values):
        lost = "anything else" if old.values is None else _names(old.values - new.values)
        yield f"no longer takes {lost}"
    if new.required and not old.required:
        yield "is now required"
    yield from _tighter(old.limits, new.limits)


def _emitted(old: Shape, new: Shape) -> Iterator[str]:
    if old.types != _ANY and new.types - old.types:
        yield f"may now be {_names(new.types - old.types)}"
    if old.values is not None and (new.values is None or new.values - old.values):
        gained = "anything" if new.values is None else _names(new.values - old.values)
        yield f"may now be {gained}"
    if old.required and not new.required:
        yield "is no longer always there"


def _tighter(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in ("pattern", "format"):
        if name in new and old.get(name) != new[name]:
            yield f"has another {name}"
    for name in _LOWER_BOUNDS:
        if name in new and old.get(name, float("-inf")) < new[name]:
            yield f"has a higher {name}"
    for name in _UPPER_BOUNDS:
        if name in new and old.get(name, float("inf")) > new[name]:
            yield f"has a lower {name}"


def _walk(
    root: dict[str, Any],
    schema: dict[str, Any],
    path: str,
    *,
    required: bool,
    found: dict[str, Shape],
) -> None:
    options = list(_options(root, schema))
    types: set[str] = set()
    values: set[str] = set()
    limits: dict[str, Any] = {}
    open_ended = False
    for option in options:
        types |= _types(option)
        listed = (
            option["enum"] if "enum" in option else [option["const"]] if "const" in option else []
        )
        values |= {str(value) for value in listed}
        open_ended |= not listed and option.get("type") != "null"
        limits |= {
            k: option[k]
            for k in ("pattern", "format", *_LOWER_BOUNDS, *_UPPER_BOUNDS)
            if k in option
        }
        needed = option.get("required", ())
        for name, inner in option.get("properties", {}).items():
            inner_path = f"{path}.{name}" if path else name
            _walk(root, inner, inner_path, required=name in needed, found=found)
        if isinstance(items := option.get("items"), dict):
            _walk(root, items, f"{path}[]", required=True, found=found)
        if isinstance(others := option.get("additionalProperties"), dict):
            _walk(root, others, f"{path}{{}}", required=True, found=found)
    found[path] = Shape(
        frozenset(types), None if open_ended else frozenset(values), required, limits
    )


def _options(root: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The alternatives of a schema, references followed."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from _options(root, root["$defs"][name])
    elif "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _options(root, option)
    else:
        yield schema


def _types(option: dict[str, Any]) -> frozenset[str]:
    told = option.get("type")
    if told is None:
        return _ANY
    return frozenset([told] if isinstance(told, str) else told)


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
