"""Creditors: whose calendar, currency and rules an account lives by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from services.ingest.domain.aging import Buckets, buckets
from shared.core import Document, Party
from shared.events.billing import ConfigPublished
from shared.money import exponent, minor


@dataclass(frozen=True, slots=True)
class Creditor:
    """One creditor's part of the configuration. `small_balance` is a decimal of `currency`.

    `allocation` says where cash goes of which nobody said what it is for.
    """

    creditor_id: str
    name: str = ""
    time_zone: str = "UTC"
    currency: str = "EUR"
    buckets: tuple[str, ...] = ("1-30", "31-60", "61-90", "91-120", "121+")
    grace_days: int = 0
    small_balance: str = "0"
    allocation: Literal["oldest_due", "never"] = "oldest_due"

    @property
    def aging(self) -> Buckets:
        """The aging buckets."""
        return buckets(self.buckets)


DEFAULT: Final = Creditor("default")


@dataclass(slots=True)
class Edition:
    """A published configuration: in force from the first tick after `told_at`, from `from_` on."""

    number: int
    from_: datetime
    told_at: datetime
    creditors: dict[str, Creditor]

    def in_force(self, at: datetime) -> bool:
        """Whether a tick at `at` has put it in force."""
        return at >= self.from_ and at > self.told_at


@dataclass(slots=True)
class Creditors(Document):
    """The partition's creditors: the edition in force, and those to come."""

    prefix: ClassVar[str] = "creditors"
    editions: list[Edition] = field(default_factory=list)

    def edition(self, at: datetime) -> Edition | None:
        """The edition in force at a tick; None while there is only the built-in creditor."""
        for edition in reversed(self.editions):
            if edition.in_force(at):
                return edition
        return None


_CREDITORS: Final = TypeAdapter(dict[str, dict[str, Any]])
_CREDITOR: Final = TypeAdapter(Creditor)


def edition_number(shared: Party, at: datetime) -> int:
    """The number of the configuration in force at a tick; 0 while there is none."""
    known = shared.find(Creditors)
    edition = known.edition(at) if known else None
    return edition.number if edition else 0


def creditor_of(shared: Party, creditor_id: str, at: datetime) -> Creditor:
    """The creditor as configured at tick `at`; one that is not configured has the defaults."""
    known = shared.find(Creditors)
    if known is None:
        return DEFAULT
    edition = known.edition(at)
    return edition.creditors.get(creditor_id, DEFAULT) if edition else DEFAULT


def publish(shared: Party, told: ConfigPublished, now: datetime) -> bool:
    """Take a configuration of creditors; False if a newer one was there before.

    Raises ValueError, and changes nothing, if it is not sound.
    """
    known = shared.find(Creditors) or Creditors()
    if known.editions and told.number <= known.editions[-1].number:
        return False
    edition = Edition(
        number=told.number,
        from_=told.from_.astimezone(UTC),
        told_at=now,
        creditors=_parse(told.document),
    )
    outdated = known.edition(now)
    known.editions = [
        kept for kept in known.editions if outdated is None or kept.number >= outdated.number
    ]
    known.editions.append(edition)
    shared.keep(known)
    return True


def _parse(document: Mapping[str, Any]) -> dict[str, Creditor]:
    """Creditors by id, from ``{"creditors": {id: {"time_zone": …, "buckets": […], …}}}``."""
    try:
        rows = _CREDITORS.validate_python(document.get("creditors"))
        creditors = {
            name: _CREDITOR.validate_python(row | {"creditor_id": name})
            for name, row in rows.items()
        }
    except ValidationError as fault:
        raise ValueError(f"creditors: {fault.errors(include_url=False)[0]}") from fault
    for creditor in creditors.values():
        _check(creditor)
    return creditors


def _check(creditor: Creditor) -> None:
    buckets(creditor.buckets)
    exponent(creditor.currency)
    minor(creditor.small_balance, creditor.currency)
    if creditor.grace_days < 0:
        raise ValueError(f"creditor {creditor.creditor_id!r}: grace_days is below 0")
    try:
        ZoneInfo(creditor.time_zone)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError(f"creditor {creditor.creditor_id!r}: no IANA time zone") from fault
