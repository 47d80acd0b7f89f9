"""Readers of our own facts: what they take their models take, to the same effect."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import MsgspecError
from pydantic import AfterValidator, ConfigDict, Field, field_validator

from shared.events.base import REGISTRY, Fact, Instant
from shared.events.reader import reader
from shared.testing.comparing import said

Where = tuple[str | int, ...]
SAMPLES: Final = Path(__file__).parents[2] / "contract" / "samples"
READ: Final = sorted(name for name, model in REGISTRY.items() if reader(model) is not None)
ODD: Final = (
    "null", "true", "false", "0", "-0", "3", "1.0", "1.5", "1e2", "1" * 30, "NaN", "01",
    '""', '"x"', '"3"', '"true"', '"EUR"', '"cash"', '"2026-03-01"', '"2026-02-30"', '"2026-3-1"',
    '"0000-01-01"', '"+2026-03-01"', '"2026-03-01T00:00:00"', '"2026-03-01T00:00:00Z"',
    '" 2026-03-01"', "1772323200", '"1772323200"', r'"\ud800"', r'"\ud83d\ude00"', r'"\u0000"',
    '"\t"', '"\xe9"', '"\udcff"', "[]", '["a"]', "[1]", "[null]", "[[]]", "{}", '{"a":1}', "[",
)  # fmt: skip
"""JSON, and what is none, for any field."""
HOW: Final = ("instead", "behind", "before", "added", "left out")


def by(read: Callable[[bytes], Fact], value: bytes) -> object:
    """What is read of a value; None if it is not taken."""
    try:
        return said(read(value))
    except (MsgspecError, ValueError):
        return None


def places(value: object, where: Where = ()) -> Iterator[Where]:
    """Where in JSON there is a value, at any depth."""
    yield where
    for name, each in value.items() if isinstance(value, dict) else ():
        yield from places(each, (*where, name))
    for number, each in enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*where, number))


def spoiled(value: object, where: Where, how: str, odd: str) -> str:
    """The value as JSON, with something odd in place of what is at `where`, or beside that."""
    if not where:
        return odd if how in {"instead", "left out"} else json.dumps(value)
    first, *rest = where
    if isinstance(value, list):
        told = [
            spoiled(each, tuple(rest), how, odd) if n == first else json.dumps(each)
            for n, each in enumerate(value)
        ]
        return f"[{','.join(told)}]"
    assert isinstance(value, dict)
    members = []
    for name, each in value.items():
        here = f"{json.dumps(name)}:{json.dumps(each)}"
        if name != first:
            members.append(here)
        elif rest:
            members.append(f"{json.dumps(name)}:{spoiled(each, tuple(rest), how, odd)}")
        else:
            other = f"{json.dumps(name)}:{odd}"
            members += {
                "instead": [other],
                "behind": [here, other],
                "before": [other, here],
                "added": [here, f'"{name}_":{odd}'],
                "left out": [],
            }[how]
    return f"{{{','.join(members)}}}"


def test_what_the_ledger_and_outreach_write_most_is_read_so() -> None:
    """Facts of items and money, and promises; not what the world outside says, or moments."""
    assert {
        "collections.invoice.opened.v1",
        "collections.invoice.overdue.v1",
        "collections.invoice.settled.v1",
        "collections.payment.applied.v1",
        "outreach.promise.made.v1",
    } <= set(READ)
    assert not [name for name in READ if name.startswith(("billing.", "clock."))]


@pytest.mark.parametrize("name", READ)
def test_a_sample_is_read_as_by_its_model(name: str) -> None:
    """With all that it says, and with nothing that is as by default; it writes the same."""
    model = REGISTRY[name]
    read = reader(model)
    assert read is not None
    whole = model.model_validate_json((SAMPLES / f"{name}.json").read_bytes())

    for value in (whole.model_dump_json().encode(), whole.smallest()):
        fact = read(value)

        assert said(fact) == said(whole)
        assert (name, model) == (fact.type, fact.__class__)
        assert model.model_validate_json(fact.smallest()) == whole
    assert whole.smallest() == read(whole.smallest()).smallest()


@given(
    name=st.sampled_from(READ), how=st.sampled_from(HOW), odd=st.sampled_from(ODD), data=st.data()
)
@settings(max_examples=1_500)
def test_whatever_is_odd_is_read_as_by_the_model_or_left_to_it(
    name: str, how: str, odd: str, data: st.DataObject
) -> None:
    """Any field, at any depth: another value, twice, unknown, or missing."""
    read, whole = reader(REGISTRY[name]), json.loads((SAMPLES / f"{name}.json").read_bytes())
    assert read is not None
    where = data.draw(st.sampled_from(list(places(whole))))
    value = spoiled(whole, where, how, odd).encode("utf-8", "surrogateescape")

    found = by(read, value)

    assert found is None or found == by(REGISTRY[name].model_validate_json, value)


def _even(number: int) -> int:
    return number * 2


class Plain(Fact):
    """A fact of which nothing more is said than types."""

    day: date | None = None
    word: Literal["a", "b"] = "a"
    parts: tuple[tuple[int, ...], ...] = ()

    def doubled(self) -> int:
        """A method of the model's."""
        return 2 * sum(map(sum, self.parts))


class Bounded(Fact):
    """A field with a bound."""

    number: int = Field(ge=0)


class Momentary(Fact):
    """A field with a type of our own."""

    at: Instant


class Changed(Fact):
    """A field that is changed once it is read."""

    number: Annotated[int, AfterValidator(_even)]


class Checked(Fact):
    """A field with a validator."""

    number: int

    @field_validator("number")
    @classmethod
    def _check(cls, number: int) -> int:
        return _even(number)


class Called(Fact):
    """A field of another name outside."""

    number: int = Field(alias="count")


class Stripped(Fact):
    """A model that changes all text."""

    model_config = ConfigDict(str_strip_whitespace=True)
    name: str


class Nested(Fact):
    """A part of which more is said."""

    part: Bounded


class Pair(Fact):
    """A tuple of two."""

    pair: tuple[int, str]


class Single(Fact):
    """A tuple of one."""

    single: tuple[int]


class Begun(Fact):
    """A model with a beginning of its own."""

    number: int

    def __init__(self, **data: int) -> None:
        super().__init__(**{name: _even(number) for name, number in data.items()})


class Numbered(Fact):
    """Words that are none."""

    number: Literal[1, 2]


class Made(Fact):
    """A default that is made."""

    names: tuple[str, ...] = Field(default_factory=tuple)


def test_a_struct_has_what_its_model_has() -> None:
    """Its methods, and its class as far as `isinstance` goes."""
    read = reader(Plain)
    assert read is not None

    fact = read(b'{"day":"2026-03-01","parts":[[1,2],[3]]}')

    assert isinstance(fact, Plain)
    assert (date(2026, 3, 1), "a", 12) == (fact.day, fact.word, fact.doubled())
    with pytest.raises(AttributeError):
        fact.word = "b"  # type: ignore[misc] # that is what is tried


@pytest.mark.parametrize(
    "model",
    [
        Bounded, Momentary, Changed, Checked, Called, Stripped, Nested, Pair, Single, Begun,
        Numbered, Made,
    ],
)  # fmt: skip
def test_where_more_is_said_than_types_only_the_model_reads(model: type[Fact]) -> None:
    """Each of these would be read to another effect."""
    assert reader(model) is None
