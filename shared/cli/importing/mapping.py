"""What the columns of a file mean: a small YAML file per shape."""

import re
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.cli.importing.cells import CellError, Notation, date_pattern
from shared.money import MoneyError, exponent

Name = Literal[
    "account_id", "account_name", "kind", "creditor_id", "country", "language", "time_zone",
    "email", "phone",
    "invoice_id", "number", "issued_on", "due_on", "terms_days", "amount", "currency",
    "open_amount",
    "paid_amount", "paid_on", "paid_after_days", "payment_id", "method",
    "credited_invoice_id",
]  # fmt: skip
"""What a column can be. `paid_after_days` counts from `issued_on`."""


class MappingError(ValueError):
    """A mapping that is not one, or none that fits; the text says what was expected."""


class Numbers(BaseModel):
    """How numbers are written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'", "’"] = ""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same character")
        return self


def _as_tuple(value: Any) -> Any:  # noqa: ANN401 - what YAML holds is not known yet
    return (value,) if isinstance(value, str) else value


class Mapping(BaseModel):
    """What the columns of one shape of file mean, and how it writes days and numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    about: str = ""
    columns: dict[Name, str]
    """The file's column for each thing that it tells."""
    optional: frozenset[Name] = frozenset()
    """Of these, the ones whose column may be missing from the file."""
    defaults: dict[Name, str] = {}
    """What holds where the column is missing or its cell empty."""
    dates: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ("yyyy-MM-dd",)
    numbers: Numbers = Numbers()
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)] | None = None
    invoice_id_from: tuple[str, ...] = ()
    """Columns that together tell one invoice from another, where no column holds its id."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str | None = None

    @field_validator("dates")
    @classmethod
    def _dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for pattern in dates:
                date_pattern(pattern)
        except CellError as error:
            raise ValueError(str(error)) from None
        return dates

    @model_validator(mode="after")
    def _tells_enough(self) -> Self:
        told = self.columns.keys() | self.defaults.keys()
        for choice in _NEEDED:
            if not told & choice:
                raise ValueError(f"columns: {' or '.join(sorted(choice))} is needed")
        if not ("invoice_id" in self.columns or self.invoice_id_from):
            raise ValueError("columns: invoice_id is needed, or invoice_id_from beside them")
        if "paid_amount" in self.columns and not told & {"paid_on", "paid_after_days"}:
            raise ValueError("columns: paid_amount needs paid_on or paid_after_days")
        if unknown := self.optional - self.columns.keys():
            raise ValueError(f"optional: {', '.join(sorted(unknown))} is not among the columns")
        try:
            exponent(self.defaults.get("currency", "EUR"))
        except MoneyError as error:
            raise ValueError(f"defaults: {error}") from None
        return self

    @property
    def notation(self) -> Notation:
        """How cells are read."""
        notation = Notation(
            dates=self.dates, decimal=self.numbers.decimal, thousands=self.numbers.thousands
        )
        if self.months is None:
            return notation
        months = tuple(month.casefold() for month in self.months)
        return Notation(self.dates, notation.decimal, notation.thousands, months)

    def required(self) -> tuple[str, ...]:
        """The columns without which a file is not of this shape."""
        named = [column for name, column in self.columns.items() if name not in self.optional]
        return tuple(dict.fromkeys([*named, *self.invoice_id_from]))

    def missing(self, header: Sequence[str]) -> tuple[str, ...]:
        """Those of the required columns that `header` lacks."""
        there = {plain(column) for column in header}
        return tuple(column for column in self.required() if plain(column) not in there)

    def column_of(self, *names: str) -> str:
        """The file's own name for the first of these that it tells, for people."""
        told = {str(name): column for name, column in self.columns.items()}
        return next((told[name] for name in names if name in told), names[0])

    def with_default(self, name: Name, value: str) -> Self:
        """The same with `value` where the file does not tell; raises `MappingError`."""
        try:
            return self.model_validate(
                {**self.model_dump(), "defaults": {**self.defaults, name: value}}
            )
        except ValidationError as error:
            raise MappingError(_faults(error)) from None


_NEEDED: Final[tuple[frozenset[Name], ...]] = (
    frozenset({"account_id", "account_name"}),
    frozenset({"issued_on"}),
    frozenset({"due_on", "terms_days"}),
    frozenset({"amount"}),
    frozenset({"currency"}),
)


def plain(column: str) -> str:
    """A column's name without what spreadsheets vary: case, spaces, underscores, hyphens."""
    return re.sub(r"[\s_-]+", "_", column.strip().casefold())


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises `MappingError` that names the field and the reason."""
    try:
        return _mapping(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise MappingError(f"{path}: not UTF-8") from None


def built_in() -> tuple[Mapping, ...]:
    """The shapes that come with Arrears, by name."""
    folder = resources.files("shared.cli.importing") / "mappings"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(_mapping(file.read_text(encoding="utf-8"), file.name) for file in files)


def detect_mapping(header: Sequence[str], among: Iterable[Mapping] | None = None) -> Mapping:
    """The mapping whose columns are all in `header`; of several, the one that reads most of it.

    Raises `MappingError` that lists, shape by shape, what was expected and is not there.
    """
    candidates = tuple(built_in() if among is None else among)
    there = {plain(column) for column in header}
    fitting = [mapping for mapping in candidates if not mapping.missing(header)]
    if fitting:
        return max(
            fitting, key=lambda mapping: sum(plain(c) in there for c in mapping.columns.values())
        )
    wanted = "\n".join(
        f"  {mapping.name} lacks {', '.join(mapping.missing(header))}"
        f" (of {', '.join(mapping.required())})"
        for mapping in candidates
    )
    raise MappingError(
        f"no mapping fits the columns {', '.join(header)}:\n{wanted}\n"
        "  Write one for this shape and name it with --mapping (see docs/importing.md)."
    )


def _mapping(text: str, where: str) -> Mapping:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingError(f"{where}: not YAML: {error}") from None
    if not isinstance(content, dict):
        raise MappingError(f"{where}: a mapping has name, columns, dates, numbers …")
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise MappingError(f"{where}: {_faults(error)}") from None


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": ")
        for fault in error.errors()
    )
