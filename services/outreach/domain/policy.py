"""Policy: versioned text that says who is contacted when, how, in what tone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.outreach.domain.hours import DAY_MINUTES, Window
from services.outreach.domain.wording import PLACEHOLDERS, placeholders
from shared.money import MoneyError, minor

Channel = Literal["email", "sms", "phone", "letter"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PolicyError(ValueError):
    """A policy that cannot be used; the text begins with the path of what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _fits(amounts: dict[str, str]) -> dict[str, str]:
    for currency, amount in amounts.items():
        try:
            if minor(amount, currency) < 0:
                raise ValueError(f"{currency}: an amount is not negative")
        except MoneyError as error:
            raise ValueError(f"{currency}: {error}") from None
    return amounts


def _words(text: str) -> str:
    unknown = placeholders(text) - PLACEHOLDERS
    if unknown:
        raise ValueError(f"unknown placeholder {{{min(unknown)}}}")
    return text


Amounts = Annotated[dict[str, str], AfterValidator(_fits)]
"""A decimal string per currency; a currency that is not there counts as zero."""
Words = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_words)]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]


class Text(_Part):
    """What a contact says in one language, with the placeholders of `wording`."""

    subject: Words
    body: Words


class Step(_Part):
    """One entry of the policy.

    It falls due when the anchor has `offset_days` delinquent days, or, below 1, that many days
    before its due date. With `after_previous_days` it also needs the step before to have been taken
    at least so many days ago. `minimum` is what the account must owe in one of its currencies.
    """

    name: Name
    offset_days: Annotated[int, Field(ge=-365, le=3_650)]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    tone: Annotated[str, Field(min_length=1, max_length=64)]
    texts: Annotated[dict[str, Text], Field(min_length=1)]
    minimum: Amounts = {}
    after_previous_days: Annotated[int, Field(ge=1, le=3_650)] | None = None

    def on_request(self, name: str, channel: Channel) -> "Step":
        """This step as a person asked for it: on one channel, however little is owed.

        Built anew: a mere copy would keep the minimum in minor units, which is cached.
        """
        told = self.model_dump(exclude={"minimum"})
        return Step.model_validate(told | {"name": name, "channels": (channel,)})

    @cached_property
    def minimum_minor(self) -> dict[str, int]:
        """The minimum in minor units per currency."""
        return {code: minor(amount, code) for code, amount in self.minimum.items()}


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps after the due date, in order, and the delinquent days at which each falls due."""

    steps: tuple[Step, ...]
    days: tuple[int, ...]


class ChannelRule(_Part):
    """When a channel may be used, whether it needs consent, and how long a task is good for."""

    hours: tuple[Clock, Clock]
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    consent: Literal["opt_in", "opt_out"]
    expires_hours: Annotated[int, Field(ge=1, le=48)] = 24

    @cached_property
    def window(self) -> Window:
        """The contact hours."""
        opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in self.hours)
        return Window(opens, closes, frozenset(map(_WEEKDAYS.index, self.weekdays)))

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if not self.window.opens < self.window.closes <= DAY_MINUTES:
            raise ValueError("hours: it must open before it closes, on the same day")
        return self


class Cap(_Part):
    """At most `most` contacts with a debtor in `days` calendar days, today being the last."""

    most: Annotated[int, Field(ge=0, le=1_000)]
    days: Annotated[int, Field(ge=1, le=366)]
    channels: tuple[Channel, ...] = ()
    """Which channels it counts and limits; none named means all."""

    @cached_property
    def name(self) -> str:
        """How decision records call it."""
        return ".".join(("cap", f"{self.most}in{self.days}", *self.channels))


class PromiseRule(_Part):
    """How long after its day a promise is waited for, and how much of it is enough."""

    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    kept_percent: Annotated[int, Field(ge=1, le=100)] = 90


class Policy(_Part):
    """All of it. Build it with `from_document`."""

    format: Literal["policy/1"]
    name: Name
    version: Annotated[str, Field(min_length=1, max_length=64)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]
    channels: dict[Channel, ChannelRule]
    caps: tuple[Cap, ...] = ()
    gap_hours: Annotated[int, Field(ge=0, le=24 * 366)] = 0
    tolerance: Amounts = {}
    grace_days: Annotated[int, Field(ge=0, le=365)] = 0
    promise: PromiseRule = PromiseRule()
    autopay_hold_days: Annotated[int, Field(ge=0, le=60)] = 5
    attempts_max: Annotated[int, Field(ge=1, le=20)] = 3

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Policy":
        """Read a policy strictly; raises `PolicyError`, which names the path of the fault."""
        try:
            return cls.model_validate_json(json.dumps(document))
        except (TypeError, ValueError) as error:
            if not isinstance(error, ValidationError):
                raise PolicyError(f"the policy: {error}") from None
            first = error.errors()[0]
            path = ".".join(map(str, first["loc"])) or "the policy"
            raise PolicyError(f"{path}: {first['msg']}") from None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        seen: set[str] = set()
        last = -366
        for i, step in enumerate(self.steps):
            if step.name in seen:
                raise ValueError(f"steps.{i}.name: two steps are called {step.name}")
            if step.offset_days < last:
                raise ValueError(f"steps.{i}.offset_days: steps stand in the order they fall due")
            if i == 0 and step.after_previous_days is not None:
                raise ValueError("steps.0.after_previous_days: there is no step before it")
            if missing := set(step.channels) - set(self.channels):
                raise ValueError(f"steps.{i}.channels: channels.{min(missing)} is missing")
            seen.add(step.name)
            last = step.offset_days
        return self

    @cached_property
    def tolerance_minor(self) -> dict[str, int]:
        """Balances up to here are left alone, in minor units per currency."""
        return {code: minor(amount, code) for code, amount in self.tolerance.items()}

    @cached_property
    def ladder(self) -> Ladder | None:
        """The steps after the due date, unless one of them also waits for another."""
        steps = tuple(step for step in self.steps if step.offset_days > 0)
        if any(step.after_previous_days is not None for step in steps):
            return None
        return Ladder(steps, tuple(step.offset_days for step in steps))

    @cached_property
    def first_offset_days(self) -> int:
        """How many days before the due date the first step comes (0 or less)."""
        return min(0, self.steps[0].offset_days)

    @cached_property
    def cap_names(self) -> tuple[str, ...]:
        """How decision records call the caps."""
        return tuple(cap.name for cap in self.caps)

    @cached_property
    def most_counted(self) -> int:
        """How many contacts of one moment can matter: what the largest cap allows, at least one."""
        return max([1, *(cap.most for cap in self.caps)])

    @cached_property
    def remembers_days(self) -> int:
        """How long the contact log must reach back for caps and gap to be counted, in days."""
        return max([cap.days for cap in self.caps] + [self.gap_hours // 24 + 1]) + 2
