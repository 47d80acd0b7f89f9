"""Models of facts that are made and written by the million, as structs: unchecked, and at once.

The contract is the model; a struct has its fields, its name and its type, and writes the very bytes
that the model would. Making one takes a tenth of the time, writing it a fifth. What reads an event
goes by the model, as ever.
"""

from typing import Any, ClassVar, Final, TypeVar, cast

from msgspec import Struct, defstruct
from msgspec.json import Encoder
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typing_extensions import TypeIs

M = TypeVar("M", bound=BaseModel)

_ENCODER: Final = Encoder()
_ALIKE: Final = (None, False, True, 0, "", ())
"""Defaults of which Python has a single object each: by that a struct knows what to leave out."""


class _Quick(Struct):
    """What the shell asks of a fact."""

    contract: ClassVar[type[BaseModel]]
    """The model; no field has this name."""

    def smallest(self) -> bytes:
        """The smallest JSON that reads back as this fact: it leaves out what is as by default."""
        return _ENCODER.encode(self)


def quick(model: type[M], *, interned: str = "") -> type[M]:
    """A struct with the fields of `model`, which to a type checker is the model itself.

    What is as by default is left out where it is the very object: so text that a default has is to
    be interned, and the field with such a default is named (`interned`).
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            fields.append((name, Any))
            continue
        if name != interned and field.default not in _ALIKE:
            message = f"{model.__name__}.{name}: what is as by default could not be told"
            raise TypeError(message)
        fields.append((name, Any, field.default))
    struct = defstruct(
        model.__name__,
        fields,
        bases=(_Quick,),
        namespace={"type": getattr(model, "type", ""), "contract": model},
        module=model.__module__,
        kw_only=True,
        omit_defaults=True,
        gc=False,  # facts hold no cycles
    )
    return cast("type[M]", struct)


def is_a(fact: BaseModel, model: type[M]) -> TypeIs[M]:
    """As `isinstance`, for a fact that was made as a model or as a struct of one."""
    return issubclass(model_of(fact), model)


def model_of(fact: BaseModel) -> type[BaseModel]:
    """The model of a fact, whether it was made as one or as a struct."""
    return fact.contract if isinstance(fact, _Quick) else type(fact)
