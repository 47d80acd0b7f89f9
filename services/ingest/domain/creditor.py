"""Creditors: whose calendar, currency and rules an account lives by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import field
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from services.ingest.domain.aging import Buckets, buckets
from shared.configuration import GRACE_DAYS_MAX
from shared.core import Compact, Party
from shared.events.billing import ConfigPublished
from shared.events.fields import Country
from shared.money import exponent, minor

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True)
class Creditor:
    """One creditor's part of the configuration. `small_balance` is a decimal of `currency`.

    `allocation` says where cash goes of which nobody said what it is for ("never" is an older word
    for "source_only"). What is left of an item by money or credit, and is no more than the small
    balance, is written off. Cash whose payer is not known waits on `suspense_account`. With
    `parents_pay` a parent's cash without a purpose pays for its children, once it pays for nothing
    of its own. `holidays`
    are the days, besides those in `weekend`, on which the creditor does not work. No date is moved
    by them: a due date on a Sunday is overdue on Monday (see `NO_EFFECT`).
    """

    creditor_id: str
    name: str = ""
    time_zone: str = "UTC"
    currency: str = "EUR"
    buckets: tuple[str, ...] = ("1-30", "31-60", "61-90", "91-120", "121+")
    grace_days: int = 0
    small_balance: str = "0"
    allocation: Literal[
        "oldest_due", "newest_due", "largest", "proportional", "source_only", "never"
    ] = "oldest_due"
    country: str = ""
    suspense_account: str = ""
    parents_pay: bool = False
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    holidays: tuple[date, ...] = ()

    @property
    def aging(self) -> Buckets:
        """The aging buckets."""
        return buckets(self.buckets)

    @property
    def small_minor(self) -> int:
        """The small balance in minor units of `currency`."""
        return 0 if self.small_balance == "0" else _minor(self.small_balance, self.currency)


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


class Creditors(Compact):
    """The partition's creditors: the edition in force, and those to come."""

    prefix: ClassVar[str] = "creditors"
    editions: list[Edition] = field(default_factory=list)

    def edition(self, at: datetime) -> Edition | None:
        """The edition in force at a tick; None while there is only the built-in creditor."""
        for edition in reversed(self.editions):
            if edition.in_force(at):
                return edition
        return None


_minor: Final = lru_cache(maxsize=256)(minor)
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


def faults(document: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a configuration of creditors, in order; none if it is sound.

    Each names its place. A name that no creditor's field has counts too: a slip of the pen would
    leave the default in force. (`publish` ignores such names: a newer Arrears may know them.)
    """
    try:
        rows = _CREDITORS.validate_python(document.get("creditors"))
    except ValidationError as fault:
        return [_words("creditors", error) for error in fault.errors(include_url=False)]
    found: list[str] = []
    for name, row in rows.items():
        where = f"creditors.{name}"
        found += [f"{where}.{slip}: there is no such field" for slip in row if slip not in KNOWN]
        try:
            creditor = _CREDITOR.validate_python(row | {"creditor_id": name})
        except ValidationError as fault:
            found += [_words(where, error) for error in fault.errors(include_url=False)]
            continue
        found += [f"{where}.{place}: {why}" for place, why in _unsound(creditor)]
    return found


def without_effect(document: Mapping[str, Any]) -> list[str]:
    """The fields of a sound configuration that are checked and kept, and have no effect yet."""
    rows = _CREDITORS.validate_python(document.get("creditors"))
    return sorted({name for row in rows.values() for name in row if name in NO_EFFECT})


def _words(where: str, error: ErrorDetails) -> str:
    return f"{'.'.join([where, *map(str, error['loc'])])}: {error['msg']}"


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
    for name, creditor in creditors.items():
        for place, why in _unsound(creditor):
            raise ValueError(f"creditor {name!r}: {place}: {why}")
    return creditors


def _unsound(creditor: Creditor) -> Iterator[tuple[str, str]]:
    """The fields that cannot be right although they are of the right type, and why."""
    for place, check in _CHECKS.items():
        try:
            check(creditor)
        except (KeyError, ValueError, OSError) as fault:
            yield place, f"{fault}"


def _check_zone(creditor: Creditor) -> None:
    try:
        ZoneInfo(creditor.time_zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{creditor.time_zone!r} is no IANA time zone") from None


def _check_grace(creditor: Creditor) -> None:
    if creditor.grace_days < 0:
        raise ValueError("it is below 0")
    if creditor.grace_days > GRACE_DAYS_MAX:
        raise ValueError(f"it is above {GRACE_DAYS_MAX}")


def _check_weekend(creditor: Creditor) -> None:
    if len(set(creditor.weekend)) == _DAYS_OF_A_WEEK:
        raise ValueError("no day of the week is left to work on")


def _check_country(creditor: Creditor) -> None:
    if creditor.country:
        try:
            _COUNTRY.validate_python(creditor.country)
        except ValidationError:
            raise ValueError("an ISO 3166 code of two capitals is expected") from None


def _check_small(creditor: Creditor) -> None:
    minor(creditor.small_balance, creditor.currency)


_COUNTRY: Final = TypeAdapter[str](Country)
_CHECKS: Final[Mapping[str, Callable[[Creditor], object]]] = {
    "buckets": lambda creditor: buckets(creditor.buckets),
    "currency": lambda creditor: exponent(creditor.currency),
    "small_balance": _check_small,
    "grace_days": _check_grace,
    "time_zone": _check_zone,
    "country": _check_country,
    "weekend": _check_weekend,
}
NO_EFFECT: Final = frozenset({"country", "holidays", "weekend"})
"""What nobody has a use for yet: the ledger counts every day, and those who decide on contacts go
by the debtor's country and by the hours and weekdays of the policy."""
_DAYS_OF_A_WEEK: Final = 7
KNOWN: Final = frozenset(field.name for field in fields(Creditor)) - {"creditor_id"}
"""The fields that a creditor's configuration may have."""
