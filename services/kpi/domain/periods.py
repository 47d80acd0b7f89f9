"""Periods of whole days, and the calendar months behind a day."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included. Raises ValueError if the last is before it."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period from {self.first} cannot end on {self.last}")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def month_to(last: date) -> Period:
    """The calendar month that ends with `last`, or the part of it up to then."""
    return Period(last.replace(day=1), last)


def months_back(last: date) -> Iterator[Period]:
    """The month up to `last`, then the whole calendar months before it, newest first."""
    month = month_to(last)
    while True:
        yield month
        if month.first == date.min:
            return
        month = month_to(month.first - timedelta(days=1))


def month_end(day: date) -> date:
    """The last day of the calendar month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])
