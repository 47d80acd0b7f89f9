"""What an account's billing system and callers write down, each entry an event."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.cli.eventfile import stamp, structured
from shared.cli.history.account import Account

Event = dict[str, Any]
"""A structured CloudEvent."""

_OPENS: Final = time(9)
_OPEN_SECONDS: Final = 7 * 60 * 60
"""The last hour is kept for what happens on the same day behind something else."""
FRIDAY: Final = 4


class Diary:
    """Writes the events of one thing (an account, an invoice) in their order.

    Each has a moment within the business hours of the creditor, after that of the entry before.
    What would be after the last day is not written.
    """

    def __init__(self, rng: Random, account: Account, *, source: str, end: date) -> None:
        """`end` is the first day that is not written any more."""
        self.end = end
        self.account_id = account.account_id
        self.events: list[Event] = []
        self._rng = rng
        self._account = account
        self._source = source
        self.last_on = date.min
        """The day of the last entry: the next one is not before it."""
        self._last = datetime.min.replace(tzinfo=UTC)

    def write(self, kind: str, name: str, on: date, data: Mapping[str, Any]) -> None:
        """Write an event down; `name` is its id within the source."""
        seconds = self._rng.randrange(_OPEN_SECONDS)
        moment = max(
            opening(self._account.place.office_zone, on) + timedelta(seconds=seconds),
            self._last + timedelta(seconds=self._rng.randrange(1, 90)),
        )
        self._last = moment
        self.last_on = on
        if moment.date() >= self.end:
            return
        self.events.append(
            structured(
                id=name,
                source=self._source,
                type=kind,
                subject=self.account_id,
                party=self._account.party_id,
                time=stamp(moment),
                data={"account_id": self.account_id, **data},
            )
        )

    def opening(self, on: date) -> str:
        """When business opens on a day, as the wire shows it."""
        return stamp(opening(self._account.place.office_zone, on))

    def command(self, kind: str, name: str, on: date, data: Mapping[str, Any]) -> None:
        """Write a caller's command down."""
        words = {"command_id": f"cmd-{name}", "user": f"desk-{self._rng.randrange(1, 6)}"}
        self.write(f"outreach.{kind}.v1", f"cmd-{name}", on, {**words, **data})


def workday(day: date) -> date:
    """The day itself, or the Monday after it."""
    over = day.weekday() - FRIDAY
    return day + timedelta(days=3 - over) if over > 0 else day


@lru_cache(maxsize=4096)
def opening(zone: str, day: date) -> datetime:
    """When business opens on a day, in UTC; in all zones of `place` that is the same date."""
    return datetime.combine(day, _OPENS, ZoneInfo(zone)).astimezone(UTC)
