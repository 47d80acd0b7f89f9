"""A model's text, read strictly: what it lacks, or has too much of, is named with its path."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Never


class ModelError(ValueError):
    """A model that cannot be used; the text begins with the path of what is wrong."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path or 'the model'}: {why}")


class Reading:
    """One value of a document and the path to it. Every method raises `ModelError`."""

    __slots__ = ("path", "value")

    def __init__(self, value: object, path: str = "") -> None:
        self.value = value
        self.path = path

    def fail(self, why: str) -> Never:
        """Refuse the document because of this value."""
        raise ModelError(self.path, why)

    def fields(self, needed: Collection[str], optional: Collection[str] = ()) -> "Fields":
        """A mapping with all of `needed`, any of `optional`, and nothing else."""
        found = self.mapping()
        for name in needed:
            if name not in found:
                Reading(None, self._below(name)).fail("is missing")
        for name, reading in found.items():
            if name not in needed and name not in optional:
                reading.fail("is not known here")
        return found

    def mapping(self) -> "Fields":
        """A mapping of any names (a whole number counts as its own name)."""
        if not isinstance(self.value, Mapping):
            self.fail("a mapping is expected")
        found: dict[str, Reading] = {}
        for name, value in self.value.items():
            key = str(name)
            if key in found:
                Reading(None, self._below(key)).fail("stands here twice")
            found[key] = Reading(value, self._below(key))
        return found

    def items(self) -> "list[Reading]":
        """A list of at least one value."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str) or not self.value:
            self.fail("a list that is not empty is expected")
        return [Reading(value, f"{self.path}[{i}]") for i, value in enumerate(self.value)]

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            self.fail("a text is expected (put quotes around a number)")
        return self.value

    def whole(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.fail("a whole number is expected")
        if not least <= self.value <= most:
            self.fail(f"a whole number from {least} to {most} is expected")
        return self.value

    def number(self) -> Fraction:
        """A number, exactly as its decimal text says it."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            self.fail("a number is expected")
        try:
            return Fraction(Decimal(str(self.value)))
        except (ArithmeticError, ValueError):
            self.fail("a number is expected")

    def above_zero(self) -> Fraction:
        """A number above zero."""
        number = self.number()
        if number <= 0:
            self.fail("a number above zero is expected")
        return number

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


Fields = Mapping[str, Reading]
"""The named values of a mapping."""


def document(value: Mapping[str, Any]) -> Reading:
    """The whole of a document, to be read from the top."""
    return Reading(value)
