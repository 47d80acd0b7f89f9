"""What a query string asks for: each value read as what it must be, or refused by its name."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from shared.runtime.doors import Problem

_FIELDS_MAX: Final = 50
_LONG: Final = 8_000
"""No id is longer, and no place in a list."""
_FIRST: Final = date.min + timedelta(days=2)
_LAST: Final = date.max - timedelta(days=2)


class Query:
    """The named values of a query string. Every call may raise `Problem` (400) with the name."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        """Read it; a name that is unknown or stands there twice is refused."""
        self._found: dict[str, str] = {}
        try:
            pairs = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="strict"
            )
        except ValueError as fault:
            why = f"no query string of at most {_FIELDS_MAX} values in UTF-8"
            raise Problem(400, "invalid", why, "query") from fault
        for name, value in pairs:
            if name not in names:
                why = f"one of {', '.join(names)} is expected"
                raise Problem(400, "invalid", why, name[:40])
            if name in self._found:
                raise Problem(400, "invalid", "stands here twice", name)
            if len(value) > _LONG or "\0" in value:
                raise Problem(400, "invalid", "too long, or no text", name)
            self._found[name] = value

    def __contains__(self, name: str) -> bool:
        """Whether a value was told."""
        return name in self._found

    def text(self, name: str, otherwise: str = "") -> str:
        """A text; without one, `otherwise`."""
        return self._found.get(name, otherwise)

    def needed(self, name: str, asking: str) -> str:
        """A text that must be there; `asking` is said if it is not."""
        value = self._found.get(name, "")
        if not value:
            raise Problem(400, "invalid", asking, name)
        return value

    def number(self, name: str, otherwise: int, *, most: int) -> int:
        """A whole number from 1 to `most`."""
        value = self._found.get(name)
        if value is None:
            return otherwise
        if not (value.isascii() and value.isdigit()) or not 1 <= int(value[:12]) <= most:
            why = f"a whole number from 1 to {most} is expected"
            raise Problem(400, "invalid", why, name)
        return int(value)

    def choice(self, name: str, otherwise: str, among: Collection[str]) -> str:
        """One of a few words."""
        value = self._found.get(name, otherwise)
        if value not in among:
            raise Problem(400, "invalid", f"one of {', '.join(among)} is expected", name)
        return value

    def day(self, name: str) -> date | None:
        """A day (ISO 8601); None if it is not asked for."""
        value = self._found.get(name)
        if value is None:
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            why = "a day such as 2026-01-31 is expected"
            raise Problem(400, "invalid", why, name) from None
        if not _FIRST <= day <= _LAST:
            raise Problem(400, "invalid", "the calendar ends there", name)
        return day

    def instant(self, name: str) -> datetime | None:
        """A moment with its offset from UTC (ISO 8601); None if it is not asked for."""
        value = self._found.get(name)
        if value is None:
            return None
        why = "a moment such as 2026-01-31T08:00:00Z is expected (a + is written %2B)"
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise Problem(400, "invalid", why, name)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Problem(400, "invalid", why, name) from None
