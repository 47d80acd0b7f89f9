"""The contact log of a debtor, across all of the accounts, and the caps that are counted on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from services.outreach.domain.days import day_of, later, start_of
from services.outreach.domain.policy import Cap, Policy
from shared.core import Document


@dataclass(slots=True)
class Contact:
    """One contact that counts. Where nobody told its channel ("") it counts for each."""

    task_id: str
    account_id: str
    channel: str
    at: datetime


@dataclass(slots=True)
class ContactLog(Document):
    """What was said to a debtor lately, and whether a service upstream has the party parked.

    An open task counts as well, from its release on; it comes in here once it is known to be made.
    """

    prefix: ClassVar[str] = "contacts"

    contacts: list[Contact] = field(default_factory=list)
    parked_by: str = ""

    def reserve(self, contact: Contact, *, keep_days: int) -> None:
        """Count a contact (once), and forget those that no cap looks back at."""
        since = contact.at - timedelta(days=keep_days)
        kept = [c for c in self.contacts if c.at >= since and c.task_id != contact.task_id]
        kept.append(contact)
        kept.sort(key=lambda each: each.at)
        self.contacts = kept

    def free(self, task_id: str) -> bool:
        """Take out a contact that did not come about; whether it was there."""
        rest = [contact for contact in self.contacts if contact.task_id != task_id]
        was_there = len(rest) < len(self.contacts)
        self.contacts = rest
        return was_there


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A limit that is used up, and when it no longer is (None: not by waiting)."""

    rule: str
    until: datetime | None


def exhausted(
    log: Sequence[Contact], policy: Policy, channel: str, at: datetime, zones: Sequence[str]
) -> Exhausted | None:
    """The limit that keeps a channel from being used at `at` for longest, if any does.

    Days are the debtor's; where several zones are possible, the latest of their midnights counts.
    """
    limits = list(_limits(log, policy, channel, at, zones))
    if not limits:
        return None
    return max(limits, key=lambda limit: (limit.until is None, limit.until or at))


def _limits(
    log: Sequence[Contact], policy: Policy, channel: str, at: datetime, zones: Sequence[str]
) -> Iterator[Exhausted]:
    if log and policy.gap_hours:
        until = log[-1].at + timedelta(hours=policy.gap_hours)
        if until > at:
            yield Exhausted("gap", until)
    for cap in policy.caps:
        if cap.channels and channel not in cap.channels:
            continue
        if cap.most == 0:
            yield Exhausted(cap.name, None)
            continue
        if len(log) < cap.most:
            continue
        counted = [
            c.at for c in log if not cap.channels or not c.channel or c.channel in cap.channels
        ]
        if len(counted) < cap.most:
            continue
        free = max(_free_at(cap, counted, name) for name in zones)
        if free > at:
            yield Exhausted(cap.name, free)


def _free_at(cap: Cap, counted: Sequence[datetime], zone_name: str) -> datetime:
    """The midnight at which the contact that fills the cap drops out of its days."""
    return start_of(later(day_of(counted[-cap.most], zone_name), cap.days), zone_name)
