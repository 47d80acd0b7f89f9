"""How adapters tell: as CloudEvents of the input contract, whose ids follow from their content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from services.ingest.doors.sources import Source
from shared.core import Refusal

Told = dict[str, Any]
"""A structured CloudEvent."""
Headers = Mapping[str, str]
M = TypeVar("M", bound=BaseModel)

LABEL_CHARACTERS: Final = 200
_FAULTS_SHOWN: Final = 3
_EPOCH_MAX: Final = 253_402_000_000
"""A little before the year 10000, so that it is a date in every time zone."""
_MINOR_MAX: Final = 10**15 - 1


class Foreign(BaseModel):
    """An object as a provider sends it: what is needed of it, strictly; the rest is not read."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, hide_input_in_errors=True, protected_namespaces=()
    )


def _name_of(told: object) -> object:
    """An id, where a provider may put the whole object in its place."""
    return told.get("id") if isinstance(told, dict) else told


Name = Annotated[str, Field(min_length=1, max_length=150)]
"""A provider's id; room is left for what ids of events add to it."""
Expandable = Annotated[Name, BeforeValidator(_name_of)]
Epoch = Annotated[int, Field(ge=0, le=_EPOCH_MAX)]
"""Seconds since 1970."""
Minor = Annotated[int, Field(ge=0, le=_MINOR_MAX)]
SignedMinor = Annotated[int, Field(ge=-_MINOR_MAX, le=_MINOR_MAX)]
Code = Annotated[str, Field(min_length=3, max_length=3)]
"""A currency, in a provider's own case."""


def read(model: type[M], content: bytes | object, *where: str) -> M | Refusal:
    """A provider's object, or the first thing wrong with it and where; never its values."""
    try:
        return model.model_validate_json(
            content if isinstance(content, bytes) else to_json(content)
        )
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        first = faults[0]
        reason = "malformed" if first["type"] == "json_invalid" else "invalid"
        words = "; ".join(
            f"{_path(*where, *fault['loc'])}: {fault['msg']}" for fault in faults[:_FAULTS_SHOWN]
        )
        return Refusal(reason, words[:500], _path(*where, *first["loc"]))


def _path(*steps: str | int) -> str:
    return ".".join(map(str, steps))[:200]


Rules = Mapping[str, tuple[type[Foreign], Callable[[Any, Any], "Sequence[Told] | Refusal"]]]
"""A provider's type → the object that it carries, and what becomes of it."""


def retold(
    rules: Rules, kind: str, content: object, *where: str, by: Callable[[Foreign], object]
) -> "Sequence[Told] | Refusal":
    """What an event of a provider's becomes by its table; nothing where that has no such type.

    `by` makes what all of the event's tellings need, of the object that it carries.
    """
    rule = rules.get(kind)
    if rule is None:
        return ()
    model, retell = rule
    found = read(model, content, *where)
    return found if isinstance(found, Refusal) else retell(found, by(found))


def decimal(minor: int, places: int) -> str:
    """A decimal string of minor units with so many places: `decimal(1250, 2) == "12.50"`."""
    if not places:
        return str(minor)
    digits = str(minor).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def label(text: str | None) -> str | None:
    """A text for people as the contract takes it: on one line and not too long; None if empty."""
    if not text:
        return None
    line = "".join(character if character.isprintable() else " " for character in text)
    return line.strip()[:LABEL_CHARACTERS] or None


def reached_by(*, email: str | None, phone: str | None) -> list[Told] | None:
    """The contact points of an account, or None where none is told."""
    points = [
        {"id": channel, "channel": channel, "address": address}
        for channel, address in (("email", label(email)), ("phone", label(phone)))
        if address
    ]
    return points or None


def instant(epoch: int) -> datetime:
    """The moment of so many seconds since 1970."""
    return datetime.fromtimestamp(epoch, UTC)


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes the events of one webhook: of this source, at this moment."""

    source: Source
    time: datetime

    def day(self, moment: datetime | int | None) -> str | None:
        """The creditor's business date at a moment; None where none is told."""
        if moment is None:
            return None
        return self._day(instant(moment) if isinstance(moment, int) else moment)

    @property
    def today(self) -> str:
        """The business date on which the provider told it."""
        return self._day(self.time)

    def _day(self, moment: datetime) -> str:
        try:
            return moment.astimezone(self.source.zone).date().isoformat()
        except OverflowError:  # the last hours of the year 9999, or the first of the year 1
            return moment.date().isoformat()

    def event(self, kind: str, name: str, account_id: str, /, **data: object) -> Told:
        """An event `billing.<kind>` about an account, with the id `name`; None is left out."""
        return self._event(f"billing.{kind}.v1", name, {"account_id": account_id, **_said(data)})

    def referred(
        self, reference: str, kind: str, name: str, binds: Iterable[str], /, **data: object
    ) -> Told:
        """The same where the account is not told: it waits until the reference is bound."""
        content = {
            "reference": self.reference(reference),
            "event_type": f"billing.{kind}.v1",
            "event_data": _said(data),
            "binds": [self.reference(other) for other in binds],
        }
        return self._event("billing.reference.told.v1", name, content)

    def bound(self, reference: str, account_id: str) -> Told:
        """That a provider's id belongs to an account."""
        content = {"reference": self.reference(reference), "owner_id": account_id}
        return self._event("billing.reference.bound.v1", f"{reference}:bound", content)

    def reference(self, name: str) -> str:
        """A provider's id, told apart from the same id of others."""
        return f"{self.source.name}#{name}"

    def _event(self, kind: str, name: str, data: Mapping[str, object]) -> Told:
        return {
            "specversion": "1.0",
            "id": name,
            "source": self.source.name,
            "type": kind,
            "time": self.time.isoformat(),
            "data": data,
        }


Adapter = Callable[[Headers, bytes, datetime, Source], "Sequence[Told] | Refusal"]
"""(headers in lower case, body, now, source) → events of the contract, or a named refusal."""


def _said(data: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if value is not None}
