"""Consent: what a debtor agreed to or took back, channel by channel, for all of the accounts."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Literal

from shared.core import Document
from shared.events.billing import Consent

State = Literal["granted", "revoked"]
_OTHER_MATTERS: Final = frozenset({"marketing"})
"""Consents that say nothing about being written to on one's own debts."""
_GRANTS: Final = frozenset({"contact", "electronic", "tcpa_express"})
"""Consents that allow a contact where one is needed; the packs know of finer ones."""


@dataclass(slots=True)
class Mark:
    """One word of the debtor, as a command or a channel brought it; channel "" is all of them."""

    channel: str
    state: State
    at: datetime


@dataclass(slots=True)
class Consents(Document):
    """What was granted or revoked here, besides what billing systems tell of each account."""

    prefix: ClassVar[str] = "consents"

    marks: list[Mark] = field(default_factory=list)

    def set(self, mark: Mark) -> None:
        """Note a word; it replaces older ones on the same channel, a newer one stays."""
        rest = [each for each in self.marks if each.channel != mark.channel]
        same = [each for each in self.marks if each.channel == mark.channel]
        newest = max([*same, mark], key=lambda each: (each.at, each.state))
        self.marks = [*rest, newest]


def consent_to(
    channel: str, address: str, told: Collection[Consent], marks: Collection[Mark]
) -> State | None:
    """The latest word on a channel (and address); of two of one moment, "revoked" counts."""
    if not told and not marks:
        return None
    words = [*_told(channel, address, told), *_marked(channel, marks)]
    return max(words)[1] if words else None


def _told(channel: str, address: str, told: Iterable[Consent]) -> Iterator[tuple[datetime, State]]:
    for consent in told:
        if consent.kind in _OTHER_MATTERS or consent.channel not in (None, channel):
            continue
        if consent.address and consent.address.lower() != address.lower():
            continue
        if consent.state == "revoked" or consent.kind in _GRANTS:
            yield consent.from_, consent.state


def _marked(channel: str, marks: Iterable[Mark]) -> Iterator[tuple[datetime, State]]:
    for mark in marks:
        if mark.channel in ("", channel):
            yield mark.at, mark.state
