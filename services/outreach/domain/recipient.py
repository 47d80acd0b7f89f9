"""Whom to reach on a channel: the first contact point that may be used, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.outreach.domain.account import Account, Profile
from services.outreach.domain.addresses import digest, is_suppressed
from services.outreach.domain.consent import consent_to
from services.outreach.domain.docket import Docket
from services.outreach.domain.policy import Channel
from shared.events.billing import Contact, ContactPoint
from shared.events.outreach import Recipient, SuppressionReason

_NOT_UNASKED = frozenset({"attorney", "employer", "guarantor", "spouse", "third_party"})
"""Roles of people with whom a debt is not spoken about of our own accord."""


@dataclass(slots=True)
class Reachable:
    """A contact point that may be used, and whose it is."""

    channel: Channel
    profile: Profile
    point: ContactPoint
    address: str
    address_digest: str

    @property
    def language(self) -> str:
        """The language that the debtor wants."""
        return self.profile.account.language or "en"

    def recipient(self, language: str) -> Recipient:
        """Whom to reach, for the channel, in the language of the contact."""
        contact = _contact(self.profile, self.point)
        return Recipient(
            contact_point_id=self.point.id,
            name=(contact.name if contact else "") or self.profile.account.name or "",
            address=self.address,
            language=language,
            time_zone=self.point.time_zone or "",
        )


@dataclass(slots=True)
class Unreachable:
    """Why none of the channels can be used; waiting would not help."""

    channel: Channel
    reason: SuppressionReason


def reach(docket: Docket, account: Account, channels: Sequence[Channel]) -> Reachable | Unreachable:
    """The best contact point of the first channel that has one; else why there is none.

    A channel with an address that must not be used says more than one that has no address.
    """
    first: Unreachable | None = None
    profile = docket.profile(account)
    for channel in channels:
        found = _on(docket, profile, channel)
        if isinstance(found, Reachable):
            return found
        if first is None or first.reason == "no_contact_point":
            first = found
    assert first is not None  # noqa: S101 - a step has at least one channel
    return first


def _on(docket: Docket, profile: Profile | None, channel: Channel) -> Reachable | Unreachable:
    refused: SuppressionReason | None = None
    for point in _points(profile, channel):
        assert profile is not None  # noqa: S101 - the points are its own
        address = _address(point)
        mark = digest(address)
        if mark in profile.invalid:
            continue
        reason = _refused(docket, profile, channel, address=address, mark=mark)
        if reason is None:
            return Reachable(channel, profile, point, address, mark)
        refused = refused or reason
    return Unreachable(channel, refused or "no_contact_point")


def _points(profile: Profile | None, channel: Channel) -> list[ContactPoint]:
    if profile is None:
        return []
    points = [
        point
        for point in profile.account.contact_points or ()
        if point.channel == channel and not _is_third(profile, point)
    ]
    if len(points) > 1:
        points.sort(key=lambda point: (point.priority is None, point.priority or 0))
    return points


def _is_third(profile: Profile, point: ContactPoint) -> bool:
    contact = _contact(profile, point)
    return contact is not None and contact.role in _NOT_UNASKED


def _contact(profile: Profile, point: ContactPoint) -> Contact | None:
    """Whose contact point it is; of several with one id the last."""
    if point.contact_id is None:
        return None
    found = None
    for contact in profile.account.contacts or ():
        if contact.contact_id == point.contact_id:
            found = contact
    return found


def _refused(
    docket: Docket, profile: Profile, channel: Channel, *, address: str, mark: str
) -> SuppressionReason | None:
    if is_suppressed(docket.effects.shared, channel, mark):
        return "address_suppressed"
    told = profile.account.consents or ()
    state = consent_to(channel, address, told, docket.consents().marks)
    if state == "revoked":
        return "opted_out"
    if state is None and docket.policy.channels[channel].consent == "opt_in":
        return "no_consent"
    return None


def _address(point: ContactPoint) -> str:
    if point.address or point.postal is None:
        return point.address or ""
    postal = point.postal
    town = " ".join(filter(None, (postal.postal_code, postal.locality)))
    return "\n".join(filter(None, (*postal.lines, town, postal.region, postal.country)))
