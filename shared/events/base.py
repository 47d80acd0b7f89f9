"""The base of every event's data, and the registry of all types."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict
from pydantic_core import CoreSchema
from pydantic_core.core_schema import (
    chain_schema,
    datetime_schema,
    json_or_python_schema,
    no_info_after_validator_function,
    str_schema,
)
from typing_extensions import override


class Fact(BaseModel):
    """The data of one event: frozen, named in the past tense, tolerant of fields it does not know.

    A concrete fact names its CloudEvents type: ``class InvoiceOverdue(Fact, type="…v1")``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    type: ClassVar[str] = ""
    explicit: ClassVar[bool] = False
    """Whether null says other than absent, so that what was set is written even if it is null."""
    broadcast: ClassVar[bool] = False
    """Whether it concerns all parties, and so goes to every partition."""

    def smallest(self) -> bytes:
        """The smallest JSON that reads back as this fact: it leaves out what is as by default."""
        if self.explicit:
            return self.__pydantic_serializer__.to_json(self, exclude_unset=True)
        return self.__pydantic_serializer__.to_json(self, exclude_defaults=True)

    @override
    def __init_subclass__(cls, *, type: str = "", **kwargs: Any) -> None:
        """Register a concrete fact under its type."""
        super().__init_subclass__(**kwargs)
        if type:
            if type in REGISTRY:
                message = f"two facts claim the type {type}"
                raise TypeError(message)
            cls.type = type
            REGISTRY[type] = cls


REGISTRY: Final[dict[str, type[Fact]]] = {}
"""Every known CloudEvents type and the model of its data."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        message = "the moment is outside the years 1 to 9999 in UTC"
        raise ValueError(message) from None


class _Moment:
    """A datetime with an offset; from JSON only in RFC 3339's form, never a number as text."""

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        moment = datetime_schema(tz_constraint="aware")
        told = datetime_schema(tz_constraint="aware", strict=False)
        text = str_schema(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", strict=True)
        either = json_or_python_schema(chain_schema([text, told]), moment)
        return no_info_after_validator_function(_to_utc, either)

    def __get_pydantic_json_schema__(self, _schema: object, _handler: object) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


Instant = Annotated[datetime, _Moment()]
"""A moment with an offset, held in UTC."""
