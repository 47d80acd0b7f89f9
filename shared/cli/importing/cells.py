"""What a cell of a table says: a day, an amount, a whole number, in the file's own notation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Final

from shared.money import exponent

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TOKENS: Final = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "yy": r"(?P<short_year>[0-9]{2})",
    "Month": r"(?P<month_name>[^\W\d_]+)",
    "Mon": r"(?P<month_name>[^\W\d_]{3,5})\.?",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "dd": r"(?P<day>[0-9]{2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "HH": r"[0-9]{1,2}",
    "mm": r"[0-9]{2}",
    "ss": r"[0-9]{2}",
}
_TOKEN: Final = re.compile("|".join(_TOKENS))
_FIRST_SHORT_YEAR: Final = 69
"""Years of two digits are 1969 to 2068, as POSIX reads them."""
_ABBREVIATED: Final = 3
_DIGITS_MAX: Final = 15
_SLACK: Final = Decimal("0.000001")
"""Less than this beyond a currency's places is what a binary fraction left, not an amount."""
_SYMBOLS: Final = " \t\xa0\u202f€$£¥"


class CellError(ValueError):
    """A cell that does not say what its column should; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes days and numbers."""

    dates: tuple[str, ...] = ("yyyy-MM-dd",)
    """Tried in this order; yyyy, yy, MM, M, Mon, Month, dd, d, HH, mm, ss, the rest as it is."""
    decimal: str = "."
    thousands: str = ""
    months: tuple[str, ...] = _MONTHS
    """The year's twelve names; Mon takes their first three letters, or some more."""

    def day(self, text: str) -> date:
        """The day that `text` names; its time of day, if the format has one, is left out."""
        for pattern in self.dates:
            found = date_pattern(pattern).fullmatch(text)
            if found is not None:
                return self._day(text, found.groupdict())
        raise CellError(f"{text[:40]!r} is no date like {' or '.join(self.dates)}")

    def _day(self, text: str, found: dict[str, str]) -> date:
        year = int(found["year"]) if "year" in found else _whole_year(int(found["short_year"]))
        month = int(found["month"]) if "month" in found else self._month(found["month_name"])
        try:
            return date(year, month, int(found["day"]))
        except ValueError:
            raise CellError(f"{text[:40]!r} is a day that does not exist") from None

    def _month(self, name: str) -> int:
        wanted = name.casefold()
        for number, month in enumerate(self.months, start=1):
            if len(wanted) >= _ABBREVIATED and month.startswith(wanted):
                return number
        raise CellError(f"{name[:40]!r} is no month; they are {', '.join(self.months)}")

    def number(self, text: str) -> Decimal:
        """The number that `text` shows; (1.00), 1.00- and −1.00 are negative."""
        bare = text.strip(_SYMBOLS).replace("−", "-")
        negative = False
        if bare.startswith("(") and bare.endswith(")"):
            negative, bare = True, bare[1:-1].strip(_SYMBOLS)
        elif bare.startswith("-"):
            negative, bare = True, bare[1:].strip(_SYMBOLS)
        elif bare.endswith("-"):
            negative, bare = True, bare[:-1].strip(_SYMBOLS)
        if _numeral(self.decimal, self.thousands).fullmatch(bare) is None:
            raise CellError(f"{text[:40]!r} is no number like {self._example()}")
        plain = bare.replace(self.thousands, "") if self.thousands else bare
        value = Decimal(plain.replace(self.decimal, "."))
        return -value if negative else value

    def _example(self) -> str:
        return f"1{self.thousands}234{self.decimal}50"

    def minor(self, text: str, currency: str) -> int:
        """Signed minor units. What a binary fraction left behind (0.30000000000000004) is rounded.

        Raises `CellError` on more decimal places than the currency has, and on an amount of more
        than 15 digits; `MoneyError` if the currency is unknown.
        """
        value = self.number(text)
        places = exponent(currency)
        rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
        if abs(rounded - value) >= _SLACK:
            raise CellError(f"{text[:40]} has more than the {places} decimal places of {currency}")
        if abs(rounded) >= 10**_DIGITS_MAX:
            raise CellError(f"{text[:40]} has more than {_DIGITS_MAX} digits")
        return int(rounded.scaleb(places))

    def whole(self, text: str) -> int:
        """A whole number, such as of days; "13.0" is one."""
        value = self.number(text)
        if value != value.to_integral_value():
            raise CellError(f"{text[:40]!r} is no whole number")
        return int(value)


@cache
def date_pattern(pattern: str) -> re.Pattern[str]:
    """The date format as a regular expression; raises `CellError` if it names no whole day."""
    parts: list[str] = []
    end = 0
    try:
        for token in _TOKEN.finditer(pattern):
            parts += re.escape(pattern[end : token.start()]), _TOKENS[token.group()]
            end = token.end()
        compiled = re.compile("".join(parts) + re.escape(pattern[end:]))
    except re.error:
        raise CellError(f"the date format {pattern!r} says something twice") from None
    if not _names_a_day(list(compiled.groupindex)):
        raise CellError(f"the date format {pattern!r} does not say day, month and year")
    return compiled


def _names_a_day(groups: Sequence[str]) -> bool:
    kinds = sorted(group.replace("short_", "").replace("_name", "") for group in groups)
    return kinds == ["day", "month", "year"]


def _whole_year(short: int) -> int:
    return short + (1900 if short >= _FIRST_SHORT_YEAR else 2000)


@cache
def _numeral(decimal: str, thousands: str) -> re.Pattern[str]:
    point, comma = re.escape(decimal), re.escape(thousands)
    grouped = rf"\d{{1,3}}(?:{comma}\d{{2,3}})*{comma}\d{{3}}|" if thousands else ""
    return re.compile(rf"(?:{grouped}\d{{1,30}})(?:{point}\d{{1,30}})?", re.ASCII)
