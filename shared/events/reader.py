"""Readers of facts whose models say no more of a field than its type: as structs, at once.

What our own services wrote comes by the million, and to make a model of it takes as long as all
else of reading it; a struct takes a quarter. It has the model's fields and methods, and passes for
one. What a reader takes, the model takes too and to the same effect; what a reader does not take is
for the model to read or to refuse (tests/unit/shared/test_reader.py).
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, Literal, cast

from msgspec import Struct
from msgspec.json import Decoder
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from shared.events.base import Fact
from shared.events.quick import Fields, struct_of

_TYPES: Final = {"str": str, "int": int, "bool": bool, "date": date}
_NO_MATTER: Final = frozenset({"type", "metadata"})
_OF_MODELS: Final = frozenset(
    {"cls", "config", "custom_init", "ref", "root_model", "schema", "computed_fields"}
)
_CONFIG: Final = frozenset({"extra_fields_behavior", "frozen", "title"})


class _SaysMore(Exception):
    """The model says more of a value than its type."""


@cache
def reader(model: type[Fact]) -> Callable[[bytes], Fact] | None:
    """What reads such a fact from JSON; None if its model says more of a field than its type.

    It raises `msgspec.MsgspecError`, or `UnicodeDecodeError`, where the model is to be asked.
    """
    try:
        return cast("Callable[[bytes], Fact]", Decoder(_struct(model)).decode)
    except _SaysMore:
        return None


@cache
def _struct(model: type[BaseModel]) -> type[Struct]:
    """A struct with a model's fields. It takes no others: nobody would check what they hold."""
    fields: Fields = []
    for name, told in _fields_of(model).items():
        type_, default = _type_of(told), model.model_fields[name].default
        fields.append((name, type_) if default is PydanticUndefined else (name, type_, default))
    return struct_of(model, fields, closed=True)


def _fields_of(model: type[BaseModel]) -> dict[str, Mapping[str, Any]]:
    """What a model says of each of its fields; nothing may be said of all together."""
    whole = _only(model.__pydantic_core_schema__, *_OF_MODELS)
    if whole["custom_init"] or not _CONFIG.issuperset(whole["config"]):
        raise _SaysMore
    fields = _only(whole["schema"], "fields", "model_name", "computed_fields")["fields"]
    return {name: _only(told, "schema")["schema"] for name, told in fields.items()}


def _type_of(told: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type, or a form of typing
    """The type that a schema of pydantic's stands for, if it says no more than that."""
    kind = told["type"]
    if kind in _TYPES:
        _only(told)
        return _TYPES[kind]
    match kind:
        case "default":
            return _type_of(_only(told, "schema", "default")["schema"])
        case "nullable":
            return _type_of(_only(told, "schema")["schema"]) | None
        case "literal":
            words = _only(told, "expected")["expected"]
            if all(isinstance(word, str) for word in words):
                return Literal[tuple(words)]
        case "tuple":
            items = _only(told, "items_schema", "variadic_item_index")["items_schema"]
            if "variadic_item_index" in told:
                return tuple[_type_of(items[0]), ...]  # type: ignore[misc] # known when it runs
        case "model":
            return _struct(told["cls"])
        case _:
            pass
    raise _SaysMore


def _only(told: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A schema of pydantic's that says nothing else."""
    if not _NO_MATTER.issuperset(told.keys() - set(keys)):
        raise _SaysMore
    return told
